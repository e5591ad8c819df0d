--- history: what was done on which disk, and an operation's files.
local columns_view = require "autobackup.view.columns"
local core_sys = require "core.sys"
local core_undo = require "core.undo"
local errors = require "autobackup.errors"
local jobs = require "autobackup.jobs"
local knowledge = require "autobackup.knowledge"
local locate = require "autobackup.locate"
local operations = require "autobackup.operations"
local past = require "autobackup.past"
local rows = require "autobackup.rows"
local runs = require "autobackup.runs"
local size = require "autobackup.view.size"
local statuses = require "autobackup.status"
local glob = require "autobackup.glob"

local KEYS = {"operation", "kind", "project", "category", "from", "to", "undoes", "undone_by", "undone_in_part",
    "run", "state", "user", "host", "pid", "started_at", "finished_at", "seconds", "files", "bytes", "created",
    "replaced", "removed", "corrected", "directories", "database", "versions", "message"}

local function row_of(entry, failures)
    local row = {}
    for _, key in ipairs(KEYS) do
        row[key] = entry[key]
    end
    row.started_at = row.started_at and math.floor(row.started_at)
    row.finished_at = row.finished_at and math.floor(row.finished_at)
    row.online = failures[entry.database] == nil
    return rows.row("operation", row)
end

-- What of the operations is wanted of a word that may be a pattern: a name that one of them has is that name.
local function wanted_project(asked, list)
    for _, entry in ipairs(glob.is(asked) and list or {}) do
        if entry.project == tostring(asked) then
            return entry.project
        end
    end
    return asked
end

local function filter(args, list)
    local matches = args.project and glob.matcher(wanted_project(args.project, list))
    return function(entry)
        if matches and not (entry.project and matches(entry.project)) then
            return false
        end
        return not args.since or (entry.started_at or 0) >= args.since
    end
end

local function offline_notes(failures, notes)
    for name, err in pairs(failures) do
        if err.code ~= "EOFFLINE" then
            notes[#notes + 1] = ("%s: %s"):format(name, tostring(err.message))
        else
            notes[#notes + 1] = ("%s is offline: only what the catalog knows of it is listed"):format(name)
        end
    end
    table.sort(notes)
end

-- What it did is not known, so it may be one that is asked for.
local function say_unread(entry, result)
    if entry.unread then
        table.insert(result.notes, entry.message .. "; let this user read it, or look at the disk")
        result.status = statuses.PARTIAL
    end
end

local function list_all(args, list, failures, result)
    local wanted = filter(args, list)
    for _, entry in ipairs(list) do
        if wanted(entry) then
            result[#result + 1] = row_of(entry, failures)
        end
        say_unread(entry, result)
    end
    offline_notes(failures, result.notes)
    if #result == 0 then
        table.insert(result.notes, 1, "no operation is known" .. (#list > 0 and " that matches" or " yet"))
    end
end

local function seconds(ns)
    return ns and ns // 1000000000
end

-- What an event of core.undo.files says of a file, as a row.
local function change_of(event, entry, database)
    local prefix = #entry.replica + 1
    event.type = nil
    event.operation, event.database = entry.operation, entry.database
    event.inside = event.path:sub(1, prefix) == entry.replica .. "/" and event.path:sub(prefix + 1) or ""
    event.path = locate.join(database.path, event.path)
    event.version = event.version and locate.join(database.path, event.version)
    event.mtime, event.old_mtime = seconds(event.mtime), seconds(event.old_mtime)
    return rows.row("change", event)
end

local function read_files(session, entry, result, files)
    local database = session.catalog:database(entry.database)
    local job = errors.check(core_undo.files{root = database.path, identity = database.identity,
        operation = entry.operation})
    local final, interruption = jobs.drive(job, function(event)
        if event.type == "file" then
            files:add(change_of(event, entry, database))
        end
    end)
    if interruption then
        error(interruption, 0)
    elseif not final or final.type == "failed" then
        errors.raise(final and final.code or "EIO", final and final.message or "the listing ended early")
    elseif final.torn then
        table.insert(result.notes, ("the manifest of %s breaks off: its operation died"):format(entry.operation))
    end
end

local function show_one(args, session, list, failures, result, files)
    local entries, message = past.resolve(list, args.operation)
    if not entries then
        errors.raise("ENONAME", message)
    end
    for _, entry in ipairs(entries) do
        result[#result + 1] = row_of(entry, failures)
    end
    local is_run = entries[1].operation ~= entries[#entries].operation
    if is_run then
        table.insert(result.notes, "'history OPERATION' shows the files of one")
    end
    for _, entry in ipairs(is_run and {} or entries) do
        say_unread(entry, result)
        if entry.manifest and entry.kind ~= "prune" then
            read_files(session, entry, result, files)
        elseif failures[entry.database] then
            table.insert(result.notes, ("%s: its files stand in its manifest there"):format(
                tostring(failures[entry.database].message)))
            result.status = statuses.UNAVAILABLE
        end
    end
end

local function run(args, session, sink)
    knowledge.require_setup(session)
    local list, failures = operations.read(session, args.database)
    local result = {status = 0, notes = {}, is_one = args.operation and true or nil}
    if args.operation then
        local files = jobs.collector("file", sink)
        show_one(args, session, list, failures, result, files)
        table.move(files.rows, 1, #files.rows, #result + 1, result)
        result.omitted = files:omitted() > 0 and files:omitted() or nil
        table.insert(result.notes, files:omission())
    else
        list_all(args, list, failures, result)
    end
    return result
end

-- The name of a database; nil where another text stands for it (undoes 7f3a, 3 databases).
local function source_names(from, row)
    return not (row.undoes or row.undoes_many or row.counts and row.counts.from) and from or nil
end

local function target_names(to, row)
    return not (row.counts and row.counts.to) and to or nil
end

-- Of several categories or databases how many, as it stands behind the operation too.
local function brief_count(key)
    return function(value, row)
        local count = row.counts and row.counts[key]
        return count and ("(%d)"):format(count) or value
    end
end

local function state_text(state, row)
    if state == "unknown" then
        return row.host and "unknown, on " .. row.host or "not known"
    elseif row.undone_part then
        return ("%s, %s undone"):format(state, row.undone_part)
    end
    return row.undone_by and state .. (row.undone_in_part and ", undone in part" or ", undone") or state
end

local function brief_state(state, row)
    if row.undone_part then
        return row.undone_part .. " undone"
    end
    return row.undone_in_part and "in part" or row.undone_by and "undone" or state
end

local function columns(list, out)
    local short = out.tty and past.short_names(list) or {}
    local me, sizes = core_sys.user() .. "@" .. core_sys.hostname(), runs.sizes(list)
    local number = columns_view.numbers(out)
    local function rare(key, title, spare)
        local column = number(key, title, {hide = true})
        column.spare = spare
        return column
    end
    local list_columns = {
        {key = "operation", title = "OPERATION", head = true, soft = 24, min = 24, format = function(id, row)
            return row.operations and ("%s (%d)"):format(short[id] or id, row.operations) or short[id] or id
        end},
        {key = "started_at", title = "WHEN", format = function(at) return out:age(at) end,
            brief = function(at) return (out:age(at):gsub(" ago$", ""):gsub("^just ", "")) end},
        {key = "kind", title = "KIND", head = true},
        {key = "project", title = "PROJECT", head = true, min = 16, soft = 32},
        {key = "category", title = "CATEGORY", drop = 2, brief = brief_count("category")},
        {key = "from", title = "FROM", names = source_names, format = function(from, row)
            if row.undoes_many then
                return ("undoes %d"):format(row.undoes_many)
            end
            return row.undoes and "undoes " .. (short[row.undoes] or row.undoes) or from
        end, brief = function(from, row)
            return row.undoes_many and "" or row.undoes and (short[row.undoes] or row.undoes)
                or brief_count("from")(from, row)
        end},
        {key = "to", title = "TO", names = target_names, brief = brief_count("to")},
        number("files", "FILES", {drop = 4}),
        {key = "bytes", title = "SIZE", align = "right", format = size.size, drop = 3},
        rare("created", "CREATED", 3), rare("replaced", "REPLACED", 4), rare("removed", "REMOVED", 4),
        rare("corrected", "CORRECTED", 5),
        {key = "state", title = "STATE", format = state_text, brief = brief_state,
            color = function(state) return state ~= "done" and "yellow" or nil end},
        {key = "host", title = "WHO", spare = 7, format = function(host, row)
            local who = row.user and row.user .. "@" .. host or host
            return (who ~= me or not out.tty) and who or ""
        end},
        {key = "seconds", title = "TIME", align = "right", spare = 6, format = function(value)
            return value and size.duration(value)
        end},
    }
    if not out.tty then
        table.insert(list_columns, 2, {key = "run", title = "RUN", format = function(id)
            return sizes[id] and sizes[id] > 1 and id or nil
        end})
    end
    return list_columns
end

local WORDS = {create = "created", replace = "replaced", remove = "removed", touch = "rights or times set"}

local function label(change)
    local text = WORDS[change.verb] or change.verb
    if change.kept == true then
        return ("%s, the old version is kept in .autobackup/versions/%s"):format(text, change.operation)
    elseif change.kept == false then
        return text .. ", the old version is not kept any more"
    end
    return text
end

local function show_changes(changes, out, session)
    columns_view.files(changes, function(change)
        return change.database .. ": " .. label(change)
    end, function(change) return change.database end, out, session)
end

local function show(result, out, session)
    local changes, list = rows.split(result, "change")
    if #list > 0 then
        out:table{rows = out.tty and not result.is_one and runs.fold(list) or list, columns = columns(list, out),
            complete = result.is_one}
    end
    show_changes(changes, out, session)
end

return {
    name = "history",
    startup = "looks",
    group = "look",
    summary = "show what was done on which disk: copies, undos, prunes, accepts; or an operation's files",
    details = "The newest first. What other workstations did on a disk that is plugged in is listed too, "
        .. "with who did it. What one command did is one run, on a terminal one line with the number of "
        .. "its operations in brackets. With an OPERATION (its id, or the beginning or end of it: "
        .. "7f3a), its files as well: what was created, replaced or removed, or had its rights or times "
        .. "set, and whether the old versions are kept. With a run, or 'last' for the last one, its "
        .. "operations. A state that "
        .. "only another workstation knows is unknown.",
    examples = {"history", "history last", "history --project acme/spot-2031 --since 7d", "history 7f3a"},
    args = {{"operation", "operation", optional = true, help = "show its files"}},
    options = {
        database = {type = "database", help = "only on this one"},
        project = {type = "project", fresh = true, help = "only of this one, or of those that match"},
        since = {type = "moment", help = "only since then: 2031-05-27, or 30d ago"},
    },
    accepts = {operation = {operation = "operation"}, copy = {operation = "operation"},
        undo = {operation = "operation"}, database = {database = "database"}},
    run = run,
    show = show,
    flow = show_changes,
}
