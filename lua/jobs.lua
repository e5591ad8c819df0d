--- Long jobs of the engine, driven from Lua: their events are pulled until they end, and an interruption stops
-- them in order before it goes on.
local errors = require "autobackup.errors"
local progress = require "autobackup.view.progress"
local size = require "autobackup.view.size"

local M = {}

local WAIT = 0.1      -- seconds between looks at the clock of the progress lines
local TURN = 256      -- events that one of several jobs may hand out before the next comes to its turn
local KEEP = 100000   -- rows that a list holds; the rest is counted

local function pump(job, on_event, state)
    while true do
        local event = job:next(WAIT)
        if event == false then
            return
        elseif event then
            if event.type == "done" or event.type == "failed" then
                state.final = event
            end
            on_event(event)
        else
            progress.idle()
        end
    end
end

--- Pull all events of a job and close it.
-- @param job from a primitive's start
-- @param on_event function(event), for every event
-- @return the last event ("done" or "failed"; nil when the job ended without), and the error that interrupted it
--         or nil: the job was then cancelled and has ended, and the caller raises the error when it has said
--         what was done
function M.drive(job, on_event)
    local closing <close> = job
    local state = {}
    local ok, err = pcall(pump, job, on_event, state)
    if not ok then
        progress.stop()
        job:cancel()
        pcall(pump, job, errors.is_interrupt(err) and on_event or function() end, state)
        return state.final, err
    end
    return state.final
end

-- Start the next work of a line; false when there is none.
local function advance(line)
    line.at = line.at + 1
    local work = line.list[line.at]
    line.job = work and work.start()
    return work ~= nil
end

-- Take what a line's job has to hand out, but no more than its turn: the others come to theirs.
-- @return whether the line goes on, and whether it had anything
local function take_turn(line)
    for i = 1, TURN do
        local event = line.job:next(0)
        if event == false then
            line.job:close()
            return advance(line), true
        elseif not event then
            return true, i > 1
        end
        line.list[line.at].on_event(event)
    end
    return true, true
end

-- Until one of the lines has something: a silent job, such as one that waits for a lock, holds up no other.
local function wait_for_any(lines)
    local others = {}
    for i = 2, #lines do
        others[i - 1] = lines[i].job
    end
    if not lines[1].job:wait(others, WAIT) then
        progress.idle()
    end
end

local function pump_lines(lines)
    local active = {}
    for _, line in ipairs(lines) do
        active[#active + 1] = advance(line) and line or nil
    end
    while #active > 0 do
        local still, is_busy = {}, false
        for _, line in ipairs(active) do
            local goes_on, had_any = take_turn(line)
            still[#still + 1] = goes_on and line or nil
            is_busy = is_busy or had_any
        end
        active = still
        if not is_busy then
            wait_for_any(active)
        end
    end
end

-- Cancel what runs, and let each come to its end.
local function stop_lines(lines, err)
    progress.stop()
    for _, line in ipairs(lines) do
        if line.job then
            line.job:cancel()
        end
    end
    for _, line in ipairs(lines) do
        if line.job then
            pcall(pump, line.job, errors.is_interrupt(err) and line.list[line.at].on_event or function() end, {})
            line.job:close()
        end
    end
end

--- Run jobs in lines that go on side by side, each line one job after the other.
-- @param lists list of lists of {start = function() -> job, on_event = function(event)}
-- @return the error that interrupted them or nil; all jobs have ended then, and the caller raises it
function M.drive_lines(lists)
    local lines = {}
    for i, list in ipairs(lists) do
        lines[i] = {list = list, at = 0}
    end
    local ok, err = pcall(pump_lines, lines)
    if not ok then
        stop_lines(lines, err)
        return err
    end
end

local Collector = {}
Collector.__index = Collector

--- A list that keeps a bounded number of rows and counts all; with a sink it keeps none and writes them.
-- @param noun what a row is called, such as "problem"
-- @param sink stream.lua (optional)
-- @return collector: `rows`, `count`, `add(row)`
function M.collector(noun, sink)
    return setmetatable({rows = {}, count = 0, noun = noun, sink = sink}, Collector)
end

function Collector:add(row)
    self.count = self.count + 1
    if self.sink then
        self.sink:add(row)
    elseif self.count <= KEEP then
        self.rows[self.count] = row
    end
end

--- How many rows were counted but neither kept nor written.
function Collector:omitted()
    return self.sink and 0 or self.count - #self.rows
end

--- A note about those, or nil.
function Collector:omission()
    local more = self:omitted()
    return more > 0 and ("%s more %s not listed, of %s in all"):format(size.count(more),
        self.noun .. (more == 1 and " is" or "s are"), size.count(self.count)) or nil
end

return M
