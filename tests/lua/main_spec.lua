-- The program as a whole: its command line, scripts, standard input, the startup file and its trust.
local unit = require("luaunit")
local helper = require("helper")
local fs = require("core.fs")
local sys = require("core.sys")
local fake = require("fake")

local M = {}

local function run(words, how)
    local folder <close> = helper.folder()
    for name, text in pairs(how and how.files or {}) do
        folder:file(name, text)
    end
    return fake.program(folder, words, how)
end

function M.test_code()
    local done = run{"-e", "print(1 + 1)", "-e", "print(type(fetch), type(_G.load))"}
    unit.assertEquals({done.status, done.out, done.err}, {0, "2\nfunction\tfunction\n", ""})
end

function M.test_version_and_help()
    unit.assertStrMatches(run{"--version"}.out, "autobackup %d+%.%d+%.%d+\n")
    local help = run{"--help"}
    unit.assertEquals(help.status, 0)
    unit.assertStrContains(help.out, "usage: autobackup")
    unit.assertStrContains(help.out, "  fetch ")
end

function M.test_mistakes_on_the_command_line()
    local done = run{"--nonsense"}
    unit.assertEquals({done.status, done.out}, {2, ""})
    done = run{"fech"}
    unit.assertEquals({done.status, done.err}, {2, "autobackup: no command 'fech'; did you mean 'fetch'?\n"})
end

function M.test_an_error_of_a_script_has_a_traceback_and_a_status()
    local done = run({"x.lua"}, {files = {["x.lua"] = "local function f()\n  error('boom')\nend\nf()\n"}})
    unit.assertEquals(done.status, 1)
    unit.assertStrContains(done.err, "autobackup: x.lua:2: boom\n")
    unit.assertStrContains(done.err, "x.lua:4: in main chunk")
    unit.assertNotStrContains(done.err, "main.lua")
    done = run({"x.lua"}, {files = {["x.lua"] = "fetch{whch = 'all'}\n"}})
    unit.assertEquals(done.status, 2)
    unit.assertStrContains(done.err, "did you mean 'which'?")
    unit.assertStrContains(done.err, "x.lua:1: in main chunk")
end

function M.test_a_script_has_its_arguments_and_its_folder()
    local done = run({"d/x.lua", "a b", "-n"}, {files = {
        ["d/x.lua"] = "#!/usr/bin/env autobackup\nprint(arg[0], arg[1], ..., require('mod').n)\n",
        ["d/mod.lua"] = "return {n = 7}",
    }})
    unit.assertEquals({done.out, done.err}, {"d/x.lua\ta b\ta b\t7\n", ""})
end

function M.test_scripts_that_cannot_run()
    unit.assertEquals(run{"nosuch.lua"}.status, 1)
    unit.assertStrContains(run{"nosuch.lua"}.err, "nosuch.lua: No such file")
    unit.assertEquals(run{"./"}.status, 1)
    local done = run({"x.lua"}, {files = {["x.lua"] = "\n\nx = = 1"}})
    unit.assertEquals({done.status, done.err}, {1, "autobackup: x.lua:3: unexpected symbol near '='\n"})
    done = run({"x.lua"}, {files = {["x.lua"] = string.dump(function() end)}})
    unit.assertEquals(done.status, 1)
    unit.assertStrContains(done.err, "binary chunk")
end

function M.test_exit_ends_with_its_status_even_in_pcall()
    unit.assertEquals(run{"-e", "local f <close> = setmetatable({}, {__close = print}); pcall(exit, 9)"}.status, 9)
    unit.assertEquals(run({}, {stdin = "exit 5\n1\n"}).status, 5)
    unit.assertEquals(run{"quit", "3"}.status, 3)
    unit.assertEquals(run{"exit", "x"}.status, 2)
end

function M.test_standard_input()
    local done = run({}, {stdin = "1 + 1\nfor i = 1, 2 do\n  print(i)\nend\nnosuch word\nprint('no')\n"})
    unit.assertEquals({done.status, done.out}, {2, "2\n1\n2\n"})
    unit.assertStrContains(done.err, "autobackup: stdin:5: no command 'nosuch'")
    unit.assertEquals(run({"-"}, {stdin = "print('x')"}).out, "x\n")
    unit.assertEquals(run({}, {stdin = "list projcts\n"}).err,
        "autobackup: stdin:1: list: no 'projcts'; did you mean 'projects'?\n")
end

function M.test_typed_code_gets_no_needless_traceback()
    unit.assertEquals(run{"-e", "fetch{whch = 'all'}"}.err, "autobackup: fetch: no argument or option 'whch'; "
        .. "did you mean 'which'?\nusage: fetch [all|CLIENT|CLIENT/PROJECT] [client CLIENT] "
        .. "[project CLIENT/PROJECT] [OPTIONS]\n")
    unit.assertEquals(run({}, {stdin = "error('mine')\n"}).err, "autobackup: stdin:1: mine\n")
    local done = run{"-e", "local function f() error('mine') end\nf()"}
    unit.assertStrContains(done.err, "(command line):1: in")
    unit.assertNotStrContains(done.err, "main chunk")
end

function M.test_a_new_catalog_that_was_named_is_told()
    unit.assertStrMatches(run{"--catalog", "sub/new.db", "list", "databases"}.err,
        "new catalog /.*/sub/new%.db\n.*")
    unit.assertEquals(run{"-q", "--catalog", "new.db", "list", "categories"}.err, "")
    unit.assertNotStrContains(run{"list", "databases"}.err, "new catalog")
end

function M.test_a_partial_result_is_the_exit_status()
    local code = "command{name = 'part', run = function() return {status = 3} end}"
    unit.assertEquals(run{"-e", code .. " part()"}.status, 3)
    local done = run({"-c", "c.lua"}, {stdin = "part\nprint('on')\n", files = {["c.lua"] = code}})
    unit.assertEquals({done.status, done.out, done.err}, {3, "on\n", ""})
end

function M.test_a_broken_catalog_is_named()
    local done = run({"--catalog", "broken.db", "list", "databases"}, {files = {["broken.db"] = ("x"):rep(8192)}})
    unit.assertEquals({done.status, done.out}, {1, ""})
    unit.assertStrContains(done.err, "broken.db")
    unit.assertEquals(run({"--catalog", "broken.db", "-e", ""}, {files = {["broken.db"] = "x"}}).status, 0)
end

function M.test_the_startup_file()
    local config = "command{name = 'mine', summary = 'my own', run = function(_, s) return s.mode end}\nx = 5\n"
    local done = run({"--config", "c.lua", "mine"}, {files = {["c.lua"] = config}})
    unit.assertEquals({done.out, done.err, done.status}, {"command\n", "", 0})
    unit.assertEquals(run({"-e", "print(x)"}, {files = {["config/autobackup/config.lua"] = config}}).out, "5\n")
    unit.assertEquals(run({"--no-config", "-e", "print(x)"},
        {files = {["config/autobackup/config.lua"] = config}}).out, "nil\n")
    unit.assertEquals(run({"-e", "print(x)"},
        {files = {["e.lua"] = config}, env = {"AUTOBACKUP_CONFIG=e.lua"}}).out, "5\n")
    unit.assertStrContains(run({"-c", "c.lua", "help"}, {files = {["c.lua"] = config}}).out, "my own")
end

function M.test_a_startup_file_that_fails_ends_the_start()
    for _, text in ipairs{"x = = 1", "error('bad')", "settings.promt = 1"} do
        local done = run({"-c", "c.lua", "list"}, {files = {["c.lua"] = "\n" .. text}})
        unit.assertEquals({done.status, done.out}, {1, ""}, text)
        unit.assertStrMatches(done.err, "autobackup: .*c%.lua:2.*")
    end
    unit.assertEquals(run{"-c", "nosuch.lua", "list"}.status, 1)
end

function M.test_paths_in_the_startup_file_start_at_its_folder()
    local done = run({"-c", "d/c.lua", "list", "databases", "--json"},
        {files = {["d/c.lua"] = "add('database', 'NAS', 'nas')", ["d/nas/x"] = ""}})
    unit.assertStrContains(done.out, "/d/nas")
end

function M.test_a_local_config_must_be_trusted()
    local folder <close> = helper.folder()
    folder:file(".config", "print('ran')\n")
    local done = fake.program(folder, {"-e", "print('code')"}, {})
    unit.assertEquals({done.status, done.out}, {1, ""})
    unit.assertStrContains(done.err, "is new")
    unit.assertStrContains(done.err, "autobackup trust")
    unit.assertEquals(fake.program(folder, {"--no-config", "-e", "print('code')"}).out, "code\n")
    unit.assertEquals(fake.program(folder, {"trust", "--yes"}).status, 0)
    unit.assertEquals(fake.program(folder, {"-e", "print('code')"}).out, "ran\ncode\n")
    folder:file(".config", "print('changed')\n")
    done = fake.program(folder, {"-e", ""})
    unit.assertEquals({done.status, done.out}, {1, ""})
    unit.assertStrContains(done.err, "has changed since it was trusted")
end

function M.test_a_local_config_that_others_can_write_is_not_run()
    local folder <close> = helper.folder()
    local path = folder:file(".config", "print('ran')\n")
    unit.assertEquals(fake.program(folder, {"trust", "--yes"}).status, 0)
    unit.assertEquals(sys.run{"chmod", "666", path}, 0)
    local done = fake.program(folder, {"-e", "print('code')"})
    unit.assertEquals({done.status, done.out}, {1, ""})
    assert(fs.write(path, "x", 384))
end

function M.test_a_folder_named_config_is_none()
    unit.assertEquals(run({"-e", "print('x')"}, {files = {[".config/other"] = ""}}).out, "x\n")
end

return M
