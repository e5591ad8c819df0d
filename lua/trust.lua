--- Trust in a `./.config`: whoever wrote the folder chose its code, so its very bytes must have been seen.

local errors = require "autobackup.errors"

local M = {}

local LARGEST = 1 << 20     -- bytes of a startup file

--- Reads a startup file and says whether it is trusted.
-- @param session the session
-- @param path of the file
-- @return {path = canonical, bytes =, state = "trusted", "new" or "changed", before = bytes trusted earlier};
-- raises ENOENT, EUNSAFE (no regular file, of another user, writable by others), EFBIG
function M.examine(session, path)
    local bytes, canonical, code = require("core.fs").read_private(path, LARGEST)
    if not bytes then
        errors.raise(code, ("%s is not run as a startup file: %s"):format(path, canonical), {path = path})
    end
    local before = session.catalog:trusted(canonical)
    local state = before == bytes and "trusted" or before and "changed" or "new"
    return {path = canonical, bytes = bytes, state = state, before = before}
end

--- Remembers the bytes that were examined as trusted.
function M.accept(session, examined)
    session.catalog:trust(examined.path, examined.bytes)
end

local function lines_of(bytes)
    local lines, set = {}, {}
    for line in (bytes .. (bytes:find("\n$") and "" or "\n")):gmatch("(.-)\n") do
        lines[#lines + 1], set[line] = line, true
    end
    return lines, set
end

--- The file as it is to be shown before it is trusted. In a changed one new lines have a '+', lines that are gone
-- follow with a '-'.
-- @param examined what `examine` returned
-- @return list of lines, not cleaned
function M.lines(examined)
    local lines, set = lines_of(examined.bytes)
    if not examined.before then
        return lines
    end
    local before, before_set = lines_of(examined.before)
    local marked = {}
    for i, line in ipairs(lines) do
        marked[i] = (before_set[line] and "  " or "+ ") .. line
    end
    for _, line in ipairs(before) do
        if not set[line] then
            marked[#marked + 1] = "- " .. line
        end
    end
    return marked
end

--- One sentence on an examined file.
function M.describe(examined)
    if examined.state == "trusted" then
        return examined.path .. " is trusted"
    elseif examined.state == "changed" then
        return examined.path .. " has changed since it was trusted"
    end
    return examined.path .. " is new: it runs as the startup file here once it is trusted"
end

--- Shows an untrusted file on the terminal and asks.
-- @return true when it is trusted now
function M.ask(session, examined)
    session:message(M.describe(examined) .. ":")
    for _, line in ipairs(M.lines(examined)) do
        session:message("    " .. line)
    end
    if not session:confirm("Trust it and run it?") then
        return false
    end
    M.accept(session, examined)
    return true
end

return M
