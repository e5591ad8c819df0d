--- The settings of a session: one table with a fixed set of names, each with a check and a default.
-- Reading or setting another name is an error that names the nearest; a value is checked where it is set, and the
-- error names the setting and the line of the file.

local lazy = require "autobackup.lazy"
local errors = require "autobackup.errors"
local suggest = lazy "autobackup.suggest"

local M = {}

-- ---- checks: function(value) -> nil when it is fine, else what is wrong with it ----

local function of_type(...)
    local allowed = {...}
    return function(value)
        for _, kind in ipairs(allowed) do
            if type(value) == kind then
                return nil
            end
        end
        return ("must be a %s, not a %s"):format(table.concat(allowed, " or a "), type(value))
    end
end

local function integer(least, most)
    return function(value)
        local number = math.tointeger(value)
        if type(value) ~= "number" or not number then
            return ("must be a whole number, not %s"):format(type(value) == "number" and value
                or "a " .. type(value))
        elseif number < least or number > most then
            return ("must be from %d to %d, not %d"):format(least, most, number)
        end
    end
end

-- A program, or a list of it and its arguments.
local function program(value)
    local words = type(value) == "table" and value or {value}
    for _, word in ipairs(words) do
        if type(word) ~= "string" then
            return ("must be a program, or a list of it and its arguments, not a %s"):format(type(word))
        end
    end
    if words[1] == nil or words[1] == "" or #words == 0 then
        return "names no program"
    end
end

local function pager(value)
    return type(value) ~= "boolean" and (of_type("string", "boolean")(value) or program(value)) or nil
end

local function measured(parse, least)
    return function(value)
        local number, message = parse(value)
        if not number then
            return "is wrong: " .. message
        elseif number < least then
            return ("must be %d or more, not %s"):format(least, tostring(value))
        end
    end
end

local function wait(value)
    return of_type("string", "number")(value) or measured(require("autobackup.units").wait, 0)(value)
end

local function age(value)
    return of_type("string", "number")(value) or measured(require("autobackup.units").age, 0)(value)
end

local function versions(value)
    if type(value) ~= "table" then
        return ("must be {older = \"30d\", keep = 10} or one of them, not a %s"):format(type(value))
    end
    local checks = {older = measured(require("autobackup.units").age, 0), keep = integer(0, math.maxinteger)}
    for key, element in pairs(value) do
        local problem = checks[key]
        if not problem then
            return ("has no '%s'; it is {older = \"30d\", keep = 10}"):format(tostring(key))
        end
        problem = problem(element)
        if problem then
            return ("%s %s"):format(key, problem)
        end
    end
end

--- What may be set: {check, default, what it is}. A default of nil: not set, the program chooses.
M.declared = {
    explorer = {program, nil, "program that `explore` starts, or a list of it and its arguments"},
    pager = {pager, nil, "program that shows long results (else $PAGER, else less), or false"},
    prompt = {of_type("string", "function"), ">>> ",
        "the prompt, behind what is wrong, or a function that returns all of it"},
    continuation = {of_type("string"), "... ", "the prompt of further lines of unfinished Lua"},
    plain = {of_type("boolean"), false, "whether tables and results are plain text for a screen reader"},
    jobs = {integer(1, 64), nil, "worker threads of load and copy (else chosen by the machine)"},
    history = {integer(0, 1000000), 5000, "lines kept in the history"},
    banner = {of_type("boolean"), true, "whether the interactive mode begins with a summary"},
    versions = {versions, nil, "what prune keeps: {older = \"30d\", keep = 10}, or one of them"},
    fresh = {age, nil, "how old knowledge may be before check, compare and fetch read first, such as \"1h\""},
    lock_wait = {wait, nil, "how long to wait for a busy database, such as \"10m\""},
}

local function names()
    local list = {}
    for name in pairs(M.declared) do
        list[#list + 1] = name
    end
    table.sort(list)
    return list
end

local function check_name(name)
    local declared = M.declared[name]
    if not declared then
        errors.usage("no setting '%s'%s", tostring(name), suggest.hint(tostring(name), names()))
    end
    return declared
end

-- "config.lua:3: ", where the user's file sets it; "" at the prompt.
local function line_of()
    for level = 3, 20 do
        local info = debug.getinfo(level, "Sl")
        if not info then
            return ""
        elseif info.source:find("^@") and not info.source:find("^@lua/") and info.currentline > 0 then
            return ("%s:%d: "):format(info.source:sub(2), info.currentline)
        end
    end
    return ""
end

local function check_value(name, value)
    local problem = check_name(name)[1](value)
    if problem then
        errors.usage("%ssettings.%s %s", line_of(), name, problem)
    end
end

--- Makes a table of settings with their defaults.
-- @param changed function(name, value), called after a setting was given a value (optional)
-- @return table; pairs goes over the names that have a value
function M.new(changed)
    local values = {}
    for name, declared in pairs(M.declared) do
        values[name] = declared[2]
    end
    local metatable = {__name = "settings", __names = M.declared}
    function metatable.__index(_, name)
        check_name(name)
        return values[name]
    end
    function metatable.__newindex(_, name, value)
        local declared = check_name(name)
        if value == nil then
            values[name] = declared[2]
        else
            check_value(name, value)
            values[name] = value
        end
        if changed then
            changed(name, values[name])
        end
    end
    function metatable.__pairs()
        return next, values, nil
    end
    return setmetatable({}, metatable)
end

return M
