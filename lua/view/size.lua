--- Numbers for people: sizes in SI units, counts, durations.
local M = {}

local UNITS = {"kB", "MB", "GB", "TB", "PB", "EB"}

--- A size in SI units, three digits at most before the unit: 999 B, 1.2 kB, 34 MB.
-- @param bytes an integer
-- @return text
function M.size(bytes)
    if bytes < 1000 then
        return string.format("%d B", bytes)
    end
    local value, unit = bytes / 1000, 1
    -- What would be printed as 1000 belongs to the next unit.
    while value >= 999.5 and unit < #UNITS do
        value, unit = value / 1000, unit + 1
    end
    local format = value < 9.95 and "%.1f %s" or "%.0f %s"
    return string.format(format, value, UNITS[unit])
end

--- The sum of two sizes, at most math.maxinteger: two sparse files may claim more than a number holds.
-- @param sum, more integers, not negative
-- @return an integer
function M.add(sum, more)
    return more > math.maxinteger - sum and math.maxinteger or sum + more
end

--- Of a sum that was made in floating point, from which sizes are taken again: the integer.
-- @param number not negative
-- @return an integer, at most math.maxinteger
function M.whole(number)
    return math.tointeger(number // 1) or math.maxinteger
end

--- A count with its thousands set apart: 1,234,567.
-- @param number an integer
-- @return text
function M.count(number)
    local digits = string.format("%d", number)
    local grouped = digits:reverse():gsub("(%d%d%d)", "%1,"):reverse()
    return (grouped:gsub("^(%-?),", "%1"))
end

--- A count and its noun: 1 file, 2 files, 3 entries.
-- @param number an integer
-- @param noun its singular
-- @param plural its plural; the singular with an s when left out
-- @return text
function M.plural(number, noun, plural)
    if number == 1 then
        return "1 " .. noun
    end
    return M.count(number) .. " " .. (plural or noun .. "s")
end

--- A duration: 12 ms, 1.3 s, 12 s, 4 min 10 s, 3 h 5 min, 2 days 4 h.
-- @param seconds a number
-- @return text
function M.duration(seconds)
    if seconds < 0.9995 then
        return string.format("%d ms", math.floor(seconds * 1000 + 0.5))
    elseif seconds < 9.95 then
        return string.format("%.1f s", seconds)
    end
    local whole = math.floor(seconds + 0.5)
    if whole < 60 then
        return string.format("%d s", whole)
    elseif whole < 3600 then
        return string.format("%d min %d s", whole // 60, whole % 60)
    elseif whole < 86400 then
        return string.format("%d h %d min", whole // 3600, whole % 3600 // 60)
    end
    return string.format("%s %d h", M.plural(whole // 86400, "day"), whole % 86400 // 3600)
end

--- A rate: 120 MB/s.
-- @param bytes a number, @param seconds a number above 0
-- @return text
function M.rate(bytes, seconds)
    return M.size(math.floor(bytes / seconds)) .. "/s"
end

return M
