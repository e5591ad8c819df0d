--- Names as they may go to a terminal or a log: control characters and broken UTF-8 made visible.
local M = {}

local SHORT = {["\n"] = "\\n", ["\r"] = "\\r", ["\t"] = "\\t", ["\27"] = "\\e"}

local function escape_byte(byte)
    return SHORT[byte] or string.format("\\x%02X", byte:byte())
end

-- What turns the direction of text, breaks lines or shows nothing can make one name look like another.
local HIDDEN = {
    {0x80, 0x9F}, {0xAD, 0xAD}, {0x34F, 0x34F}, {0x600, 0x605}, {0x61C, 0x61C}, {0x6DD, 0x6DD}, {0x70F, 0x70F},
    {0x115F, 0x1160}, {0x17B4, 0x17B5}, {0x180B, 0x180F}, {0x200B, 0x200B}, {0x200E, 0x200F}, {0x2028, 0x202E},
    {0x2060, 0x206F}, {0x3164, 0x3164}, {0xFE00, 0xFE0D}, {0xFEFF, 0xFEFF}, {0xFFA0, 0xFFA0}, {0xFFF0, 0xFFFB},
    {0x1BCA0, 0x1BCA3}, {0x1D173, 0x1D17A}, {0xE0000, 0xE0FFF},
}

local function is_hidden(code)
    for _, range in ipairs(HIDDEN) do
        if code <= range[2] then
            return code >= range[1]
        end
    end
    return false
end

local function visible(sequence)
    local code = utf8.codepoint(sequence)
    return is_hidden(code) and string.format("\\u{%X}", code) or nil
end

-- Emoji and several scripts need the joiners (200C, 200D) and the selectors of a presentation (FE0E, FE0F): behind
-- a character of theirs they stay; at the beginning or behind one of ASCII they only hide, but for keys such as 1.
local function visible_joiner(before, joiner)
    local is_key = joiner == "\u{FE0F}" and before:find("^[%d#*]$")
    return before .. (is_key and joiner or string.format("\\u{%X}", utf8.codepoint(joiner)))
end

local function clean_valid(text)
    text = text:gsub("[%z\1-\31\127]", escape_byte)
    -- In valid UTF-8 a lead byte and the continuation bytes after it are one character.
    text = text:gsub("[\xC2-\xF4][\x80-\xBF]+", visible)
    for _, joiner in ipairs{"\xE2\x80[\x8C\x8D]", "\xEF\xB8[\x8E\x8F]"} do
        text = text:gsub("^" .. joiner, function(found) return visible_joiner("", found) end)
        text = text:gsub("([%z\1-\127])(" .. joiner .. ")", visible_joiner)
    end
    return text
end

local function make_visible(text)
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

-- The same few texts come again and again: marks, a size with its mark, names of databases.
local MOST_KNOWN = 200
local known, count = {}, 0

--- A text with every control character (C0, DEL, C1), invisible mark and invalid byte made visible.
-- @param text any bytes
-- @return valid UTF-8 without control characters
function M.clean(text)
    if not text:find("[%c\127-\255]") then
        return text
    end
    local cleaned = known[text]
    if not cleaned then
        cleaned = make_visible(text)
        known, count = count < MOST_KNOWN and known or {}, count < MOST_KNOWN and count + 1 or 1
        known[text] = cleaned
    end
    return cleaned
end

--- A text that was composed of clean parts, with our own colours and places in it, cleaned once more as a safety
-- net: those sequences and line feeds stay.
-- @param text any bytes
-- @return text
function M.composed(text)
    if not text:find("[%z\1-\9\11-\31\127-\255]") then
        return text
    end
    local parts, at = {}, 1
    while at <= #text do
        local first, last = text:find("\27%[[%d;]*[mG]", at)
        parts[#parts + 1] = text:sub(at, (first or #text + 1) - 1):gsub("[^\n]+", M.clean)
        parts[#parts + 1] = first and text:sub(first, last) or ""
        at = (last or #text) + 1
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
