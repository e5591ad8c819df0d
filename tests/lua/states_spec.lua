local unit = require("luaunit")
local states = require("autobackup.states")

local M = {}

local function replica(database, fingerprint, more)
    local row = {database = database, fingerprint = fingerprint, errors = 0, files = 1, bytes = 10,
        newest = 5 * 10 ^ 9, granularity = 1}
    for key, value in pairs(more or {}) do
        row[key] = value
    end
    return row
end

function M.test_alone_same_and_different()
    unit.assertEquals(states.compare({replica("A", "x")}), {A = "only"})
    unit.assertEquals(states.compare({replica("A", "x"), replica("B", "x")}), {A = "same", B = "same"})
    unit.assertEquals(states.compare({replica("A", "x"), replica("B", "y")}), {A = "differs", B = "differs"})
    unit.assertEquals(states.compare({}), {})
end

function M.test_the_majority_is_right()
    unit.assertEquals(states.compare({replica("A", "y"), replica("B", "x"), replica("C", "x")}),
        {A = "differs", B = "same", C = "same"})
end

function M.test_what_was_not_read_wholly_proves_nothing()
    unit.assertEquals(states.compare({replica("A", "x"), replica("B", "x", {errors = 1})}),
        {A = "unknown", B = "unknown"})
    unit.assertEquals(states.compare({replica("A", "x"), replica("B", "x"), replica("C", "x", {errors = 2})}),
        {A = "same", B = "same", C = "unknown"})
end

function M.test_coarse_times_are_said()
    local vfat = {granularity = 2 * 10 ^ 9, newest = 4 * 10 ^ 9}
    unit.assertEquals(states.compare({replica("A", "x"), replica("B", "y", vfat)}), {A = "same", B = "similar"})
    local smb = {granularity = 100, newest = 5 * 10 ^ 9 - 99}
    unit.assertEquals(states.compare({replica("A", "x"), replica("B", "y", smb)}), {A = "same", B = "similar"})
    smb.newest = 5 * 10 ^ 9 - 100
    unit.assertEquals(states.compare({replica("A", "x"), replica("B", "y", smb)}), {A = "differs", B = "differs"})
    vfat.bytes = 11
    unit.assertEquals(states.compare({replica("A", "x"), replica("B", "y", vfat)}), {A = "differs", B = "differs"})
end

return M
