local unit = require("luaunit")
local databases = require("autobackup.view.databases")
local out = require("autobackup.view.out")

local M = {}

local DAY = 86400

local function shown(list)
    local parts = {}
    databases.show(list, out.new{tty = false, write = function(bytes) parts[#parts + 1] = bytes end})
    return table.concat(parts)
end

local function database(name, loaded_at, more)
    local row = {database = name, loaded_at = loaded_at, online = true}
    for key, value in pairs(more or {}) do
        row[key] = value
    end
    return row
end

function M.test_one_is_named_and_several_are_said_together()
    unit.assertEquals(shown{database("A", DAY)}, "A read 1970-01-02 00:00\n")
    unit.assertEquals(shown{database("A", DAY + 90), database("B", DAY)}, "both read 1970-01-02 00:00\n")
    unit.assertEquals(shown{database("A", DAY), database("B", DAY + 61), database("C", DAY)},
        "all read 1970-01-02 00:00\n")
end

function M.test_exceptions_are_named()
    unit.assertEquals(shown{database("A", DAY), database("B", DAY), database("C", DAY, {online = false})},
        "most read 1970-01-02 00:00; C offline, read 1970-01-02 00:00\n")
    unit.assertEquals(shown{database("A", DAY), database("B", DAY), database("C", nil, {partly = true})},
        "most read 1970-01-02 00:00; C not read as a whole yet\n")
    unit.assertEquals(shown{database("A", DAY), database("B", 9 * DAY)},
        "A read 1970-01-02 00:00; B read 1970-01-10 00:00\n")
    unit.assertEquals(shown{database("A"), database("B", nil, {online = false})},
        "A never read; B offline, never read\n")
end

return M
