local unit = require("luaunit")
local jobs = require("autobackup.jobs")

local M = {}

-- A job that hands out events, and after cancel those of `cancelled`.
local function fake(events, cancelled)
    local job = {closed = 0, cancels = 0}
    function job.next(self)
        local list = self.cancels > 0 and cancelled or events
        return table.remove(list, 1)
    end
    function job.wait()
        return true
    end
    function job.cancel(self)
        self.cancels = self.cancels + 1
    end
    function job.close(self)
        self.closed = self.closed + 1
    end
    return setmetatable(job, {__close = job.close})
end

function M.test_events_until_the_end()
    local job, seen = fake({{type = "progress"}, {type = "done", files = 3}, false}), {}
    local final, err = jobs.drive(job, function(event) seen[#seen + 1] = event.type end)
    unit.assertEquals(final.files, 3)
    unit.assertNil(err)
    unit.assertEquals(seen, {"progress", "done"})
    unit.assertEquals({job.closed, job.cancels}, {1, 0})
end

function M.test_an_interruption_cancels_and_waits_for_the_end()
    local job = fake({{type = "progress"}, {type = "progress"}, false}, {{type = "done", cancelled = true}, false})
    local interruption = {code = "EINTR", signal = 2, message = "interrupted"}
    local final, err = jobs.drive(job, function(event)
        if event.type == "progress" then
            error(interruption, 0)
        end
    end)
    unit.assertTrue(final.cancelled)
    unit.assertIs(err, interruption)
    unit.assertEquals({job.closed, job.cancels}, {1, 1})
end

function M.test_a_mistake_in_a_handler_ends_the_job_too()
    local job = fake({{type = "progress"}, false}, {{type = "done"}, false})
    local _, err = jobs.drive(job, function() error("mistake", 0) end)
    unit.assertEquals(err, "mistake")
    unit.assertEquals({job.closed, job.cancels}, {1, 1})
end

-- A job of the engine's that ends at once: there is no such disk.
local function ended()
    local job = assert(require("core.undo").files{root = "/nonexistent/disk", identity = "x",
        operation = "20311123T020000Z-7f3a"})
    unit.assertTrue(job:wait({}, 60))
    return job
end

function M.test_waiting_for_no_time_sees_what_is_there()
    local job <close> = ended()
    unit.assertTrue(job:wait({}, 0))
    unit.assertEquals(job:next(0).type, "failed")
    unit.assertTrue(job:wait({}, 0))    -- it has ended
end

function M.test_all_jobs_of_a_long_list_are_waited_for()
    local job <close> = ended()
    local closed, list = ended(), {}
    closed:close()
    for i = 1, 100 do
        list[i] = i < 100 and job or closed
    end
    unit.assertErrorMsgContains("a job is closed", job.wait, job, list, 0)
end

-- Work for drive_lines that notes what happens in `log`.
local function work(name, job, log)
    return {
        start = function()
            log[#log + 1] = "start " .. name
            return job
        end,
        on_event = function(event) log[#log + 1] = event.type .. " " .. name end,
    }
end

function M.test_lines_go_on_side_by_side()
    local log, a, b, c = {}, fake({{type = "done"}, false}), fake({{type = "done"}, false}), fake({false})
    unit.assertNil(jobs.drive_lines{{work("a", a, log), work("b", b, log)}, {work("c", c, log)}})
    unit.assertEquals(log, {"start a", "start c", "done a", "start b", "done b"})
    unit.assertEquals({a.closed, b.closed, c.closed}, {1, 1, 1})
    unit.assertNil(jobs.drive_lines{})
end

-- A job of many events beside one that waits for a lock: silent until `last` events of the other were taken.
local function beside_a_silent_one(count, last)
    local steps = {asked = 0, waited = 0, seen = 0}
    local function counted(job)
        local next_event = job.next
        function job.next(self, seconds)
            steps.asked = steps.asked + 1
            steps.waited = steps.waited + (seconds > 0 and 1 or 0)
            return next_event(self)
        end
        function job.wait(_, others, seconds)
            unit.assertEquals({#others <= 1, seconds > 0}, {true, true})
            steps.waited = steps.waited + 1
            return true
        end
        return job
    end
    local events = {}
    for i = 1, count do
        events[i] = {type = "problem"}
    end
    events[count + 1] = false
    local silent = fake{}
    function silent.next()
        return steps.seen < last and nil
    end
    return counted(fake(events)), counted(silent), steps
end

-- Bounded in steps, not in time: with a wait for the silent job at each event it would be as many waits as events.
function M.test_a_silent_job_holds_up_no_other()
    local busy, silent, steps = beside_a_silent_one(6000, 6000)
    local function line(job)
        return {{start = function() return job end, on_event = function() steps.seen = steps.seen + 1 end}}
    end
    unit.assertNil(jobs.drive_lines{line(silent), line(busy)})
    unit.assertEquals(steps.seen, 6000)
    unit.assertTrue(steps.waited <= 1, steps.waited .. " waits")
    unit.assertTrue(steps.asked <= 6000 + 100, steps.asked .. " looks")
end

-- One that always has something must not keep the others from being heard.
function M.test_a_busy_job_holds_up_no_other()
    local busy, other, order = fake{}, fake{{type = "done"}, false}, {}
    local handed = 0
    function busy.next()
        handed = handed + 1
        return handed <= 100000 and {type = "problem"}
    end
    jobs.drive_lines{{{start = function() return busy end, on_event = function() end}},
        {{start = function() return other end, on_event = function() order[1] = handed end}}}
    unit.assertTrue(order[1] < 1000, tostring(order[1]))
end

function M.test_an_interruption_ends_all_lines()
    local log = {}
    local interruption = {code = "EINTR", signal = 2, message = "interrupted"}
    local a = fake({{type = "progress"}}, {{type = "done"}, false})
    local b = fake({{type = "progress"}}, {{type = "done"}, false})
    local bad = {start = function() return a end, on_event = function(event)
        log[#log + 1] = event.type .. " a"
        if event.type == "progress" then
            error(interruption, 0)
        end
    end}
    unit.assertIs(jobs.drive_lines{{bad, work("never", a, log)}, {work("b", b, log)}}, interruption)
    unit.assertEquals(log, {"start b", "progress a", "done a", "done b"})
    unit.assertEquals({a.cancels, a.closed, b.cancels, b.closed}, {1, 1, 1, 1})
end

function M.test_lists_are_bounded_and_counted()
    local list = jobs.collector("problem")
    unit.assertEquals(list:omitted(), 0)
    unit.assertNil(list:omission())
    for i = 1, 100001 do
        list:add({i})
    end
    unit.assertEquals({#list.rows, list.count, list:omitted()}, {100000, 100001, 1})
    unit.assertEquals(list:omission(), "1 more problem is not listed, of 100,001 in all")
end

function M.test_a_sink_gets_every_row()
    local seen = 0
    local list = jobs.collector("action", {add = function() seen = seen + 1 end})
    for i = 1, 100001 do
        list:add({i})
    end
    unit.assertEquals({#list.rows, list.count, seen, list:omitted()}, {0, 100001, 100001, 0})
    unit.assertNil(list:omission())
end

return M
