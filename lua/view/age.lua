--- How long ago something was.
local M = {}

local STEPS = {
    {60, 1, "s"}, {3600, 60, "min"}, {86400, 3600, "h"},
    {14 * 86400, 86400, "day", "days"}, {70 * 86400, 7 * 86400, "week", "weeks"},
    {730 * 86400, 30 * 86400, "month", "months"}, {math.huge, 365 * 86400, "year", "years"},
}

--- The time between two moments in one unit: "3 min", "2 days".
-- @param seconds a number, 0 or more
-- @return text
function M.span(seconds)
    for _, step in ipairs(STEPS) do
        if seconds < step[1] then
            local count = math.floor(seconds / step[2])
            return string.format("%d %s", count, count == 1 and step[3] or step[4] or step[3])
        end
    end
end

--- How long ago a moment was: "just now", "3 min ago", "2 days ago"; "in 2 h" when a clock is ahead.
-- @param time seconds since 1970, or nil
-- @param now seconds since 1970
-- @return text; "never" for nil
function M.ago(time, now)
    if not time then
        return "never"
    end
    local seconds = now - time
    if seconds < -60 then
        return "in " .. M.span(-seconds)
    elseif seconds < 10 then
        return "just now"
    end
    return M.span(seconds) .. " ago"
end

return M
