--- Splitting a line into words as a shell does: blanks separate, '...' "..." and backslash quote, and $'...' holds
-- what cannot be typed or seen: \e, \n, \xHH, \u{HEX}. Nothing is expanded.
local clean = require "autobackup.view.clean"
local glob = require "autobackup.glob"

local M = {}

local function text_of(pieces)
    local texts = {}
    for i, piece in ipairs(pieces) do
        texts[i] = piece[1]
    end
    return table.concat(texts)
end

local function finish(state)
    if state.has_word then
        local n = #state.words + 1
        state.words[n] = text_of(state.pieces)
        state.literal[n] = state.is_quoted or nil
        state.patterns[n] = glob.of_pieces(state.pieces)
        state.starts[n] = state.start
    end
    state.pieces, state.has_word, state.is_quoted = {}, false, false
end

-- Adds to the word at hand. What stands in quotes, or behind a backslash, is no wildcard.
local function append(state, text, at, is_quoted)
    if not state.has_word then
        state.has_word, state.start = true, at
    end
    state.pieces[#state.pieces + 1] = {text, is_quoted}
end

-- Reads a "..." part whose quote is at `at`: its text and the position after it, nil when it is not closed.
local function double_quoted(line, at)
    local parts, i = {}, at + 1
    while i <= #line do
        local char = line:sub(i, i)
        if char == '"' then
            return table.concat(parts), i + 1
        elseif char == "\\" and line:find('^["\\$`]', i + 1) then
            i = i + 1
            char = line:sub(i, i)
        end
        parts[#parts + 1] = char
        i = i + 1
    end
    return nil, table.concat(parts)
end

local function single_quoted(line, at)
    local stop = line:find("'", at + 1, true)
    if not stop then
        return nil, line:sub(at + 1)
    end
    return line:sub(at + 1, stop - 1), stop + 1
end

local ESCAPES = {n = "\n", r = "\r", t = "\t", e = "\27", ["\\"] = "\\", ["'"] = "'", ['"'] = '"'}

local function unescaped(line, at)
    local hex, after = line:match("^x(%x%x)()", at)
    if hex then
        return string.char(tonumber(hex, 16)), after
    end
    hex, after = line:match("^u{(%x+)}()", at)
    if not hex then
        hex, after = line:match("^u(%x%x%x%x)()", at)
    end
    if hex and #hex <= 6 and tonumber(hex, 16) <= 0x10FFFF then
        return utf8.char(tonumber(hex, 16)), after
    end
    local char = line:sub(at, at)
    return ESCAPES[char] or "\\" .. char, at + 1
end

-- Reads a $'...' part whose quote is at `at`, as the ones below.
local function escape_quoted(line, at)
    local parts, i = {}, at + 1
    while i <= #line do
        local char = line:sub(i, i)
        if char == "'" then
            return table.concat(parts), i + 1
        elseif char == "\\" then
            parts[#parts + 1], i = unescaped(line, i + 1)
        else
            parts[#parts + 1], i = char, i + 1
        end
    end
    return nil, table.concat(parts)
end

local function quoted(state, line, at, char)
    local read = char == '"' and double_quoted or char == "'" and single_quoted or escape_quoted
    local text, after = read(line, char == "$'" and at + 1 or at)
    state.is_quoted = state.is_quoted or not state.has_word
    if not text then
        append(state, after, at, true)
        state.open = char
        return #line + 1
    end
    append(state, text, at, true)
    return after
end

local function step(state, line, at)
    local char = line:sub(at, at)
    if char:find("%s") then
        finish(state)
        return at + 1
    elseif char == "'" or char == '"' then
        return quoted(state, line, at, char)
    elseif line:find("^%$'", at) then
        return quoted(state, line, at, "$'")
    elseif char == "\\" then
        if at == #line then
            state.open = "\\"
        end
        state.is_quoted = state.is_quoted or not state.has_word
        append(state, line:sub(at + 1, at + 1), at, true)
        return at + 2
    end
    local plain = line:match("^[^%s'\"\\$]+", at) or char
    append(state, plain, at, false)
    return at + #plain
end

local function scan(line)
    local state = {words = {}, literal = {}, patterns = {}, starts = {}, pieces = {}, has_word = false,
        is_quoted = false}
    local at = 1
    while at <= #line do
        at = step(state, line, at)
    end
    return state
end

--- Splits a line.
-- @param line string
-- @return list of words, set of the indexes of words that begin with a quote, table from the index of a word that
--         holds a wildcard outside of quotes to what it is as a pattern (glob.lua); nil, message when a quote is
--         not closed
function M.split(line)
    local state = scan(line)
    if state.open == "\\" then
        return nil, "the line ends in a backslash"
    elseif state.open then
        return nil, ("the quote %s is not closed"):format(state.open)
    end
    finish(state)
    return state.words, state.literal, state.patterns
end

--- Splits the beginning of a line that is still being typed.
-- @param line string, up to the cursor
-- @return list of whole words, the word under the cursor without its quotes, the quote it is in ('"', "'", "\\" or
-- nil), and the position in the line where that word starts
function M.partial(line)
    local state = scan(line)
    local word, start = text_of(state.pieces), state.has_word and state.start or #line + 1
    return state.words, word, state.open, start
end

--- Writes a word so that `split` reads it back, and so that all of it can be seen.
function M.quote(word)
    if clean.clean(word) ~= word then
        return "$'" .. clean.clean((word:gsub("[\\']", "\\%0"))) .. "'"
    elseif word ~= "" and not word:find("[%s'\"\\*?|>]") then
        return word
    end
    return '"' .. word:gsub('["\\$`]', "\\%0") .. '"'
end

return M
