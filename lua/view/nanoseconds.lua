--- Seconds as the engine's numbers of nanoseconds, and back (src/base/clock.h).
local M = {}

local SECOND = 1000000000

--- Seconds that fit an integer as ns, before 1970 and after it alike: 292 years, until 2262.
M.LONGEST = math.maxinteger // SECOND

-- As base/clock.c has them: beyond FAR seconds the numbers count 1024ths of one.
local FAR, PARTS = 9223354443, 1024
local FIRST_FAR = (FAR + 1) * SECOND

local function far(beyond, sign)
    return beyond < (math.maxinteger - FIRST_FAR) // PARTS and sign * (FIRST_FAR + math.floor(beyond * PARTS))
        or sign * math.maxinteger
end

--- A span of seconds as ns, clamped to what an integer holds.
-- @param seconds a number
-- @return integer
function M.span(seconds)
    if seconds > M.LONGEST or seconds < -M.LONGEST then
        return seconds > 0 and math.maxinteger or math.mininteger
    end
    return math.tointeger(seconds * SECOND) or math.floor(seconds * SECOND)
end

--- A time as the engine's number.
-- @param seconds a number, since 1970
-- @return integer
function M.of(seconds)
    if seconds >= FAR + 1 then
        return far(seconds - FAR - 1, 1)
    elseif seconds < -FAR then
        return far(-FAR - seconds, -1)
    end
    return math.tointeger(seconds * SECOND) or math.floor(seconds * SECOND)
end

--- Since when a time is: the inverse, in whole seconds.
-- @param ns a time as the engine has it
-- @return integer
function M.seconds(ns)
    if ns >= FIRST_FAR then
        return FAR + 1 + (ns - FIRST_FAR) // PARTS
    elseif ns <= -FIRST_FAR then
        return -FAR + (math.max(ns, -math.maxinteger) + FIRST_FAR) // PARTS
    end
    return ns // SECOND
end

return M
