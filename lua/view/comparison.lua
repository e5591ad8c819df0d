--- Comparisons for people: what differs, folded; then a table of two databases, or a grid of more.
local rows = require "autobackup.rows"
local databases_view = require "autobackup.view.databases"
local sequence = require "autobackup.view.sequence"
local size = require "autobackup.view.size"

local M = {}

local COLORS = {same = "green", differs = "yellow", incomplete = "yellow", absent = "yellow", only = "yellow"}

-- ---- what differs, file by file ----

local REASONS = {
    size = "another size", content = "another content", target = "another target", type = "another kind of thing",
    time = "another time",
}

local function note_of(row)
    local parts = {}
    if row.why then
        parts[1] = REASONS[row.why] or row.why
    end
    if row.status == "=" and row.why then
        parts[1] = "same content, another time"
    elseif row.newer then
        parts[#parts + 1] = "newer on " .. row.newer
    end
    return table.concat(parts, ", ")
end

-- Differences that look alike, in the order in which they first come.
local function alike(differences)
    local groups, order = {}, {}
    for _, row in ipairs(differences) do
        local note = note_of(row)
        local key = row.status .. note
        if not groups[key] then
            groups[key] = {status = row.status, note = note}
            order[#order + 1] = groups[key]
        end
        table.insert(groups[key], row.path .. (row.kind == "directory" and "/" or ""))
    end
    return order
end

local MOST_GAPS = 4

-- What is said of a folded sequence: what it leaves out is in another group, or nowhere.
local function about(entry)
    if entry.count == 1 then
        return ""
    end
    local without = ""
    if entry.missing > 0 then
        local gaps = table.concat(entry.gaps, ", ", 1, math.min(#entry.gaps, MOST_GAPS))
        without = (", without %s%s"):format(gaps, #entry.gaps > MOST_GAPS and ", ..." or "")
    end
    return (" (%s%s)"):format(size.plural(entry.count, "file"), without)
end

local function show_group(group, out)
    local note = group.note ~= "" and "  " .. group.note or ""
    for _, entry in ipairs(sequence.fold(group)) do
        out:entry(("  %s "):format(group.status), entry.text, about(entry) .. note, "dim")
    end
end

local function title(row)
    if row.state == "only" or row.state == "absent" then
        local holder = row.absent == row.reference and row.database or row.reference
        return ("%s %s, only on %s:"):format(row.project, row.category, holder)
    end
    return ("%s %s, %s compared with %s:"):format(row.project, row.category, row.database, row.reference)
end

local SIGNS = {
    {"+", "only on %s"}, {"-", "only on %s"}, {"*", "different"}, {"!", "could not be read"}, {"=", "the same"},
}

local function legend(row, differences)
    local seen, parts = {}, {}
    for _, difference in ipairs(differences) do
        seen[difference.status] = true
    end
    for _, sign in ipairs(SIGNS) do
        if seen[sign[1]] then
            parts[#parts + 1] = sign[1] .. " "
                .. sign[2]:gsub("%%s", function() return sign[1] == "+" and row.reference or row.database end)
        end
    end
    return table.concat(parts, ", ")
end

local function show_pair(row, differences, out)
    if #differences == 0 then
        return
    end
    out:prose(out:clean(title(row)))
    for _, group in ipairs(alike(differences)) do
        show_group(group, out)
    end
    out:prose(out:clean(legend(row, differences)), "dim")
    out:line("")
end

-- ---- one database ----

local function show_one(compared, out)
    out:table{rows = compared, columns = {
        {key = "project", title = "PROJECT", group = true, head = true, min = 12},
        {key = "category", title = "CATEGORY", head = true},
        {key = "reference", title = "ONLY ON", color = function() return COLORS.only end},
        {key = "files", title = "FILES", align = "right", format = function(n) return out:count(n) end},
        {key = "bytes", title = "SIZE", align = "right", format = size.size},
    }}
end

-- ---- the table of two databases ----

local function others_of(row)
    if row.state == "absent" then
        return 0
    end
    return row.others_only_reference + row.others_only_database + row.others_different
end

-- A row as its two databases see it, whichever of them is the reference.
local function sides(row, first)
    local is_first = row.reference == first
    local a, b = is_first and "reference" or "database", is_first and "database" or "reference"
    return {
        project = row.project, category = row.category, state = row.state, reference = row.reference,
        same = row.files_same,
        a_files = row["files_only_" .. a], a_bytes = row["bytes_only_" .. a],
        b_files = row["files_only_" .. b], b_bytes = row["bytes_only_" .. b],
        different = row.files_different, a_newer = row["newer_" .. a], b_newer = row["newer_" .. b],
        others = others_of(row), unread = row.unread, other_time = row.other_time,
    }
end

local function two_columns(first, second, out)
    local function number(key, name, hide, color)
        return {key = key, title = name, align = "right", hide_empty = hide,
            format = function(n) return out:count(n) end,
            color = color and function(value) return value > 0 and color or nil end}
    end
    local function only(key, database)
        return {key = key .. "_files", title = "ONLY " .. database, align = "right",
            format = function(n, line)
                return n > 0 and ("%s (%s)"):format(out:count(n), size.size(line[key .. "_bytes"])) or "0"
            end,
            color = function(value) return value > 0 and "yellow" or nil end}
    end
    return {
        {key = "project", title = "PROJECT", group = true, head = true, min = 12},
        {key = "category", title = "CATEGORY", head = true},
        {key = "state", title = "STATE",
            format = function(value, line) return value == "only" and "only on " .. line.reference or value end,
            color = function(value) return COLORS[value] end, min = 10},
        number("same", "SAME"), only("a", first), only("b", second),
        number("different", "DIFFERENT", false, "yellow"),
        number("a_newer", "NEWER " .. first, true), number("b_newer", "NEWER " .. second, true),
        number("others", "LINKS/FOLDERS", true, "yellow"), number("unread", "UNREAD", true, "yellow"),
        number("other_time", "OTHER TIME", true),
    }
end

local function show_two(compared, names, out)
    local first, second = names[1], names[2]
    local lines = {}
    for i, row in ipairs(compared) do
        lines[i] = sides(row, first)
    end
    out:table{rows = lines, columns = two_columns(first, second, out)}
end

-- ---- the grid of more ----

local function relation(row, out)
    if row.state == "absent" then
        return row.absent == row.database and out:mark("absent") or ("-%d"):format(row.files_only_database)
    elseif row.state ~= "differs" then
        return out:mark(row.state == "same" and "same" or "unknown")
    end
    local parts = {out:mark("differs")}
    for _, sign in ipairs{{"+", "files_only_reference"}, {"-", "files_only_database"}, {"*", "files_different"}} do
        if row[sign[2]] > 0 then
            parts[#parts + 1] = sign[1] .. out:count(row[sign[2]])
        end
    end
    if #parts == 1 then
        parts[2] = "links"
    end
    return table.concat(parts, " ")
end

local ON = "on "    -- before a database's name as a key: it may be any word

local function grid(compared)
    local lines, last = {}, nil
    for _, row in ipairs(compared) do
        if not (last and last.project == row.project and last.category == row.category) then
            last = {project = row.project, category = row.category, [ON .. row.reference] = row}
            lines[#lines + 1] = last
        end
        if row.database then
            last[ON .. row.database] = row
        end
    end
    return lines
end

local MARKS = {
    {"same", "same", "same"}, {"differs", "differs", "differs (+ only in the reference, - only there, * other)"},
    {"absent", "absent", "absent"}, {"incomplete", "unknown", "incomplete"},
}

local function grid_legend(compared, out)
    local seen, parts = {}, {}
    for _, row in ipairs(compared) do
        seen[row.state] = true
    end
    for _, mark in ipairs(MARKS) do
        if seen[mark[1]] then
            parts[#parts + 1] = out:mark(mark[2]) .. " " .. mark[3]
        end
    end
    return "sizes: the reference; " .. table.concat(parts, ", ")
end

local function show_grid(compared, names, out)
    local columns = {
        {key = "project", title = "PROJECT", group = true, head = true, min = 12},
        {key = "category", title = "CATEGORY", head = true},
    }
    for _, name in ipairs(names) do
        local function cell(row)
            if row and row.reference == name then
                return row.absent == name and out:mark("absent") or size.size(row.bytes)
            end
            return row and relation(row, out)
        end
        columns[#columns + 1] = {key = ON .. name, title = name, align = "right", format = cell,
            color = function(row) return row and row.database == name and COLORS[row.state] or nil end}
    end
    out:table{rows = grid(compared), columns = columns}
    out:line("")
    out:prose(grid_legend(compared, out), "dim")
end

-- ---- all of it ----

local function split(result)
    local compared, differences = {}, {}
    for _, row in ipairs(result) do
        if rows.type_of(row) == "compare" then
            compared[#compared + 1] = row
            differences[row] = {}
        else
            table.insert(differences[compared[#compared]], row)
        end
    end
    return compared, differences
end

--- Show the result of compare.
-- @param result rows of type "compare", each followed by its rows of type "difference"; `databases`: list for
--        view/databases.lua of those that take part
-- @param out an output
function M.show(result, out)
    local compared, differences = split(result)
    for _, row in ipairs(compared) do
        show_pair(row, differences[row], out)
    end
    local names = {}
    for i, database in ipairs(result.databases) do
        names[i] = database.database
    end
    if #names == 1 then
        show_one(compared, out)
    elseif #names > 2 then
        show_grid(compared, names, out)
    else
        show_two(compared, names, out)
    end
    databases_view.show(result.databases, out)
end

return M
