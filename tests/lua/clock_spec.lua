local unit = require("luaunit")
local clock = require("autobackup.clock")

local M = {}

local DAY = 86400 * 1000000000
local YEAR = 365 * DAY
local NOW = 61 * YEAR    -- 2030

function M.test_a_clock_that_is_right()
    unit.assertNil(clock.doubt(NOW, {NOW - DAY, NOW - 9 * YEAR}, {NOW - 40 * DAY, NOW - 60 * DAY}, NOW - 40 * DAY))
    unit.assertNil(clock.doubt(NOW, {NOW + DAY // 2}, {NOW - 40 * DAY}, NOW - 40 * DAY))
    unit.assertNil(clock.doubt(NOW, {}, {NOW - 9 * YEAR}, NOW - 9 * YEAR))
end

-- It ran ahead when the disks were loaded, and is right now; or it is behind now.
function M.test_a_load_in_the_future()
    unit.assertStrContains(clock.doubt(NOW, {NOW - DAY, NOW + 3 * YEAR}, {NOW - 40 * DAY}, NOW - 40 * DAY),
        "the newest load is dated in 3 years")
    unit.assertStrContains(clock.doubt(NOW, {math.maxinteger}, {NOW - 40 * DAY}, NOW - 40 * DAY), "dated in")
end

function M.test_a_load_of_decades_ago()
    unit.assertStrContains(clock.doubt(NOW, {NOW - 30 * YEAR}, {NOW - 31 * YEAR}, NOW - 31 * YEAR),
        "the newest load is dated 30 years ago")
end

-- The jumped clock has dated a load and a copy already: what goes is older than anything else by decades.
function M.test_decades_of_which_nothing_is_known()
    unit.assertStrContains(clock.doubt(NOW, {NOW}, {NOW, NOW - 20 * YEAR, NOW - 21 * YEAR}, NOW - 20 * YEAR),
        "nothing is known of the 20 years after the newest of them")
    unit.assertNil(clock.doubt(NOW, {NOW}, {NOW, NOW - 9 * YEAR, NOW - 18 * YEAR}, NOW - 9 * YEAR))
    unit.assertStrContains(clock.doubt(NOW, {NOW}, {NOW}, math.mininteger), "nothing is known")
end

return M
