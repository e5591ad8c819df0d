local unit = require("luaunit")
local options = require("autobackup.options")
local fake = require("fake")

local M = {}

local function refused(...)
    return tostring(fake.raised(options.parse, {...}))
end

function M.test_nothing()
    unit.assertEquals(options.parse{}, {eval = {}, words = {}})
end

function M.test_options_before_a_command_are_ours()
    local parsed = options.parse{"--json", "-qv", "--color=never", "--catalog", "c.db", "-cFILE", "list", "-n",
        "--json"}
    unit.assertEquals(parsed, {eval = {}, json = true, quiet = true, verbose = true, color = "never",
        catalog = "c.db", config = "FILE", command = "list", words = {"-n", "--json"}})
end

function M.test_a_script_is_known_by_its_looks()
    unit.assertEquals(options.parse{"-i", "a.lua", "x"}.script, "a.lua")
    unit.assertEquals(options.parse{"./nightly", "--x"}.words, {"--x"})
    unit.assertEquals(options.parse{"--", "list"}.command, "list")
    unit.assertTrue(options.parse{"-"}.stdin)
end

function M.test_code_may_be_given_several_times()
    unit.assertEquals(options.parse{"-e", "x = 1", "-e", "-- y", "--no-config"}.eval, {"x = 1", "-- y"})
end

function M.test_mistakes()
    unit.assertEquals(refused("--colour=never"), "no option '--colour'; did you mean '--color'?")
    unit.assertEquals(refused("--color=no"), "--color takes auto, always, never, not 'no'")
    unit.assertEquals(refused("--catalog"), "--catalog takes a value")
    unit.assertEquals(refused("--json=1"), "--json takes no value")
    unit.assertEquals(refused("-qx"), "no option '-x'")
    unit.assertEquals(refused("--no-config", "-c", "x"), "--no-config and --config exclude each other")
end

function M.test_options_of_a_command_may_stand_before_it()
    local function is_command(word) return word == "copy" or word == "verify" end
    local function parsed(...)
        local got = options.parse({...}, is_command)
        return {got.command, got.words, got.early}
    end
    unit.assertEquals(parsed("-n", "copy", "a"), {"copy", {"-n", "a"}, 1})
    unit.assertEquals(parsed("-q", "--older", "30d", "verify", "a"), {"verify", {"--older", "30d", "a"}, 2})
    unit.assertEquals(parsed("-q", "copy", "-n"), {"copy", {"-n"}})
    unit.assertStrContains(refused("--nonsense", "x"), "no option '--nonsense'")
end

return M
