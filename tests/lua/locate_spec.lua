local unit = require("luaunit")
local helper = require("helper")
local locate = require("autobackup.locate")
local categories = require("autobackup.categories")

local M = {}

function M.test_tidy_paths()
    unit.assertEquals(locate.tidy("/mnt//NAS/./x/"), "/mnt/NAS/x")
    unit.assertEquals(locate.tidy("/"), "/")
    unit.assertEquals(locate.tidy("scratch/render//"), "scratch/render")
end

function M.test_absolute_paths()
    unit.assertEquals(locate.absolute("/a/b/", "/x"), "/a/b")
    unit.assertEquals(locate.absolute("b", "/x"), "/x/b")
    unit.assertEquals(locate.absolute("./b/.", "/x"), "/x/b")
    unit.assertEquals(locate.absolute("~/d", "/x"), require("core.sys").user_home() .. "/d")
    unit.assertEquals(locate.absolute("~d", "/x"), "/x/~d")
    local folder <close> = helper.folder()
    folder:file("a/f", "")
    unit.assertEquals(locate.absolute("a/..", folder.path), require("core.fs").realpath(folder.path))
end

function M.test_containment_goes_by_names()
    unit.assertTrue(locate.contains("/mnt", "/mnt/NAS"))
    unit.assertTrue(locate.contains("/mnt", "/mnt"))
    unit.assertFalse(locate.contains("/mnt/NAS", "/mnt/NAS2"))
    unit.assertTrue(locate.contains("/", "/x"))
    unit.assertTrue(locate.overlap("scratch/render", "scratch"))
    unit.assertFalse(locate.overlap("scratch/render", "scratch/cache"))
end

function M.test_joining()
    unit.assertEquals(locate.join("/", "a", "", "b"), "/a/b")
    unit.assertEquals(locate.replica("/mnt/NAS", "scratch/render", "acme", "spot one"),
        "/mnt/NAS/scratch/render/acme/spot one")
    unit.assertEquals(locate.replica("", "footage", "acme", "a"), "footage/acme/a")
end

function M.test_category_paths()
    unit.assertEquals(categories.path("scratch//render/"), "scratch/render")
    unit.assertEquals(categories.path("a..b"), "a..b")
    local refused = {"", "/", "/abs", "~", "~/x", "..", "a/../b", ".", "./", ".autobackup", "a/.autobackup-x"}
    for _, bad in ipairs(refused) do
        local path, reason = categories.path(bad)
        unit.assertNil(path, bad)
        unit.assertStrMatches(reason, "%l.*")
    end
end

return M
