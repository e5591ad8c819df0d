local unit = require("luaunit")
local runs = require("autobackup.runs")

local M = {}

local function entry(operation, run, fields)
    local row = {operation = operation, run = run, kind = "copy", project = "acme/spot", category = "render",
        from = "WORK", to = "NAS", state = "done", files = 1, bytes = 10, started_at = 5}
    for key, value in pairs(fields or {}) do
        row[key] = value
    end
    return row
end

local function operations(list)
    local ids = {}
    for i, row in ipairs(list) do
        ids[i] = row.operation
    end
    return ids
end

function M.test_a_run_is_one_line_where_its_newest_stands()
    local lines = runs.fold{entry("5", "r"), entry("4"), entry("3", "r", {category = "grade", started_at = 3}),
        entry("2", "alone"), entry("1")}
    unit.assertEquals(operations(lines), {"r", "4", "2", "1"})
    local line = lines[1]
    unit.assertEquals({line.operations, line.files, line.bytes, line.started_at}, {2, 2, 20, 3})
    unit.assertEquals({line.project, line.category, line.from, line.to},
        {"acme/spot", "2 categories", "WORK", "NAS"})
end

function M.test_what_its_members_do_not_share_is_counted()
    local line = runs.fold{entry("2", "r", {project = "acme/film", to = "USB"}), entry("1", "r")}[1]
    unit.assertEquals({line.project, line.to, line.category}, {"2 projects", "2 databases", "render"})
end

function M.test_a_run_is_as_its_worst_operation()
    local function state(...)
        local list = {}
        for i, name in ipairs{...} do
            list[i] = entry(tostring(i), "r", {state = name})
        end
        return runs.fold(list)[1].state
    end
    unit.assertEquals(state("done", "done"), "done")
    unit.assertEquals(state("done", "partial", "done"), "partial")
    unit.assertEquals(state("partial", "failed"), "failed")
    unit.assertEquals(state("done", "unknown"), "unknown")
end

function M.test_a_part_that_was_undone_is_told_from_all()
    local function undone(...)
        local list = {}
        for i, by in ipairs{...} do
            list[i] = entry(tostring(i), "r", {undone_by = by or nil})
        end
        return runs.fold(list)[1]
    end
    unit.assertEquals({undone("u", "v").undone_by, undone("u", "v").undone_part}, {"u"})
    unit.assertEquals({undone("u", false, "v").undone_by, undone("u", false, "v").undone_part}, {"u", "2 of 3"})
    unit.assertNil(undone(false, false).undone_by)
end

function M.test_what_was_done_together()
    local list = {entry("3", "r"), entry("2"), entry("2", nil, {to = "USB"}), entry("1", "r")}
    unit.assertEquals(operations(runs.together(list, list[1])), {"3", "1"})
    unit.assertEquals(operations(runs.together(list, list[2])), {"2", "2"})
end

return M
