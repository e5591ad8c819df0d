local unit = require("luaunit")
local pager = require("autobackup.pager")
local width_of = require("core.sys").string_width

local M = {}

local function which(program)
    return program ~= "nosuch" and "/usr/bin/" .. program or nil
end

function M.test_which_pager()
    local less = pager.choose(nil, nil, which)
    unit.assertEquals({less[1], less[2]}, {"less", "-ReFXK"})
    unit.assertEquals(pager.choose(true, "less", which), less)
    unit.assertEquals(pager.choose(nil, "less -i", which), {"less", "-i"})
    unit.assertEquals(pager.choose("most", "less", which), {"most"})
    unit.assertNil(pager.choose(false, "less", which))
    unit.assertNil(pager.choose(nil, "", which))
    unit.assertNil(pager.choose(nil, "cat", which))
    unit.assertNil(pager.choose(nil, "nosuch -x", which))
    unit.assertNil(pager.choose(nil, "less 'x", which))
end

function M.test_height_counts_lines_of_the_screen()
    unit.assertEquals(pager.height("a\n\nb\n", 10, width_of), 3)
    unit.assertEquals(pager.height("12345678901\n", 10, width_of), 2)
    unit.assertEquals(pager.height("\27[31m1234567890\27[0m\n", 10, width_of), 1)
end

return M
