local unit = require("luaunit")
local errors = require("autobackup.errors")
local events = require("autobackup.events")
local settings = require("autobackup.settings")
local fake = require("fake")

local M = {}

local function new(warnings)
    return events.new{
        names = function() return {"copy", "load"} end,
        warn = function(message) table.insert(warnings or {}, message) end,
    }
end

function M.test_handlers_run_in_order()
    local set, seen = new(), {}
    set:on("copy", function(value) seen[#seen + 1] = "a" .. value end)
    set:on("copy", function(value) seen[#seen + 1] = "b" .. value end)
    set:emit("copy", 1)
    set:emit("load", 2)
    unit.assertEquals(seen, {"a1", "b1"})
end

function M.test_an_unknown_event_is_an_error()
    local set = new()
    unit.assertEquals(fake.raised(set.on, set, "cpoy", print).message, "on: no event 'cpoy'; did you mean 'copy'?")
    unit.assertEquals(fake.raised(set.on, set, "copy").message, "on: the event 'copy' needs a function, not a nil")
end

function M.test_an_error_of_a_handler_is_a_warning()
    local warnings, ran = {}, false
    local set = new(warnings)
    set:on("error", function() error("bad", 0) end)
    set:on("error", function() ran = true end)
    set:emit("error")
    unit.assertEquals(warnings, {'in on("error"): bad'})
    unit.assertTrue(ran)
end

function M.test_an_interruption_passes()
    local set = new()
    set:on("copy", function() error(errors.new("EINTR", "interrupted", {signal = 2}), 0) end)
    unit.assertEquals(fake.raised(set.emit, set, "copy").code, "EINTR")
end

function M.test_events_that_cause_themselves_end()
    local set, count = new(), 0
    set:on("copy", function()
        count = count + 1
        set:emit("copy")
    end)
    set:emit("copy")
    unit.assertEquals(count, 8)
end

function M.test_settings_have_defaults_and_names()
    local set = settings.new()
    unit.assertEquals(set.prompt, ">>> ")
    set.prompt = "$ "
    unit.assertEquals(set.prompt, "$ ")
    set.prompt = nil
    unit.assertEquals(set.prompt, ">>> ")
    unit.assertNil(set.explorer)
    unit.assertEquals(fake.raised(function() set.promt = 1 end).message,
        "no setting 'promt'; did you mean 'prompt'?")
    unit.assertEquals(fake.raised(function() return set.job end).message, "no setting 'job'; did you mean 'jobs'?")
    unit.assertStrContains(fake.raised(function() set.jobs = "4" end).message,
        "settings.jobs must be a whole number, not a string")
end

return M
