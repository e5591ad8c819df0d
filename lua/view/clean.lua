--- Names as they may go to a terminal or a log: control characters and broken UTF-8 made visible.
local M = {}

local SHORT = {["\n"] = "\\n", ["\r"] = "\\r", ["\t"] = "\\t", ["\27"] = "\\e"}

local function escape_byte(byte)
    return SHORT[byte] or string.format("\\x%02X", byte:byte())
end

-- What turns the direction of text, breaks lines or shows nothing can make one name look like another. The two
-- joiners (200C, 200D) stay: emoji and several scripts need them.
local function is_hidden(code)
    return code >= 0x80 and code <= 0x9F or code == 0x200B or code == 0x200E or code == 0x200F
        or code >= 0x2028 and code <= 0x202E or code >= 0x2060 and code <= 0x206F or code == 0xFEFF
end

local function clean_valid(text)
    text = text:gsub("[%z\1-\31\127]", escape_byte)
    -- In valid UTF-8 a lead byte and the continuation bytes after it are one character.
    return (text:gsub("[\xC2\xE2\xEF][\x80-\xBF]+", function(sequence)
        local code = utf8.codepoint(sequence)
        return is_hidden(code) and string.format("\\u{%X}", code) or nil
    end))
end

--- A text with every control character (C0, DEL, C1), invisible mark and invalid byte made visible.
-- @param text any bytes
-- @return valid UTF-8 without control characters
function M.clean(text)
    if not text:find("[%c\127-\255]") then
        return text
    end
    local parts, at = {}, 1
    while at <= #text do
        local length, bad = utf8.len(text, at)
        if length then
            parts[#parts + 1] = clean_valid(text:sub(at))
            break
        end
        parts[#parts + 1] = clean_valid(text:sub(at, bad - 1))
        parts[#parts + 1] = escape_byte(text:sub(bad, bad))
        at = bad + 1
    end
    return table.concat(parts)
end

--- A text with every byte that is not UTF-8 replaced by U+FFFD.
-- @param text any bytes
-- @return valid UTF-8, and whether nothing had to be replaced
function M.lossy(text)
    if utf8.len(text) then
        return text, true
    end
    local parts, at = {}, 1
    while at <= #text do
        local _, bad = utf8.len(text, at)
        parts[#parts + 1] = text:sub(at, (bad or #text + 1) - 1)
        if not bad then
            break
        end
        parts[#parts + 1] = "\u{FFFD}"
        at = bad + 1
    end
    return table.concat(parts), false
end

return M
