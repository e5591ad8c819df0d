--- Patterns for names: * is any text, ? one character.
local M = {}

--- Whether a name is a pattern.
function M.is(name)
    return name:find("[*?]") ~= nil
end

local CHARACTER = "[^\x80-\xBF][\x80-\xBF]*"

--- A function that tells whether a name matches.
-- @param pattern text; without * and ? only the same name matches
-- @return function(name) -> boolean
function M.matcher(pattern)
    if not M.is(pattern) then
        return function(name) return name == pattern end
    end
    local escaped = pattern:gsub("[%^%$%(%)%%%.%[%]%+%-]", "%%%0"):gsub("%*", ".*"):gsub("%?", CHARACTER)
    escaped = "^" .. escaped .. "$"
    return function(name) return name:find(escaped) ~= nil end
end

return M
