--- Dates as people write them.
local M = {}

local DATE = "^(%d%d%d%d)%-(%d%d?)%-(%d%d?)"
local FORMS = {DATE .. "$", DATE .. "[ T](%d%d?):(%d%d)$", DATE .. "[ T](%d%d?):(%d%d):(%d%d)$"}

-- Days since 1970 of a date, nil when there is no such day. The year begins in March: a leap day is its last.
local function days_of(year, month, day)
    local from_march = (month + 9) % 12
    local years = month <= 2 and year - 1 or year
    local days = 365 * years + years // 4 - years // 100 + years // 400 + (153 * from_march + 2) // 5 + day
        - 719469
    local back = os.date("!*t", days * 86400)
    return back.month == month and back.day == day and days or nil
end

local function match_any(text)
    for _, form in ipairs(FORMS) do
        if text:find(form) then
            return text:match(form)
        end
    end
end

--- The moment that a date begins, or a date with a time of day: "2031-05-27", "2031-05-27 14:30", with seconds,
-- with "T" for the blank. Local time; UTC with a "Z" behind it.
-- @param text string
-- @return seconds since 1970, nil when it is none
function M.parse(text)
    local body, zone = text:match("^(.-)(Z?)$")
    local parts = {match_any(body)}
    for i, digits in ipairs(parts) do
        parts[i] = math.tointeger(tonumber(digits))
    end
    local year, month, day, hour, minute, second = table.unpack(parts)
    hour, minute, second = hour or 0, minute or 0, second or 0
    local days = year and days_of(year, month, day)
    if not days or hour > 23 or minute > 59 or second > 59 then
        return nil
    elseif zone == "Z" then
        return days * 86400 + hour * 3600 + minute * 60 + second
    end
    return os.time{year = year, month = month, day = day, hour = hour, min = minute, sec = second}
end

return M
