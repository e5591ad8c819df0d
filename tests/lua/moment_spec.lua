local unit = require("luaunit")
local moment = require("autobackup.moment")
local types = require("autobackup.types")
local sys = require("core.sys")
local fake = require("fake")

local M = {}

local function check(value)
    return types.get("moment").check(value, fake.session(), {})
end

function M.test_dates_and_times()
    unit.assertEquals(moment.parse("1970-01-01Z"), 0)
    unit.assertEquals(moment.parse("2031-05-27T14:30:05Z"), 1937658605)
    unit.assertEquals(moment.parse("2031-5-7 4:30Z"), 1935894600)
    unit.assertEquals(moment.parse("2032-02-29Z") - moment.parse("2032-02-28Z"), 86400)
    unit.assertEquals(moment.parse("1969-12-31 23:59:59Z"), -1)
    unit.assertEquals(moment.parse("2031-05-27 14:30"),
        os.time{year = 2031, month = 5, day = 27, hour = 14, min = 30})
end

-- Days are counted as the system counts them.
function M.test_every_day_of_some_centuries()
    for day = -40000, 200000, 97 do
        unit.assertEquals(moment.parse(os.date("!%Y-%m-%dZ", day * 86400)), day * 86400)
    end
end

function M.test_what_is_no_date()
    for _, text in ipairs{"", "Z", "2031", "2031-13-01", "2031-02-29", "2031-05-32", "2031-00-01",
        "2031-05-27 24:00", "2031-05-27 1:60", "2031-05-27 14:30:60", "2031-05-27:05", "2031-05-275",
        "x2031-05-27", "2031-05-27 14"} do
        unit.assertNil(moment.parse(text), text)
    end
end

function M.test_a_moment_is_a_date_or_a_duration()
    unit.assertEquals(check(1937658605), 1937658605)
    unit.assertEquals(check("1970-01-02Z"), 86400)
    unit.assertAlmostEquals(check("2h"), sys.now() / 1e9 - 7200, 5)
    local value, message, code = check("yesterday")
    unit.assertNil(value)
    unit.assertEquals(code, "EUSAGE")
    unit.assertStrContains(message, "'yesterday' is no moment")
    value, message = check("6m")
    unit.assertEquals({value, message}, {nil, "'6m' may be minutes or months: write 6min or 6mo"})
    value, message = check("90")
    unit.assertNil(value)
    unit.assertStrContains(message, "'90' names no unit: write 90d")
    unit.assertAlmostEquals(check("6mo"), sys.now() / 1e9 - 180 * 86400, 5)
end

return M
