--- Where things lie: paths of databases, categories and replicas, and which databases are there right now.
local core_disk = require "core.disk"
local fs = require "core.fs"
local core_sys = require "core.sys"
local errors = require "autobackup.errors"

local M = {}

--- A path without doubled slashes, "." and a slash at its end. Symlinks and ".." stay.
-- @param path text
-- @return text
function M.tidy(path)
    local parts = {}
    for part in path:gmatch("[^/]+") do
        if part ~= "." then
            parts[#parts + 1] = part
        end
    end
    return (path:sub(1, 1) == "/" and "/" or "") .. table.concat(parts, "/")
end

local function has_parent(path)
    return ("/" .. path .. "/"):find("/../", 1, true) ~= nil
end

--- An absolute path from what was typed.
-- @param path may begin with ~ or be relative
-- @param base the folder that relative paths start from
-- @return an absolute path; ".." is gone when the path exists
function M.absolute(path, base)
    if path == "~" or path:sub(1, 2) == "~/" then
        path = core_sys.user_home() .. path:sub(2)
    elseif path:sub(1, 1) ~= "/" then
        path = base .. "/" .. path
    end
    path = M.tidy(path)
    return has_parent(path) and fs.realpath(path) or path
end

--- Whether one path is another or lies below it.
-- @param outer, inner tidy paths
function M.contains(outer, inner)
    return outer == inner or outer == "/" or outer == "" or inner:sub(1, #outer + 1) == outer .. "/"
end

--- Whether two paths are nested either way.
function M.overlap(a, b)
    return M.contains(a, b) or M.contains(b, a)
end

--- Join path parts; empty ones fall away.
function M.join(...)
    local path = ""
    for i = 1, select("#", ...) do
        local part = select(i, ...)
        if path == "" or path == "/" then
            path = path .. part
        elseif part ~= "" then
            path = path .. "/" .. part
        end
    end
    return path
end

--- The path of a replica.
-- @param root of its database, or "" for the path below it, @param category_path relative
-- @param client, name folder names
function M.replica(root, category_path, client, name)
    local top = (root == "" or root == "/") and root or root .. "/"
    return top .. category_path .. "/" .. client .. "/" .. name
end

--- What another program reads of this one in a lock: "copy, pid 4711, since 02:00".
-- @param what is being done
function M.holder(what)
    local since = core_sys.format_time(core_sys.now(), "local", "%H:%M")
    return ("%s, pid %d, since %s"):format(what, core_sys.getpid(), since)
end

local function probe(database)
    if not database.identity then
        return nil, "no disk was ever recognised at " .. database.path, "EOFFLINE"
    end
    return core_disk.online(database.path, database.identity)
end

-- Why it is not there is told at once where nothing was recognised, else by what /etc/fstab wants at its place.
local function refusal(database, message, code)
    local missing = database.identity and require("autobackup.mounts").missing(database.path)
    return ("%s is offline: %s"):format(database.database, missing or message and errors.plain(message, code)
        or database.path), code or "EOFFLINE"
end

--- Whether a database is there and is the disk it was.
-- @param database catalog row
-- @return true, or nil, message, code
function M.online(database)
    local ok, message, code = probe(database)
    if ok then
        return true
    end
    return nil, refusal(database, message, code)
end

--- A memory of which databases are online, for the time of one command: each is looked at once.
-- @param tells also say why one is not, for which the tables of mounts are read (optional)
-- @return function of a catalog row -> true, or false; with tells also message, code
function M.prober(tells)
    local known = {}
    return function(database)
        local answer = known[database.id]
        if not answer then
            local ok, message, code = (tells and M.online or probe)(database)
            answer = {ok or false, tells and message, tells and code}
            known[database.id] = answer
        end
        return answer[1], answer[2], answer[3]
    end
end

return M
