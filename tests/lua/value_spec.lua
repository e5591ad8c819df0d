local unit = require("luaunit")
local out = require("autobackup.view.out")
local rows = require("autobackup.rows")
local value = require("autobackup.value")

local M = {}

local function printed(given)
    local parts = {}
    value.print(given, out.new{tty = false, width = 80, write = function(bytes) parts[#parts + 1] = bytes end})
    return table.concat(parts)
end

function M.test_a_scalar_stands_alone()
    unit.assertEquals({printed(1), printed("two\nlines"), printed(true), printed(1.5)},
        {"1\n", "two\nlines\n", "true\n", "1.5\n"})
    unit.assertEquals(printed("\27[31mred"), "\\e[31mred\n")
end

function M.test_tables()
    unit.assertEquals(printed({}), "{}\n")
    unit.assertEquals(printed({1, "a", {b = {}}, x = 1, ["y z"] = false}),
        '{1, "a", {b = {}}, x = 1, ["y z"] = false}\n')
    local long = {name = ("n"):rep(50), list = {("m"):rep(40)}}
    unit.assertEquals(printed(long), "{\n  list = {\"" .. ("m"):rep(40) .. "\"},\n  name = \"" .. ("n"):rep(50)
        .. "\"\n}\n")
end

function M.test_long_and_deep_and_round_tables_end()
    local long, deep, round = {}, {}, {}
    for i = 1, 133 do
        long[i] = i
    end
    unit.assertStrContains(printed(long), "50,\n  ... 83 more\n}")
    local at = deep
    for _ = 1, 20 do
        at.x = {}
        at = at.x
    end
    unit.assertStrContains(printed(deep), "{...}")
    round.self = round
    unit.assertEquals(printed(round), "{self = {the table around it}}\n")
end

function M.test_functions_and_handles_are_named()
    unit.assertEquals(printed(print), "built-in function\n")
    unit.assertEquals(printed(load("return function() end", "@my.lua")()), "function (my.lua:1)\n")
    unit.assertEquals(printed(value.named(function() end, "command copy")), "command copy\n")
    unit.assertEquals(printed({io.stdout}), "{file}\n")
end

function M.test_rows_are_a_table()
    local list = {
        rows.row("project", {project = "a/b", bytes = 1500, files = 2, databases = {"WORK", "NAS"}}),
        rows.row("project", {project = "c\n/d", bytes = 0, files = 10, databases = {}, odd = true}),
    }
    local text = printed(list)
    unit.assertStrMatches(text:match("[^\n]+"), "project +databases +files +bytes +odd")
    unit.assertStrContains(text, "1.5 kB")
    unit.assertStrContains(text, "WORK, NAS")
    unit.assertStrContains(text, "c\\n/d")
end

function M.test_one_row_is_a_list_of_fields()
    unit.assertEquals(printed(rows.row("client", {client = "acme", bytes = 1000000})),
        "client  acme\nbytes   1.0 MB\n")
end

function M.test_an_empty_result_prints_nothing()
    unit.assertEquals(printed(rows.result({name = "x"}, {})), "")
end

return M
