local unit = require("luaunit")
local total = require("autobackup.total")

local M = {}

local function board()
    local seen = {lines = 0}
    function seen:line()
        seen.lines = seen.lines + 1
        return {show = function(_, state) seen.last = state end}
    end
    return seen
end

function M.test_parts_are_added_up()
    local seen = board()
    local all = total.new(seen, "all", {{key = "a", bytes = 100, is_guess = true}, {key = "b", bytes = 50}})
    all:progress("b", {bytes = 20, files = 2})
    unit.assertEquals(seen.last, {bytes = 20, files = 2, bytes_total = 150, is_guess = true})
    all:plan("a", 30)    -- the bound was too high
    unit.assertEquals(seen.last, {bytes = 20, files = 2, bytes_total = 80})
    all:progress("a", {bytes = 10, files = 1})
    all:progress("a", {bytes = 30, files = 3})
    unit.assertEquals(seen.last, {bytes = 50, files = 5, bytes_total = 80})
end

function M.test_parts_beyond_all_numbers()
    local seen = board()
    local huge = 7 << 60
    local parts = {{key = "a", bytes = huge}, {key = "b", bytes = huge}, {key = "c", bytes = 5}}
    local all = total.new(seen, "all", parts)
    all:progress("c", {bytes = 5, files = 1})
    unit.assertEquals(seen.last, {bytes = 5, files = 1, bytes_total = math.maxinteger})
    all:plan("a", 7 << 60)
    all:plan("b", 10)
    unit.assertEquals(seen.last.bytes_total, 7 << 60)    -- exact to what floating point holds
end

-- A part that ended early leaves nothing that is waited for: the rest comes to its end.
function M.test_a_part_that_ended_early()
    local seen = board()
    local all = total.new(seen, "all", {{key = "a", bytes = 100}, {key = "b", bytes = 50}})
    all:progress("a", {bytes = 10, files = 1})
    all:finish("a")
    all:progress("b", {bytes = 50, files = 1})
    all:finish("b")
    unit.assertEquals({seen.last.bytes, seen.last.bytes_total}, {60, 60})
end

function M.test_one_alone_needs_no_total()
    local seen = board()
    local all = total.new(seen, "all", {{key = "a", bytes = 100}})
    all:progress("a", {bytes = 10})
    unit.assertEquals(seen.lines, 0)
    unit.assertNil(seen.last)
end

return M
