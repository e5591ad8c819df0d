local unit = require("luaunit")
local api = require("autobackup.api")
local fake = require("fake")

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

function M.test_policies_are_checked_and_kept()
    local session = fake.session()
    run(session, [[policy("render", {copies = 2, on = {"NAS"}, verified = "90d"})]])
    unit.assertEquals(session.policies, {{category = "render", replicas = 2, on = {"NAS"}, verified = 7776000}})
    run(session, [[policy("all", {copies = 3, on = "NAS"})]])
    unit.assertEquals(#session.policies, 3)
    unit.assertEquals(session.policies[2], {category = "footage", replicas = 3, on = {"NAS"}})
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
