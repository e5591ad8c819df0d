--- Words of a line that is shown to be typed, at the prompt or in a shell.
local M = {}

--- A word as it has to be typed.
-- @param word any text
-- @return it, in quotes where it needs them
function M.word(word)
    return word:find("[^%w%./_-]") and "'" .. word:gsub("'", "'\\''") .. "'" or word
end

--- A line of words.
-- @param ... texts, the first is a command
-- @return text
function M.line(...)
    local list = {...}
    for i = 2, #list do
        list[i] = M.word(list[i])
    end
    return table.concat(list, " ")
end

return M
