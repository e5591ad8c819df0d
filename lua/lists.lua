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

return M
