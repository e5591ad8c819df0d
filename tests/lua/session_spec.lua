local unit = require("luaunit")
local errors = require("autobackup.errors")
local fake = require("fake")

local M = {}

function M.test_control_characters_do_not_reach_the_terminal()
    local session = fake.session()
    session:report(errors.new("ENONAME", "no project 'a\27[2J\nb'"))
    session:warn("\7")
    unit.assertEquals(session.complained(), "autobackup: no project 'a\\e[2J\\nb'\nwarning: \\x07\n")
end

function M.test_a_usage_line_and_a_traceback_follow_the_message()
    local session = fake.session()
    session:report(errors.new("EUSAGE", "copy: x", {usage = "copy A", traceback = "  a\n  b"}), "error: ")
    unit.assertEquals(session.complained(), "error: copy: x\nusage: copy A\n  a\n  b\n")
end

function M.test_the_error_event_gets_the_error()
    local session, seen = fake.session(), nil
    session.events:on("error", function(err) seen = err.code end)
    session:report(errors.new("ENOSPC", "full"))
    unit.assertEquals(seen, "ENOSPC")
end

function M.test_a_closed_pipe_is_silent()
    local session = fake.session()
    session:report(errors.new("EPIPE", "EPIPE: Broken pipe"))
    unit.assertEquals(session.complained(), "")
end

function M.test_notes_follow_a_result_unless_quiet()
    local session = fake.session()
    session:show({notes = {"type: load"}, 1}, {declaration = {show = function() end}})
    unit.assertEquals(session.complained(), "type: load\n")
    session = fake.session{quiet = true}
    session:show({notes = {"type: load"}}, {declaration = {show = function() end}})
    unit.assertEquals(session.complained(), "")
end

function M.test_messages_break_at_the_width_of_a_terminal()
    local session, parts = fake.session(), {}
    rawset(session, "err", require("autobackup.view.out").new{tty = true, width = 24, color = "never",
        write = function(bytes) parts[#parts + 1] = bytes end})
    session:note("it is on WORK and STORAGE and nowhere else")
    unit.assertEquals(table.concat(parts), "it is on WORK and\n  STORAGE and nowhere\n  else\n")
end

function M.test_without_a_terminal_nothing_is_confirmed()
    unit.assertFalse(fake.session():confirm("Sure?"))
end

function M.test_closing_runs_the_closers_once_and_survives_their_errors()
    local session, order = fake.session(), {}
    local catalog = session.catalog
    session:on_close(function() order[#order + 1] = "first" end)
    session:on_close(function() error("bad") end)
    session:on_close(function() order[#order + 1] = "last" end)
    session:close()
    session:close()
    unit.assertEquals(order, {"last", "first"})
    unit.assertTrue(catalog.is_closed)
    unit.assertStrContains(session.complained(), "warning: ")
end

return M
