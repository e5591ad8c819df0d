local unit = require("luaunit")
local core_sys = require("core.sys")
local nanoseconds = require("autobackup.view.nanoseconds")

local M = {}

-- Seconds since 1970, as date(1) tells them, with their year.
local MOMENTS = {[-26384313600] = "1133", [-11676096000] = "1600", [-9223354444] = "1677", [-2177452800] = "1901",
    [-1] = "1969", [0] = "1970", [9214646400] = "2262", [9223354444] = "2262", [13569465600] = "2400",
    [26192246400] = "2800"}

function M.test_a_time_comes_back_whatever_its_year()
    for seconds, year in pairs(MOMENTS) do
        local ns = nanoseconds.of(seconds)
        unit.assertEquals(nanoseconds.seconds(ns), seconds)
        unit.assertEquals(nanoseconds.seconds(ns + 500), seconds)    -- a part of a second more is the same one
        unit.assertEquals(core_sys.format_time(ns, "utc", "%Y"), year)    -- the engine's own reading of it
    end
end

function M.test_the_farthest_ones()
    unit.assertEquals(nanoseconds.of(1 << 40), math.maxinteger)
    unit.assertEquals(nanoseconds.of(-(1 << 40)), -math.maxinteger)
    unit.assertTrue(nanoseconds.seconds(math.maxinteger) > 26192246400)
    unit.assertTrue(nanoseconds.seconds(math.mininteger) < -26384313600)
end

return M
