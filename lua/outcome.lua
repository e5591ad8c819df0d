--- What a command that works through databases collects on its way: notes, problems, and the worst exit status.
local errors = require "autobackup.errors"
local jobs = require "autobackup.jobs"
local rows = require "autobackup.rows"
local statuses = require "autobackup.status"

local M = {}

local Outcome = {}
Outcome.__index = Outcome

--- A class of runs that collect: its instances have the methods below, `result` (with notes and status) and
-- `problems` (a collector).
-- @return class; make instances with M.new
function M.class()
    local class = setmetatable({}, Outcome)
    class.__index = class
    return class
end

--- A run of such a class.
-- @param class of M.class, @param fields table that becomes the instance
-- @return instance
function M.new(class, fields)
    fields.result, fields.noted = {notes = {}, status = statuses.DONE}, {}
    fields.problems = jobs.collector("problem")
    return setmetatable(fields, class)
end

--- Note something, once however often it is said.
function Outcome:note(text)
    if not self.noted[text] then
        self.noted[text] = true
        table.insert(self.result.notes, text)
    end
end

--- The run ends with this exit status, unless it ends with a worse one.
function Outcome:worsen(status)
    self.result.status = statuses.worst(self.result.status, status)
end

--- Add a row of type "problem".
-- @param path, code, message what it is about, and why
-- @param fields further ones of the row (optional)
-- @return the row
function Outcome:problem(path, code, message, fields)
    local row = rows.row("problem", {path = path, code = code, message = message})
    for key, value in pairs(fields or {}) do
        row[key] = value
    end
    self.problems:add(row)
    return row
end

--- A problem that makes the exit status as bad as the error is.
-- @param path, fields as of problem
-- @param err a structured error, or an event "failed" of a job: code, message
function Outcome:fail(path, err, fields)
    self:problem(path, err.code, err.message, fields)
    self:worsen(errors.exit_status(errors.new(err.code, err.message)))
end

--- Put the result together. What its lists leave out is noted; `omitted` says how many rows of `more`.
-- @param more a collector of rows that follow those of the result (optional)
-- @return result: its rows; problems, notes, status, omitted (absent: none)
function Outcome:finish(more)
    local result = self.result
    result.problems = self.problems.rows
    if more then
        table.move(more.rows, 1, #more.rows, #result + 1, result)
        result.omitted = more:omitted() > 0 and more:omitted() or nil
        self:note_omission(more)
    end
    self:note_omission(self.problems)
    return result
end

function Outcome:note_omission(collector)
    local omission = collector:omission()
    if omission then
        self:note(omission)
    end
end

return M
