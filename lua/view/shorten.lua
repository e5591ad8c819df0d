--- Text cut to a number of columns.
local M = {}

local JOINER = "\u{200D}"

-- Whether a character belongs to the one before it: it has no columns of its own there.
local function is_part(character, cluster, width_of)
    return width_of(cluster .. character) <= width_of(cluster) or cluster:sub(-#JOINER) == JOINER
        or character == "\u{FE0F}"
end

-- What is seen as one character each: with its accents, or an emoji of several.
local function clusters(text, width_of)
    local list = {}
    for _, code in utf8.codes(text) do
        local character = utf8.char(code)
        if code >= 0x80 and #list > 0 and is_part(character, list[#list], width_of) then
            list[#list] = list[#list] .. character
        else
            list[#list + 1] = character
        end
    end
    return list
end

-- How many clusters from `first` on, going by `step`, fit into `room` columns.
local function taken(list, first, step, room, width_of)
    local at, used = first, 0
    while list[at] and used + width_of(list[at]) <= room do
        used = used + width_of(list[at])
        at = at + step
    end
    return at - step
end

--- Shorten a text in the middle, so that both its beginning and its end stay readable.
-- @param text valid UTF-8 without control characters (view/clean.lua)
-- @param width columns
-- @param width_of function from text to columns
-- @param ellipsis what stands for the part left out
-- @return text of at most that width
function M.middle(text, width, width_of, ellipsis)
    if width_of(text) <= width then
        return text
    end
    local list = clusters(text, width_of)
    local room = width - width_of(ellipsis)
    if room < 2 then
        return table.concat(list, "", 1, taken(list, 1, 1, width, width_of))
    end
    local head = taken(list, 1, 1, (room + 1) // 2, width_of)
    local tail = taken(list, #list, -1, room // 2, width_of)
    return table.concat(list, "", 1, head) .. ellipsis .. table.concat(list, "", tail)
end

return M
