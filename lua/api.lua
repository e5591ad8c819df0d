--- The session environment: what scripts, the startup file and the REPL see. Commands and queries come first, then
-- standard Lua. `require "autobackup"` gives a module the same table without standard Lua.

local errors = require "autobackup.errors"

local M = {}

local function lazy_module(name)
    return function() return require("autobackup." .. name) end
end

local queries = lazy_module "queries"

local api = {}      -- name -> function(session) -> the value in the environment

for _, name in ipairs{"databases", "categories", "clients", "projects", "replicas", "files"} do
    api[name] = function(session)
        return function(filter) return queries()[name](session, filter) end
    end
end

-- glob(text) -> a pattern: in it * is any text, ? one character; a plain string is a name
function api.glob()
    return function(text)
        if type(text) ~= "string" then
            errors.usage('glob: it takes a text, such as glob "acme/*", not a %s', type(text))
        end
        return require("autobackup.glob").new(text)
    end
end

function api.command(session)
    return function(declaration)
        session.commands:declare(declaration)
    end
end

local policy_kinds = {copies = "integer", on = "database", verified = "age"}

local function check_policy_value(session, key, given)
    local kind = require("autobackup.types").get(policy_kinds[key])
    local checked, message, code = kind.check(given, session, {min = 1})
    if checked == nil then
        errors.raise(code or "EUSAGE", ("policy: %s: %s"):format(key, message))
    end
    return checked
end

local function check_list(session, key, list)
    local checked = {}
    for i, given in ipairs(type(list) == "table" and list or {list}) do
        checked[i] = check_policy_value(session, key, given)
    end
    return checked
end

local function check_policy(session, category, fields)
    if type(fields) ~= "table" then
        errors.usage("policy: write policy(\"%s\", {copies = 2, on = {\"NAS\"}, verified = \"90d\"})", category)
    end
    for key in pairs(fields) do
        if not policy_kinds[key] then
            errors.usage("policy: unknown key '%s'%s", tostring(key),
                require("autobackup.suggest").hint(tostring(key), {"copies", "on", "verified"}))
        end
    end
    return {
        category = category, on = fields.on,
        replicas = fields.copies and check_policy_value(session, "copies", fields.copies),
        verified = fields.verified and check_policy_value(session, "verified", fields.verified),
    }
end

-- The names in it must be known by then.
local function resolve_policy(session, policy)
    local checked, message, code = require("autobackup.types").get("category").check(policy.category, session, {})
    if checked == nil then
        errors.raise(code or "EUSAGE", "policy: " .. message)
    end
    policy.category = checked
    policy.on = policy.on and check_list(session, "on", policy.on)
end

local function withdraw(list, value)
    for i, element in ipairs(list) do
        if element == value then
            table.remove(list, i)
            return
        end
    end
end

-- policy(category or "all", {copies = how many replicas, on = {databases}, verified = "90d"}). The startup
-- file may
-- say it before it adds what it names: there the names are looked up when all of it has run.
function api.policy(session)
    return function(category, fields)
        local policy = check_policy(session, category, fields)
        if session.mode == "config" then
            table.insert(session.unresolved, {
                resolve = function() resolve_policy(session, policy) end, place = session:place(),
                withdraw = function() withdraw(session.policies, policy) end,
            })
        else
            resolve_policy(session, policy)
        end
        table.insert(session.policies, policy)
    end
end

function api.on(session)
    return function(event, handler)
        session.events:on(event, handler)
    end
end

function api.run(session)
    return function(...)
        return require("autobackup.run").run(session, ...)
    end
end

function api.show(session)
    return function(result)
        session:show(result, {json = session.json, paged = session.mode == "repl", whole = true})
    end
end

function api.settings(session)
    return session.settings
end

-- On a terminal names that hold control characters must do no harm. A pipe gets the bytes, as from io.write.
local function clean_printed(text)
    return (text:gsub("[^\n\t]+", require("autobackup.view.clean").clean))
end

function api.print()
    return function(...)
        if not require("core.sys").isatty(1) then
            return print(...)
        end
        local parts = table.pack(...)
        for i = 1, parts.n do
            parts[i] = clean_printed(tostring(parts[i]))
        end
        io.stdout:write(table.concat(parts, "\t"), "\n")
    end
end

-- warn(texts...): a line on stderr, made of what may hold names
function api.warn(session)
    return function(...)
        for i = 1, select("#", ...) do
            if type((select(i, ...))) ~= "string" and type((select(i, ...))) ~= "number" then
                errors.usage("warn: argument %d is a %s", i, type((select(i, ...))))
            end
        end
        session:message(session.err:clean(table.concat({...})))
    end
end

-- A script that goes on after errors still ends by Ctrl-C: pcall and xpcall let an interruption pass, whatever a
-- message handler makes of it.
local function pass_interrupt(ok, ...)
    if not ok and errors.is_interrupt((...)) then
        error((...), 0)
    end
    return ok, ...
end

function api.pcall()
    return function(...)
        return pass_interrupt(pcall(...))
    end
end

function api.xpcall()
    return function(fn, handler, ...)
        if type(handler) ~= "function" then
            return pass_interrupt(xpcall(fn, handler, ...))
        end
        return pass_interrupt(xpcall(fn, function(err, ...)
            if errors.is_interrupt(err) then
                return err
            end
            return handler(err, ...)
        end, ...))
    end
end

--- Whether a user's command may not take a name without saying so.
function M.is_reserved(name)
    return api[name] ~= nil or _G[name] ~= nil or name == "_"
end

local function command_function(session, name)
    local function call(...)
        local declaration = session.commands:get(name)
        return require("autobackup.command").call(declaration, session, ...)
    end
    return require("autobackup.value").named(call, "command " .. name)
end

--- The API of a session: commands, queries and the rest, made when they are first used.
-- @return table
function M.new(session)
    local functions, metatable = {}, {__name = "autobackup"}
    function metatable.__index(table, name)
        if type(name) == "string" and session.commands:has(name) then
            functions[name] = functions[name] or command_function(session, name)
            return functions[name]
        elseif api[name] then
            local made = api[name](session)
            if type(made) == "function" and made ~= _G[name] then
                require("autobackup.value").named(made, ("function %s; %s() calls it"):format(name, name))
            end
            rawset(table, name, made)
            return made
        end
    end
    return setmetatable({}, metatable)
end

-- `settings = {...}` sets what the table names and keeps the rest.
local function set_all(settings, given)
    if type(given) ~= "table" then
        errors.usage("settings is a table of settings")
    end
    for name, setting in pairs(given) do
        settings[name] = setting
    end
end

--- The session environment; `require "autobackup"` gives its API from now on.
-- @param session the session
-- @return table, to be used as _ENV
function M.environment(session)
    local own = M.new(session)
    package.loaded.autobackup = own
    local metatable = {__name = "session environment"}
    function metatable.__index(_, name)
        local found = own[name]
        if found == nil then
            found = _G[name]
        end
        return found
    end
    function metatable.__newindex(environment, name, given)
        if name == "settings" then
            set_all(session.settings, given)
        else
            rawset(environment, name, given)
        end
    end
    return setmetatable({_G = _G}, metatable)
end

--- The names of the environment, sorted: for completion.
-- @param session the session
function M.names(session)
    local seen, names = {}, {}
    local function add(name)
        if type(name) == "string" and name:find("^[%a_][%w_-]*$") and not seen[name] then
            seen[name] = true
            names[#names + 1] = name
        end
    end
    for name in pairs(api) do add(name) end
    for _, name in ipairs(session.commands:names()) do add(name) end
    for name in pairs(session.env) do add(name) end
    for name in pairs(_G) do add(name) end
    table.sort(names)
    return names
end

return M
