local unit = require("luaunit")
local errors = require("autobackup.errors")
local fake = require("fake")

local M = {}

function M.test_an_error_prints_as_its_message()
    local err = fake.raised(errors.raise, "ENOSPC", "disk full", {path = "/n"})
    unit.assertEquals(tostring(err), "disk full")
    unit.assertEquals({err.code, err.path}, {"ENOSPC", "/n"})
end

function M.test_usage_formats_only_with_values()
    unit.assertEquals(fake.raised(errors.usage, "100%").message, "100%")
    unit.assertEquals(fake.raised(errors.usage, "no '%s'", "a%b").message, "no 'a%b'")
end

function M.test_check_passes_values_and_raises_failures()
    unit.assertEquals(table.pack(errors.check(false, 1)), {false, 1, n = 2})
    local err = fake.raised(errors.check, nil, "EOFFLINE: gone", "EOFFLINE")
    unit.assertEquals({err.code, err.message}, {"EOFFLINE", "EOFFLINE: gone"})
end

function M.test_exit_statuses()
    local function status(code, fields)
        return errors.exit_status(errors.new(code, "x", fields))
    end
    unit.assertEquals({status("EUSAGE"), status("ENONAME"), status("EOFFLINE"), status("EBUSY")}, {2, 1, 75, 75})
    unit.assertEquals({status("EINTR", {signal = 15}), status("EIO", {status = 9})}, {143, 9})
end

function M.test_any_value_becomes_an_error_value()
    unit.assertEquals(errors.wrap("text").message, "text")
    unit.assertEquals(errors.wrap({}).message, "error object is a table value")
    local own = {code = "EINTR", message = "interrupted", signal = 2}
    unit.assertIs(errors.wrap(own), own)
    unit.assertTrue(errors.is_interrupt(own))
end

function M.test_a_deep_traceback_is_cut()
    local fn = load("local function f() return f() + 1 end\nf()\n", "@my.lua")
    local _, err = xpcall(fn, errors.handler)
    local _, lines = err.traceback:gsub("\n", "")
    unit.assertEquals(lines, 11)
    unit.assertStrContains(err.traceback, "\n  ...")
end

function M.test_the_traceback_holds_the_users_frames_only()
    local fn = load("local function inner() error('boom') end\ninner()\n", "@my.lua", "t", {error = error})
    local ok, err = xpcall(fn, errors.handler)
    unit.assertFalse(ok)
    unit.assertEquals(err.message, "my.lua:1: boom")
    unit.assertStrContains(err.traceback, "my.lua:2: in main chunk")
    unit.assertNotStrContains(err.traceback, "xpcall")
end

return M
