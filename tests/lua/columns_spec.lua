local unit = require("luaunit")
local columns = require("autobackup.view.columns")
local out_module = require("autobackup.view.out")

local M = {}

local function output()
    local text = {}
    return out_module.new{color = "never", write = function(bytes) text[#text + 1] = bytes end}, text
end

function M.test_a_column_of_counts()
    local column = columns.numbers(output())("files", "FILES")
    unit.assertEquals({column.key, column.title, column.align}, {"files", "FILES", "right"})
    unit.assertNil(column.hide_empty)
    unit.assertEquals(column.format(1234), "1234")
    unit.assertNil(column.format(nil))
    unit.assertNil(column.color)
end

function M.test_what_is_above_none_has_the_colour()
    local column = columns.numbers(output())("failed", "FAILED", {hide = true, color = "yellow", drop = 2})
    unit.assertEquals({column.hide_empty, column.drop, column.color(1)}, {true, 2, "yellow"})
    unit.assertNil(column.color(0))
    unit.assertNil(column.color(nil))
end

function M.test_files_stand_under_their_heading()
    local out, text = output()
    local session = {catalog = {databases = function() return {{database = "NAS", path = "/mnt/NAS"}} end}}
    local list = {
        {path = "b", verb = "new"}, {path = "shot.0001.exr", verb = "new"}, {path = "d", verb = "old",
            file_type = "directory"}, {path = "shot.0002.exr", verb = "new"}, {path = "x\27", verb = "old"},
        {path = "shot.0003.exr", verb = "new"},
    }
    for _, file in ipairs(list) do
        file.path = "/mnt/NAS/" .. file.path
    end
    columns.files(list, function(file) return file.verb .. "\n" end, function() return "NAS" end, out, session)
    local lines = table.concat(text)
    unit.assertStrContains(lines, "new")
    unit.assertEquals(select(2, lines:gsub("new", "")), 1)
    unit.assertStrContains(lines, "  shot.0001-0003.exr (3 files)\n")
    unit.assertStrContains(lines, "  d/\n")
    unit.assertTrue(lines:find("  b\n", 1, true) < lines:find("old", 1, true))
    unit.assertNil(lines:find("\27", 1, true))
    unit.assertEquals(select(2, lines:gsub("\n", "")), 6)
end

return M
