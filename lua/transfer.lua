--- The flow of a copy: look whether the disks are there, lock the destinations, read both sides afresh, transfer,
-- read the destinations again.
local core_copy = require "core.copy"
local core_sys = require "core.sys"
local apart = require "autobackup.apart"
local catalog_module = require "autobackup.catalog"
local doubts = require "autobackup.doubts"
local errors = require "autobackup.errors"
local jobs = require "autobackup.jobs"
local lists = require "autobackup.lists"
local loading = require "autobackup.loading"
local locate = require "autobackup.locate"
local mirror = require "autobackup.mirror"
local outcome = require "autobackup.outcome"
local plan = require "autobackup.plan"
local progress = require "autobackup.view.progress"
local capacity = require "autobackup.capacity"
local renewal = require "autobackup.renewal"
local respelling = require "autobackup.respelling"
local rows = require "autobackup.rows"
local selection = require "autobackup.selection"
local settling = require "autobackup.settling"
local source = require "autobackup.source"
local statuses = require "autobackup.status"
local stopped = require "autobackup.stopped"
local total = require "autobackup.total"
local traits = require "autobackup.traits"
local underway = require "autobackup.underway"
local unknown = require "autobackup.unknown"
local writable = require "autobackup.writable"

local M = {}

local FRESH = 60     -- seconds that a reading of either side stays good while other transfers run
local SIDE = 16      -- destinations that one reading of the source can serve

-- One run of the command: its databases, and what was collected so far.
local Run = outcome.class()

local function new_run(session, request)
    return outcome.new(Run, {
        session = session, request = request, from = session.catalog:databases_named{request.from}[1],
        to = session.catalog:databases_named(request.to), actions = jobs.collector("action", request.sink),
        given_up = {}, shut = {}, read_at = {}, disks = {}, unwritten = {}, locks = {}, done = 0,
        board = progress.board(session),
    })
end

-- The databases that are there, recognised; an offline source ends it all.
function Run:check_online()
    local function usable(database)
        database = loading.recognise(self.session, database)
        errors.check(locate.online(database))
        return database
    end
    self.from = usable(self.from)
    local online, first = {}, nil
    for _, database in ipairs(self.to) do
        local ok, value = pcall(usable, database)
        if ok then
            online[#online + 1] = value
        elseif errors.is_interrupt(value) or not errors.is(value) then
            error(value, 0)
        else
            first = first or value
            self:fail(database.path, value, {database = database.database})
        end
    end
    if #online == 0 then
        error(first, 0)
    end
    self.to = online
end

-- Read what was asked for on the source, and expand it.
function Run:expand()
    local request, catalog = self.request, self.session.catalog
    local filter = {project = request.project, database = request.from,
        category = request.category ~= "all" and request.category or nil}
    local categories, client, name = {}, catalog_module.split(request.project)
    for _, category in ipairs(catalog:categories()) do
        categories[#categories + 1] = lists.covers(request.category, category.category) and category or nil
    end
    local scope, unread = source.scope(self.from.path, categories, client, name, catalog:replicas(filter))
    loading.refresh(self.session, self.from, scope, "read " .. self.from.database)
    self.read_at[self.from.id] = core_sys.monotonic()
    filter.category = nil
    local replicas = catalog:replicas(filter)
    if request.past then
        request.past:add_gone(replicas, request)
    end
    local transfers, skipped = plan.expand(request, replicas)
    if #transfers == 0 and not unread[1] then
        unknown.project(self)
    end
    for _, folder in ipairs(unread) do
        source.unread_folder(self, folder.path, folder.code, folder.message)
    end
    for _, skip in ipairs(skipped) do
        self:note(("%s is left out: %s"):format(skip.project, skip.reason))
    end
    return apart.with_disks(self, transfers)
end

-- Another program may have removed it meanwhile.
function Run:category(item)
    return self.session.catalog:category(item.category)
        or errors.raise("ENONAME", ("category %s was removed meanwhile"):format(item.category))
end

function Run:replica(item, database)
    local category = self:category(item)
    return self.session.catalog:replica(database.id, category.id, item.client, item.name)
end

--- The source of a transfer as the catalog has it; of a restore that a disk has only versions of, with id 0.
-- @return row, or nil
function Run:origin(item)
    local past = self.request.past
    return self:replica(item, self.from) or past and past:gone(item)
end

function Run:only(item)
    return {category = self:category(item).id, client = item.client, project = item.name}
end

-- Read replicas of a database afresh, unless that was done a moment ago.
function Run:refresh(database, list)
    local at = self.read_at[database.id]
    local is_old = not at or core_sys.monotonic() - at > FRESH
    if is_old then
        loading.refresh(self.session, database, list, "read " .. database.database)
    end
    return is_old
end

function Run:source_of(item)
    renewal.check(self, self.from)
    if self:refresh(self.from, {self:only(item)}) then
        doubts.settle(self, {item}, item.project)
    end
    local origin = self:origin(item)
    if not origin then
        errors.raise("ENONAME", ("%s of %s is no longer on %s"):format(item.category, item.project,
            self.from.database))
    end
    return origin
end

function Run:lock(target)
    self.locks[#self.locks + 1] = errors.check(core_copy.lock{
        root = target.path, identity = target.identity, name = target.database, text = locate.holder("copy"),
        wait = self.request.lock_wait,
        tell = function(text) self.session:message(target.database .. ": " .. text) end,
    })
end

-- Lock each destination for the whole run, then read all that will be compared with it. Without either nothing is written
-- there, nor said of it.
function Run:open_targets(items)
    local list = {}
    for i, item in ipairs(items) do
        list[i] = self:only(item)
        item.category_id = list[i].category
    end
    for _, target in ipairs(self.to) do
        local is_open = self:try(nil, target.path, target, function()
            if self.request.dry_run then
                writable.check(target)
            else
                self:lock(target)
                traits.ensure(self.session, target)
            end
            self:refresh(target, list)
            self.read_at[target.id] = core_sys.monotonic()
            apart.measure(self, items, target)
        end)
        if not is_open then
            self:abandon(target)
        end
    end
end

-- dry_run: whatever was asked for; measure: only look what room it takes; room: that its files may take, bytes.
function Run:start(item, origin, target_database, operation, fan, dry_run, measure, room)
    local target, request = self:replica(item, target_database), self.request
    return errors.check(core_copy.start{
        catalog = self.session.catalog:path(), operation = operation, run = self.run,
        path = locate.replica("", origin.category_path, item.client, item.name),
        source_root = self.from.path, source_identity = self.from.identity,
        target_root = target_database.path, target_identity = target_database.identity,
        lock_text = locate.holder("copy"), locked = true, source = origin.id, target = target and target.id or 0,
        window = request.window, room = room or self.room and self.room.room_of(item, target_database),
        overwrite_newer = request.overwrite_newer or false, readback = request.readback or false,
        mirror = request.mirror or false, dry_run = dry_run or request.dry_run or false, measure = measure,
        attributes = request.checksum or false,
        fan = fan, only = request.only,
        project = item.project, category = item.category, restore = request.restore or false,
        layers = request.past and request.past:layers(self, item, origin),
    })
end

local COUNTS = {"files_copied", "bytes_copied", "files_unchanged", "files_replaced", "files_removed",
    "others_copied", "directories_made", "directories_removed", "metadata_only", "conflicts", "failed",
    "bytes_kept", "damaged", "sockets", "refused", "respelled"}

function Run:row(item, target, operation, final)
    local row = rows.row("copy", {
        operation = not self.request.dry_run and operation or nil,
        run = not self.request.dry_run and self.run or nil,
        project = item.project, category = item.category, from = self.from.database, to = target.database,
        seconds = final.seconds or 0,
        dry_run = self.request.dry_run or false, only = #self.request.only > 0 and self.request.only or nil,
    })
    for _, key in ipairs(COUNTS) do
        row[key] = final[key] or 0
    end
    if final.type == "failed" then    -- what it did not come to was not copied either
        row.failed = row.failed + (final.files_left or 0)
    end
    row.state = self:state_of(row, final, target)
    return row
end

-- How a transfer ended; in a dry run, how it would.
function Run:state_of(row, final, target)
    if final.code == "ENOSPC" or self.room and self.room.refused(row, target) then
        return "no-room"
    elseif final.type == "failed" then
        return "failed"
    end
    return (row.conflicts + row.failed > 0 or doubts.is_unsure(self, row, target)) and "partial" or "done"
end

function Run:abandon(target)
    if not self.given_up[target.id] then
        self.given_up[target.id] = true
        self:note("nothing further was copied with " .. target.database)
    end
end

-- A destination that is busy or gone is so for the other transfers too: they would wait for it again and again.
function Run:give_up(target, code)
    if code == "EBUSY" or code == "ELOST" or code == "EOFFLINE" and not locate.online(target) then
        self:abandon(target)
    end
end

-- A failure with a database, and what is behind it where that is known.
function Run:tell(path, database, err, fields)
    local why = renewal.reason(self, database, err)
    if why then
        self:fail(why == err and path or why.path, why, fields)
    end
end

function Run:count(row, final, context)
    local target = context.target
    if final.code == "EUNREAD" then
        source.unread_folder(self, locate.join(self.from.path, context.path), final.code, final.message)
    elseif final.type == "failed" then
        self:tell(target.path, target, final, {database = target.database})
        self:give_up(target, final.code)
    elseif row.conflicts == 0 and row.failed == 0 and context.plan and context.plan.source_incomplete then
        source.unread(self, row, context.path)
    elseif row.conflicts > 0 or row.failed > 0 then
        self:worsen((final.damaged or 0) > 0 and statuses.DAMAGED or statuses.PARTIAL)
    end
end

local function did_something(row)
    return row.files_copied + row.others_copied + row.directories_made + row.directories_removed
        + row.files_removed + row.metadata_only > 0
end

-- One destination of an item, under way: the context of its events.
function Run:begin(item, origin, target, fan)
    local operation = self.session.catalog:new_operation()
    local context = {item = item, target = target, operation = operation, recent = {},
        path = locate.replica("", origin.category_path, item.client, item.name),
        key = capacity.key(item, target),
        job = self:start(item, origin, target, operation, fan)}
    context.line = self.board:line(("copy %s %s to %s%s"):format(item.project, item.category, target.database,
        self.place))
    return context
end

-- What a line of jobs.drive_lines does for it.
function Run:work(context)
    return {
        start = function() return context.job end,
        on_event = function(event)
            if event.type == "done" or event.type == "failed" then
                context.final = event
                context.line:remove()
                self.total:finish(context.key)
            elseif underway[event.type] then
                underway[event.type](self, event, context)
            end
        end,
    }
end

local function close_jobs(contexts)
    for _, context in ipairs(contexts) do
        context.job:close()
    end
end

function Run:settle(context)
    local item, target = context.item, context.target
    local final = context.final or {type = "failed", code = "EIO",
        message = "the copy to " .. target.database .. " ended early"}
    context.row = self:row(item, target, context.operation, final)
    local row = context.row
    context.did = did_something(row)
    local is_known = self.session.catalog:category(item.category) ~= nil    -- else there is nowhere to note it
    if (context.did or (final.recorded or 0) > 0) and not self.request.dry_run and is_known then
        self.settling:add{target = target, only = self:only(item), operation = context.operation,
            recorded = final.recorded or 0, readback = self.request.readback,
            past = self.request.past ~= nil}
    end
    return row, final
end

function Run:interrupted(contexts, interruption)
    for _, context in ipairs(contexts) do
        self:settle(context)
    end
    self.board:clear()
    for _, context in ipairs(contexts) do
        self.session:message(stopped.text(self, context.row, context))
    end
    errors.raise_told(interruption)
end

-- Those of the destinations to which a mirror is still what was agreed to: looked at before any is begun.
function Run:agreed_targets(item, origin, targets)
    local list = {}
    for _, target in ipairs(targets) do
        self:try(item, target.path, target, function()
            renewal.check(self, target)
            if self.agreed then
                mirror.check(self, item, origin, target)
            end
            list[#list + 1] = target
        end)
    end
    return list
end

-- Copy to several destinations at once: the source is read for all of them together. tries: how often that was done.
function Run:copy_side_by_side(item, origin, targets, tries)
    local contexts <close> = setmetatable({}, {__close = close_jobs})
    local lines, again = {}, {tries = (tries or 0) + 1}
    respelling.settle(self, item, origin, targets)
    targets = self:agreed_targets(item, origin, targets)
    if #targets > 0 then
        local request = self.request
        local fan <close> = core_copy.fan{streams = #targets, jobs = request.jobs, rate = request.bwlimit,
            idle = request.idle or false}
        for _, target in ipairs(targets) do
            self:try(item, target.path, target, function()
                contexts[#contexts + 1] = self:begin(item, origin, target, fan)
                lines[#lines + 1] = {self:work(contexts[#contexts])}
            end)
        end
    end
    local interruption = jobs.drive_lines(lines)
    if interruption then
        self:interrupted(contexts, interruption)
    end
    for _, context in ipairs(contexts) do
        local row, final = self:settle(context)
        if renewal.is_due(final.code, again.tries) then
            table.insert(again, context)
        else
            table.insert(self.result, row)
            self:count(row, final, context)
            self.done = self.done + 1
        end
    end
    renewal.begin_again(self, item, again)
end

-- One destination's failure leaves the others to go on. Whether there was none.
function Run:try(item, path, database, fn)
    local ok, err = pcall(fn)
    if ok then
        return true
    elseif errors.is_interrupt(err) or not errors.is(err) then
        error(err, 0)
    end
    self:tell(path, database, err, {database = database.database, project = item and item.project,
        category = item and item.category})
    self:give_up(database, err.code)
end

-- Those that are still there; with an item, those of which its category's disk is there too.
function Run:targets_left(item)
    local list = {}
    for _, target in ipairs(self.to) do
        local is_left = not self.given_up[target.id] and (not item
            or apart.has_disk(self, item, target) and writable.has_disk(self, item, target))
        list[#list + 1] = is_left and target or nil
    end
    return list
end

function Run:copy_item(item)
    if self.given_up[self.from.id] then
        return
    end
    self:try(item, self.from.path, self.from, function()
        renewal.settle(self, item)
        local origin = self:source_of(item)
        local targets = capacity.with_room(self, item, origin, self:targets_left(item))
        for first = 1, #targets, SIDE do
            local last = math.min(first + SIDE - 1, #targets)
            self:copy_side_by_side(item, origin, table.move(targets, first, last, 1, {}))
        end
    end)
end

function Run:copy_all(items)
    self.run = self.session.catalog:new_operation()    -- also of a single one: it may be begun again
    self:open_targets(items)
    items = #self.request.only > 0 and selection.narrow(self, items) or items
    doubts.settle(self, items, self.request.project)
    self.room = capacity.check(self, items)
    if self.request.mirror and not self.request.yes then
        (self.request.dry_run and mirror.tell or mirror.ask)(self, items)
    end
    self.total = total.new(self.board, "all of it", self.room.parts)
    for i, item in ipairs(items) do
        self.place = #items > 1 and (" (%d of %d)"):format(i, #items) or ""
        self:copy_item(item)
    end
    self.board:clear()
    self.settling:flush()
end

-- However it ends: what was copied becomes known, and the destinations are free again.
function Run:close()
    self.board:clear()
    if self.settling then
        pcall(self.settling.flush, self.settling)
    end
    for _, lock in ipairs(self.locks) do
        lock:close()
    end
end

Run.__close = Run.close

--- Copy a category of projects from one database to others.
-- @param session the session
-- @param request {project= (a name or a pattern), category= (a name, several or "all"), from=, to=list, dry_run=,
--        overwrite_newer=, mirror=, yes = do not ask when a mirror takes much, readback=, lock_wait=seconds?,
--        jobs=?, bwlimit=bytes per second?, idle=, window=ns that times may differ by?, what_fits = copy what
--        fits where the whole does not, only = list of patterns (src/copy/only.h) of paths in the
--        replicas: nothing else is copied or removed; nil or empty: all, restore = it is called a restore,
--        checksum = read all on both sides, size and time prove nothing,
--        past = the sources as they were (restoring.lua)?, refuse = what says why a path is nowhere
--        (selection.refusal)?, sink=stream.lua?}
-- @return result: rows of type "copy" (one for each category, project and destination), with dry_run and without
--         a sink then rows of type "action"; problems, notes, status. Raises what keeps it from starting, and an
--         interruption.
function M.run(session, request)
    request.only, request.refuse = request.only or {}, request.refuse or selection.refusal
    local run <close> = new_run(session, request)
    run:check_online()
    run.settling = settling.new(session, run.from, request.only, function(target, fn)
        return run:try(nil, target.path, target, fn)
    end)
    run:copy_all(run:expand())
    for _, sentence in ipairs(run.room.closing) do
        run:note(sentence)
    end
    return run:finish(run.actions)
end

return M
