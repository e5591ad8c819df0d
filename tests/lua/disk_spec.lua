local unit = require("luaunit")
local disk = require("core.disk")
local helper = require("helper")
local whereabouts = require("autobackup.whereabouts")

local M = {}

function M.test_a_marker_is_an_identity()
    local folder <close> = helper.folder()
    local before = disk.identity(folder.path)
    unit.assertFalse(before.marker)
    unit.assertTrue(disk.mark(folder.path, "NAS"))
    local after = disk.identity(folder.path)
    unit.assertTrue(after.marker)
    unit.assertNotEquals(after.id, before.id)
    unit.assertTrue(disk.online(folder.path, after.id))
    unit.assertTrue(disk.online(folder.path, (after.id:match("^[^@]*"))))
    unit.assertEquals(disk.compare(after.id, after.id), "same")
    unit.assertEquals(select(3, disk.mark(folder.path, "NAS")), "EEXIST")
    unit.assertEquals(select(3, disk.online(folder.path, "another")), "EOFFLINE")
    unit.assertEquals(select(3, disk.online(folder.path .. "/none", after.id)), "EOFFLINE")
    unit.assertEquals(select(3, disk.identity("/no/such")), "ENOENT")
end

function M.test_mounts_are_those_of_the_kernel()
    local targets = {}
    for _, mount in ipairs(disk.mounts()) do
        targets[mount.target] = mount
    end
    unit.assertEquals(targets["/proc"].type, "proc")
    unit.assertEquals(targets["/"].root:sub(1, 1), "/")
    unit.assertNil(disk.missing("/proc"))
end

function M.test_where_a_folder_of_a_filesystem_is_seen()
    local mounts = {
        {target = "/", root = "/", volume = "uuid:1", device = 1},
        {target = "/mnt/a", root = "/", volume = "uuid:2", device = 2},
        {target = "/srv", root = "/in", volume = "uuid:2", device = 2},
        {target = "/mnt/b", root = "/inner", volume = "uuid:2", device = 2},
        {target = "/proc", root = "/"},
    }
    local function paths(volume, place)
        local list = {}
        for _, candidate in ipairs(whereabouts.candidates(mounts, volume, place)) do
            list[#list + 1] = candidate.path
        end
        return table.concat(list, " ")
    end
    unit.assertEquals(paths("uuid:1", "/home/x"), "/home/x")
    unit.assertEquals(paths("uuid:2", "/"), "/mnt/a")
    unit.assertEquals(paths("uuid:2", "/in"), "/mnt/a/in /srv")
    unit.assertEquals(paths("uuid:2", "/in/NAS"), "/mnt/a/in/NAS /srv/NAS")
    unit.assertEquals(paths("uuid:3", "/"), "")
end

return M
