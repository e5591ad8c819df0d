--- Text cut to a number of columns.
local M = {}

local function characters(text)
    local list = {}
    for _, code in utf8.codes(text) do
        list[#list + 1] = utf8.char(code)
    end
    return list
end

-- How many characters from `first` on, going by `step`, fit into `room` columns. Zero-width ones stay with the
-- character before them.
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
    local list = characters(text)
    local room = width - width_of(ellipsis)
    if room < 2 then
        return table.concat(list, "", 1, taken(list, 1, 1, width, width_of))
    end
    local head = taken(list, 1, 1, (room + 1) // 2, width_of)
    local tail = taken(list, #list, -1, room // 2, width_of)
    return table.concat(list, "", 1, head) .. ellipsis .. table.concat(list, "", tail)
end

return M
