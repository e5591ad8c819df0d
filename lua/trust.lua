--- Trust in a `./.config` and in what it loads from its folder: whoever wrote the folder chose that code, so its very
-- bytes must have been seen. Which of its files are loaded is guard.lua's.

local errors = require "autobackup.errors"

local M = {}

local LARGEST = 1 << 20     -- bytes of a startup file
local STARTUP = ".config"

--- Reads a startup file, or a module of one, and says whether it is trusted.
-- @param session the session
-- @param path of the file
-- @return {path = canonical, bytes =, state = "trusted", "new" or "changed", before = bytes trusted earlier};
-- raises ENOENT, EUNSAFE (no regular file, of another user, writable by others), EFBIG
function M.examine(session, path)
    local bytes, canonical, code = require("core.fs").read_private(path, LARGEST)
    if not bytes then
        errors.raise(code, ("%s is not run: %s"):format(path, canonical), {path = path})
    end
    local before = session.catalog:trusted(canonical)
    local state = before == bytes and "trusted" or before and "changed" or "new"
    return {path = canonical, bytes = bytes, state = state, before = before}
end

--- Remembers the bytes that were examined as trusted.
function M.accept(session, examined)
    session.catalog:trust(examined.path, examined.bytes)
end

-- Modules that cannot be read safely are told of when they are required.
local function add_module(session, found, path)
    local ok, examined = pcall(M.examine, session, path)
    if ok and not found[examined.path] then
        found[examined.path] = true
        found[#found + 1] = examined
    elseif not ok and errors.is_interrupt(examined) then
        error(examined, 0)
    end
end

--- A startup file and what it loads from its folder, as far as it can be known without running it: what its text and
-- the modules' texts name, and what was trusted there before.
-- @param session the session
-- @param path of the file; any other file than a `.config` stands alone
-- @return list of what `examine` returns, the file itself first; raises as that does
function M.examine_all(session, path)
    local first = M.examine(session, path)
    local folder, name = first.path:match("^(.*)/([^/]*)$")
    local found = {first, [first.path] = true}
    if name ~= STARTUP then
        return found
    end
    local at = 1
    while found[at] do      -- what is added is looked through in its turn
        for _, file in ipairs(require("autobackup.guard").named_in(found[at].bytes, folder)) do
            add_module(session, found, file)
        end
        at = at + 1
    end
    for _, file in ipairs(session.catalog:trusted_below(folder == "" and "/" or folder)) do
        if not file:find("/" .. STARTUP, -#STARTUP - 1, true) then
            add_module(session, found, file)
        end
    end
    return found
end

--- Those of several examined files that are not trusted.
function M.untrusted(all)
    local list = {}
    for _, examined in ipairs(all) do
        if examined.state ~= "trusted" then
            list[#list + 1] = examined
        end
    end
    return list
end

local function whole(bytes)
    local lines = {}
    for line in (bytes .. (bytes:find("\n$") and "" or "\n")):gmatch("(.-)\n") do
        lines[#lines + 1] = line
    end
    return lines
end

--- The file as it is to be shown before it is trusted: whole when it is new, else the difference to what was trusted.
-- @param examined what `examine` returned
-- @return list of lines, not cleaned
function M.lines(examined)
    if not examined.before then
        return whole(examined.bytes)
    end
    local lines, is_shortest = require("autobackup.view.difference").unified(examined.before, examined.bytes)
    if not is_shortest then
        table.insert(lines, 1, "too many lines differ to show them one by one: all between the first and the last")
    end
    return lines
end

--- One sentence on an examined file.
function M.describe(examined)
    if examined.state == "trusted" then
        return examined.path .. " is trusted"
    elseif examined.state == "changed" then
        return examined.path .. " has changed since it was trusted"
    elseif examined.path:find("/" .. STARTUP, -#STARTUP - 1, true) then
        return examined.path .. " is new: it runs as the startup file here once it is trusted"
    end
    return examined.path .. " is new: a startup file may load it once it is trusted"
end

--- Shows files that are not trusted on the terminal and asks, once for all.
-- @param session the session
-- @param untrusted list of what `examine` returned, not empty
-- @return true when they are trusted now
function M.ask(session, untrusted)
    local shown = {}
    for _, examined in ipairs(untrusted) do
        shown[#shown + 1] = M.describe(examined) .. ":"
        for _, line in ipairs(M.lines(examined)) do
            shown[#shown + 1] = "    " .. line
        end
    end
    local question = #untrusted == 1 and "Trust it and run it?"
        or ("Trust these %d files and run them?"):format(#untrusted)
    if not session:confirm(question, shown) then
        return false
    end
    for _, examined in ipairs(untrusted) do
        M.accept(session, examined)
    end
    return true
end

return M
