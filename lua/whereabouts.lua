--- Where the disks are mounted now. A database whose disk came up at another mount point is found there by its filesystem
-- and its marker, and used; the catalog remembers where it was added.
local core_disk = require "core.disk"
local fs = require "core.fs"
local errors = require "autobackup.errors"
local locate = require "autobackup.locate"

local M = {}

local TABLE, LARGEST = "/proc/self/mountinfo", 1 << 24    -- bytes

--- Where a filesystem's folder is to be seen. Pure.
-- @param mounts list of {target, root, volume?, device}: core.disk.mounts
-- @param volume its name, @param place the folder within it
-- @return list of {path, device} in the order of the mounts
function M.candidates(mounts, volume, place)
    local list = {}
    for _, mount in ipairs(mounts) do
        if mount.volume == volume and locate.contains(mount.root, place) then
            local below = mount.root == "/" and place or place:sub(#mount.root + 1)
            list[#list + 1] = {path = locate.tidy(mount.target .. "/" .. below), device = mount.device}
        end
    end
    return list
end

local function has_path(list, path)
    for _, candidate in ipairs(list) do
        if candidate.path == path then
            return true
        end
    end
    return false
end

local function move(session, database, path, is_there)
    local home = database.home or database.path
    local ok = pcall(session.catalog.move_database, session.catalog, database.id, path)
    if ok and path ~= home then
        session:note(("%s is mounted at %s now; it was added at %s"):format(database.database, path, home))
    elseif ok and is_there then
        session:note(("%s is at %s again"):format(database.database, home))
    end
end

-- The one folder among them that is the database. Two devices that both say so are the disk and a copy of it.
local function the_one(session, database, list)
    local found
    for _, candidate in ipairs(list) do
        if core_disk.online(candidate.path, database.identity) then
            if found and found.device ~= candidate.device then
                session:warn(("two disks say that they are %s: at %s and at %s; one was copied from the "
                    .. "other, block by block: unmount one of them"):format(database.database, found.path,
                    candidate.path))
                return nil
            end
            found = found or candidate
        end
    end
    return found
end

-- Only what is not where it was added costs a look at all that is mounted. Without a name (src/index/volume.h: none:TYPE)
-- nothing can be found elsewhere.
local function look_for(session, database, mounts)
    local volume = database.identity and database.identity:match("@(.*)$")
    if not volume or volume:find("^none:") or not database.place
        or not database.home and core_disk.volume_at(database.path) == volume then
        return
    end
    local home, list = database.home or database.path, M.candidates(mounts(), volume, database.place)
    if has_path(list, database.path) and (not database.home or not has_path(list, home)) then
        return
    elseif has_path(list, home) or #list == 0 then
        return database.home and move(session, database, home, #list > 0)
    elseif not locate.online(database) then    -- it may be where it is by way of a symlink
        local found = the_one(session, database, list)
        if found then
            move(session, database, found.path, true)
        end
    end
end

--- Look for databases where they are mounted, if anything was mounted or unmounted since the last look.
-- @param session the session
function M.look(session)
    local now = fs.read(TABLE, LARGEST)
    if session.mode == "config" or not now or now == session.mounted then
        return
    end
    session.mounted = now
    local list
    local function mounts()
        list = list or core_disk.mounts() or {}
        return list
    end
    for _, database in ipairs(session.catalog:databases()) do
        local ok, err = pcall(look_for, session, database, mounts)
        if not ok and (errors.is_interrupt(err) or not errors.is(err)) then
            error(err, 0)
        end
    end
end

return M
