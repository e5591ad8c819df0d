--- What the rows of results hold: every field of every type, as `fields` prints it and as JSON orders it.
local TYPES = require "autobackup.view.row_types"

local M = {}

local function parse(line)
    local star, name, kind, about = line:match("^(%*?)(%S+) (%S+) ?(.*)$")
    return {field = name, kind = kind, always = star ~= "", about = about}
end

--- The types of rows, sorted.
-- @return list of strings
function M.types()
    local names = {}
    for name in pairs(TYPES) do
        names[#names + 1] = name
    end
    table.sort(names)
    return names
end

--- What a row of a type is, in a few words.
-- @param kind a type, @return text or nil
function M.about(kind)
    return TYPES[kind] and TYPES[kind].about
end

--- The fields of a type, in their order.
-- @param kind a type
-- @return list of {field=, kind=, always=, about=}; nil when there is no such type
function M.of(kind)
    local list = {}
    for i, line in ipairs(TYPES[kind] or {}) do
        list[i] = parse(line)
    end
    return TYPES[kind] and list
end

-- By type: the names that each of its rows has, in order.
local fixed = {}

--- The fields that every row of a type has, in their order.
-- @param kind a type, also one that is not known here (a user's)
-- @return list of names, a set of the same; the same tables each time
function M.fixed(kind)
    if not fixed[kind] then
        local list, set = {}, {}
        for _, field in ipairs(M.of(kind) or {}) do
            if field.always then
                list[#list + 1], set[field.field] = field.field, true
            end
        end
        fixed[kind] = {list, set}
    end
    return fixed[kind][1], fixed[kind][2]
end

local times

--- Whether a field is a moment by its name: one of ours, or one that ends in _at.
-- @param name string
function M.is_time(name)
    if not times then
        times = {time = true}
        for kind in pairs(TYPES) do
            for _, field in ipairs(M.of(kind)) do
                times[field.field] = times[field.field] or field.kind == "time"
            end
        end
    end
    return times[name] or name:find("_at$") ~= nil
end

return M
