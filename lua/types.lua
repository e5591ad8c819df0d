--- Types of arguments and options. Each is a table
--     check(value, session, spec) -> value | nil, message, code    code EUSAGE when left out
--     complete(prefix, session, spec) -> list of strings           (optional)
--     label(spec) -> how usage lines write it                      (optional)

local lists = require "autobackup.lists"
local suggest = require "autobackup.suggest"
local units = require "autobackup.units"

local M = {}
local types = {}

--- A type by its name, nil when there is none.
function M.get(name)
    return types[name]
end

--- Sorted names of all types.
function M.names()
    local names = {}
    for name in pairs(types) do
        names[#names + 1] = name
    end
    table.sort(names)
    return names
end

--- Whether a name holds a wildcard, '*' or '?'.
function M.is_glob(name)
    return name:find("[*?]") ~= nil
end

local function fail(code, message, ...)
    return nil, message:format(...), code
end

local function to_text(value)
    if type(value) == "string" then
        return value
    elseif math.type(value) == "integer" then
        return tostring(value)
    end
end

local function text_of(value)
    local text = to_text(value)
    if not text then
        return fail("EUSAGE", "a %s is not a name or text", type(value))
    end
    return text
end


local function column(list, key)
    local names = {}
    for i, row in ipairs(list) do
        names[i] = row[key]
    end
    return names
end

-- What to say of an unknown name: the nearest, or what to type first.
local function unknown(kind, name, names, advice)
    local hint = suggest.hint(name, names)
    if hint == "" and #names == 0 then
        hint = advice
    elseif hint == "" and #names <= 12 then
        table.sort(names)
        hint = ("; there %s %s"):format(#names == 1 and "is" or "are", table.concat(names, ", "))
    end
    return fail("ENONAME", "no %s '%s'%s", kind, name, hint)
end

local NO_DATABASE = "; none is known yet, type: add database NAME PATH"
local NO_CATEGORY = "; none is known yet, type: add category NAME PATH"
local NOT_LOADED = "; nothing is loaded yet, type: load"

types.database = {
    check = function(value, session)
        local name, message, code = text_of(value)
        if not name or session.catalog:database(name) then
            return name, message, code
        end
        return unknown("database", name, column(session.catalog:databases(), "database"), NO_DATABASE)
    end,
    complete = function(prefix, session)
        return lists.starting_with(prefix, column(session.catalog:databases(), "database"))
    end,
}

types.category = {
    check = function(value, session)
        local name, message, code = text_of(value)
        if not name or name == "all" or session.catalog:category(name) then
            return name, message, code
        end
        local names = column(session.catalog:categories(), "category")
        if #names > 0 and session.catalog:database(name) then
            return fail("ENONAME", "'%s' is a database; a category stands there: %s", name,
                table.concat(names, ", "))
        end
        return unknown("category", name, names, NO_CATEGORY)
    end,
    complete = function(prefix, session)
        local names = column(session.catalog:categories(), "category")
        names[#names + 1] = "all"
        return lists.starting_with(prefix, names)
    end,
}

-- Completion leaves a '/' behind a client.
local function check_client(session, name)
    name = name:gsub("/$", "")
    if #session.catalog:clients{client = name} > 0 then
        return name
    elseif M.is_glob(name) then
        return fail("ENONAME", "no client matches '%s'", name)
    end
    return unknown("client", name, column(session.catalog:clients{}, "client"), NOT_LOADED)
end

types.client = {
    check = function(value, session)
        local name, message, code = text_of(value)
        if not name then
            return nil, message, code
        end
        return check_client(session, name)
    end,
    complete = function(prefix, session)
        return lists.starting_with(prefix, session.catalog:client_names())
    end,
}

local function check_project(session, name)
    if #session.catalog:projects{project = name} > 0 then
        return name
    elseif M.is_glob(name) then
        return fail("ENONAME", "no project matches '%s'", name)
    end
    local client = name:match("^[^/]*")
    local names = column(session.catalog:projects{client = client}, "project")
    if #names == 0 then
        names = column(session.catalog:projects{}, "project")
    end
    return unknown("project", name, names, NOT_LOADED)
end

-- Clients with a '/' first, a client's projects once its '/' is typed: quick with any number of projects. What is
-- no client's beginning may be that of a project's own name.
local function complete_project(prefix, session)
    local client = prefix:match("^([^/]*)/")
    if client then
        return lists.starting_with(prefix, column(session.catalog:projects{client = client}, "project"))
    end
    local names = lists.starting_with(prefix, session.catalog:client_names())
    for i, name in ipairs(names) do
        names[i] = name .. "/"
    end
    return names[1] and names or session.catalog:projects_named(prefix)
end

-- A project that was given without its client: "; did you mean 'acme/spot'?", or nil.
local function whose(session, name)
    local named = session.catalog:projects_named(name)
    if name == "" or name:find("/", 1, true) or #named == 0 or #named > 3 then
        return nil
    end
    return ("; did you mean '%s'?"):format(table.concat(named, "' or '"))
end

types.project = {
    check = function(value, session, spec)
        local name, message, code = text_of(value)
        if not name then
            return nil, message, code
        elseif not name:find("/", 1, true) and #session.catalog:clients{client = name} > 0 then
            return fail("EUSAGE", "'%s' is a client: write CLIENT/PROJECT, or '%s/*' for all that it has", name,
                name)
        elseif not name:find("^[^/]+/[^/]+$") then
            return fail("EUSAGE", "'%s' is no project%s", name,
                whose(session, name) or ": write CLIENT/PROJECT")
        end
        local found
        found, message, code = check_project(session, name)
        -- With spec.fresh the command looks on the disk itself: a project may be newer than the last load.
        if not found and not spec.fresh then
            return nil, message, code
        end
        return name
    end,
    complete = complete_project,
    label = function()
        return "CLIENT/PROJECT"
    end,
}

types.which = {
    check = function(value, session, spec)
        local name, message, code = text_of(value)
        if not name or name == "all" then
            return name, message, code
        elseif name:find("/.") then
            return types.project.check(name, session, spec)
        end
        local client, complaint, why = check_client(session, name)
        local project = not client and not M.is_glob(name) and whose(session, name)
        if project then
            return fail("ENONAME", "no client '%s'%s", name, project)
        end
        return client, complaint, why
    end,
    complete = function(prefix, session)
        local names = complete_project(prefix, session)
        if ("all"):sub(1, #prefix) == prefix then
            names[#names + 1] = "all"
        end
        return names
    end,
    label = function()
        return "all|CLIENT|CLIENT/PROJECT"
    end,
}

local function list_folder(folder)
    return require("core.fs").list(folder == "" and "." or folder) or {}
end

types.path = {
    check = function(value)
        local path, message, code = text_of(value)
        if not path then
            return nil, message, code
        elseif path == "" or path:find("\0", 1, true) then
            return fail("EUSAGE", "an empty path")
        end
        return path
    end,
    complete = function(prefix)
        local folder, start = prefix:match("^(.*/)([^/]*)$")
        folder, start = folder or "", start or prefix
        local found, fs = {}, require "core.fs"
        local real = folder == "" and "" or require("autobackup.locate").absolute(folder, fs.getcwd()) .. "/"
        for _, name in ipairs(lists.starting_with(start, list_folder(real))) do
            local stat = (start ~= "" or name:sub(1, 1) ~= ".") and fs.stat(real .. name)
            if stat then
                found[#found + 1] = folder .. name .. (stat.kind == "directory" and "/" or "")
            end
        end
        return found
    end,
}

local reserved_names = {all = true, ["in"] = true}

types.name = {
    check = function(value)
        local name, message, code = text_of(value)
        if not name then
            return nil, message, code
        elseif reserved_names[name] then
            return fail("EUSAGE", "'%s' has a meaning of its own and cannot be a name", name)
        elseif not name:find("^[%w_\x80-\xff][%w._\x80-\xff-]*$") or #name > 64 or not utf8.len(name) then
            return fail("EUSAGE", "'%s' is no name: letters, digits, '.', '_' and '-', at most 64 bytes", name)
        end
        return name
    end,
}

types.text = {check = text_of}

types.word = {
    check = function(value)
        local word, message, code = text_of(value)
        if word == "" then
            return fail("EUSAGE", "an empty word")
        end
        return word, message, code
    end,
}

local function check_range(number, spec)
    if spec.min and number < spec.min then
        return fail("EUSAGE", "%s is less than %s", number, spec.min)
    elseif spec.max and number > spec.max then
        return fail("EUSAGE", "%s is more than %s", number, spec.max)
    end
    return number
end

types.integer = {
    check = function(value, _, spec)
        local number = math.tointeger(tonumber(value))
        if not number then
            return fail("EUSAGE", "'%s' is not a whole number", tostring(value))
        end
        return check_range(number, spec)
    end,
}

types.number = {
    check = function(value, _, spec)
        local number = tonumber(value)
        if not number or number ~= number or number == math.huge or number == -math.huge then
            return fail("EUSAGE", "'%s' is not a number", tostring(value))
        end
        return check_range(number, spec)
    end,
}

-- A type of numbers that units.lua reads.
local function measure(parse)
    return {
        check = function(value, _, spec)
            local number, message = parse(value)
            if not number then
                return nil, message, "EUSAGE"
            end
            return check_range(number, spec)
        end,
    }
end

types.duration = measure(units.wait)    -- seconds that something waits
types.age = measure(units.age)          -- seconds that something is old
types.size = measure(units.size)        -- bytes

types.moment = {        -- seconds since 1970, as in rows
    check = function(value)
        if type(value) == "number" then
            return value
        end
        local text = to_text(value) or type(value)
        local seconds, message = units.age(text)
        local moment = seconds and require("core.sys").now() / 1000000000 - seconds
            or require("autobackup.moment").parse(text)
        if moment then
            return moment
        elseif text:find("^%d+%.?%d*m?$") then
            return fail("EUSAGE", "%s", message)
        end
        return fail("EUSAGE", "'%s' is no moment: write 2031-05-27, '2031-05-27 14:30', or how long ago: 30d, 6mo",
            text)
    end,
    label = function()
        return "DATE|AGE"
    end,
}

types.choice = {
    check = function(value, _, spec)
        local text = to_text(value) or type(value)
        for _, allowed in ipairs(spec.values or {}) do
            if text == allowed then
                return text
            end
        end
        local hint = suggest.hint(text, spec.values)
        if hint == "" then
            hint = "; it is one of " .. table.concat(spec.values, ", ")
        end
        return fail("EUSAGE", "no '%s'%s", text, hint)
    end,
    complete = function(prefix, _, spec)
        return lists.starting_with(prefix, spec.values or {})
    end,
    label = function(spec)
        return table.concat(spec.values or {}, "|")
    end,
}

-- A word that names an operation; what it means is found out by who reads the disks.
types.operation = {
    check = function(value)
        local word, message, code = text_of(value)
        if word == "" then
            return fail("EUSAGE", "an empty word")
        end
        return word, message, code
    end,
    complete = function(prefix, session)
        local names = column(session.catalog:operations{limit = 50}, "id")
        names[#names + 1] = "last"
        return lists.starting_with(prefix, names)
    end,
}

types.command = {
    check = function(value, session)
        local name, message, code = text_of(value)
        if not name or session.commands:find(name) then
            return name, message, code
        end
        local hint = session.commands:hint(name)
        return fail("EUSAGE", "no command '%s'%s", name, hint ~= "" and hint or "; 'help' alone lists them")
    end,
    complete = function(prefix, session)
        return lists.starting_with(prefix, session.commands:names())
    end,
}

return M
