local unit = require("luaunit")
local rows = require("autobackup.rows")

local M = {}

function M.test_the_type_is_read_but_not_listed()
    local row = rows.row("project", {name = "x"})
    unit.assertEquals(row.type, "project")
    unit.assertEquals(rows.type_of(row), "project")
    for key in pairs(row) do
        unit.assertEquals(key, "name")
    end
    unit.assertNil(rows.type_of({type = "project"}))
    unit.assertNil(rows.type_of("x"))
end

function M.test_a_result_remembers_its_declaration()
    local declaration, other = {name = "a"}, {name = "b"}
    local result = rows.result(declaration, {})
    unit.assertIs(rows.declaration_of(result), declaration)
    unit.assertIs(rows.declaration_of(rows.result(other, result)), declaration)
    unit.assertNil(rows.declaration_of({}))
end

function M.test_lists_of_rows()
    local row = rows.row("client", {})
    unit.assertTrue(rows.is_list({row, row}))
    unit.assertFalse(rows.is_list({row, {}}))
    unit.assertFalse(rows.is_list({}))
    unit.assertFalse(rows.is_list(row))
end

function M.test_rows_of_a_type_and_others()
    local list = {rows.row("a", {n = 1}), rows.row("b", {n = 2}), {n = 3}, rows.row("a", {n = 4}), name = "x"}
    local of_type, others = rows.split(list, "a")
    unit.assertEquals({#of_type, of_type[1].n, of_type[2].n}, {2, 1, 4})
    unit.assertEquals({#others, others[1].n, others[2].n}, {2, 2, 3})
end

return M
