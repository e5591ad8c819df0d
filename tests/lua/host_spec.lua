local unit = require("luaunit")
local helper = require("helper")
local host = require("core.host")
local sys = require("core.sys")

local M = {}

function M.test_require_finds_embedded_modules_only()
    unit.assertEquals(package.path, "")
    unit.assertEquals(package.cpath, "")
    unit.assertEquals(require("dkjson").version, "dkjson 2.6")
    local ok, message = pcall(require, "no_such_module")
    unit.assertFalse(ok)
    unit.assertStrContains(message, "no module 'no_such_module' in the program")
end

function M.test_chunk_names_are_repository_paths()
    for _, value in pairs(require("autobackup.words")) do
        if type(value) == "function" then
            unit.assertEquals(debug.getinfo(value, "S").source, "@lua/words.lua")
        end
    end
end

function M.test_modules_are_listed_in_order()
    local names = host.modules("autobackup.view.")
    unit.assertTrue(#names > 3)
    for i, name in ipairs(names) do
        unit.assertStrMatches(name, "autobackup%.view%..+")
        unit.assertTrue(i == 1 or names[i - 1] < name)
    end
end

function M.test_the_newest_folder_comes_first()
    local old <close> = helper.folder()
    local new <close> = helper.folder()
    old:file("spec_twice.lua", "return 'old'")
    old:file("spec/once.lua", "return 'once'")
    old:file("spec_package/init.lua", "return ...")
    new:file("spec_twice.lua", "return 'new'")
    host.add_path(old.path)
    host.add_path(new.path)
    unit.assertEquals(require("spec_twice"), "new")
    unit.assertEquals(require("spec.once"), "once")
    unit.assertEquals(require("spec_package"), "spec_package")
end

function M.test_a_broken_module_says_where()
    local folder <close> = helper.folder()
    folder:file("spec_broken.lua", "return +")
    folder:file("spec_binary.lua", string.dump(function() end))
    host.add_path(folder.path)
    local _, message = pcall(require, "spec_broken")
    unit.assertStrContains(message, "spec_broken.lua:1:")
    _, message = pcall(require, "spec_binary")
    unit.assertStrContains(message, "attempt to load a binary chunk")
end

local function assert_interrupted(ok, err)
    unit.assertFalse(ok)
    unit.assertEquals({err.code, err.message, err.signal}, {"EINTR", "interrupted", 15})
    unit.assertEquals(tostring(err), "interrupted")
    unit.assertEquals(sys.signal(), 15)
    sys.clear_signal()
    unit.assertNil(sys.signal())
end

local function loop()
    assert(sys.spawn({"sh", "-c", 'kill -TERM "$1"', "sh", tostring(sys.getpid())}))
    -- ThreadSanitizer delivers a signal in a library call only.
    while true do sys.monotonic() end
end

function M.test_a_signal_stops_a_loop()
    assert_interrupted(pcall(loop))
end

function M.test_a_signal_stops_a_coroutine()
    assert_interrupted(pcall(coroutine.resume, coroutine.create(loop)))
    assert_interrupted(pcall(coroutine.wrap(loop)))
    -- What catches errors within a coroutine catches no interruption.
    local env = require("fake").session().env
    assert_interrupted(pcall(coroutine.resume, coroutine.create(function() env.pcall(loop) end)))
    local handler = function() return "swallowed" end
    assert_interrupted(pcall(coroutine.wrap(function() env.xpcall(loop, handler) end)))
end

function M.test_coroutines_work_as_ever()
    local double = coroutine.wrap(function(a, b)
        local c = coroutine.yield(a + b)
        return c * 2, "end"
    end)
    unit.assertEquals(double(1, 2), 3)
    unit.assertEquals({double(21)}, {42, "end"})
    unit.assertErrorMsgContains("dead coroutine", double)
    unit.assertErrorMsgContains("coroutine expected", coroutine.resume, 1)
    local thread = coroutine.create(function() error({code = "X"}) end)
    local ok, err = coroutine.resume(thread)
    unit.assertEquals({ok, err.code}, {false, "X"})
    unit.assertFalse(coroutine.isyieldable())
end

return M
