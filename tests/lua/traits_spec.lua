local unit = require "luaunit"
local nanoseconds = require "autobackup.view.nanoseconds"
local traits = require "autobackup.traits"

local M = {}

local NS = 1000000000
local PLAIN = {granularity = 1, keeps_times = 1}

function M.test_coarse_is_more_than_years_that_nobody_has()
    unit.assertFalse(traits.are_coarse(PLAIN, {oldest_kept = -2147483648 * NS}))
    unit.assertTrue(traits.are_coarse(PLAIN, {oldest_kept = 0}))
    unit.assertTrue(traits.are_coarse({newest_kept = 2147483647 * NS}, PLAIN))
    unit.assertTrue(traits.are_coarse({granularity = 2}, PLAIN))
    local ext4 = {newest_kept = nanoseconds.of(15032385535), newest = 0}
    unit.assertFalse(traits.are_coarse(ext4, PLAIN))
    unit.assertFalse(traits.are_coarse(ext4, {newest = nanoseconds.of(15032385535)}))
    unit.assertTrue(traits.are_coarse({newest = nanoseconds.of(15032385536)}, ext4))
end

function M.test_what_was_not_measured_is_in_no_list()
    local row = traits.fields({granularity = 5}, {granularity = 1, measured_at = 7 * NS, oldest = -NS,
        keeps_times = 1, link_times = 0, ctime = 1, holes = 0, folds_case = 1, folds_forms = 0})
    unit.assertEquals(row, {measured_at = 7, granularity = 1, oldest = "1969-12-31T23:59:59Z",
        keeps = {"times", "ctime"}, lacks = {"link_times", "holes"}, folds = {"case"}})
    unit.assertEquals(traits.fields({granularity = 5}), {granularity = 5})
    unit.assertEquals(traits.fields({granularity = 0}), {})
    unit.assertEquals(traits.fields({}, {granularity = 1, measured_at = 7 * NS, keeps_times = 1,
        newest = nanoseconds.of(15032385535)}).newest, "2446-05-10T22:38:55Z")
end

function M.test_only_what_is_unusual_is_said()
    unit.assertNil(traits.text{granularity = 1, measured_at = 1, oldest = "1901-12-13T20:45:52Z"})
    unit.assertNil(traits.text{granularity = 100, measured_at = 1})
    unit.assertEquals(traits.text{granularity = 2 * NS}, "not measured: 2 s by its type")
    unit.assertEquals(traits.text{granularity = 1}, "not measured")
    unit.assertEquals(traits.text{}, "not measured")
    unit.assertEquals(
        traits.text{granularity = 10000000, measured_at = 1, oldest = "1980-01-02T00:00:00Z",
            newest = "2107-12-30T00:00:00Z"},
        "10 ms, from 1980, to 2107")
    unit.assertNil(traits.text{granularity = 1, measured_at = 1, newest = "2446-05-10T22:38:55Z"})
    unit.assertEquals(traits.text{granularity = 1, measured_at = 1, keeps = {}, lacks = {"times"}}, "not kept")
end

return M
