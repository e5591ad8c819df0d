local unit = require("luaunit")
local command = require("autobackup.command")
local fake = require("fake")

local M = {}

local function refused(declaration, reserved)
    local registry = command.registry(reserved, {"autobackup.commands.list"})
    return tostring(fake.raised(registry.declare, registry, declaration))
end

local function nothing() end

function M.test_the_least_declaration_is_enough()
    local registry = command.registry(nil, {})
    local declaration = registry:declare{name = "hello", run = nothing}
    unit.assertEquals({declaration.args, declaration.options, declaration.group}, {{}, {}, "your own"})
    unit.assertIs(registry:get("hello"), declaration)
    unit.assertEquals(registry:names(), {"hello"})
end

function M.test_built_in_commands_are_those_of_the_program()
    local registry = command.registry()
    for _, name in ipairs{"add", "exit", "fetch", "help", "list", "load"} do
        unit.assertTrue(registry:has(name), name)
    end
    unit.assertEquals(registry:find("quit").name, "exit")
    for _, name in ipairs(registry:names()) do
        unit.assertEquals(registry:get(name).name, name)
        unit.assertNotEquals(registry:get(name).summary, "")
    end
end

function M.test_faulty_declarations()
    unit.assertEquals(refused(1), "command: it takes one table")
    unit.assertEquals(refused{name = "a b", run = nothing},
        "command: the name 'a b' is not made of letters, digits, '-' and '_'")
    unit.assertEquals(refused{name = "x"}, "command x: 'run' is missing")
    unit.assertEquals(refused{name = "x", run = nothing, sumary = ""},
        "command x: unknown key 'sumary'; did you mean 'summary'?")
    unit.assertEquals(refused{name = "x", run = 1}, "command x: 'run' must be a function")
    unit.assertEquals(refused{name = "x", run = nothing, args = {{"p", "projct"}}},
        "command x: argument p: unknown type 'projct'; did you mean 'project'?")
    unit.assertEquals(refused{name = "x", run = nothing, args = {{"p", "text", optional = true}, {"q", "text"}}},
        "command x: argument q: it must be optional, as 'p' before it")
    unit.assertEquals(refused{name = "x", run = nothing, args = {{"p", "text", many = true}, {"q", "text"}}},
        "command x: argument q: 'p' before it takes all the words")
    unit.assertEquals(refused{name = "x", run = nothing, options = {json = {}}},
        "command x: option --json: not a name for an option")
end

function M.test_a_built_in_is_replaced_only_on_purpose()
    local function is_reserved(name) return name == "print" end
    unit.assertStrContains(refused({name = "list", run = nothing}), "is built in; say replace = true")
    unit.assertStrContains(refused({name = "quit", run = nothing}), "is built in")
    unit.assertStrContains(refused({name = "print", run = nothing}, is_reserved), "say replace = true to hide it")
    local registry = command.registry(is_reserved, {"autobackup.commands.list"})
    registry:declare{name = "list", run = nothing, replace = true}
    unit.assertEquals(registry:get("list").group, "your own")
end

function M.test_a_users_command_may_be_declared_again()
    local registry = command.registry(nil, {})
    registry:declare{name = "hello", run = nothing}
    unit.assertEquals(registry:declare{name = "hello", summary = "second", run = nothing}.summary, "second")
    unit.assertIs(registry:get("hello").summary, "second")
end

function M.test_an_unknown_command_names_the_nearest()
    local registry = command.registry(nil, {"autobackup.commands.list"})
    unit.assertEquals(fake.raised(registry.get, registry, "lst").message, "no command 'lst'; did you mean 'list'?")
    unit.assertEquals(fake.raised(registry.get, registry, "zzz").message,
        "no command 'zzz'; 'help' lists the commands")
end

local function session_with(declaration)
    local session = fake.session()
    session.commands:declare(declaration)
    return session, session.commands:get(declaration.name)
end

function M.test_words_show_and_lua_does_not()
    local session, declaration = session_with{name = "two", run = function() return {1, 2} end,
        show = function(result, out) out:line("shown " .. #result) end}
    unit.assertEquals(#command.call(declaration, session), 2)
    unit.assertEquals(session.printed(), "")
    command.words(declaration, {}, session)
    unit.assertEquals(session.printed(), "shown 2\n")
    command.words(declaration, {"--json"}, session)
    unit.assertStrContains(session.printed(), '{"type":"value","value":1}\n')
end

function M.test_a_partial_result_counts_and_does_not_raise()
    local session, declaration = session_with{name = "part", run = function() return {status = 3} end}
    command.call(declaration, session)
    unit.assertEquals(session.status, 3)
end

function M.test_the_event_of_a_command_gets_result_and_arguments()
    local session, declaration = session_with{name = "greet", args = {{"who", "text"}},
        run = function(args) return {"hello " .. args.who} end}
    local seen
    session.events:on("greet", function(result, args) seen = {result[1], args.who} end)
    command.call(declaration, session, "you")
    unit.assertEquals(seen, {"hello you", "you"})
end

function M.test_help_of_a_command()
    local session, declaration = session_with{name = "greet", summary = "say hello", run = nothing}
    command.words(declaration, {"--help"}, session)
    unit.assertStrContains(session.printed(), "usage: greet\n\nsay hello\n")
end

return M
