--- How much room databases have, and what their kept versions hold: as it is where a disk is plugged in, else as
-- it was when it was last seen.
local core_load = require "core.load"
local fs = require "core.fs"
local core_sys = require "core.sys"

local M = {}

local function seconds(ns)
    return ns and ns // 1000000000
end

local function space_of(database, online)
    local now = online and fs.statvfs(database.path)
    if now and now.bytes_total > 0 then
        return now.bytes_total, now.bytes_free, seconds(core_sys.now())
    end
    return database.space_total, database.space_free, seconds(database.space_at)
end

local function has_versions(database)
    local names = fs.list(database.path .. "/.autobackup/versions")
    return names ~= nil and #names > 0
end

-- The catalog's sums. A database that was never loaded and has versions: nobody knows.
local function versions_of(database, online, held)
    if held then
        return held.files, held.bytes, held.whole == 0
    elseif online and has_versions(database) or not online and not database.loaded_at then
        return nil
    end
    return 0, 0, false
end

--- Count what is new in the versions of the databases that are plugged in: a moment for each.
-- @param session the session, @param is_online function of a catalog row
function M.count(session, is_online)
    for _, database in ipairs(session.catalog:databases()) do
        if is_online(database) and has_versions(database) then
            core_load.held(session.catalog:path(), database.id, database.path, database.identity)
        end
    end
end

--- The room of a database, as fields of its row.
-- @param database catalog row
-- @param online whether it is plugged in
-- @param held what Catalog:held says of it, or nil
-- @return {bytes_total, bytes_free, space_at (seconds), versions_files, versions_bytes, versions_at_least}; what
--         is not known is nil
function M.fields(database, online, held)
    local total, free, at = space_of(database, online)
    local files, bytes, at_least = versions_of(database, online, held)
    return {bytes_total = total, bytes_free = free, space_at = at, versions_files = files, versions_bytes = bytes,
        versions_at_least = at_least or nil}
end

--- Forget what versions hold when the caller's block ends: it changes them.
-- @param session the session
-- @return a value for a `<close>` variable
function M.changing(session)
    return setmetatable({}, {__close = function()
        for _, database in ipairs(session.catalog:databases()) do
            session.catalog:forget_held(database.id)
        end
    end})
end

return M
