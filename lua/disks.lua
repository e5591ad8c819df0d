--- Which physical disk a folder lies on, so that work on different ones can go on side by side.
local fs = require "core.fs"

local M = {}

-- The kernel's split of a device number.
local function numbers(dev)
    local major = (dev >> 8) & 0xfff | (dev >> 32) & ~0xfff
    local minor = dev & 0xff | (dev >> 12) & ~0xff
    return major, minor
end

--- The disk of a folder: partitions of one disk give the same.
-- @param path absolute
-- @return text to compare, nil when the folder is not there
function M.of(path)
    local stat = fs.stat(path)
    if not stat then
        return nil
    end
    local major, minor = numbers(stat.dev)
    local device = fs.realpath(("/sys/dev/block/%d:%d"):format(major, minor))
    if not device then    -- no block device: a network, btrfs or memory filesystem is a disk of its own
        return ("dev %d:%d"):format(major, minor)
    end
    return fs.stat(device .. "/partition") and device:match("^(.*)/[^/]+$") or device
end

--- Put things of one disk into one line each.
-- @param list of things, @param path_of function(thing) -> path
-- @return list of lists, in the order of each disk's first thing
function M.lines(list, path_of)
    local lines, by_disk = {}, {}
    for _, thing in ipairs(list) do
        local disk = M.of(path_of(thing)) or path_of(thing)
        if not by_disk[disk] then
            by_disk[disk] = {}
            lines[#lines + 1] = by_disk[disk]
        end
        table.insert(by_disk[disk], thing)
    end
    return lines
end

return M
