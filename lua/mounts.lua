--- Mount points without their disk: an empty folder where a disk is expected.
local fs = require "core.fs"
local locate = require "autobackup.locate"

local M = {}

local PLACES = {"/mnt", "/media", "/run/media", "/Volumes"}
local LARGEST = 1 << 20    -- bytes of /etc/fstab

--- Whether a folder is there and has nothing in it.
function M.is_empty(path)
    local names = fs.list(path)
    return names ~= nil and #names == 0
end

--- The mount points that a text like /etc/fstab lists.
-- @param text its content
-- @return set of paths
function M.listed(text)
    local points = {}
    for line in text:gmatch("[^\n]+") do
        local point = line:match("^%s*[^#%s]%S*%s+(/%S*)")
        if point then
            -- A blank in a name is written as \040.
            point = point:gsub("\\(%d%d%d)", function(digits) return string.char(tonumber(digits, 8) & 255) end)
            points[locate.tidy(point)] = true
        end
    end
    return points
end

local function is_place_of_mounts(path, table_text)
    for _, place in ipairs(PLACES) do
        if locate.contains(place, path) then
            return true
        end
    end
    return M.listed(table_text)[path] == true
end

--- Whether a folder looks like a mount point at which nothing is mounted: it is empty, on the filesystem of the
-- folder around it, and where disks are mounted.
-- @param path absolute, tidy
-- @param table_text content of /etc/fstab (optional: it is read)
function M.is_idle(path, table_text)
    local stat, around = fs.stat(path), fs.stat(path .. "/..")
    if not stat or not around or stat.dev ~= around.dev or not M.is_empty(path) then
        return false
    end
    table_text = table_text or fs.read("/etc/fstab", LARGEST) or ""
    return is_place_of_mounts(path, table_text) or is_place_of_mounts(fs.realpath(path) or path, table_text)
end

return M
