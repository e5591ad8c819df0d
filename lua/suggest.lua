--- The nearest of known names to a mistyped one.

local M = {}

-- Optimal string alignment distance of two lower-case byte strings; more than `limit` is reported as limit + 1.
local function distance(a, b, limit)
    if math.abs(#a - #b) > limit then
        return limit + 1
    end
    local before, previous, current = {}, {}, {}
    for j = 0, #b do
        previous[j] = j
    end
    for i = 1, #a do
        current[0] = i
        local best = i
        for j = 1, #b do
            local cost = a:byte(i) == b:byte(j) and 0 or 1
            local value = math.min(previous[j] + 1, current[j - 1] + 1, previous[j - 1] + cost)
            if i > 1 and j > 1 and a:byte(i) == b:byte(j - 1) and a:byte(i - 1) == b:byte(j) then
                value = math.min(value, before[j - 2] + 1)
            end
            current[j] = value
            best = math.min(best, value)
        end
        if best > limit then
            return limit + 1
        end
        before, previous, current = previous, current, before
    end
    return previous[#b]
end

M.distance = distance

--- The candidate nearest to a word, ignoring case.
-- @param word string
-- @param candidates list of strings
-- @return string, nil when none is near: about one mistake in three letters, or a beginning of two letters or more
function M.nearest(word, candidates)
    local lower = word:lower()
    local limit = math.max(1, math.min(4, (#lower + 1) // 3))
    local found, found_distance = nil, limit + 1
    for _, candidate in ipairs(candidates) do
        local name = candidate:lower()
        local d = distance(lower, name, limit)
        if d < found_distance and d < math.max(#lower, #name) then
            found, found_distance = candidate, d
        end
    end
    if found or #lower < 2 then
        return found
    end
    for _, candidate in ipairs(candidates) do
        if candidate:lower():sub(1, #lower) == lower and (not found or #candidate < #found) then
            found = candidate
        end
    end
    return found
end

--- The end of an error message: "; did you mean 'NAS'?", or "" when no candidate is near.
function M.hint(word, candidates)
    local found = M.nearest(word, candidates)
    return found and ("; did you mean '%s'?"):format(found) or ""
end

return M
