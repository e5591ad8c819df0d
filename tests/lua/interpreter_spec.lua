local unit = require("luaunit")
local interpreter = require("autobackup.interpreter")
local fake = require("fake")

local M = {}

local function is_command(name)
    return name == "copy" or name == "trust" or name == "load"
end

function M.test_the_line_rule()
    local words = {"copy", " copy a b", 'copy "acme/spot one" footage', "copy 'x'", "trust ./.config", "copy -n",
        "load\tWORK", "copy [x", "copy .x", "load|less", "load>list", "copy >>list"}
    local lua = {"copy(x)", "copy (x)", 'copy"x"', "copy{1}", "copy {1}", "copy[1]", "copy.x", "copy:x()",
        "copy,y = 1",
        "copy , y = 1", "load = 5", "load == 5", "x copy", "", "  ", "copy;", "'copy' x"}
    for _, line in ipairs(words) do
        unit.assertEquals(interpreter.classify(line, is_command), "words", line)
    end
    for _, line in ipairs(lua) do
        unit.assertEquals(interpreter.classify(line, is_command), "lua", line)
    end
end

function M.test_expressions_statements_and_unfinished_lua()
    local function kind(text)
        local fn, detail, is_open = interpreter.compile(text, "=x", {})
        return fn and (detail and "expression" or "statement") or is_open and "open" or "error"
    end
    unit.assertEquals({kind("1 + 1"), kind("x = 1"), kind("for i = 1, 2 do"), kind("{1,"), kind("f("),
        kind("[[a")},
        {"expression", "statement", "open", "open", "open", "open"})
    unit.assertEquals({kind("-- a comment"), kind(""), kind("fetch all"), kind("x == = 1"), kind("x + 'a")},
        {"expression", "expression", "error", "error", "error"})
end

local function feed(session, ...)
    local reader = interpreter.new(session, "lua")
    local complete
    for _, line in ipairs{...} do
        complete = reader:feed(line)
    end
    return complete, reader
end

local function new_session()
    local session = fake.session()
    session.commands:declare{name = "double", args = {{"n", "integer"}},
        run = function(args) return args.n * 2 end}
    return session
end

function M.test_values_are_shown_and_kept()
    local session = new_session()
    feed(session, "1 + 1", "_ + 1", "x = 5", "x, nil, 'a'", "double 21", "_", "double(4)", "y = double(4)")
    unit.assertEquals(session.printed(), "2\n3\n5\nnil\na\n42\n42\n8\n")
    unit.assertEquals(session.env.y, 8)
end

function M.test_a_look_at_the_last_result_keeps_it()
    local session = new_session()
    feed(session, "{10, {20, 30}, x = 1}", "_[1]", "_[2][1]", "#_", "_.x", "_['x']")
    unit.assertEquals(session.env._[1], 10)
    feed(session, "_[1] + 1")
    unit.assertEquals({session.env._, session.env.__[1]}, {11, 10})
end

function M.test_what_is_not_there_is_said_with_what_is()
    local session = new_session()
    feed(session, "{1, 2}")
    local err = fake.raised(feed, session, "double(_[3])")
    unit.assertStrContains(err.message, "value 1 is nil; _ has 2 rows now, __ is the result before it")
end

function M.test_words_that_are_no_command()
    local function message(line)
        return fake.raised(feed, new_session(), line).message
    end
    unit.assertStrContains(message("remind me later"), "no command 'remind'; 'help' lists the commands")
    unit.assertStrContains(message("ls"), "did you mean 'list'")
    unit.assertStrContains(message("lst projects"), "did you mean 'list'")
    unit.assertStrContains(message("x = = 1"), "unexpected symbol")
    local session = new_session()
    feed(session, "nil", "true", "?")
    unit.assertStrContains(session.printed(), "nil\ntrue\n")
    unit.assertStrContains(session.printed(), "help COMMAND")
end

function M.test_whether_a_text_is_whole()
    local reader = interpreter.new(new_session(), "lua")
    for _, text in ipairs{"double 2", "double 'x", "x = 1", "for i = 1, 2 do\nprint(i)\nend", "double 2\ndouble 3",
        "x = = 1", "", "double 2\nx = {\n1}\ndouble 3"} do
        unit.assertTrue(reader:is_whole(text), text)
    end
    for _, text in ipairs{"for i = 1, 2 do", "x = {", "double 2\nif x then", "s = [[a\nb"} do
        unit.assertFalse(reader:is_whole(text), text)
    end
end

function M.test_lua_over_several_lines()
    local session = new_session()
    unit.assertTrue(feed(session, "t = {", "1,", "2}", "for i = 1, 2 do", "double = i", "end", "#t"))
    unit.assertEquals(session.printed(), "2\n")
    unit.assertFalse(feed(session, "function f()", "x = 21"))
end

local function refused(line)
    local session = new_session()
    return fake.raised(feed, session, line)
end

function M.test_a_mistyped_command_is_recognised()
    for _, line in ipairs{"doble 4", "doble", "doble(4)", 'doble "4"', "doble -n", "doble a b"} do
        unit.assertEquals(refused(line).message, "no command 'doble'; did you mean 'double'?", line)
    end
    unit.assertEquals(refused("zzz").message, "'zzz' is not defined; 'help' lists the commands")
    unit.assertEquals(refused("projcts()").message, "no command 'projcts'; did you mean 'projects'?")
end

function M.test_lua_errors_stay_what_they_are()
    unit.assertEquals(refused("x = = 1").message, "lua:1: unexpected symbol near '='")
    unit.assertStrContains(refused("zzz.y = 1").message, "lua:1: attempt to index a nil value (global 'zzz')")
    unit.assertEquals(refused("error({code = 'EX', message = 'm'})").code, "EX")
    unit.assertEquals(refused("double 'x").message, "the quote ' is not closed")
    unit.assertEquals(refused("double x").code, "EUSAGE")
end

local function run_lines(session, text)
    return interpreter.run_lines(session, text:gmatch("(.-)\n"))
end

function M.test_standard_input_stops_at_the_first_error()
    local session = new_session()
    local err = fake.raised(run_lines, session,
        "#!/usr/bin/env autobackup\n-- note\ndouble 1\r\ndouble x\ndouble 3\n")
    unit.assertEquals(err.message, "stdin:4: double: 'x' is not a whole number")
    unit.assertEquals(session.printed(), "2\n")
end

function M.test_comments_of_command_files()
    local session = new_session()
    run_lines(session, "# one\ndouble 1\n  # two\nt = {1,\n2}\nn =\n#t\nn\n")
    unit.assertEquals(session.printed(), "2\n2\n")
    unit.assertEquals(fake.raised(run_lines, session, "double 1 # twice\n").message,
        "stdin:1: double: '#' is too much; a comment takes a line of its own")
    unit.assertEquals(fake.raised(run_lines, session, "double '#'\n").message,
        "stdin:1: double: '#' is not a whole number")
end

function M.test_a_result_as_a_word()
    unit.assertEquals(refused("double _[1]").message,
        "double: '_[1]' is not a whole number; a result is handed over in Lua: double(_[1])")
end

function M.test_commands_with_nothing_to_look_at_keep_the_last_result()
    local session = new_session()
    session.commands:declare{name = "open", passing = true, run = function() return {{path = "/x"}} end}
    feed(session, "double 21", "open", "open()", "_")
    unit.assertStrContains(session.printed(), "42\n")
    unit.assertEquals(session.env._, 42)
end

function M.test_line_numbers_of_lua_are_those_of_the_input()
    local err = fake.raised(run_lines, new_session(), "double 1\nfor i = 1, 2 do\n  local x = nil + 1\nend\n")
    unit.assertStrContains(err.message, "stdin:3: attempt to perform arithmetic")
    err = fake.raised(run_lines, new_session(), "\n\nfor i = 1, 2 do\n")
    unit.assertStrMatches(err.message, "stdin:%d: 'end' expected .*near <eof>")
end

function M.test_a_partial_result_does_not_stop()
    local session = new_session()
    session.commands:declare{name = "part", run = function() return {status = 3} end}
    run_lines(session, "part\ndouble 2\n")
    unit.assertStrContains(session.printed(), "4\n")
    unit.assertEquals(session.status, 3)
end

return M
