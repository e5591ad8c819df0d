--- Lines broken at blanks.
local M = {}

--- Break a line that is too wide at its blanks. A word that is wider than a line stays whole.
-- @param line text without line feeds
-- @param width columns
-- @param width_of function from text to columns
-- @param hang blanks before further lines, after those that the line itself begins with (2 when left out)
-- @return list of lines, at least one
function M.line(line, width, width_of, hang)
    if width_of(line) <= width then
        return {line}
    end
    local indent = line:match("^ *")
    local lines, at, current = {}, #indent + 1, indent
    local further = indent .. (" "):rep(hang or 2)
    for blanks, word in line:sub(at):gmatch("( *)([^ ]+)") do
        local has_words = current:find("[^ ]") ~= nil
        if has_words and width_of(current .. blanks .. word) > width then
            lines[#lines + 1] = current
            current = further .. word
        else
            current = current .. (has_words and blanks or "") .. word
        end
    end
    lines[#lines + 1] = current
    return lines
end

return M
