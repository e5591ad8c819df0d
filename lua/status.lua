--- Exit statuses, and which of two is the worse.
--
-- 0 done; 1 failed; 2 usage; 3 done in part; 4 differences; 10 below policy; 11 damage found;
-- 75 a named database is offline or locked; 128+n by signal.

local M = {
    DONE = 0,
    FAILED = 1,
    USAGE = 2,
    PARTIAL = 3,
    DIFFERENT = 4,
    BELOW_POLICY = 10,
    DAMAGED = 11,
    UNAVAILABLE = 75,
}

local ranks = {[0] = 0, [3] = 1, [4] = 2, [10] = 3, [75] = 4, [2] = 5, [1] = 5, [11] = 6}
local OTHER, SIGNAL = 5, 7

local function rank(status)
    return ranks[status] or (status > 128 and SIGNAL or OTHER)
end

--- The worse of two exit statuses; of two equally bad ones the first.
-- @param a integer
-- @param b integer
-- @return integer
function M.worst(a, b)
    return rank(b) > rank(a) and b or a
end

return M
