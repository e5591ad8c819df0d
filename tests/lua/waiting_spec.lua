local unit = require("luaunit")
local errors = require("autobackup.errors")
local waiting = require("autobackup.waiting")

local M = {}

local function session(setting)
    return {settings = {lock_wait = setting}}
end

function M.test_nothing_is_no_waiting()
    unit.assertNil(waiting.seconds({}, session()))
end

function M.test_the_option_comes_before_the_setting()
    unit.assertEquals(waiting.seconds({lock_wait = 5}, session("10m")), 5)
    unit.assertEquals(waiting.seconds({lock_wait = 0}, session("10m")), 0)
end

function M.test_the_setting_is_a_duration()
    unit.assertEquals(waiting.seconds({}, session("10m")), 600)
    unit.assertEquals(waiting.seconds({}, session(90)), 90)
end

function M.test_a_setting_that_is_none_is_named()
    local ok, err = pcall(waiting.seconds, {}, session("soon"))
    unit.assertFalse(ok)
    unit.assertTrue(errors.is(err))
    unit.assertStrContains(err.message, "settings.lock_wait: ")
    unit.assertStrContains(err.message, "soon")
end

return M
