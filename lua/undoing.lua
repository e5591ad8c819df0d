--- The flow of an undo: which operation, on which disks; then the engine, and a fresh reading of what it changed.
local alone = require "autobackup.alone"
local consent = require "autobackup.consent"
local core_undo = require "core.undo"
local errors = require "autobackup.errors"
local jobs = require "autobackup.jobs"
local loading = require "autobackup.loading"
local locate = require "autobackup.locate"
local operations = require "autobackup.operations"
local outcome = require "autobackup.outcome"
local past = require "autobackup.past"
local plan = require "autobackup.plan"
local progress = require "autobackup.view.progress"
local rows = require "autobackup.rows"
local size = require "autobackup.view.size"
local statuses = require "autobackup.status"
local traits = require "autobackup.traits"

local M = {}

local function offline_text(failures)
    for name, err in pairs(failures) do
        if err.code == "EOFFLINE" then
            return (" (%s is offline)"):format(name)
        end
    end
    return ""
end

-- A disk that is there and could not be read. Offline ones are passed over.
local function unread_of(failures)
    local names = {}
    for name, err in pairs(failures) do
        names[#names + 1] = err.code ~= "EOFFLINE" and name or nil
    end
    table.sort(names)
    return names
end

-- Nobody knows what the last operation was where a disk that may have it is not read, or a newer manifest.
local function check_unread(list, entries, failures)
    for _, entry in ipairs(list) do
        local is_older = entries and (entries[1].started_at or 0) > (entry.started_at or 0)
        if entry.unread and entry.known and not is_older then
            errors.raise(entry.unread, entry.message .. ": let this user read it, or name another one")
        end
    end
    for _, name in ipairs(unread_of(failures)) do
        local newest = entries and past.newest_on(list, name)
        if not entries or newest and newest > (entries[1].started_at or 0) then
            error(failures[name], 0)
        end
    end
end

local function choose(list, failures, word, is_void)
    local entries, message
    if word then
        entries, message = past.resolve(word == "last" and past.that_changed(list) or list, word)
    else
        entries, message = past.last_to_undo(list, is_void)
        check_unread(list, entries, failures)
    end
    if not entries then
        errors.raise(word and "ENONAME" or "ENOTHING", message .. offline_text(failures))
    end
    return entries
end

local function refuse_undone(entry)
    local by = entry.undone_by
    errors.raise("EUNDONE", ("%s was undone by %s already; 'undo %s' takes that back"):format(entry.operation,
        by, by))
end

-- The state of the undo that undid an entry.
local function state_of(list, entry)
    for _, other in ipairs(list) do
        if other.operation == entry.undone_by and other.database == entry.database then
            return other.state
        end
    end
end

local function check(entry, failures, list)
    if entry.kind == "prune" then
        errors.raise("EPRUNE", entry.operation .. " is a prune: what it removed is gone for good")
    elseif entry.kind == "accept" then
        errors.raise("ENOTHING", ("%s accepted what lies on %s and wrote nothing to a disk; to take another as "
            .. "the right one: accept %s %s DATABASE"):format(entry.operation, entry.database, entry.project,
            entry.category))
    elseif failures[entry.database] then
        error(failures[entry.database], 0)
    elseif entry.unread then
        errors.raise(entry.unread, entry.message .. ", so nothing of it is undone: let this user read it")
    elseif not entry.manifest then
        errors.raise("ENOTHING", ("%s changed nothing on %s: there is nothing to undo"):format(entry.operation,
            tostring(entry.database)))
    elseif entry.undone_by and state_of(list, entry) == "done" then
        refuse_undone(entry)
    end
end

-- Only what is a replica here: a manifest must not lead anywhere else on the disk.
local function place_of(session, entry)
    local category, client, name = past.place(entry.replica, session.catalog:categories())
    if not category then
        errors.raise("ENONAME", ("%s on %s is about %s, which is in no category that is known here; add that "
            .. "first: add category NAME PATH"):format(entry.operation, entry.database, entry.replica))
    end
    return {category = category, client = client, name = name, project = client .. "/" .. name}
end

local Run = outcome.class()

local FOR_GOOD = {EGONE = true, EVERSION = true}    -- no later undo could do it either: the old version is gone

local handlers = {}

function handlers.progress(run, event)
    run.live:show(event)
end

function handlers.problem(run, event, context)
    context.gone = (context.gone or 0) + (FOR_GOOD[event.code] and 1 or 0)
    run:problem(locate.join(context.database.path, event.path or ""), event.code, event.message,
        {conflict = event.conflict or nil, database = context.database.database})
end

function handlers.note(run, event, context)
    run:note(context.database.database .. ": " .. errors.plain(event.message, event.code))
end

function handlers.action(run, event, context)
    run.actions:add(rows.row("undo_action", {operation = context.entry.operation,
        database = context.database.database, kind = event.kind, file_type = event.file_type, size = event.size,
        path = locate.join(context.database.path, event.path)}))
end

local COUNTS = {"files_restored", "files_returned", "files_removed", "bytes_restored", "metadata_only",
    "directories_made", "directories_removed", "unchanged", "conflicts", "failed"}

function Run:row(context, final)
    local row = rows.row("undo", {
        operation = not self.request.dry_run and context.operation or nil, undoes = context.entry.operation,
        kind = context.entry.kind, project = context.place.project, category = context.place.category.category,
        database = context.database.database, seconds = final.seconds or 0, dry_run = self.request.dry_run or
            false, run = not self.request.dry_run and self.own_run or nil,
    })
    for _, key in ipairs(COUNTS) do
        row[key] = final[key] or 0
    end
    row.gone = context.gone or 0    -- of those that failed
    row.state = final.type == "failed" and "failed" or row.conflicts + row.failed > 0 and "partial" or "done"
    return row
end

function Run:start(context, dry_run)
    local session, database, place = self.session, context.database, context.place
    local replica = session.catalog:replica(database.id, place.category.id, place.client, place.name)
    if not (dry_run or self.request.dry_run) then
        traits.ensure(session, database)
        traits.ensure(session, database, place.category)
    end
    return errors.check(core_undo.start{
        replica = replica and replica.id or 0,
        catalog = session.catalog:path(), operation = context.operation, undone = context.entry.operation,
        run = self.own_run, path = context.entry.replica, root = database.path, identity = database.identity,
        database = database.database, project = place.project, category = place.category.category,
        lock_text = locate.holder("undo"), lock_wait = self.request.lock_wait,
        dry_run = dry_run or self.request.dry_run or false,
    })
end

function Run:count(row, final, database)
    if final.type == "failed" then
        self:fail(database.path, final, {database = database.database})
    elseif row.conflicts > 0 or row.failed > 0 then
        self:worsen(statuses.PARTIAL)
    end
end

-- The catalog learns what the disk holds now, however the undo ended.
function Run:read_again(context)
    local place = context.place
    if not self.request.dry_run then
        loading.refresh(self.session, context.database, {{category = place.category.id, client = place.client,
            project = place.name}}, "read " .. context.database.database)
    end
end

function Run:context_of(entry)
    return {entry = entry, place = place_of(self.session, entry),
        database = self.session.catalog:database(entry.database), operation = self.session.catalog:new_operation()}
end

-- Whether there is nothing to undo of an operation that was killed before it did what it announced, or nothing that could still
-- be undone: the versions of the rest are gone.
local function comes_to_nothing(session, entry)
    local run, gone = outcome.new(Run, {session = session, request = {}}), 0
    local ok, final = pcall(function()
        return jobs.drive(run:start(run:context_of(entry), true), function(event)
            gone = gone + (event.type == "problem" and FOR_GOOD[event.code] and 1 or 0)
        end)
    end)
    if not ok and errors.is_interrupt(final) then
        error(final, 0)
    elseif not ok or not final or final.type == "failed" then
        return false    -- what is in the way is said when it is undone
    end
    for _, key in ipairs(COUNTS) do
        if key ~= "unchanged" and (final[key] or 0) > (key == "failed" and gone or 0) then
            return false
        end
    end
    return true
end

-- The databases from which the same undo takes files of the same replica.
local function losing(entries, replica)
    local names = {}
    for _, entry in ipairs(entries) do
        names[entry.database] = entry.replica == replica or names[entry.database]
    end
    return names
end

-- Goes through an undo without doing it: the lines on what nobody else has of what it takes away, and how much. Raises
-- when it cannot be gone through: nothing is taken away unseen.
function Run:foresee(entry, entries)
    local context = self:context_of(entry)
    local watch = alone.watch(self.session, context.database, context.place, losing(entries, entry.replica))
    self.live:rename(("look at what undo %s takes away from %s"):format(entry.operation, entry.database))
    local final, interruption = jobs.drive(self:start(context, true), function(event)
        if event.type == "progress" then
            self.live:show(event)
        elseif event.type == "action" and (event.kind == "remove" or event.kind == "restore") then
            watch:add(event.path)
        end
    end)
    self.live:clear()
    if interruption then
        error(interruption, 0)
    elseif not final or final.type ~= "done" then
        errors.raise(final and final.code or "EIO", final and final.message
            or ("what undo %s takes away could not be seen: the listing ended early"):format(entry.operation))
    end
    return watch:lines(), watch.files, watch.bytes
end

-- The only replica of a file is taken away with somebody's yes. What cannot be foreseen is not done: of a run it is
-- left. Returns the entries that may be undone.
function Run:ask(entries, left)
    local lines, files, bytes, seen = {}, 0, 0, {}
    for _, entry in ipairs(entries) do
        local ok, more, count, sum = pcall(self.foresee, self, entry, entries)
        if not ok and (not self.run or errors.is_interrupt(more) or not errors.is(more)) then
            error(more, 0)
        elseif not ok then
            left[#left + 1] = {entry = entry, err = more}
        else
            table.move(more, 1, #more, #lines + 1, lines)
            files, bytes, seen[#seen + 1] = files + count, size.add(bytes, sum), entry
        end
    end
    if files > 0 then
        consent.require(self.session, self.request, {
            what = ("undo would take away %s (%s) that no other database holds; what is left of them are "
                .. "versions, which prune removes one day"):format(size.plural(files, "file"), size.size(bytes)),
            lines = lines, question = "Take them away?", kept = "nothing was undone"})
    end
    return seen
end

function Run:undo(entry)
    local context = self:context_of(entry)
    self.live:rename(("undo %s on %s%s"):format(entry.operation, entry.database, self.place or ""))
    local final, interruption = jobs.drive(self:start(context), function(event)
        local handle = handlers[event.type]
        if handle then
            handle(self, event, context)
        end
    end)
    final = final or {type = "failed", code = "EIO", message = "the undo on " .. entry.database .. " ended early"}
    self.live:clear()
    self:read_again(context)
    if interruption then
        self:say_stopped(entry)
        errors.raise_told(interruption)
    end
    local row = self:row(context, final)
    table.insert(self.result, row)
    self:count(row, final, context.database)
end

-- ---- which ----

local HARMLESS = {ENOTHING = true, EUNDONE = true}    -- of one of several: it is passed over

-- What is to be undone of the entries of a run: those that can be, and those that cannot now.
local function sort_out(session, entries, failures, list)
    local chosen, left, first = {}, {}, nil
    for _, entry in ipairs(entries) do
        local ok, err = pcall(function()
            check(entry, failures, list)
            place_of(session, entry)
        end)
        if ok then
            chosen[#chosen + 1] = entry
        elseif errors.is_interrupt(err) or not errors.is(err) then
            error(err, 0)
        else
            first = first or err
            left[#left + 1] = not HARMLESS[err.code] and {entry = entry, err = err} or nil
        end
    end
    if #chosen == 0 then
        error(left[1] and left[1].err or first, 0)
    end
    return chosen, left
end

local function is_run(entries)
    local operation = entries[1].operation
    for _, entry in ipairs(entries) do
        if entry.operation ~= operation then
            return true
        end
    end
    return false
end

-- ---- a run of several ----

local function names_of(entries)
    local list = {}
    for i, entry in ipairs(entries) do
        list[i] = entry.operation
    end
    return list
end

local SHOWN = 3

local function listed(names)
    return table.concat(names, ", ", 1, math.min(#names, SHOWN))
        .. (#names > SHOWN and (" and %d more"):format(#names - SHOWN) or "")
end

function Run:say_stopped(entry)
    if not self.run then
        self.session:message(("undo stopped; 'undo %s' does what is left"):format(entry.operation))
    else
        self.session:message(("undo stopped: %d of %d operations were taken back; 'undo %s' does what is left")
            :format(#self.result, self.count_all, self.run))
    end
end

-- Those that cannot be undone now are left, and said.
function Run:say_left(left)
    for _, one in ipairs(left) do
        local database = self.session.catalog:database(one.entry.database)
        self:fail(database and database.path or one.entry.operation, one.err, {database = one.entry.database,
            operation = one.entry.operation})
    end
    if #left > 0 then
        local entries = {}
        for i, one in ipairs(left) do
            entries[i] = one.entry
        end
        self:note(("left: %s; 'undo %s' takes them back when that is possible"):format(listed(names_of(entries)),
            self.run))
    end
end

function Run:undo_all(entries, left)
    self.count_all = #entries + #left
    if self.run and not self.request.dry_run then
        self.session:message(("undo of run %s: %s on %s, the newest first"):format(self.run:match("[^-]*$"),
            size.plural(#entries, "operation"), plan.places(entries)))
    end
    for i, entry in ipairs(entries) do
        self.place = #entries > 1 and (" (%d of %d)"):format(i, #entries) or ""
        self:undo(entry)
    end
    self:say_left(left)
end

--- Undo an operation, on each database that has it, or all operations of a run, the newest first.
-- @param session the session
-- @param request {operation = word or nil for the last run, database=?, dry_run=, lock_wait=seconds?,
--        yes = do not ask before the only replica of a file is taken away, sink=stream.lua?}
-- @return result: rows of type "undo", with dry_run and without a sink then rows of type "undo_action"; problems,
--         notes, status.
--         Raises what keeps it from starting, and an interruption.
function M.run(session, request)
    local list, failures = operations.read(session, request.database)
    local entries = choose(list, failures, request.operation, function(entry)
        return not failures[entry.database] and comes_to_nothing(session, entry)
    end)
    local run = is_run(entries) and entries[1].run or nil
    for i, entry in ipairs(entries) do
        entries[i] = past.in_effect(list, entry)
        if not run then
            check(entries[i], failures, list)
            place_of(session, entries[i])
        end
    end
    local left = {}
    if run then
        entries, left = sort_out(session, entries, failures, list)
    end
    local undoing = outcome.new(Run, {session = session, request = request,
        actions = jobs.collector("action", request.sink), live = progress.new(session, "undo"), run = run,
        own_run = #entries > 1 and session.catalog:new_operation() or nil})
    local closing <close> = undoing.live
    if not (request.dry_run or request.yes) then
        entries = undoing:ask(entries, left)
    end
    undoing:undo_all(entries, left)
    return undoing:finish(undoing.actions)
end

return M
