local unit = require("luaunit")
local api = require("autobackup.api")
local fake = require("fake")
local helper = require("helper")

local M = {}

local function run(session, code)
    return assert(load(code, "=code", "t", session.env))()
end

local function refused(code)
    return fake.raised(run, fake.session(), code).message
end

function M.test_standard_lua_is_below_the_session()
    local session = fake.session()
    unit.assertIs(run(session, "return _G.load"), load)
    unit.assertIs(run(session, "return string"), string)
    unit.assertNil(run(session, "return nosuch"))
    run(session, "x = 1")
    unit.assertNil(_G.x)
    unit.assertEquals(run(session, "return x"), 1)
end

function M.test_commands_are_functions()
    local session = fake.session()
    run(session, [[command{name = "greet", args = {{"who", "text"}},
        run = function(args) return {"hello " .. args.who} end}]])
    unit.assertEquals(run(session, [[return greet("you")[1] ]]), "hello you")
    unit.assertEquals(run(session, [[return greet{who = "you"}[1] ]]), "hello you")
    unit.assertEquals(session.printed(), "")
    unit.assertIs(run(session, "return greet"), run(session, "return greet"))
end

function M.test_a_module_gets_the_same_api()
    local session = fake.session()
    unit.assertNotNil(session.env)
    local own = require("autobackup")
    own.command{name = "from-module", run = function() return 5 end}
    unit.assertEquals(own["from-module"](), 5)
    unit.assertNil(own.string)
    unit.assertNil(own.nosuch)
end

function M.test_queries_check_their_filters()
    local session = fake.session()
    unit.assertEquals(run(session, [[return projects{client = "acme"}[2].name ]]), "spot one")
    unit.assertEquals(run(session, [[return projects()[1].type ]]), "project")
    unit.assertEquals(refused("projects{clinet = 1}"), "projects: no filter 'clinet'; did you mean 'client'?")
    unit.assertEquals(refused("projects{database = 'NSA'}"), "projects: no database 'NSA'; did you mean 'NAS'?")
    unit.assertEquals(refused("files{larger = 'x'}"):match("^[^;]*;?"):sub(1, 14), "files: larger:")
    unit.assertStrContains(refused("projects('acme')"), "it takes a table of filters")
end

function M.test_a_list_that_is_called_says_what_to_write()
    unit.assertEquals(refused("for p in projects() do end"),
        "projects: it gives a list; write: for _, row in ipairs(projects(...)) do")
    unit.assertEquals(refused("for c in list() do end"),
        "list: it gives a list; write: for _, row in ipairs(list(...)) do")
end

function M.test_policies_are_checked_and_kept()
    local session = fake.session()
    run(session, [[policy("render", {copies = 2, on = {"NAS"}, verified = "90d"})]])
    unit.assertEquals(session.policies, {{category = "render", replicas = 2, on = {"NAS"}, verified = 7776000}})
    run(session, [[policy("all", {copies = 3, on = "NAS"})]])
    unit.assertEquals(session.policies[2], {category = "all", replicas = 3, on = {"NAS"}})
    unit.assertEquals(refused("policy('rendr', {})"), "policy: no category 'rendr'; did you mean 'render'?")
    unit.assertEquals(refused("policy('render', {copeis = 1})"),
        "policy: unknown key 'copeis'; did you mean 'copies'?")
    unit.assertEquals(refused("policy('render', {copies = 0})"), "policy: copies: 0 is less than 1")
    unit.assertEquals(refused("policy('render', {on = {'NSA'}})"),
        "policy: on: no database 'NSA'; did you mean 'NAS'?")
    unit.assertStrContains(refused("policy('render')"), "write policy(")
end

function M.test_settings_are_set_one_by_one_or_as_a_table()
    local session = fake.session()
    run(session, "settings.prompt = '$ '; settings = {jobs = 3}")
    unit.assertEquals({session.settings.prompt, session.settings.jobs}, {"$ ", 3})
    unit.assertEquals(refused("settings = {promt = 1}"), "no setting 'promt'; did you mean 'prompt'?")
end

-- Every setting: what it takes, and what it refuses by its name.
function M.test_settings_are_checked_where_they_are_set()
    local good = {explorer = {"'mc'", "{'mc', '-b'}"}, pager = {"false", "'less'"}, continuation = {"''"},
        prompt = {"'$'", "function() end"}, plain = {"true"}, banner = {"false"}, jobs = {"1", "64", "8.0"},
        history = {"0", "1000000"}, versions = {"{}", "{older = '6mo'}", "{keep = 0, older = '30d'}"},
        lock_wait = {"0", "'10m'", "1.5"}, fresh = {"'1h'", "'2d'"}}
    local bad = {explorer = {"5", "''", "{}", "{1}", "true"}, pager = {"5", "''", "{}"}, continuation = {"false"},
        prompt = {"5", "{}"}, plain = {"1"}, banner = {"'no'"}, jobs = {"0", "65", "1.5", "'4'"},
        history = {"-1", "1000001", "0/0", "'5'"}, lock_wait = {"-1", "'soon'", "{}", "true"},
        fresh = {"'soon'", "'5m'", "5", "{}"},
        versions = {"5", "{odler = '30d'}", "{older = 30}", "{older = '6m'}", "{keep = -1}", "{keep = '5'}",
            "{1}"}}
    for name in pairs(require("autobackup.settings").declared) do
        for _, value in ipairs(good[name]) do
            run(fake.session(), ("settings.%s = %s"):format(name, value))
        end
        for _, value in ipairs(bad[name]) do
            unit.assertStrContains(refused(("settings.%s = %s"):format(name, value)), "settings." .. name)
            unit.assertStrContains(refused(("settings = {%s = %s}"):format(name, value)), "settings." .. name)
        end
    end
    unit.assertStrContains(refused("settings.history = -1"), "settings.history must be from 0 to 1000000, not -1")
end

function M.test_a_startup_file_is_told_the_line_of_its_setting()
    local folder <close> = helper.folder()
    local config = folder:file("c.lua", "-- mine\nsettings.jobs = 4\nsettings.history = -1\n")
    local got = fake.program(folder, {"--config", config, "list"})
    unit.assertEquals(got.status, 1)
    unit.assertStrContains(got.err, "c.lua:3: settings.history must be from 0 to 1000000, not -1")
end

function M.test_programs_run_without_a_shell()
    local session = fake.session()
    unit.assertEquals(run(session, "return run('sh', '-c', 'exit 5')"), 5)
    unit.assertEquals(run(session, "return run{'test', 'a b', '=', 'a b'}"), 0)
    unit.assertEquals(run(session, "return run('test', {'$HOME', '=', '$HOME'})"), 0)
    unit.assertStrContains(refused("run('no-such-program')"), "no-such-program")
    unit.assertEquals(refused("run('echo', nil, 'x')"), "run: argument 2 is nil")
    unit.assertEquals(refused("run()"), "run: it takes a program and its arguments")
end

function M.test_show_prints()
    local session = fake.session()
    run(session, "show{1, 2}")
    unit.assertEquals(session.printed(), "{1, 2}\n")
end

function M.test_an_interruption_passes_pcall()
    local session = fake.session()
    unit.assertEquals({run(session, "return pcall(error, 'x')")}, {false, "x"})
    unit.assertEquals({run(session, "return xpcall(error, function(e) return e .. '!' end, 'x')")}, {false, "x!"})
    local err = fake.raised(run, session,
        "pcall(error, {code = 'EINTR', signal = 15, message = 'interrupted'})")
    unit.assertEquals(err.signal, 15)
end

function M.test_names_that_are_taken()
    unit.assertTrue(api.is_reserved("print"))
    unit.assertTrue(api.is_reserved("projects"))
    unit.assertFalse(api.is_reserved("copy"))
    unit.assertStrContains(refused("command{name = 'projects', run = print}"), "replace = true")
end

return M
