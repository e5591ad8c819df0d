local unit = require("luaunit")
local helper = require("helper")
local fs = require("core.fs")

local M = {}

function M.test_stat_says_what_it_is()
    local folder <close> = helper.folder()
    local path = folder:file("f", "12345")
    local st = fs.stat(path)
    unit.assertEquals({st.kind, st.size}, {"file", 5})
    unit.assertEquals(fs.stat(folder.path).kind, "directory")
    unit.assertTrue(os.time() - st.mtime < 60)
    unit.assertEquals(math.type(st.ino), "integer")
    unit.assertEquals(fs.stat("/dev/null").kind, "char")
end

function M.test_failures_are_values()
    local st, message, code = fs.stat("/no/such/thing")
    unit.assertNil(st)
    unit.assertEquals(message, "ENOENT: No such file or directory: /no/such/thing")
    unit.assertEquals(code, "ENOENT")
    unit.assertEquals(select(3, fs.list("/dev/null")), "ENOTDIR")
    unit.assertEquals(select(3, fs.read("/", 10)), "EISDIR")
    unit.assertEquals(select(3, fs.realpath("/no/such")), "ENOENT")
    unit.assertEquals(select(3, fs.statvfs("/no/such")), "ENOENT")
    unit.assertEquals(select(3, fs.mkdirs("/dev/null/x")), "ENOTDIR")
end

function M.test_misuse_raises()
    unit.assertError(fs.stat)
    unit.assertError(fs.stat, "a\0b")
    unit.assertError(fs.write, "x")
    unit.assertError(fs.mkdirs, "x", -1)
    unit.assertError(fs.online, "/")
end

function M.test_lstat_and_realpath()
    local folder <close> = helper.folder()
    local path = folder:file("f", "x")
    os.execute("ln -s f '" .. folder.path .. "/l'")
    unit.assertEquals(fs.lstat(folder.path .. "/l").kind, "symlink")
    unit.assertEquals(fs.stat(folder.path .. "/l").kind, "file")
    unit.assertEquals(fs.realpath(folder.path .. "/l"), path)
end

function M.test_list_is_sorted_bytes()
    local folder <close> = helper.folder()
    for _, name in ipairs({"b", "a b", "B", "\xff", ".h"}) do
        folder:file(name)
    end
    unit.assertEquals(fs.list(folder.path), {".h", "B", "a b", "b", "\xff"})
end

function M.test_write_and_read()
    local folder <close> = helper.folder()
    local path = folder.path .. "/f"
    unit.assertTrue(fs.write(path, "a\0b", 384))
    unit.assertEquals(fs.read(path, 100), "a\0b")
    unit.assertEquals(fs.stat(path).mode, 384)
    unit.assertEquals(select(3, fs.read(path, 2)), "EFBIG")
    unit.assertTrue(fs.write(path, ""))
    unit.assertEquals(fs.read(path, 0), "")
    unit.assertEquals(fs.list(folder.path), {"f"})
end

function M.test_read_private()
    local folder <close> = helper.folder()
    local path = folder:file("f", "text")
    assert(os.execute("chmod 600 '" .. path .. "'"))
    unit.assertEquals({fs.read_private(path, 100)}, {"text", path})
    assert(os.execute("chmod 666 '" .. path .. "'"))
    local bytes, message, code = fs.read_private(path, 100)
    unit.assertNil(bytes)
    unit.assertEquals(code, "EUNSAFE")
    unit.assertStrContains(message, "chmod go-w")
end

function M.test_statvfs_and_getcwd()
    local space = fs.statvfs("/")
    unit.assertTrue(space.bytes_total >= space.bytes_free)
    unit.assertEquals(math.type(space.inodes_free), "integer")
    unit.assertEquals(fs.realpath("."), fs.getcwd())
end

return M
