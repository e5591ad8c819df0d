--- Running the user's Lua: scripts, startup files and -e.

local errors = require "autobackup.errors"

local M = {}

-- A byte order mark and a first line that begins with '#' are no Lua; the line's number stays.
local function without_shebang(text)
    text = text:gsub("^\xEF\xBB\xBF", "")
    return (text:gsub("^#[^\n]*", ""))
end

--- The chunk name of a file. One that could be taken for an embedded module (lua/...) gets a "./".
local function chunk_name(path)
    return "@" .. (path:find("^lua/") and "./" or "") .. path
end

M.chunk_name = chunk_name

--- Compiles Lua text; precompiled code is refused.
-- @param text string
-- @param name chunk name as load takes it
-- @param env table of its globals
-- @return function; raises ELUA
function M.compile(text, name, env)
    local fn, message = load(without_shebang(text), name, "t", env)
    if not fn then
        errors.raise("ELUA", message)
    end
    return fn
end

-- Lua calls no handler when memory or the stack is used up.
local function with_error_value(ok, ...)
    if ok then
        return ok, ...
    end
    return ok, errors.wrap((...))
end

--- Calls a function with errors made error values.
-- @return true and its results, or false and an error value with `traceback`
function M.protect(fn, ...)
    return with_error_value(xpcall(fn, errors.handler, ...))
end

local function read_file(path)
    local file, message = io.open(path, "rb")
    if not file then
        errors.raise("ENOENT", "cannot open the script: " .. message, {path = path})
    end
    local text, why = file:read("a")
    file:close()
    if not text then
        errors.raise("EIO", ("cannot read the script: %s: %s"):format(path, why), {path = path})
    end
    return text
end

--- Runs a script in the session environment, with `arg` and `...` set; `require` finds modules in its folder.
-- @param session the session
-- @param path of the script
-- @param words list of its arguments
-- Raises what the script raises.
function M.run(session, path, words)
    local fn = M.compile(read_file(path), chunk_name(path), session.env)
    require("autobackup.guard").choose(session, chunk_name(path))
    require("core.host").add_path(path:match("^(.*)/[^/]*$") or ".")
    session.env.arg = table.move(words, 1, #words, 1, {[0] = path})
    return fn(table.unpack(words))      -- a tail call: the traceback says "main chunk"
end

--- Runs the code of -e.
function M.run_code(session, code)
    M.compile(code, "=(command line)", session.env)()
end

return M
