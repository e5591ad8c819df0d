--- What size and time do not prove is read before anything relies on it: the files of two replicas of which only
-- their contents tell whether they are the same. What was read is recorded, so every command knows it from then on.
local apart = require "autobackup.apart"
local core_verify = require "core.verify"
local disks = require "autobackup.disks"
local errors = require "autobackup.errors"
local jobs = require "autobackup.jobs"
local locate = require "autobackup.locate"
local progress = require "autobackup.view.progress"
local rows = require "autobackup.rows"
local size = require "autobackup.view.size"
local statuses = require "autobackup.status"
local traits = require "autobackup.traits"

local M = {}

local NOTHING = ("00"):rep(16)
local KEEP = 100000    -- paths of a replica that are remembered as not read; of more, all of it counts as that

-- May there be anything to read? What their digests say is one number each (src/index/evidence.h).
local function is_possible(a, b)
    local both = a.evidence ~= NOTHING and b.evidence ~= NOTHING
    return (a.open or 0) + (b.open or 0) > 0 or both and (a.evidence ~= b.evidence or a.evidence == "")
        or a.fingerprint ~= b.fingerprint and traits.may_say_nothing(a, b)
end

local function place_of(replica)
    return locate.replica("", replica.category_path, replica.client, replica.name)
end

local function start(session, task)
    local replica, other = task.replica, task.other
    return errors.check(core_verify.start{
        catalog = session.catalog:path(), root = replica.root, replica = replica.id,
        identity = session.catalog:database(replica.database).identity,
        path = place_of(replica),
        peers = {{name = other.database, replica = other.id}}, against = other.id,
        alike = task.alike, only = task.only, cached = not task.alike,
    })
end

-- What keeps a file of the job's events from being compared; nil of one whose content was read, whatever that is.
local function why_unread(event)
    if event.state == "changed" then
        return "changed while it was looked at: its content was not compared", "ECHANGED"
    elseif event.state == "missing" then
        return "gone since it was looked at: its content was not compared", "EMISSING"
    elseif event.code then
        return errors.plain(event.message, event.code) .. ": its content was not compared", event.code
    end
end

-- What was not read of a task's replica, for that pair.
local function unread_of(found, task)
    local key = M.key(task.replica, task.other)
    found.unread[key] = found.unread[key] or {paths = {}, count = 0, whole = false}
    return found.unread[key]
end

local function problem_of(task, path, message, code)
    local replica = task.replica
    return rows.row("problem", {path = locate.join(replica.root, path), code = code, message = message,
        database = replica.database, project = replica.project, category = replica.category})
end

local function add_file(found, task, event)
    local message, code = why_unread(event)
    if not message then
        return
    end
    local unread = unread_of(found, task)
    unread.count = unread.count + 1
    if unread.count > KEEP then
        unread.whole = true
    else
        unread.paths[event.path:sub(#place_of(task.replica) + 2)] = true
    end
    found.problems:add(problem_of(task, event.path, message, code))
end

local function add_end(found, task, event)
    found.files = found.files + event.files
    found.bytes = size.add(found.bytes, event.bytes)
    if event.type == "failed" then
        unread_of(found, task).whole = true
        table.insert(found.failures, problem_of(task, place_of(task.replica),
            errors.plain(event.message, event.code), event.code))
    end
end

local function work_of(session, board, task, found)
    local line
    return {
        start = function()
            line = board:line(("read %s %s on %s to compare"):format(task.replica.project, task.replica.category,
                task.replica.database))
            return start(session, task)
        end,
        on_event = function(event)
            if event.type == "progress" then
                line:show(event)
            elseif event.type == "file" then
                add_file(found, task, event)
            elseif event.type == "done" or event.type == "failed" then
                line:remove()
                add_end(found, task, event)
            end
        end,
    }
end

-- Both sides of a pair, each to be read where the other leaves a doubt.
local function add_tasks(tasks, pair, options)
    if options.alike or is_possible(pair.left, pair.right) then
        local both = {{replica = pair.left, other = pair.right}, {replica = pair.right, other = pair.left}}
        for _, task in ipairs(both) do
            task.alike, task.only = options.alike, options.only
            tasks[#tasks + 1] = task
        end
    end
end

--- What a replica of a pair has in `unread` below.
-- @param replica, other catalog rows of the pair's two
-- @return key
function M.key(replica, other)
    return replica.id .. "/" .. other.id
end

--- Read what has to be read to know whether replicas are the same.
-- @param session the session
-- @param pairs_list list of {left=, right=}: catalog rows of two replicas each, whose disks are there
-- @param options {alike = read all files whose sizes agree, from their disks, whatever is known of them;
--        only = list of patterns (src/copy/only.h)?}
-- @return {files=, bytes= read, unread = of replicas that were not read as they should, by M.key: {paths = set of paths in
--         them, count =, whole = nothing is sure to have been read}, problems = collector (jobs.lua) of a row for each such
--         path, failures = list of a row for each replica that could not be begun or gone on with}; raises an
--         interruption. What could not be read stays as it was known.
function M.read(session, pairs_list, options)
    local tasks, found = {}, {files = 0, bytes = 0, unread = {}, failures = {},
        problems = jobs.collector("problem")}
    for _, pair in ipairs(pairs_list) do
        add_tasks(tasks, pair, options)
    end
    if #tasks == 0 then
        return found
    end
    local board <close> = progress.board(session)
    local lines = disks.lines(tasks, function(task)
        return locate.join(task.replica.root, task.replica.category_path)
    end)
    for _, line in ipairs(lines) do
        for i, task in ipairs(line) do
            line[i] = work_of(session, board, task, found)
        end
    end
    local interruption = jobs.drive_lines(lines)
    if interruption then
        errors.raise_told(interruption)
    end
    return found
end

-- Replicas of a database by category and project.
local function replicas_on(session, database, project)
    local map = {}
    for _, replica in ipairs(session.catalog:replicas{project = project, database = database.database}) do
        map[replica.category .. "\0" .. replica.project] = replica
    end
    return map
end

-- A copy rests on what was read. What was not is said once, and a claim that all was read is not made.
local function tell_unread(run, found)
    run.told_unread = run.told_unread or {}
    for _, problem in ipairs(found.problems.rows) do
        local key = problem.path .. "\0" .. problem.code
        if not run.told_unread[key] then
            run.told_unread[key] = true
            run.problems:add(problem)
        end
    end
    for _, failure in ipairs(found.failures) do
        run:note(failure.message)
    end
    run:worsen(next(found.unread) and statuses.PARTIAL or statuses.DONE)
end

local function key_of(row, target)
    return table.concat({row.category, row.project, target.id}, "\0")
end

-- Of these transfers not all was read that had to be.
local function note_unread(run, list, found)
    run.unsure = run.unsure or {}
    for _, pair in ipairs(list) do
        local unread = found.unread[M.key(pair.left, pair.right)] or found.unread[M.key(pair.right, pair.left)]
        run.unsure[key_of(pair.left, {id = pair.right.database_id})] = unread ~= nil
    end
end

--- Was a transfer planned although not all of its files could be read that had to be?
-- @param run of transfer.lua, settled
-- @param row its project and category, @param target catalog row of its destination
function M.is_unsure(run, row, target)
    return run.unsure and run.unsure[key_of(row, target)] or false
end

--- The same before a copy, on its source and its destinations, so that its plan knows. Of versions the engine does that.
-- @param run of transfer.lua
-- @param items its transfers, @param project a name or pattern that covers theirs
function M.settle(run, items, project)
    if run.request.past then
        return
    end
    local list, left = {}, replicas_on(run.session, run.from, project)
    for _, target in ipairs(run:targets_left()) do
        local right = replicas_on(run.session, target, project)
        for _, item in ipairs(items) do
            local key = item.category .. "\0" .. item.project
            local both = left[key] and right[key] and apart.has_disk(run, item, target)
            list[#list + 1] = both and {left = left[key], right = right[key]} or nil
        end
    end
    local found = M.read(run.session, list, {alike = run.request.checksum, only = run.request.only})
    note_unread(run, list, found)
    tell_unread(run, found)
    if found.files > 0 then
        run:note(("%s (%s) read to compare%s"):format(size.plural(found.files, "file"), size.size(found.bytes),
            run.request.checksum and "" or ": their size and time do not prove what is in them"))
    end
end

return M
