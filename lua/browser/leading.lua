--- From one difference to the next: which row is next, down into the folders that are marked and up again.
local place_module = require "autobackup.browser.place"

local M = {}

local CHUNK = 1000    -- rows that are looked at together
local WORTH = {differs = true, damaged = true, unknown = true}

-- Whether something differs there, by the row's own mark or those of the databases.
local function is_marked(row)
    if row.differs or WORTH[row.word] then
        return true
    end
    for _, word in pairs(row.marks or {}) do
        if WORTH[word] then
            return true
        end
    end
    return false
end

-- The first marked row from a place on, nil when there is none.
local function marked_from(list, first)
    local count = list:count()
    for at = first, count, CHUNK do
        for i, row in ipairs(list:rows(at, math.min(at + CHUNK - 1, count))) do
            if is_marked(row) then
                return row, at + i - 1
            end
        end
    end
end

local function is_above_all(place)
    return place.kind == "root" or place.kind == "database"
end

-- Down from a row into what it leads to, as far as marks go.
local function down(row, open)
    local place, name
    while row and row.into do
        place = row.into
        local list = open(place)
        row = marked_from(list, 1)
        name = row and row.name
        list:close()
    end
    return place, name
end

--- The next difference after a row.
-- @param place where one stands, @param list of it, @param at the row's number
-- @param open function(place) -> list of another place, as it would be shown; closed here
-- @return place, name of the row to stand on (nil: none of its rows; it lacks something), or nil: there is no further
function M.next(place, list, at, open)
    local row = at > 0 and list:rows(at, at)[1]
    local target = row and row.into and is_marked(row) and row or marked_from(list, at + 1)
    local is_opened = false
    while not target do
        local above = place_module.parent(place)
        if not above or is_above_all(above) then
            return nil
        end
        local upper = open(above)
        local from = upper:place(place_module.name_of(place)) or 0
        if is_opened then
            list:close()
        end
        place, list, is_opened = above, upper, true
        target = marked_from(list, from + 1)
    end
    if is_opened then
        list:close()
    end
    local below, name = down(target, open)
    if below then
        return below, name
    end
    return place, target.name
end

return M
