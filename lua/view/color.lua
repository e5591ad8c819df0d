--- Colour as a second signal: whether to use it, and its escape sequences.
local M = {}

local CODES = {bold = "1", dim = "2", red = "31", green = "32", yellow = "33", blue = "34", cyan = "36"}

--- Whether a stream gets colour.
-- @param when "auto", "always", "never" or nil (auto)
-- @param tty whether the stream is a terminal
-- @param getenv a function from a variable's name to its value
-- @return boolean
function M.wanted(when, tty, getenv)
    if when == "always" then
        return true
    elseif when == "never" or not tty then
        return false
    end
    local no_color = getenv("NO_COLOR")
    return (no_color == nil or no_color == "") and getenv("TERM") ~= "dumb"
end

--- A text in a colour.
-- @param name bold, dim, red, green, yellow, blue or cyan; nil leaves the text as it is
-- @param text already cleaned
-- @return text with escape sequences
function M.paint(name, text)
    local code = CODES[name]
    if not code then
        return text
    end
    return "\27[" .. code .. "m" .. text .. "\27[0m"
end

return M
