local unit = require("luaunit")
local wrap = require("autobackup.view.wrap")
local width_of = require("core.sys").string_width

local M = {}

function M.test_lines_break_at_blanks()
    unit.assertEquals(wrap.line("short", 10, width_of), {"short"})
    unit.assertEquals(wrap.line("one two  three four", 10, width_of), {"one two", "  three", "  four"})
    unit.assertEquals(wrap.line("  add it   here now", 12, width_of), {"  add it", "    here now"})
    unit.assertEquals(wrap.line("usage: copy A B", 10, width_of, 7), {"usage:", "       copy", "       A B"})
end

function M.test_a_long_word_stays_whole()
    unit.assertEquals(wrap.line("see /a/very/long/path/here ok", 12, width_of),
        {"see", "  /a/very/long/path/here", "  ok"})
    unit.assertEquals(wrap.line("映画映画 映画", 10, width_of), {"映画映画", "  映画"})
end

return M
