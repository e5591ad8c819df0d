--- load: read databases into the catalog.
local beside = require "autobackup.beside"
local errors = require "autobackup.errors"
local jobs = require "autobackup.jobs"
local knowledge = require "autobackup.knowledge"
local lists = require "autobackup.lists"
local litter = require "autobackup.litter"
local loading = require "autobackup.loading"
local locate = require "autobackup.locate"
local room = require "autobackup.room"
local rows = require "autobackup.rows"
local soundness = require "autobackup.soundness"
local statuses = require "autobackup.status"
local problems_view = require "autobackup.view.problems"
local size = require "autobackup.view.size"

local COUNTS = {"clients", "projects", "replicas", "files", "bytes", "added", "changed", "removed", "errors",
    "loose"}

-- What the catalog knows of a database that was not read now.
local function known_row(session, database)
    local total = session.catalog:totals()[database.id] or {}
    local row = rows.row("load", {database = database.database, online = false, seconds = 0,
        loaded_at = knowledge.seconds(database.loaded_at)})
    for _, key in ipairs(COUNTS) do
        row[key] = total[key] or 0
    end
    row.loose = session.catalog:loose_count(database.id)
    return row
end

local function done_row(session, database, event)
    local row = rows.row("load", {database = database.database, online = true, seconds = event.seconds,
        loaded_at = knowledge.seconds(session.catalog:database(database.database).loaded_at)})
    for _, key in ipairs(COUNTS) do
        row[key] = event[key] or 0
    end
    return row
end

-- A database that lost most of its replicas is read again when somebody says that it is right.
local function confirm_lost(session, database, final, options)
    if final.code ~= "ECONFIRM" or options.confirmed then
        return final
    end
    local question = final.message:gsub(";.*$", "") .. ". Is that right, and shall they be forgotten?"
    if not session:confirm(question) then
        return final
    end
    return loading.read(session, database,
        {jobs = options.jobs, confirmed = true, on_problem = options.on_problem})
end

-- The database as it is now, or nil and why it cannot be read.
local function find(session, database, notes)
    local ok, value = pcall(function()
        local recognised = loading.recognise(session, database)
        if not database.identity then
            table.insert(notes, ("%s is recognised now: %s"):format(database.database, database.path))
        end
        errors.check(locate.online(recognised))
        return recognised
    end)
    if not ok and (errors.is_interrupt(value) or not errors.is(value)) then
        error(value, 0)
    end
    return ok and value or nil, value
end

-- The row of a database that was read, and the failure when that did not work.
local function row_of(session, database, final)
    if final.type == "failed" then
        local row = known_row(session, database)
        row.online = final.code ~= "EOFFLINE"
        return row, final
    end
    return done_row(session, database, final)
end

-- Read the databases. The rows come in their order, and for each the failure or false.
local function read_all(session, databases, args, context)
    local options = {jobs = args.jobs or session.settings.jobs, confirmed = args.yes,
        on_problem = function(row) context.problems:add(row) end}
    local online, failures, list = {}, {}, {}
    for i, database in ipairs(databases) do
        local found, why = find(session, database, context.notes)
        online[#online + 1] = found
        list[i] = not found and known_row(session, database) or found
        failures[i] = not found and why
    end
    local finals = loading.read_all(session, online, options)
    for i, database in ipairs(databases) do
        if not failures[i] then
            local final = confirm_lost(session, list[i], finals[database.database], options)
            list[i], failures[i] = row_of(session, list[i], final)
        end
    end
    return list, failures
end

-- What --moved says: those categories lie for good where they lie now.
local function take_moved(args, session, databases)
    for _, category in ipairs(args.moved and session.catalog:categories() or {}) do
        for _, database in ipairs(lists.covers(args.moved, category.category) and databases or {}) do
            session.catalog:category_moved(database.id, category.id)
        end
    end
end

-- Offline is a failure only of a database that was named.
local function note_failure(result, context, database, failure, named)
    if failure.code == "EOFFLINE" and not named then
        table.insert(context.notes, failure.message)
        return
    end
    context.problems:add(rows.row("problem", {path = database.path, code = failure.code,
        message = tostring(failure.message), database = database.database}))
    result.status = statuses.worst(result.status, errors.exit_status(failure))
end

local function chosen(args, session)
    local list = {}
    for _, database in ipairs(session.catalog:databases()) do
        for _, name in ipairs(args.database) do
            if name == database.database then
                list[#list + 1] = database
                break
            end
        end
    end
    return #args.database == 0 and session.catalog:databases() or list
end

local function run(args, session)
    knowledge.require_setup(session)
    local result = {status = 0, notes = {}}
    local context = {problems = jobs.collector("problem"), notes = result.notes}
    if args.moved and #args.database == 0 then
        errors.usage("load --moved: say on which database, such as 'load NAS --moved footage'")
    end
    local databases = chosen(args, session)
    take_moved(args, session, databases)
    local note, corrupt = soundness.guarded(soundness.check, session)
    table.insert(result.notes, note)
    if corrupt then
        context.problems:add(rows.row("problem", {path = session.catalog:path(), code = corrupt.code,
            message = tostring(corrupt.message)}))
        result.status = statuses.FAILED
    end
    local list, failures = read_all(session, databases, args, context)
    for i, database in ipairs(databases) do
        result[i] = list[i]
        if failures[i] then
            note_failure(result, context, database, failures[i], #args.database > 0)
        elseif list[i].errors > 0 then
            result.status = statuses.worst(result.status, statuses.PARTIAL)
        end
    end
    local outside = beside.counts(session)
    local read = {}
    for _, row in ipairs(result) do
        read[row.database] = true
        row.outside = outside[row.database] or 0
        local known = room.fields(session.catalog:database(row.database), row.online)
        row.bytes_total, row.bytes_free = known.bytes_total, known.bytes_free
    end
    local left = litter.texts(session, read)
    table.move(left, 1, #left, #result.notes + 1, result.notes)
    result.problems = context.problems.rows
    table.insert(result.notes, context.problems:omission())
    return result
end

local function state(online, row, out)
    if online then
        return "online"
    end
    return row.loaded_at and "offline, read " .. out:age(row.loaded_at) or "offline, never read"
end

-- With -v: which disk each is, and how fast it was read.
local function show_disks(result, session)
    for _, row in ipairs(session.verbose and result or {}) do
        local database = session.catalog:database(row.database)
        local rate = row.online and row.seconds > 0 and (", %s/s"):format(size.plural(
            math.floor(row.files / row.seconds), "file")) or ""
        session:message(("%s: %s, %s, identity %s%s"):format(row.database, database.path,
            database.fs_type or "no filesystem seen", database.identity or "unknown", rate))
    end
end

local function show(result, out, session)
    local function count(value)
        return out:count(value)
    end
    local function alarming(value)
        return value > 0 and "yellow" or nil
    end
    out:table{rows = result, columns = {
        {key = "database", title = "DATABASE"},
        {key = "online", title = "STATE", format = function(value, row) return state(value, row, out) end,
            color = function(value) return value and "green" or "yellow" end, min = 20},
        {key = "clients", title = "CLIENTS", align = "right", format = count, drop = 4},
        {key = "projects", title = "PROJECTS", align = "right", format = count, drop = 2},
        {key = "files", title = "FILES", align = "right", format = count},
        {key = "bytes", title = "SIZE", align = "right", format = size.size},
        {key = "bytes_free", title = "FREE", align = "right", drop = 2,
            format = function(bytes) return bytes and size.size(bytes) or "?" end},
        {key = "added", title = "ADDED", align = "right", format = count, drop = 1},
        {key = "changed", title = "CHANGED", align = "right", format = count, hide_empty = true},
        {key = "removed", title = "REMOVED", align = "right", format = count, hide_empty = true},
        {key = "errors", title = "ERRORS", align = "right", format = count, color = alarming, hide_empty = true},
        {key = "loose", title = "LOOSE", align = "right", format = count, color = alarming, hide_empty = true},
        {key = "outside", title = "OUTSIDE", align = "right", format = count, color = alarming, hide_empty = true},
        {key = "seconds", title = "TIME", align = "right", format = size.duration, drop = 3},
    }}
    show_disks(result, session)
    problems_view.show(result.problems, session.err, session.verbose)
end

return {
    name = "load",
    group = "look",
    summary = "read the databases into the catalog, so that everything else is answered at once",
    details = "Reads every database that is plugged in, or those named. Writes to none of them. Added, changed "
        .. "and removed count files; loose counts entries that are in no project, outside those beside every "
        .. "category: neither is ever copied ('list loose' shows them).",
    examples = {"load", "load NAS"},
    args = {{"database", "database", many = true, optional = true, help = "all when left out"}},
    options = {
        jobs = {type = "integer", min = 1, max = 64, value = "N", help = "reading threads (default: chosen)"},
        moved = {type = "category", several = true,
            help = "it was on a disk of its own, or is now, and lies there for good"},
        yes = {short = "y", help = "do not ask when most of a database is gone"},
    },
    accepts = {database = {database = "database"}, replica = {database = "database"},
        load = {database = "database"}},
    run = run,
    show = show,
}
