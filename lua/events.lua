--- Events: functions that a user attaches to what happens.
--
-- After a command has run, the event of its name comes with (result, args); "error" comes with the error value of
-- a command, script or line that failed; "exit" with the exit status before the program ends.

local lazy = require "autobackup.lazy"
local errors = require "autobackup.errors"
local suggest = lazy "autobackup.suggest"

local M = {}

local Events = {}
Events.__index = Events

local own = {"error", "exit"}

--- Makes a set of events.
-- @param options {names = function() -> list of further names, warn = function(message)}
function M.new(options)
    return setmetatable({handlers = {}, options = options, depth = 0}, Events)
end

function Events:names()
    local names = table.move(own, 1, #own, 1, {})
    return table.move(self.options.names(), 1, #self.options.names(), #names + 1, names)
end

--- Attaches a function to an event; it runs after those attached before.
-- Raises EUSAGE for an event that does not exist.
function Events:on(name, handler)
    local is_known = false
    for _, known in ipairs(self:names()) do
        is_known = is_known or known == name
    end
    if not is_known then
        errors.usage("on: no event '%s'%s", tostring(name), suggest.hint(tostring(name), self:names()))
    elseif type(handler) ~= "function" then
        errors.usage("on: the event '%s' needs a function, not a %s", name, type(handler))
    end
    self.handlers[name] = self.handlers[name] or {}
    table.insert(self.handlers[name], handler)
end

--- Calls the functions of an event. Their errors become warnings; only an interruption passes.
-- A command that a handler runs fires its events too, to a depth of 8.
function Events:emit(name, ...)
    local handlers = self.handlers[name]
    if not handlers or self.depth >= 8 then
        return
    end
    self.depth = self.depth + 1
    for _, handler in ipairs(handlers) do
        local ok, err = pcall(handler, ...)
        if not ok then
            if errors.is_interrupt(err) then
                self.depth = 0
                error(err, 0)
            end
            self.options.warn(("in on(\"%s\"): %s"):format(name, tostring(err)))
        end
    end
    self.depth = self.depth - 1
end

return M
