--- Splitting a line into words as a shell does: blanks separate, '...' "..." and backslash quote, and $'...' holds
-- what cannot be typed or seen: \e, \n, \xHH, \u{HEX}. Nothing is expanded.
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

-- What only a shell has: 2>FILE, &>FILE, >&2, >|FILE, |&, ||.
local function is_foreign(state, line, at, after)
    local before = line:sub(at - 1, at - 1)
    return line:find("^[&|]", after) or before == "&"
        or before:find("%d") and state.has_word and text_of(state.pieces):find("^%d+$")
end

-- A | or > where the line may have one. Returns the position after it.
local function operator(state, line, at)
    local sign = line:match("^>>?", at) or "|"
    if is_foreign(state, line, at, at + #sign) then
        state.foreign = true
    end
    finish(state)
    state.operators[#state.operators + 1] = {sign = sign, after = #state.words}
    return at + #sign
end

local function step(state, line, at)
    local char = line:sub(at, at)
    if char:find("%s") then
        finish(state)
        return at + 1
    elseif state.operators and char:find("[|>]") then
        return operator(state, line, at)
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
    local plain = line:match(state.operators and "^[^%s'\"\\$|>]+" or "^[^%s'\"\\$]+", at) or char
    append(state, plain, at, false)
    return at + #plain
end

local function scan(line, with_operators)
    local state = {words = {}, literal = {}, patterns = {}, starts = {}, pieces = {}, has_word = false,
        is_quoted = false, operators = with_operators and {} or nil}
    local at = 1
    while at <= #line do
        at = step(state, line, at)
    end
    return state
end

local function whole(line, with_operators)
    local state = scan(line, with_operators)
    if state.open == "\\" then
        return nil, "the line ends in a backslash"
    elseif state.open then
        return nil, ("the quote %s is not closed"):format(state.open)
    end
    finish(state)
    return state
end

--- Splits a line.
-- @param line string
-- @return list of words, set of the indexes of words that begin with a quote, table from the index of a word that
--         holds a wildcard outside of quotes to what it is as a pattern (glob.lua); nil, message when a quote is
--         not closed
function M.split(line)
    local state, message = whole(line)
    if not state then
        return nil, message
    end
    return state.words, state.literal, state.patterns
end

local function up_to(by_index, last)
    local found = {}
    for i, value in pairs(by_index) do
        found[i] = i <= last and value or nil
    end
    return found
end

-- The programs and the file behind a command's words; nil, message when something is missing or too much.
local function targets(state)
    local programs, file = {}, nil
    for i, operator_at in ipairs(state.operators) do
        local last = state.operators[i + 1] and state.operators[i + 1].after or #state.words
        local list = table.move(state.words, operator_at.after + 1, last, 1, {})
        if file then
            return nil, ("nothing may stand behind the file '%s': put > last, and names with blanks in quotes")
                :format(file.path)
        elseif operator_at.sign == "|" then
            if not list[1] or list[1] == "" then
                return nil, "no program stands behind |; put a | that belongs to a name in quotes"
            end
            programs[#programs + 1] = list
        elseif #list ~= 1 or list[1] == "" then
            local given = #list == 0 and "none" or #list == 1 and "an empty name" or #list .. " words"
            return nil, ("one file stands behind %s, not %s; a name with blanks or a > stands in quotes")
                :format(operator_at.sign, given)
        else
            file = {path = list[1], append = operator_at.sign == ">>"}
        end
    end
    return programs, file
end

--- Splits a command's line that may lead into programs and a file: CMD | PROGRAM ARGS... > FILE. A | or > counts
-- outside of quotes, with and without blanks around it.
-- @param line string
-- @return {words =, literal =, patterns = as `split` returns them for the command, programs = list of lists of words,
--         file = {path =, append = whether it was >>} or nil}; nil, message
function M.pipeline(line)
    local state, message = whole(line, true)
    if not state then
        return nil, message
    elseif state.foreign then
        return nil, "only a shell knows that: here | leads into a program, > or >> into one file; "
            .. "other | and > stand in quotes"
    end
    local programs, file = targets(state)
    if not programs then
        return nil, file
    end
    local last = state.operators[1] and state.operators[1].after or #state.words
    return {
        words = table.move(state.words, 1, last, 1, {}), literal = up_to(state.literal, last),
        patterns = up_to(state.patterns, last), programs = programs, file = file,
    }
end

--- Splits the beginning of a command's line that is still being typed.
-- @param line string, up to the cursor
-- @return list of whole words, the word under the cursor without its quotes, the quote it is in ('"', "'", "\\" or
-- nil), the position in the line where that word starts, and what the words belong to: nil for the command, else the
-- last |, > or >>, behind which they stand
function M.partial(line)
    local state = scan(line, true)
    local word, start = text_of(state.pieces), state.has_word and state.start or #line + 1
    local last = state.operators[#state.operators]
    local list = last and table.move(state.words, last.after + 1, #state.words, 1, {}) or state.words
    return list, word, state.open, start, last and last.sign
end

return M
