--- What size and time do not prove is read before anything relies on it: the files of two replicas of which only
-- their contents tell whether they are the same. What was read is recorded, so every command knows it from then on.
local apart = require "autobackup.apart"
local core_verify = require "core.verify"
local disks = require "autobackup.disks"
local errors = require "autobackup.errors"
local jobs = require "autobackup.jobs"
local locate = require "autobackup.locate"
local progress = require "autobackup.view.progress"
local size = require "autobackup.view.size"
local traits = require "autobackup.traits"

local M = {}

local NOTHING = ("00"):rep(16)

-- May there be anything to read? What their digests say is one number each (src/index/evidence.h).
local function is_possible(a, b)
    local both = a.evidence ~= NOTHING and b.evidence ~= NOTHING
    return (a.open or 0) + (b.open or 0) > 0 or both and (a.evidence ~= b.evidence or a.evidence == "")
        or a.fingerprint ~= b.fingerprint and traits.may_say_nothing(a, b)
end

local function start(session, task)
    local replica, other = task.replica, task.other
    return errors.check(core_verify.start{
        catalog = session.catalog:path(), root = replica.root, replica = replica.id,
        identity = session.catalog:database(replica.database).identity,
        path = locate.replica("", replica.category_path, replica.client, replica.name),
        peers = {{name = other.database, replica = other.id}}, against = other.id,
        alike = task.alike, only = task.only, cached = not task.alike,
    })
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
            elseif event.type == "done" or event.type == "failed" then
                line:remove()
                found.files = found.files + event.files
                found.bytes = size.add(found.bytes, event.bytes)
                found.failed = found.failed or event.type == "failed" and event or nil
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

--- Read what has to be read to know whether replicas are the same.
-- @param session the session
-- @param pairs_list list of {left=, right=}: catalog rows of two replicas each, whose disks are there
-- @param options {alike = read all files whose sizes agree, from their disks, whatever is known of them;
--        only = list of patterns (src/copy/only.h)?}
-- @return {files=, bytes= read, failed= the event of a job that failed?}; raises an interruption. What could not be
--         read stays to be read.
function M.read(session, pairs_list, options)
    local tasks, found = {}, {files = 0, bytes = 0}
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
    if found.failed then
        run:note(errors.plain(found.failed.message, found.failed.code))
    end
    if found.files > 0 then
        run:note(("%s (%s) read to compare%s"):format(size.plural(found.files, "file"), size.size(found.bytes),
            run.request.checksum and "" or ": their size and time do not prove what is in them"))
    end
end

return M
