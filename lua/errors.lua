--- Errors as scripts meet them: a table `{code=, message=, path=, ...}` that prints as its message.
--
-- Codes: errno names ("ENOSPC"), and ours: EUSAGE (wrong words), ENONAME (no such database, category, client
-- or project), EOFFLINE, EBUSY, ECORRUPT, EUNSAFE, EUNTRUSTED, ECONFIRM (nobody could be asked, see
-- consent.lua), ECANCELED (somebody said no), EINTR (with `signal`), ELUA (of user code).

local M = {}

local mistakes = {EUSAGE = true, ENONAME = true}
local metatable = {__name = "autobackup.error"}

function metatable.__tostring(err)
    return tostring(err.message)
end

--- A message as people read it: without the code that a system's error begins with.
-- @param message string, such as "ENOENT: No such file or directory: /mnt/NAS", @param code string or nil
-- @return string
function M.plain(message, code)
    local head = code and code .. ": "
    return head and message:sub(1, #head) == head and message:sub(#head + 1) or message
end

--- Makes an error value without raising it.
-- @param code string
-- @param message string, one sentence that names the thing
-- @param fields table of further fields, such as path (optional)
-- @return the error value
function M.new(code, message, fields)
    local err = {}
    for key, value in pairs(fields or {}) do
        err[key] = value
    end
    err.code, err.message = code, message
    return setmetatable(err, metatable)
end

--- Raises an error value; parameters as in `new`.
function M.raise(code, message, fields)
    error(M.new(code, message, fields), 0)
end

--- Raises again what interrupted a work, when it was said already how far that came: nobody need read
--- "interrupted" below it.
-- @param err what was caught; anything that is no interruption is raised as it is
function M.raise_told(err)
    if M.is_interrupt(err) then
        err.told = true
    end
    error(err, 0)
end

--- Raises a usage error (EUSAGE, exit status 2).
function M.usage(message, ...)
    if select("#", ...) > 0 then
        message = message:format(...)
    end
    M.raise("EUSAGE", message)
end

--- Passes the results of a primitive on, or raises what it returned as `nil, message, code`.
-- Only nil is a failure: false is a value.
-- @param ... the results, as many are returned
function M.check(...)
    local value, message, code = ...
    if value == nil then
        M.raise(code or "EFAIL", tostring(message or "failed without a reason"))
    end
    return ...
end

--- Whether a value is an error of this shape, ours or the host's.
function M.is(value)
    return type(value) == "table" and type(value.code) == "string" and value.message ~= nil
end

--- Whether an error is a mistake in what was typed: it gets no traceback.
function M.is_mistake(err)
    return M.is(err) and mistakes[err.code] == true
end

--- Whether an error is a signal's: whoever catches errors on behalf of the user must let it pass.
function M.is_interrupt(err)
    return M.is(err) and err.code == "EINTR" and err.signal ~= nil
end

local function wrap(value)
    if M.is(value) then
        if getmetatable(value) == nil then
            setmetatable(value, metatable)
        end
        return value
    end
    local meta = getmetatable(value)
    if type(value) == "string" or type(meta) == "table" and meta.__tostring then
        return M.new("ELUA", tostring(value), {value = value})
    end
    return M.new("ELUA", ("error object is a %s value"):format(type(value)), {value = value})
end

--- Makes any raised value an error value, keeping one that is.
M.wrap = wrap

local MOST_FRAMES = 12

local folder = debug.getinfo(1, "S").source:match("^@(.*)errors%.lua$") or "lua/"

local function in_folder(text)
    return text:sub(1, #folder) == folder
end

local function is_ours(line)
    return in_folder(line:match("^%s*(.*)")) or line:find("^%s*%[C%]: in %?") or line:find("^%s*%(%.%.%.tail")
        or line:find("^%s*%[C%]: in function 'x?pcall'") or line:find("^%s*%[C%]: in function 'error'")
end

--- Shortens the text of debug.traceback to the user's own frames.
-- @param text string
-- @return string of indented lines, "" when no frame is the user's
function M.short_traceback(text)
    local lines, user = {}, 0
    for line in text:gmatch("[^\n]+") do
        if line:find("^%s") and not is_ours(line) then
            lines[#lines + 1] = "  " .. line:gsub("^%s+", "")
            if not line:find("[C]:", 1, true) then
                user = #lines
            end
        end
    end
    if user > MOST_FRAMES then
        user = MOST_FRAMES
        lines[user] = "  ..."
    end
    return table.concat(lines, "\n", 1, user)
end

--- Message handler for xpcall: an error value with `traceback`.
function M.handler(value)
    local err = wrap(value)
    if err.traceback == nil and err.code ~= "EINTR" then
        local text = debug.traceback("", 2)
        local is_our_bug = err.code == "ELUA" and in_folder(tostring(err.message))
        err.traceback = is_our_bug and text:gsub("^%s+", ""):gsub("\t", "  ") or M.short_traceback(text)
    end
    return err
end

local statuses = {EUSAGE = 2, EOFFLINE = 75, EBUSY = 75, EPIPE = 141,
    EUNREAD = 3}

--- The exit status of an error that ends the program.
-- @param err an error value
-- @return integer: 2 usage, 75 offline or locked, 128+signal, `err.status` where it is set, else 1
function M.exit_status(err)
    if math.type(err.status) == "integer" then
        return err.status
    end
    if err.code == "EINTR" then
        return 128 + (err.signal or 2)
    end
    return statuses[err.code] or 1
end

return M
