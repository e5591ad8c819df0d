local unit = require("luaunit")
local helper = require("helper")
local mounts = require("autobackup.mounts")

local M = {}

function M.test_mount_points_of_a_table()
    local points = mounts.listed("# a comment /mnt/no\nUUID=1 / ext4 defaults 0 1\n\n"
        .. "LABEL=NAS\t/mnt/NAS/ ext4\nUUID=2 /media/my\\040disk vfat\n//server/x /srv/x cifs\nUUID=3 none swap\n")
    unit.assertEquals(points, {["/"] = true, ["/mnt/NAS"] = true, ["/media/my disk"] = true, ["/srv/x"] = true})
end

function M.test_an_empty_folder_of_the_table_is_idle()
    local folder <close> = helper.folder()
    local path = folder:dir("disk")
    local line = "UUID=1 " .. path .. " ext4\n"
    unit.assertTrue(mounts.is_idle(path, line))
    unit.assertFalse(mounts.is_idle(path, ""))
    unit.assertFalse(mounts.is_idle(path .. "/none", line))
    folder:file("disk/file", "x")
    unit.assertFalse(mounts.is_idle(path, line))
end

function M.test_a_mounted_filesystem_is_not_idle()
    unit.assertFalse(mounts.is_idle("/proc/sys/fs/binfmt_misc/none", "none /proc/sys/fs/binfmt_misc/none x\n"))
    unit.assertFalse(mounts.is_idle("/proc", "proc /proc proc\n"))
end

return M
