--- Whether this machine's clock may be believed where ages decide what goes for good. Pure.
--
-- A clock that jumped makes every version older than any age. It cannot be seen from one date; it can from several: the
-- newest load lies in the future, or nothing at all is known of the decades before.
local age = require "autobackup.view.age"

local M = {}

local SECOND = 1000000000
local AHEAD = 86400 * SECOND              -- that clocks of workstations may differ
local DECADE = 10 * 365 * 86400 * SECOND

-- The earliest of the moments after `at`; `now` when there is none.
local function next_after(moments, at, now)
    local earliest = now
    for _, each in ipairs(moments) do
        if each > at and each < earliest then
            earliest = each
        end
    end
    return earliest
end

--- Why the clock is doubted.
-- @param now ns since 1970
-- @param loads list: when databases were loaded last, ns
-- @param began list: when operations with versions began, ns
-- @param gone when the newest operation began whose versions go, ns
-- @return a clause ("the newest load is dated in 3 years"), nil when there is no reason
function M.doubt(now, loads, began, gone)
    local newest = math.max(math.mininteger, table.unpack(loads))
    local moments = table.move(began, 1, #began, #loads + 1, table.move(loads, 1, #loads, 1, {}))
    local after = next_after(moments, gone, now)
    if #loads > 0 and newest > now and newest - now > AHEAD then
        return "the newest load is dated " .. age.ago(newest // SECOND, now // SECOND)
    elseif #loads > 0 and newest < now - DECADE then
        return "the newest load is dated " .. age.ago(newest // SECOND, now // SECOND)
    elseif gone < after - DECADE then
        return ("nothing is known of the %s after the newest of them"):format(age.span((after - gone) // SECOND))
    end
end

return M
