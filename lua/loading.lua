--- Reading databases into the catalog: drives core.load.
local core_load = require "core.load"
local core_disk = require "core.disk"
local disks = require "autobackup.disks"
local errors = require "autobackup.errors"
local jobs = require "autobackup.jobs"
local locate = require "autobackup.locate"
local mounts = require "autobackup.mounts"
local progress = require "autobackup.view.progress"
local rows = require "autobackup.rows"
local typed = require "autobackup.view.typed"

local M = {}

-- The identity was noted when less could be known: of the disk itself, without its filesystem or the folder's place.
local function complete(session, database)
    local seen = core_disk.identity(database.path)
    local is_more = seen and seen.id and core_disk.compare(database.identity, seen.id) == "same"
        and (seen.id ~= database.identity and not database.identity:find("@", 1, true)
            or seen.place ~= database.place)
    if is_more then
        session.catalog:identify(database.id, seen)
    end
    return is_more and session.catalog:database(database.database) or database
end

--- Give a database that was registered while its disk was unplugged the identity of what is there now: its
-- marker's. Nothing is written to the disk.
-- @param session the session
-- @param database catalog row
-- @return the row, renewed; raises EOFFLINE when there is still nothing to recognise
function M.recognise(session, database)
    if database.identity then
        return complete(session, database)
    end
    local seen, message, code = core_disk.identity(database.path)
    if not seen or not seen.marker then
        errors.raise("EOFFLINE", ("%s is offline: %s"):format(database.database,
            message and errors.plain(message, code) or mounts.missing(database.path)
            or mounts.is_empty(database.path)
                and "the folder " .. database.path .. " is empty: is its disk plugged in?"
            or ("%s has no marker: '%s', typed once, gives it one"):format(database.path,
                typed.line("add", "database", database.database, database.path))), {path = database.path})
    end
    local known = session.catalog:database_of_identity(seen.id)
    if known then
        errors.raise("EEXIST", ("%s is the disk of database %s: remove one of the two names"):format(
            database.path, known.database), {path = database.path})
    end
    session.catalog:identify(database.id, seen)
    return session.catalog:database(database.database)
end

local function problem_row(event, database)
    return rows.row("problem", {path = locate.join(database.path, event.path or ""), code = event.code,
        message = event.message, database = database.database})
end

local function start(session, database, options)
    return errors.check(core_load.start{
        catalog = session.catalog:path(), database = database.id, jobs = options.jobs,
        confirmed = options.confirmed or false, only = options.only, lock_text = locate.holder("load"),
    })
end

local function ended_early(database)
    return {type = "failed", code = "EIO", message = "the load of " .. database.database .. " ended early"}
end

-- What the last reading found says how far this one is, roughly; a part of a database needs no more than a moment.
local function expected(session, database, options)
    local known = not options.only and database.loaded_at and session.catalog:files_of(database.id) or 0
    return known > 0 and known or nil
end

local function work_of(session, database, options, shared)
    local name = database.database
    local line, files_total
    return {
        start = function()
            files_total = expected(session, database, options)
            line = shared.board:line(options.label or "load " .. name)
            return start(session, database, options)
        end,
        on_event = function(event)
            if event.type == "progress" then
                event.files_total, event.is_guess = files_total, true
                line:show(event)
            elseif event.type == "problem" and options.on_problem then
                options.on_problem(problem_row(event, database))
            elseif event.type == "waiting" then
                session:message(event.message .. "; waiting for its end (Ctrl-C stops waiting)")
            elseif event.type == "done" or event.type == "failed" then
                line:remove()
                shared.finals[name] = event
            end
        end,
    }
end

-- What an interrupted reading came to. What a load has finished stays known, and the rest as it was known before.
local function stopped_text(databases, options, finals)
    if options.label then
        return ("stopped while it %s; run it again to go on"):format(options.label)
    end
    local read, rest = {}, {}
    for _, database in ipairs(databases) do
        local final = finals[database.database]
        table.insert(final and final.type == "done" and not final.cancelled and read or rest, database.database)
    end
    return ("load stopped: %s%s not read wholly, what was known of %s stays; type load to go on"):format(
        #read > 0 and ("%s read, "):format(table.concat(read, ", ")) or "", table.concat(rest, ", "),
        #rest == 1 and "it" or "them")
end

--- Read databases, or some replicas of them, into the catalog: those on different disks side by side.
-- @param session the session
-- @param databases list of catalog rows, with identities
-- @param options {only=list?, jobs=?, confirmed=?, label=text?, on_problem=function(row)?}
-- @return table from database name to the last event of its job (load.h: done or failed); raises when one could
--         not start or all were interrupted
function M.read_all(session, databases, options)
    local board <close> = progress.board(session)
    local shared = {board = board, finals = {}}
    local lines = disks.lines(databases, function(database) return database.path end)
    for _, line in ipairs(lines) do
        for i, database in ipairs(line) do
            line[i] = work_of(session, database, options, shared)
        end
    end
    local interruption = jobs.drive_lines(lines)
    if interruption then
        session:message(stopped_text(databases, options, shared.finals))
        errors.raise_told(interruption)
    end
    for _, database in ipairs(databases) do
        shared.finals[database.database] = shared.finals[database.database] or ended_early(database)
    end
    return shared.finals
end

--- The same for one database.
-- @return the last event of its job
function M.read(session, database, options)
    return M.read_all(session, {database}, options)[database.database]
end

--- Read some replicas afresh, for a command that is about to rely on them. Raises when they cannot be read.
-- @param session, database as above
-- @param only list of {category=id, client=, project=}
-- @param label what the progress line says
function M.refresh(session, database, only, label)
    if #only == 0 then
        return    -- to core.load an empty list would mean everything
    end
    local final = M.read(session, database, {only = only, confirmed = true, label = label})
    if final.type == "failed" then
        errors.raise(final.code, final.message, {path = database.path})
    end
end

return M
