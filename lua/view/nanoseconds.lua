--- Seconds as nanoseconds, which is what the engine counts with.
local M = {}

--- Seconds that fit an integer as ns, before 1970 and after it alike: 292 years, until 2262.
M.LONGEST = math.maxinteger // 1000000000

--- Seconds as ns, clamped to what an integer holds.
-- @param seconds a number, since 1970 or of a span
-- @return integer
function M.of(seconds)
    if seconds > M.LONGEST or seconds < -M.LONGEST then
        return seconds > 0 and math.maxinteger or math.mininteger
    end
    return math.tointeger(seconds * 1000000000) or math.floor(seconds * 1000000000)
end

return M
