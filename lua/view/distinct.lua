--- Names cut to a number of columns so that they can still be told apart.
local shorten = require "autobackup.view.shorten"

local M = {}

local function characters(name)
    local list = {}
    for _, code in utf8.codes(name) do
        list[#list + 1] = utf8.char(code)
    end
    return list
end

-- How many characters all names begin with alike; at least one of each is left.
local function shared(lists)
    local count = 0
    while #lists > 1 do
        local first = lists[1][count + 1]
        for _, list in ipairs(lists) do
            if #list < count + 2 or list[count + 1] ~= first then
                return count
            end
        end
        count = count + 1
    end
    return 0
end

-- The same, but no part of a word or number: up to the last separator in it.
local function shared_words(list, count)
    while count > 0 and not list[count]:find("^[-_. ]$") do
        count = count - 1
    end
    return count
end

local function are_distinct(names)
    local seen = {}
    for _, name in ipairs(names) do
        if seen[name] then
            return false
        end
        seen[name] = true
    end
    return true
end

-- Ways to write a name in `width` columns, from the most readable one on.
local WAYS = {
    function(name, width, width_of, ellipsis) return shorten.middle(name, width, width_of, ellipsis) end,
    function(name, width, width_of) return shorten.middle(name, width, width_of, "") end,
}

-- The end of a name, where numbers stand.
WAYS[3] = function(name, width, width_of)
    local list, text = characters(name), ""
    for i = #list, 1, -1 do
        if width_of(list[i] .. text) > width then
            break
        end
        text = list[i] .. text
    end
    return text
end

local function all(names, way, width, width_of, ellipsis)
    local cut = {}
    for i, name in ipairs(names) do
        cut[i] = width_of(name) <= width and name or way(name, width, width_of, ellipsis)
    end
    return cut
end

-- What is left of the names that are too wide without what they all begin with; the others as they are.
local function rests_of(names, is_wide, lists, count)
    local rests, at = {}, 0
    for i, name in ipairs(names) do
        at = at + (is_wide[i] and 1 or 0)
        rests[i] = is_wide[i] and table.concat(lists[at], "", count + 1) or name
    end
    return rests
end

local function fit(names, width, width_of)
    for _, name in ipairs(names) do
        if width_of(name) > width then
            return false
        end
    end
    return true
end

local NARROW = 10    -- columns below which the end of a name says more than its first and last letters

--- Shorten names that stand beside each other. Where there is little room, or plain shortening would make two of them
-- alike, what the long ones begin with is left out; then the end of each is kept.
-- @param names list of valid UTF-8 without control characters (view/clean.lua), no two alike
-- @param width columns for each
-- @param width_of function from text to columns
-- @param ellipsis what stands for a part left out
-- @return list of texts of at most that width, in the same order, and whether no two of them are alike
function M.names(names, width, width_of, ellipsis)
    local is_wide, lists = {}, {}
    for i, name in ipairs(names) do
        is_wide[i] = width_of(name) > width
        lists[#lists + 1] = is_wide[i] and characters(name) or nil
    end
    if #lists == 0 then
        return table.move(names, 1, #names, 1, {}), true
    end
    local count = shared(lists)
    local words = rests_of(names, is_wide, lists, shared_words(lists[1], count))
    if width < NARROW and fit(words, width, width_of) and are_distinct(words) then
        return words, true
    end
    local rests, cut = rests_of(names, is_wide, lists, count), nil
    for _, way in ipairs(WAYS) do
        for _, source in ipairs(width < NARROW and {rests, names} or {names, rests}) do
            cut = all(source, way, width, width_of, ellipsis)
            if are_distinct(cut) then
                return cut, true
            end
        end
    end
    return cut, false
end

return M
