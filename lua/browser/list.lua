--- A list of rows to be looked at, in an order and perhaps filtered. Pure. What core.content gives for a folder of
-- a replica has the same methods (places.lua).
--
-- A row: name, kind ("all", "database", "client", "project", "category", "replica", "file", "directory", ...),
-- bytes, files, newest (ns) where they are known; marks (words by database), note (text), into (the place that it
-- leads to), pinned (stays in front).
local size = require "autobackup.view.size"

local M = {}

local List = {}
List.__index = List

local function escaped(text)
    return (text:gsub("[%^%$%(%)%%%.%[%]%+%-]", "%%%0"))
end

-- As `find` takes names: a word may stand anywhere, a pattern is for the whole name; case does not matter.
local function matcher(filter)
    local lower = filter:lower()
    if not lower:find("[*?]") then
        return function(name) return name:lower():find(lower, 1, true) ~= nil end
    end
    local pattern = "^" .. escaped(lower):gsub("%*", ".*"):gsub("%?", ".") .. "$"
    return function(name) return name:lower():find(pattern) ~= nil end
end

local KEYS = {size = "bytes", time = "newest"}

local function comparison(order)
    local key = KEYS[order]
    return function(a, b)
        if a.pinned ~= b.pinned then
            return a.pinned == true
        end
        local x, y = key and a[key] or math.mininteger, key and b[key] or math.mininteger
        if x ~= y then
            return x > y
        end
        return a.name < b.name
    end
end

--- Make a list of rows. All are shown, by name.
function M.new(rows)
    local list = setmetatable({all = rows, shown = {}}, List)
    list:arrange("name")
    return list
end

--- Choose what is shown.
-- @param order "size" (the largest first), "name" or "time" (the newest first)
-- @param filter part of a name or a pattern with * and ?, nil for everything
-- @return count of the shown
function List:arrange(order, filter)
    local fits = filter and filter ~= "" and matcher(filter) or function() return true end
    self.shown = {}
    for _, row in ipairs(self.all) do
        if fits(row.name) then
            self.shown[#self.shown + 1] = row
        end
    end
    table.sort(self.shown, comparison(order))
    return #self.shown
end

--- How many are shown.
function List:count()
    return #self.shown
end

--- The shown rows from place first to last.
function List:rows(first, last)
    return table.move(self.shown, math.max(first, 1), math.min(last, #self.shown), 1, {})
end

--- The place of a name among the shown, nil when it is not.
function List:place(name)
    for i, row in ipairs(self.shown) do
        if row.name == name then
            return i
        end
    end
end

--- What all rows come to.
-- @return {count=, bytes=, files=, largest= bytes of the largest}
function List:totals()
    local totals = {count = 0, bytes = 0, files = 0, largest = 0}
    for _, row in ipairs(self.all) do
        if not row.pinned then
            totals.count = totals.count + 1
            totals.bytes, totals.files = size.add(totals.bytes, row.bytes or 0), totals.files + (row.files or 0)
            totals.largest = math.max(totals.largest, row.bytes or 0)
        end
    end
    return totals
end

--- Whether something is still being added up.
function List.is_pending()
    return false
end

function List.close()
end

return M
