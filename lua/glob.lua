--- Patterns for names, as values of their own: * is any text, ? one character. A name that holds * or ? is a name;
-- only what was made here is a pattern, so that nothing acts on more than what was meant.
local core_text = require "core.text"

local M = {}

local ANY, ONE = {}, {}    -- the two wildcards among the parts of a pattern; every other part is plain text

local Glob = {}
local metatable = {__name = "glob", __index = Glob}

function metatable.__tostring(pattern)
    return pattern.text
end

function metatable.__concat(a, b)
    return tostring(a) .. tostring(b)
end

function metatable.__eq(a, b)
    return M.is(a) and M.is(b) and a:sql() == b:sql()
end

local function add_text(parts, text)
    if text ~= "" then
        parts[#parts + 1] = text
    end
end

local function add_parts(parts, text)
    for plain, wildcard in text:gmatch("([^*?]*)([*?]?)") do
        add_text(parts, plain)
        if wildcard ~= "" then
            parts[#parts + 1] = wildcard == "*" and ANY or ONE
        end
    end
end

local function has_wildcard(parts)
    for _, part in ipairs(parts) do
        if part == ANY or part == ONE then
            return true
        end
    end
    return false
end

--- Whether a value is a pattern.
function M.is(value)
    return getmetatable(value) == metatable
end

--- Whether a text holds * or ?, and so could have been meant as a pattern.
-- @param text string
function M.looks(text)
    return text:find("[*?]") ~= nil
end

--- A pattern.
-- @param text string: * and ? in it are wildcards
-- @return the pattern
function M.new(text)
    local parts = {}
    add_parts(parts, text)
    return setmetatable({text = text, parts = parts}, metatable)
end

--- What a word may be that was typed without quotes.
-- @param text string
-- @return the pattern, nil when there is no wildcard in it
function M.typed(text)
    return M.looks(text) and M.new(text) or nil
end

--- What a word may be that was typed in pieces, some of them quoted.
-- @param pieces list of {text, whether it was quoted}: wildcards of quoted ones are plain characters
-- @return the pattern, nil when there is no wildcard in it
function M.of_pieces(pieces)
    local parts, texts = {}, {}
    for i, piece in ipairs(pieces) do
        texts[i] = piece[1]
        local add = piece[2] and add_text or add_parts
        add(parts, piece[1])
    end
    return has_wildcard(parts) and setmetatable({text = table.concat(texts), parts = parts}, metatable) or nil
end

--- A pattern for all names that begin with a text.
function M.prefix(text)
    local parts = {}
    add_text(parts, text)
    parts[#parts + 1] = ANY
    return setmetatable({text = text .. "*", parts = parts}, metatable)
end

local function length(part)
    return type(part) == "string" and #part or 1
end

-- The pattern of the bytes from `first` to `last` of its text; a name (a string) where no wildcard is among them.
local function cut(pattern, first, last)
    local parts, at = {}, 1
    for _, part in ipairs(pattern.parts) do
        local stop = at + length(part) - 1
        if type(part) == "string" then
            add_text(parts, part:sub(math.max(first - at + 1, 1), math.max(math.min(last, stop) - at + 1, 0)))
        elseif at >= first and at <= last then
            parts[#parts + 1] = part
        end
        at = stop + 1
    end
    local text = pattern.text:sub(first, last)
    return has_wildcard(parts) and setmetatable({text = text, parts = parts}, metatable) or text
end

--- The beginning of a pattern.
-- @param count bytes
-- @return a pattern; a name (a string) when no wildcard is in it
function Glob:beginning(count)
    return cut(self, 1, count)
end

--- The end of a pattern: of `--project=acme/*` what stands behind the '='.
-- @param count bytes
-- @return a pattern, nil when no wildcard is in it
function Glob:ending(count)
    local rest = cut(self, #self.text - count + 1, #self.text)
    return M.is(rest) and rest or nil
end

--- A pattern for "client/project" as one for each; a part without a wildcard is a name (a string).
-- @return client, project's own name; the second nil when there is no slash
function Glob:split()
    local at = self.text:find("/", 1, true)
    if not at then
        return self, nil
    end
    return cut(self, 1, at - 1), cut(self, at + 1, #self.text)
end

--- The same for SQLite's GLOB, which knows [...] too.
-- @return text, nil when every name matches
function Glob:sql()
    local parts = {}
    for i, part in ipairs(self.parts) do
        parts[i] = part == ANY and "*" or part == ONE and "?" or part:gsub("[%[*?]", "[%0]")
    end
    local text = table.concat(parts)
    return text ~= "*" and text or nil
end

--- A pattern for the engine (base/glob.h) that means one name or path, whatever bytes it has.
function M.literal(name)
    return (name:gsub("[%*%?%[]", "[%0]"))
end

local CHARACTER = "[^\x80-\xBF][\x80-\xBF]*"

-- A pattern of Lua. of: what is taken of each plain text.
local function escaped(pattern, of)
    local parts = {}
    for i, part in ipairs(pattern.parts) do
        parts[i] = part == ANY and ".*" or part == ONE and CHARACTER
            or of(part):gsub("[%^%$%(%)%%%.%[%]%*%+%-%?]", "%%%0")
    end
    return "^" .. table.concat(parts) .. "$"
end

local function as_it_is(text)
    return text
end

--- A function that tells whether a name matches.
-- @param wanted a pattern, to which Unicode's forms of one character are the same, or a name (a string): only the same
--        name matches that
-- @return function(name) -> boolean
function M.matcher(wanted)
    if not M.is(wanted) then
        return function(name) return name == wanted end
    end
    local plain, composed = escaped(wanted, as_it_is), escaped(wanted, core_text.composed)
    return function(name)
        return name:find(plain) ~= nil
            or name:find("[\x80-\xFF]") ~= nil and core_text.composed(name):find(composed) ~= nil
    end
end

--- A name of a file as core.find takes it, which knows [a-z] too.
-- @param wanted a pattern, whose text is taken as it is, or a name (a string)
-- @return text
function M.for_find(wanted)
    return M.is(wanted) and wanted.text or (wanted:gsub("[%[*?]", "[%0]"))
end

return M
