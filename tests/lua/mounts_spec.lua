local unit = require("luaunit")
local helper = require("helper")
local mounts = require("autobackup.mounts")

local M = {}

function M.test_an_empty_folder_anywhere_is_not_idle()
    local folder <close> = helper.folder()
    local path = folder:dir("disk")
    unit.assertTrue(mounts.is_empty(path))
    unit.assertFalse(mounts.is_idle(path))
    unit.assertFalse(mounts.is_idle(path .. "/none"))
    unit.assertNil(mounts.missing(path))
end

function M.test_a_mounted_filesystem_is_not_idle()
    unit.assertFalse(mounts.is_idle("/proc/sys/fs/binfmt_misc/none"))
    unit.assertFalse(mounts.is_idle("/proc"))
end

return M
