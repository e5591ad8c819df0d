--- Mount points without their disk: a folder where a disk is expected.
local core_disk = require "core.disk"
local fs = require "core.fs"
local locate = require "autobackup.locate"

local M = {}

local PLACES = {"/mnt", "/media", "/run/media", "/Volumes"}

--- Whether a folder is there and has nothing in it.
function M.is_empty(path)
    local names = fs.list(path)
    return names ~= nil and #names == 0
end

--- What /etc/fstab wants at a path, or around it, that is not mounted there now.
-- @param path absolute, tidy
-- @return nil, or a clause that says so
function M.missing(path)
    local source, target = core_disk.missing(fs.realpath(path) or path)
    return source and ("%s belongs at %s (/etc/fstab), and is not mounted there"):format(source, target)
end

local function is_place_of_mounts(path)
    for _, place in ipairs(PLACES) do
        if locate.contains(place, path) then
            return true
        end
    end
    return M.missing(path) ~= nil
end

-- Nothing, or what some program leaves in any folder: a stray dotfile is no disk's content.
local function is_bare(path)
    local names = fs.list(path)
    for _, name in ipairs(names or {}) do
        if name:sub(1, 1) ~= "." then
            return false
        end
    end
    return names ~= nil
end

--- Whether a folder looks like a mount point at which nothing is mounted: it holds nothing, hidden files aside, it is
-- on the filesystem of the folder around it, and where disks are mounted.
-- @param path absolute, tidy
function M.is_idle(path)
    local stat, around = fs.stat(path), fs.stat(path .. "/..")
    if not stat or not around or stat.dev ~= around.dev or not is_bare(path) then
        return false
    end
    return is_place_of_mounts(path) or is_place_of_mounts(fs.realpath(path) or path)
end

return M
