--- Results as JSON: one object per line, `type` first, integers exact, times in RFC 3339 UTC.
local json = require "dkjson"
local sys = require "core.sys"
local rows = require "autobackup.rows"
local base64 = require "autobackup.view.base64"
local clean = require "autobackup.view.clean"
local fields = require "autobackup.view.fields"
local nanoseconds = require "autobackup.view.nanoseconds"

local M = {}

-- What a result carries beside its rows.
local ENVELOPE = {problems = true, status = true, notes = true}

local function is_time(key)
    return type(key) == "string" and fields.is_time(key)
end

--- Seconds since 1970 as RFC 3339 in UTC.
-- @param seconds a number
-- @return text
function M.time(seconds)
    return sys.format_time(nanoseconds.of(math.floor(seconds)), "utc", "%Y-%m-%dT%H:%M:%SZ")
end

-- A table within a row, for dkjson: bytes that are no text become text, what JSON lacks becomes a description.
local function plain(value, seen)
    local kind = type(value)
    if kind == "string" then
        return (clean.lossy(value))
    elseif kind == "function" or kind == "userdata" or kind == "thread" then
        return clean.clean(tostring(value))
    elseif kind ~= "table" then
        return value
    elseif seen[value] then
        return "(a table that contains itself)"
    end
    seen[value] = true
    local copy = {}
    for key, item in pairs(value) do
        copy[math.type(key) == "integer" and key or clean.lossy(tostring(key))] = plain(item, seen)
    end
    seen[value] = nil
    return copy
end

local function encode_number(value, key)
    if is_time(key) then
        return '"' .. M.time(value) .. '"'
    elseif math.type(value) == "float" then
        -- Thousandths are all that a duration means.
        return json.encode(math.tointeger(value) or math.floor(value * 1000 + 0.5) / 1000)
    end
    return string.format("%d", value)
end

-- What hides on a terminal is written as its code: the same JSON, whoever looks at it.
local function escape(sequence)
    if clean.clean(sequence) == sequence then
        return nil
    end
    local code = utf8.codepoint(sequence)
    if code < 0x10000 then
        return ("\\u%04x"):format(code)
    end
    code = code - 0x10000
    return ("\\u%04x\\u%04x"):format(0xD800 + (code >> 10), 0xDC00 + (code & 0x3FF))
end

local function with_codes(text)
    return (text:gsub("[\xC2-\xF4][\x80-\xBF]+", escape))
end

local function quotestring(text)
    return with_codes(json.quotestring(text))
end

local function encode_value(value, key, row)
    local kind = type(value)
    if kind == "number" then
        return encode_number(value, key)
    elseif kind == "boolean" then
        return tostring(value)
    elseif value == nil then
        return "null"
    end
    local text = json.encode(plain(value, {[row] = true}), {exception = json.encodeexception})
    return with_codes(text)
end

-- The same keys come with every row: each is quoted once.
local quoted_keys = setmetatable({}, {__index = function(quoted, key)
    quoted[key] = quotestring(clean.lossy(tostring(key)))
    return quoted[key]
end})

local function quote(text)
    return text:find('[^ !#-%[%]-~]') and quotestring(text) or '"' .. text .. '"'
end

local function add_pair(parts, key, value, row)
    local name = quoted_keys[key]
    if type(value) ~= "string" then
        parts[#parts + 1] = name .. ":" .. encode_value(value, key, row)
        return
    end
    local text, whole = clean.lossy(value)
    parts[#parts + 1] = name .. ":" .. quote(text)
    if not whole then
        parts[#parts + 1] = quotestring(key .. "_bytes") .. ':"' .. base64.encode(value) .. '"'
    end
end

-- The keys of a row that its type does not fix, sorted.
local function further_keys(row, known)
    local rest = {}
    for key in pairs(row) do
        if not known[key] and key ~= "type" then
            rest[#rest + 1] = key
        end
    end
    table.sort(rest, function(a, b) return tostring(a) < tostring(b) end)
    return rest
end

--- One row as a JSON object.
-- @param row a table
-- @param kind its type; from its metatable when nil, else "row"
-- @return text without a newline
function M.encode(row, kind)
    kind = kind or rows.type_of(row) or "row"
    local parts = {'"type":' .. quotestring(kind)}
    local keys, known = fields.fixed(kind)
    for _, key in ipairs(keys) do
        add_pair(parts, key, row[key], row)
    end
    for _, key in ipairs(further_keys(row, known)) do
        add_pair(parts, key, row[key], row)
    end
    return "{" .. table.concat(parts, ",") .. "}"
end

local function has_other_keys(result)
    for key in pairs(result) do
        if math.type(key) ~= "integer" and not ENVELOPE[key] then
            return true
        end
    end
    return false
end

local function encode_item(item)
    if type(item) == "table" then
        return M.encode(item)
    end
    return M.encode({value = item}, "value")
end

local function items_of(result)
    if type(result) ~= "table" then
        return result ~= nil and {result} or {}
    elseif rows.type_of(result) or #result == 0 and has_other_keys(result) then
        return {result}
    end
    return result
end

--- A command's result as lines of JSON: its rows, then its problems. Scalars become {"type":"value"}.
-- @param result what a command returned
-- @return text; "" for an empty result
function M.encode_rows(result)
    local lines = {}
    for _, item in ipairs(items_of(result)) do
        lines[#lines + 1] = encode_item(item)
    end
    if type(result) == "table" and type(rawget(result, "problems")) == "table" then
        for _, problem in ipairs(rawget(result, "problems")) do
            lines[#lines + 1] = M.encode(problem, "problem")
        end
    end
    lines[#lines + 1] = ""
    return table.concat(lines, "\n")
end

return M
