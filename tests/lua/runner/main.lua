-- Stands in for lua/main.lua: runs the specs in the real program, with its primitives and embedded modules.
--
-- A spec, tests/lua/NAME_spec.lua, returns a table. Its functions named test_* are the tests; setUp and tearDown,
-- where it has them, run around each. `require "luaunit"` has the assertions, `require "helper"`
-- folders and files.
local host = require("core.host")
local fs = require("core.fs")

local M = {}
local SPECS = "tests/lua/"
local LUAUNIT = "/usr/share/lua/5.4/luaunit.lua"

local function spec_names(argv)
    local names = {}
    for _, file in ipairs(assert(fs.list(SPECS))) do
        names[#names + 1] = file:match("^(.+)_spec%.lua$")
    end
    -- Names of specs on the command line choose; everything else is for LuaUnit.
    local chosen, options = {}, {}
    for _, word in ipairs(argv) do
        local name = word:gsub("%.lua$", ""):gsub("_spec$", ""):match("[^/]*$")
        local known = fs.stat(SPECS .. name .. "_spec.lua")
        table.insert(known and chosen or options, known and name or word)
    end
    return #chosen > 0 and chosen or names, options
end

function M.run(argv)
    host.add_path("tests/lua")
    package.preload.luaunit = assert(loadfile(LUAUNIT))
    -- Memory errors of the primitives show when everything is collected at every chance.
    if os.getenv("AUTOBACKUP_TEST_GC") then
        collectgarbage("incremental", 0, 1000)
    end
    local unit = require("luaunit")
    local names, options = spec_names(argv)
    local suite = {}
    for _, name in ipairs(names) do
        local spec = require(name .. "_spec")
        assert(type(spec) == "table", name .. "_spec.lua returns no table")
        suite[#suite + 1] = {name, spec}
    end
    -- What runSuiteByInstances does, which in LuaUnit 3.4 takes one option at most.
    local runner = unit.LuaUnit.new()
    runner:initFromArguments(table.unpack(options))
    runner:registerSuite()
    runner:internalRunSuiteByInstances(suite)
    runner:unregisterSuite()
    return runner.result.notSuccessCount == 0 and 0 or 1
end

return M
