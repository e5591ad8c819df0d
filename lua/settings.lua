--- The settings of a session: one table with a fixed set of names, each with a kind and a default.
-- Reading or setting another name is an error that names the nearest.

local errors = require "autobackup.errors"
local suggest = require "autobackup.suggest"

local M = {}

--- What may be set: {kinds of value, default, what it is}. A default of nil: not set, the program chooses.
M.declared = {
    explorer = {{"string", "table"}, nil, "program that `explore` starts, or a list of it and its arguments"},
    pager = {{"string", "boolean"}, nil, "program that shows long results (else $PAGER, else less), or false"},
    prompt = {{"string", "function"}, ">>> ",
        "the prompt, behind what is wrong, or a function that returns all of it"},
    continuation = {{"string"}, "... ", "the prompt of further lines of unfinished Lua"},
    plain = {{"boolean"}, false, "whether tables and results are plain text for a screen reader"},
    jobs = {{"integer"}, nil, "worker threads of load and copy (else chosen by the machine)"},
    history = {{"integer"}, 5000, "lines kept in the history"},
    banner = {{"boolean"}, true, "whether the interactive mode begins with a summary"},
    versions = {{"table"}, nil, "what prune keeps: {older = \"30d\", keep = 10}, or one of them"},
    lock_wait = {{"string", "integer"}, nil, "how long to wait for a busy database, such as \"10m\""},
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

local function check_value(name, value)
    local declared = check_name(name)
    local kind = math.type(value) == "integer" and "integer" or type(value)
    for _, allowed in ipairs(declared[1]) do
        if kind == allowed then
            return
        end
    end
    errors.usage("settings.%s must be a %s, not a %s", name, table.concat(declared[1], " or a "), kind)
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
