--- Types of arguments and options. Each is a table
--     check(value, session, spec, typed) -> value | nil, message, code, also    code EUSAGE when left out; typed
--         and also: naming.lua
--     complete(prefix, session, spec) -> list of strings           (optional)
--     label(spec) -> how usage lines write it                      (optional)

local lazy = require "autobackup.lazy"
local glob = require "autobackup.glob"
local lists = require "autobackup.lists"
local naming = require "autobackup.naming"
local rows = require "autobackup.rows"
local suggest = lazy "autobackup.suggest"
local units = lazy "autobackup.units"

local M = {}
local types = {}
local column, fail, text_of = rows.column, naming.fail, naming.text_of

--- A type by its name, nil when there is none.
function M.get(name)
    return types[name]
end

--- Sorted names of all types.
function M.names()
    return lists.keys(types)
end

for _, name in ipairs{"database", "category", "client", "project", "which"} do
    types[name] = naming[name]
end

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
        elseif not name:find("^[%w_\x80-\xff][%w._\x80-\xff-]*$") or #name > 64 or not utf8.len(name)
            or require("autobackup.view.clean").clean(name) ~= name then
            return fail("EUSAGE", "'%s' is no name: letters, digits, '.', '_' and '-', at most 64 bytes", name)
        end
        return name
    end,
}

types.text = {check = text_of}

types.file_name = {
    check = function(value)
        if glob.is(value) then
            return value
        end
        return text_of(value)
    end,
}

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
local function measure(what)
    return {
        check = function(value, _, spec)
            local number, message = units[what](value)
            if not number then
                return nil, message, "EUSAGE"
            end
            return check_range(number, spec)
        end,
    }
end

types.duration = measure("wait")    -- seconds that something waits
types.age = measure("age")          -- seconds that something is old
types.size = measure("size")        -- bytes

types.moment = {        -- seconds since 1970, as in rows
    check = function(value)
        if type(value) == "number" and value == value then
            return value
        end
        local text = text_of(value) or type(value)
        local seconds, message, is_range = units.age(text)
        local moment = seconds and require("core.sys").now() // 1000000000 - math.floor(seconds)
            or require("autobackup.moment").parse(text)
        if moment then
            return moment
        elseif is_range or text:find("^%d+%.?%d*m?$") then
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
        local text = text_of(value) or type(value)
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
