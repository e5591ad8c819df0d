local unit = require("luaunit")
local errors = require("autobackup.errors")
local jobs = require("autobackup.jobs")
local outcome = require("autobackup.outcome")
local rows = require("autobackup.rows")

local M = {}

local Run = outcome.class()
function Run:own()
    return self.mark
end

local function new()
    return outcome.new(Run, {mark = "mine"})
end

function M.test_a_run_has_its_own_methods_and_these()
    unit.assertEquals(new():own(), "mine")
    local other = outcome.class()
    unit.assertNil(other.own)
    unit.assertEquals(new():finish(), {notes = {}, status = 0, problems = {}})
end

function M.test_a_note_is_said_once()
    local run = new()
    run:note("a")
    run:note("b")
    run:note("a")
    unit.assertEquals(run:finish().notes, {"a", "b"})
    unit.assertEquals(new():finish().notes, {})
end

function M.test_the_worst_status_stays()
    local run = new()
    run:worsen(3)
    run:worsen(75)
    run:worsen(3)
    unit.assertEquals(run:finish().status, 75)
end

function M.test_a_problem_is_a_row_and_no_status()
    local run = new()
    local row = run:problem("/a", "EIO", "broken", {database = "NAS"})
    unit.assertEquals(rows.type_of(row), "problem")
    local result = run:finish()
    unit.assertEquals(result.problems, {{path = "/a", code = "EIO", message = "broken", database = "NAS"}})
    unit.assertEquals(result.status, 0)
end

function M.test_a_failure_is_a_problem_with_the_status_of_its_error()
    for code, status in pairs{EBUSY = 75, EOFFLINE = 75, EIO = 1} do
        local run = new()
        run:fail("/a", {code = code, message = "why"}, {database = "NAS"})
        local result = run:finish()
        unit.assertEquals(result.status, status, code)
        unit.assertEquals(result.problems[1].code, code)
        run = new()
        run:fail("/a", errors.new(code, "why"))
        unit.assertEquals(run:finish().status, status, code)
    end
end

function M.test_more_rows_follow_and_what_is_left_out_is_noted()
    local run, more = new(), jobs.collector()
    more:add({a = 1})
    table.insert(run.result, {a = 0})
    run.problems.count = run.problems.count + 7
    local result = run:finish(more)
    unit.assertEquals({result[1].a, result[2].a, #result}, {0, 1, 2})
    unit.assertEquals(result.notes, {"7 more problems are not listed, of 7 in all"})
end

return M
