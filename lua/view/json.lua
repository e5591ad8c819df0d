--- Results as JSON: one object per line, `type` first, integers exact, times in RFC 3339 UTC.
local json = require "dkjson"
local sys = require "core.sys"
local rows = require "autobackup.rows"
local base64 = require "autobackup.view.base64"
local clean = require "autobackup.view.clean"

local M = {}

-- The keys every object of a type has, in their order; one without a value is null.
local KEYS = {
    database = {"database", "path", "online", "files", "bytes", "loaded_at"},
    category = {"category", "path"},
    client = {"client", "projects", "files", "bytes"},
    project = {"client", "project", "name", "files", "bytes", "databases"},
    replica = {"client", "project", "name", "category", "database", "state", "online", "files", "bytes", "newest",
        "path", "loaded_at"},
    loose = {"database", "category", "path", "kind", "size"},
    load = {"database", "online", "clients", "projects", "replicas", "files", "bytes", "added", "changed",
        "removed", "errors", "loose", "seconds"},
    copy = {"operation", "project", "category", "from", "to", "files_copied", "bytes_copied", "files_unchanged",
        "files_replaced", "conflicts", "failed", "seconds", "dry_run"},
    problem = {"path", "code", "message"},
}

local TIMES = {newest = true, mtime = true, time = true}

-- What a result carries beside its rows.
local ENVELOPE = {problems = true, status = true, notes = true}

local function is_time(key)
    return type(key) == "string" and (TIMES[key] or key:find("_at$") ~= nil)
end

--- Seconds since 1970 as RFC 3339 in UTC.
-- @param seconds a number
-- @return text
function M.time(seconds)
    return sys.format_time(math.floor(seconds) * 1000000000, "utc", "%Y-%m-%dT%H:%M:%SZ")
end

local convert

local function convert_table(value, seen)
    if seen[value] then
        return "(a table that contains itself)"
    end
    seen[value] = true
    local copy = {}
    for key, item in pairs(value) do
        if math.type(key) == "integer" then
            copy[key] = convert(item, key, seen)
        else
            key = clean.lossy(tostring(key))
            local text, bytes = convert(item, key, seen)
            copy[key], copy[key .. "_bytes"] = text, bytes
        end
    end
    seen[value] = nil
    return copy
end

-- A value as dkjson takes it, and for text that is not UTF-8 its bytes in base64.
function convert(value, key, seen)
    local kind = type(value)
    if kind == "string" then
        local text, whole = clean.lossy(value)
        return text, not whole and base64.encode(value) or nil
    elseif kind == "number" and is_time(key) then
        return M.time(value)
    elseif kind == "number" and math.type(value) == "float" then
        -- Thousandths are all that a duration means.
        return math.tointeger(value) or math.floor(value * 1000 + 0.5) / 1000
    elseif kind == "table" then
        return convert_table(value, seen)
    elseif kind == "function" or kind == "userdata" or kind == "thread" then
        return clean.clean(tostring(value))
    end
    return value
end

local function sorted_rest(object, order)
    local known, rest = {}, {}
    for _, key in ipairs(order) do
        known[key] = true
    end
    for key in pairs(object) do
        if not known[key] then
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
    local object = convert_table(row, {})
    local order = {"type"}
    object.type = kind
    for _, key in ipairs(KEYS[kind] or {}) do
        order[#order + 1] = key
        if object[key] == nil then
            object[key] = json.null
        end
    end
    for _, key in ipairs(sorted_rest(object, order)) do
        order[#order + 1] = key
    end
    return json.encode(object, {keyorder = order, exception = json.encodeexception})
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
