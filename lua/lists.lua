--- Small helpers for lists.
local M = {}

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

--- The names that begin with a prefix, each once; where none does, those that do so in other letters' case.
-- @param prefix string, @param names list of strings
-- @return list of strings
function M.starting_with(prefix, names)
    local found = select_names(names, function(name) return name:sub(1, #prefix) == prefix end)
    if found[1] then
        return found
    end
    local lower = prefix:lower()
    return select_names(names, function(name) return name:sub(1, #prefix):lower() == lower end)
end

return M
