--- Small helpers for lists.
local core_text = require "core.text"

local M = {}

-- A value that stands for several names, such as the categories of "footage,render".
local several = {__name = "names"}

function several.__tostring(list)
    return table.concat(list, ",")
end

function several.__concat(a, b)
    return tostring(a) .. tostring(b)
end

--- Several names as one value, which prints as they are typed.
-- @param list of strings, changed in place
-- @return the same list; its only name when there is one
function M.several(list)
    return #list == 1 and list[1] or setmetatable(list, several)
end

--- Whether names that were asked for cover one.
-- @param wanted a name, "all", several names, or nil for all
-- @param name string
function M.covers(wanted, name)
    if wanted == nil or wanted == "all" or wanted == name then
        return true
    end
    return type(wanted) == "table" and M.contains(wanted, name)
end

--- What one of several is, as text: "'a', 'b' or 'c'".
-- @param list of strings, at least two; of many the first ones
function M.alternatives(list)
    local shown = table.move(list, 1, math.min(#list, 5), 1, {})
    if #shown < #list then
        shown[#shown + 1] = "..."
    end
    local last = table.remove(shown)
    return "'" .. table.concat(shown, "', '") .. (last == "..." and "' or others" or "' or '" .. last .. "'")
end

--- Whether a list holds a value.
-- @param list array, @param value compared with ==
function M.contains(list, value)
    for _, element in ipairs(list) do
        if element == value then
            return true
        end
    end
    return false
end

--- The keys of a table, sorted.
-- @param map table whose keys are strings
-- @return list
function M.keys(map)
    local keys = {}
    for key in pairs(map) do
        keys[#keys + 1] = key
    end
    table.sort(keys)
    return keys
end

local function select_names(names, fits)
    local found, seen = {}, {}
    for _, name in ipairs(names) do
        if not seen[name] and fits(name) then
            seen[name] = true
            found[#found + 1] = name
        end
    end
    return found
end

local function beginning_alike(prefix, names, letters)
    local key = core_text.key(prefix, letters)
    return select_names(names, function(name) return core_text.key(name, letters):sub(1, #key) == key end)
end

--- The names that begin with a prefix, each once; where none does, those that do so in another of Unicode's forms, and
-- where none does that either, in other letters' case.
-- @param prefix string, @param names list of strings
-- @return list of strings
function M.starting_with(prefix, names)
    local found = select_names(names, function(name) return name:sub(1, #prefix) == prefix end)
    if found[1] then
        return found
    end
    found = prefix:find("[\x80-\xFF]") and beginning_alike(prefix, names, false) or {}
    return found[1] and found or beginning_alike(prefix, names, true)
end

return M
