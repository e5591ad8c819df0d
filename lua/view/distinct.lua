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
    while true do
        local first = lists[1][count + 1]
        for _, list in ipairs(lists) do
            if #list < count + 2 or list[count + 1] ~= first then
                return count
            end
        end
        count = count + 1
    end
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

--- Shorten names that stand beside each other. Where plain shortening would make two of them alike, what all begin
-- with is left out, then the end of each is kept.
-- @param names list of valid UTF-8 without control characters (view/clean.lua), no two alike
-- @param width columns for each
-- @param width_of function from text to columns
-- @param ellipsis what stands for a part left out
-- @return list of texts of at most that width, in the same order, and whether no two of them are alike
function M.names(names, width, width_of, ellipsis)
    local lists, rests = {}, {}
    for i, name in ipairs(names) do
        lists[i] = characters(name)
    end
    local count = #names > 1 and shared(lists) or 0
    for i, list in ipairs(lists) do
        rests[i] = table.concat(list, "", count + 1)
    end
    local cut
    for _, way in ipairs(WAYS) do
        for _, source in ipairs{names, rests} do
            cut = all(source, way, width, width_of, ellipsis)
            if are_distinct(cut) then
                return cut, true
            end
        end
    end
    return cut, false
end

return M
