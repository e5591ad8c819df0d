--- The operations of all databases, read from the catalog and from the disks that are there.
local core_sys = require "core.sys"
local core_undo = require "core.undo"
local errors = require "autobackup.errors"
local locate = require "autobackup.locate"
local past = require "autobackup.past"

local M = {}

-- What a disk knows, or nil and why not.
local function read_disk(database)
    local ok, message, code = locate.online(database)
    if not ok then
        return nil, errors.new(code, message, {path = database.path})
    end
    local list, why, symbol = core_undo.operations{root = database.path, identity = database.identity}
    if not list then
        return nil, errors.new(symbol, why, {path = database.path})
    end
    return list
end

-- A pid alone says nothing: it may be another process by now. Of another host nothing is known here.
local function is_alive(entry)
    if entry.host ~= core_sys.hostname() or not entry.pid then
        return nil
    end
    return core_sys.is_running(entry.boot or "", entry.pid, entry.began or 0)
end

--- All operations, newest first: see past.merge.
-- @param session the session
-- @param database only on this one: its name (optional)
-- @return list, and table from the name of a database that could not be asked to its error
function M.read(session, database)
    local disks, failures, rows = {}, {}, {}
    local databases = session.catalog:databases()
    for _, row in ipairs(databases) do
        if not database or row.database == database then
            local list, err = read_disk(row)
            disks[#disks + 1] = {database = row.database, operations = list or {}}
            failures[row.database] = err
        end
    end
    for _, row in ipairs(session.catalog:operations()) do
        if not database or row.target == database then
            rows[#rows + 1] = row
        end
    end
    return past.merge(rows, disks, {categories = session.catalog:categories(), databases = databases,
        is_alive = is_alive}), failures
end

return M
