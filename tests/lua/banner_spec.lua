local unit = require("luaunit")
local banner = require("autobackup.banner")

local M = {}

local NOW = 1000000000

local function database(name, fields)
    local row = {database = name, online = true, loaded_at = NOW - 30}
    for key, value in pairs(fields or {}) do
        row[key] = value ~= "none" and value or nil
    end
    return row
end

local function lines(changes)
    local state = {version = "9.9", now = NOW, databases = {database("WORK"), database("NAS")}, categories = 1,
        projects = 1, files = 4, bytes = 4000, damaged = 0, single = 0}
    for key, value in pairs(changes or {}) do
        state[key] = value
    end
    return table.unpack(banner.lines(state))
end

function M.test_what_is_known()
    unit.assertEquals(lines(), "autobackup 9.9 | 2 databases online | 1 project | 4 files, 4.0 kB | read 30 s ago")
    unit.assertEquals(lines{databases = {database("WORK"), database("NAS", {online = false})}},
        "autobackup 9.9 | 1 database online, 1 offline | 1 project | 4 files, 4.0 kB | read 30 s ago")
    unit.assertEquals(lines{databases = {}}, "autobackup 9.9")
end

function M.test_how_old_it_is()
    local function age(...)
        return (lines{databases = {...}}:match("[^|]*$"))
    end
    unit.assertEquals(age(database("A"), database("B", {loaded_at = NOW - 7200})), " read 30 s to 2 h ago")
    unit.assertEquals(age(database("A"), database("B", {loaded_at = "none"})), " not all read yet")
    unit.assertEquals(age(database("A", {loaded_at = "none"})), " never read")
end

local function hint(changes)
    return (select(2, lines(changes)))
end

function M.test_the_hint_says_what_to_do_next()
    unit.assertStrContains(hint(), "fetch all")
    unit.assertStrContains(hint{databases = {}}, "add database")
    unit.assertStrContains(hint{categories = 0}, "add category")
    unit.assertEquals(hint{databases = {database("A", {loaded_at = "none"})}}, "read the disks: load")
    unit.assertEquals(hint{databases = {database("A"), database("B", {loaded_at = "none"})}},
        "never read as a whole: B; type: load")
    unit.assertStrContains(hint{databases = {database("A"), database("B", {online = false})}},
        "B is not plugged in")
    unit.assertStrContains(hint{databases = {database("A", {loaded_at = NOW - 8 * 86400})}}, "read again: load")
    unit.assertEquals(hint{single = 2},
        "2 replicas exist only once, one broken disk from being lost: check tells which")
    unit.assertStrContains(hint{single = 2, damaged = 5}, "5 files found damaged")
    unit.assertStrContains(hint{single = 2, differing = 5}, "5 files differ in content")
end

return M
