--- How Lua values look in the REPL and in `show`: rows as a table, nested tables indented, long ones cut with a
-- count, functions and handles named. Control characters are made visible.

local rows = require "autobackup.rows"
local size = require "autobackup.view.size"
local clean = require("autobackup.view.clean").clean

local M = {}

local LONG = 50         -- elements of a table that are printed
local DEEP = 6          -- levels of tables
local WIDTH = 80        -- columns where the output has none

-- Columns stand in this order, others after them by name.
local order = {"client", "project", "name", "category", "database", "databases", "state", "online", "projects",
    "replicas", "files", "bytes", "newest", "path", "loaded_at"}
local rank = {}
for i, key in ipairs(order) do
    rank[key] = i
end

-- What a project's full name says already stands behind what else is known of it.
local IN_PROJECT = {client = 97, name = 98}

local KEPT = 3                              -- columns that stay however narrow the window is
local MINIMA = {project = 16, path = 24}    -- columns of text that are kept at least

local names = setmetatable({}, {__mode = "k"})

--- Gives a function the name under which it is printed.
-- @return the function
function M.named(fn, name)
    names[fn] = name
    return fn
end

local function describe_function(fn)
    if names[fn] then
        return names[fn]
    end
    local info = debug.getinfo(fn, "S")
    if info.what == "C" then
        return "built-in function"
    end
    return ("function (%s:%d)"):format(clean(info.short_src), info.linedefined)
end

local function describe_handle(value)
    local text = clean(tostring(value))
    return (text:gsub(":? %(?0x%x+%)?$", ""))
end

local function scalar(value)
    local kind = type(value)
    if kind == "string" then
        return '"' .. clean(value):gsub('"', '\\"') .. '"'
    elseif kind == "function" then
        return describe_function(value)
    elseif kind == "userdata" or kind == "thread" then
        return describe_handle(value)
    end
    return tostring(value)
end

local function key_text(key)
    if type(key) == "string" and key:find("^[%a_][%w_]*$") then
        return key
    end
    return "[" .. (type(key) == "table" and "table" or scalar(key)) .. "]"
end

local function key_before(a, b)
    local kind_a, kind_b = type(a), type(b)
    if kind_a ~= kind_b then
        return kind_a < kind_b
    elseif kind_a == "number" or kind_a == "string" then
        return a < b
    end
    return tostring(a) < tostring(b)
end

-- The entries of a table: its list part, then the rest sorted by key. Returns the list and how many were left out.
local function entries(value)
    local list, count, rest = {}, 0, {}
    for i = 1, #value do
        count = count + 1
        if count <= LONG then
            list[count] = {nil, value[i]}
        end
    end
    for key in pairs(value) do
        if not (math.type(key) == "integer" and key >= 1 and key <= #value) then
            rest[#rest + 1] = key
        end
    end
    table.sort(rest, key_before)
    for _, key in ipairs(rest) do
        count = count + 1
        if #list < LONG then
            list[#list + 1] = {key_text(key) .. " = ", value[key]}
        end
    end
    return list, count - #list
end

local format

-- Tables that say how they print (__tostring, __name of handles) print so.
local function own_text(value)
    local metatable = getmetatable(value)
    if type(metatable) == "table" and metatable.__tostring then
        return describe_handle(value)
    end
end

local function format_entries(value, indent, state)
    local parts, length = {}, 0
    local list, more = entries(value)
    for i, entry in ipairs(list) do
        parts[i] = (entry[1] or "") .. format(entry[2], indent .. "  ", state)
        length = length + #parts[i] + 2
    end
    if more > 0 then
        parts[#parts + 1] = ("... %d more"):format(more)
    end
    return parts, length
end

local function format_table(value, indent, state)
    if state.open[value] then
        return "{the table around it}"
    elseif state.depth >= DEEP then
        return "{...}"
    end
    state.open[value], state.depth = true, state.depth + 1
    local parts, length = format_entries(value, indent, state)
    state.open[value], state.depth = nil, state.depth - 1
    if #parts == 0 then
        return "{}"
    end
    local text = table.concat(parts, ", ")
    if #indent + length < state.width and not text:find("\n", 1, true) then
        return "{" .. text .. "}"
    end
    return "{\n" .. indent .. "  " .. table.concat(parts, ",\n" .. indent .. "  ") .. "\n" .. indent .. "}"
end

function format(value, indent, state)
    if type(value) == "table" then
        return own_text(value) or format_table(value, indent, state)
    end
    return scalar(value)
end

--- A value as text, in Lua's own notation as far as there is one.
-- @param value anything
-- @param width columns that one line may take (optional)
-- @return string, perhaps of several lines
function M.format(value, width)
    return format(value, "", {open = {}, depth = 0, width = width or WIDTH})
end

local function is_time(key)
    return key == "newest" or key == "mtime" or key:find("_at$") ~= nil
end

local function cell(key, value, out)
    if value == nil then
        return ""
    elseif key == "bytes" or key == "size" then
        return math.type(value) == "integer" and out:size(value) or tostring(value)
    elseif type(key) == "string" and math.type(value) == "integer" and is_time(key) then
        return out:age(value)
    elseif type(value) == "boolean" then
        return value and "yes" or "no"
    elseif type(value) == "table" then
        local parts = {}
        for i, element in ipairs(value) do
            parts[i] = type(element) == "table" and "{...}" or tostring(element)
        end
        return parts[1] and table.concat(parts, ", ") or M.format(value)
    elseif type(value) == "function" or type(value) == "userdata" then
        return scalar(value)
    end
    return tostring(value)
end

local function columns_of(list, out)
    local seen, keys, numeric = {}, {}, {}
    for _, row in ipairs(list) do
        for key, value in pairs(row) do
            if type(key) == "string" and not seen[key] then
                seen[key] = true
                keys[#keys + 1] = key
                numeric[key] = type(value) == "number"
            end
        end
    end
    local function rank_of(key)
        return seen.project and IN_PROJECT[key] or rank[key] or 99
    end
    table.sort(keys, function(a, b)
        local rank_a, rank_b = rank_of(a), rank_of(b)
        return rank_a < rank_b or rank_a == rank_b and a < b
    end)
    local columns = {}
    for i, key in ipairs(keys) do
        columns[i] = {
            key = key, title = key, align = numeric[key] and not is_time(key) and "right" or nil,
            drop = i > KEPT and i or nil, min = MINIMA[key] or 12,
            format = function(value) return cell(key, value, out) end,
        }
    end
    return columns
end

local function print_row(row, out)
    local columns, width = columns_of({row}, out), 0
    for _, column in ipairs(columns) do
        width = math.max(width, #column.title)
    end
    for _, column in ipairs(columns) do
        local text = out:clean(column.format(row[column.key]))
        out:line(out:clean(column.title) .. (" "):rep(width - #column.title + 2) .. text)
    end
end

-- A list as a table: its first rows, and of each what fits.
local function print_list(list, out, most)
    local shown = #list > (most or #list) and table.move(list, 1, most, 1, {}) or list
    local left_out = out:table{columns = columns_of(shown, out), rows = shown}
    if #shown < #list then
        out:line(("... %s more rows; show(_) shows all"):format(size.count(#list - #shown)), "dim")
    end
    if left_out > 0 then
        out:line(("%s left out; _[1] shows a row whole"):format(size.plural(left_out, "field")), "dim")
    end
end

local function print_lines(text, out)
    for line in (text .. "\n"):gmatch("(.-)\n") do
        out:line(out:clean(line))
    end
end

-- What a result says beside its status, problems and notes.
local function content(result)
    local rest = {}
    for key, element in pairs(result) do
        if key ~= "problems" and key ~= "status" and key ~= "notes" then
            rest[key] = element
        end
    end
    return rest
end

local function print_result(result, out)
    local rest = content(result)
    if rows.is_list(rest) then
        print_list(rest, out)
    elseif next(rest) ~= nil then
        out:line(M.format(rest, out.width))
    end
    for _, problem in ipairs(rawget(result, "problems") or {}) do
        out:line(out:clean(tostring(problem.message or problem.path)))
    end
end

--- Prints a value for people.
-- @param value anything
-- @param out see view/out.lua
-- @param is_whole whether all of a long list of rows is wanted
function M.print(value, out, is_whole)
    if type(value) == "string" then
        print_lines(value, out)
    elseif rows.declaration_of(value) then
        print_result(value, out)
    elseif rows.type_of(value) then
        print_row(value, out)
    elseif rows.is_list(value) then
        print_list(value, out, not is_whole and out.tty and LONG or nil)
    else
        out:line(M.format(value, out.width))
    end
end

return M
