--- Words of a line that is shown to be typed, at the prompt or in a shell.
local clean = require "autobackup.view.clean"

local M = {}

-- What neither the prompt nor a shell takes for anything but itself.
local PLAIN = "^[%w%./_,:@%%+=\128-\255-]+$"

--- A word as it has to be typed: words.split reads it back, all of it can be seen, and a shell takes it for the
-- same. Only the escapes of what cannot be seen are the prompt's own where bash has none (\u{HEX}).
-- @param word any bytes
-- @return it, in quotes where it needs them
function M.word(word)
    if clean.clean(word) ~= word then
        return "$'" .. clean.clean((word:gsub("[\\']", "\\%0"))) .. "'"
    elseif word:find(PLAIN) then
        return word
    elseif word:find("!", 1, true) and not word:find("'", 1, true) then
        return "'" .. word .. "'"    -- an interactive bash looks for it in its history, in "..." too
    end
    return '"' .. word:gsub('["\\$`]', "\\%0") .. '"'
end

--- A line of words. One that begins like an option is quoted, which tells the prompt that it is none.
-- @param ... texts, the first is a command
-- @return text
function M.line(...)
    local list = {...}
    for i = 2, #list do
        local word = M.word(list[i])
        list[i] = word:find("^%-") and '"' .. word .. '"' or word
    end
    return table.concat(list, " ")
end

return M
