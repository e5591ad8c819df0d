--- Ages, waits and sizes as people write them. Pure: a text in, a number out.
--
-- The three are kept apart because people read them apart: `6m` is six minutes where something waits, and six
-- months where something is old. So an age names its unit in a way that is read in one way only, and so does a
-- size.
--
-- This is where their range is checked: what comes out of here, and of M.ns, is calculated with as ns or bytes in an
-- integer, which wraps. An age of 999 years that became a negative one would have all versions removed.
local nanoseconds = require "autobackup.view.nanoseconds"

local M = {}

--- Seconds that fit an integer as ns, before 1970 and after it alike: 292 years, until 2262.
M.LONGEST = nanoseconds.LONGEST

--- Seconds as ns, clamped to what an integer holds.
M.ns = nanoseconds.span

local MINUTE, HOUR, DAY = 60, 3600, 86400
local MONTH, YEAR = 30 * DAY, 365 * DAY     -- as view/age.lua shows them

local ages = {s = 1, min = MINUTE, h = HOUR, d = DAY, w = 7 * DAY, mo = MONTH, y = YEAR}
local waits = {s = 1, m = MINUTE, min = MINUTE, h = HOUR, d = DAY, w = 7 * DAY, y = YEAR}

local function split(text)
    local digits, unit = text:match("^(%d+%.?%d*)(%a*)$")
    return tonumber(digits), unit, digits
end

local function whole(number)
    return math.tointeger(number) or number
end

-- Seconds, when they are a length of time: not below zero, not beyond what ns can count, and a number at all. Else nil,
-- a sentence, true.
local function span(seconds, value)
    if seconds ~= seconds or seconds < 0 then
        return nil, ("'%s' is below zero"):format(tostring(value)), true
    elseif seconds > M.LONGEST then
        return nil, ("'%s' is more than 292 years: write 292y or less"):format(tostring(value)), true
    end
    return whole(seconds)
end

--- How old something is.
-- @param value text: a number and one of the units s min h d w mo y
-- @return seconds; nil and a sentence that says what to write, and true when it is an age, but out of range. A number
--         is no age: it names no unit
function M.age(value)
    local number, unit, digits = split(tostring(value))
    local seconds = type(value) == "string" and number and ages[unit]
    if seconds then
        return span(number * seconds, value)
    elseif number and unit == "m" then
        return nil, ("'%s' may be minutes or months: write %smin or %smo"):format(value, digits, digits)
    elseif number and unit == "" or type(value) == "number" then
        digits = digits or "30"
        return nil, ("'%s' names no unit: write %sd (days), or one of s min h d w mo y behind it"):format(
            tostring(value), digits)
    end
    return nil, ("'%s' is no age: write 30d, 2w, 6mo or 1y (units: s min h d w mo y)"):format(tostring(value))
end

--- How long something waits.
-- @param value text, m and min are minutes; a number is seconds
-- @return seconds; nil and a sentence that says what to write
function M.wait(value)
    if type(value) == "number" then
        return span(value, value)
    end
    local number, unit = split(tostring(value))
    local seconds = number and (unit == "" and 1 or waits[unit])
    if not seconds then
        return nil, ("'%s' is no duration: write 90s, 10m, 12h or 2d"):format(tostring(value))
    end
    return span(number * seconds, value)
end

local powers = {[""] = 0, K = 1, M = 2, G = 3, T = 4, P = 5}

local function bytes_of(number, value)
    local bytes = math.tointeger(number) or math.tointeger(math.floor(number))
    if not bytes then
        return nil, ("'%s' is more than a disk or a file can hold: write 9000P or less"):format(tostring(value))
    end
    return bytes
end

local function size_of_number(value)
    if value ~= value or value < 0 or value < math.maxinteger and value % 1 ~= 0 then
        return nil, ("'%s' is no size: bytes are whole, and not below zero"):format(tostring(value))
    end
    return bytes_of(value, value)
end

--- How large something is.
-- @param value text that names its unit: 50MB, 1.5T, 4GiB, 12B; a number is bytes
-- @return bytes; nil and a sentence that says what to write
function M.size(value)
    if type(value) == "number" then
        return size_of_number(value)
    elseif tostring(value):find("^%d+%.?%d*$") then
        return nil, ("'%s' names no unit: write %sMB, or %sB for bytes"):format(value, value, value)
    end
    local digits, prefix, binary, byte = tostring(value):match("^(%d+%.?%d*) ?([kKMGTP]?)(i?)(B?)$")
    local power = prefix and powers[prefix:upper()]
    if not power or prefix == "" and (binary == "i" or byte == "") then
        return nil, ("'%s' is no size: write 500MB, 2GB, 1.5TB or 4GiB"):format(tostring(value))
    end
    return bytes_of(tonumber(digits) * (binary == "i" and 1024 or 1000) ^ power, value)
end

return M
