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

return M
