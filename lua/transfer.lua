--- The flow of a copy: look whether the disks are there, read both sides afresh, transfer, read the destination
-- again.
local core_copy = require "core.copy"
local core_sys = require "core.sys"
local catalog_module = require "autobackup.catalog"
local errors = require "autobackup.errors"
local jobs = require "autobackup.jobs"
local loading = require "autobackup.loading"
local locate = require "autobackup.locate"
local plan = require "autobackup.plan"
local progress = require "autobackup.view.progress"
local rows = require "autobackup.rows"
local size = require "autobackup.view.size"
local source = require "autobackup.source"
local statuses = require "autobackup.status"
local types = require "autobackup.types"

local M = {}

local FRESH = 60    -- seconds that a reading of the source stays good while other transfers run

-- One run of the command: its databases, and what was collected so far.
local Run = {}
Run.__index = Run

local function named_databases(session, names)
    local list, seen = {}, {}
    for _, name in ipairs(names) do
        if not seen[name] then
            seen[name] = true
            list[#list + 1] = session.catalog:database(name)
                or errors.raise("ENONAME", ("no database '%s'"):format(name))
        end
    end
    return list
end

local function new_run(session, request)
    return setmetatable({
        session = session, request = request, from = named_databases(session, {request.from})[1],
        to = named_databases(session, request.to), result = {notes = {}, status = 0}, noted = {},
        problems = jobs.collector(), actions = jobs.collector(), given_up = {},
    }, Run)
end

function Run:note(text)
    if not self.noted[text] then
        self.noted[text] = true
        table.insert(self.result.notes, text)
    end
end

function Run:problem(path, code, message, fields)
    local row = rows.row("problem", {path = path, code = code, message = message})
    for key, value in pairs(fields or {}) do
        row[key] = value
    end
    self.problems:add(row)
end

function Run:worsen(status)
    self.result.status = statuses.worst(self.result.status, status)
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
            self:problem(database.path, value.code, value.message, {database = database.database})
            self:worsen(errors.exit_status(value))
        end
    end
    if #online == 0 then
        error(first, 0)
    end
    self.to = online
end

local function unknown_project(run)
    local request, catalog = run.request, run.session.catalog
    local known, hint, code = types.get("project").check(request.project, run.session, {})
    if not known then
        errors.raise(code, hint)
    end
    local elsewhere = catalog:replicas{project = request.project,
        category = request.category ~= "all" and request.category or nil}
    local what = request.category == "all" and request.project or request.category .. " of " .. request.project
    local message = ("%s has no %s"):format(request.from, what)
    if #elsewhere > 0 then
        message = ("%s; it is on %s"):format(message, plan.places(elsewhere))
    else
        message = message .. "; 'fetch " .. request.project .. "' shows what is where"
    end
    errors.raise("ENONAME", message)
end

-- Read what was asked for on the source, and expand it.
function Run:expand()
    local request, catalog = self.request, self.session.catalog
    local filter = {project = request.project, database = request.from}
    local client, name = catalog_module.split(request.project)
    local categories = catalog:categories()
    if request.category ~= "all" then
        filter.category, categories = request.category, {catalog:category(request.category)}
    end
    local scope = source.scope(self.from.path, categories, client, name, catalog:replicas(filter))
    loading.refresh(self.session, self.from, scope, "read " .. self.from.database)
    self.read_at = core_sys.monotonic()
    filter.category = nil
    local replicas = catalog:replicas(filter)
    local transfers, skipped = plan.expand(request, replicas)
    if #transfers == 0 then
        unknown_project(self)
    end
    for _, skip in ipairs(skipped) do
        self:note(("%s is left out: %s"):format(skip.project, skip.reason))
    end
    return transfers
end

function Run:replica(item, database)
    return self.session.catalog:replicas{client = item.client, name = item.name, category = item.category,
        database = database.database}[1]
end

function Run:only(item)
    local category = self.session.catalog:category(item.category)
    return {{category = category.id, client = item.client, project = item.name}}
end

function Run:source_of(item)
    if core_sys.monotonic() - self.read_at > FRESH then
        loading.refresh(self.session, self.from, self:only(item), "read " .. self.from.database)
    end
    local origin = self:replica(item, self.from)
    if not origin then
        errors.raise("ENONAME", ("%s of %s is no longer on %s"):format(item.category, item.project,
            self.from.database))
    end
    return origin
end

function Run:start(item, origin, target_database, operation)
    local target, request = self:replica(item, target_database), self.request
    return errors.check(core_copy.start{
        catalog = self.session.catalog:path(), operation = operation,
        path = locate.replica("", origin.category_path, item.client, item.name),
        source_root = self.from.path, source_identity = self.from.identity,
        target_root = target_database.path, target_identity = target_database.identity,
        lock_text = locate.holder("copy"), source = origin.id, target = target and target.id or 0,
        granularity = math.max(self.from.granularity or 1, target_database.granularity or 1),
        lock_wait = request.lock_wait, overwrite_newer = request.overwrite_newer or false,
        mirror = request.mirror or false, dry_run = request.dry_run or false, jobs = request.jobs,
    })
end

local handlers = {}

function handlers.plan(run, event, context)
    context.plan = event
    if event.same_filesystem then
        run:note(("%s and %s are on the same filesystem: this is no second copy, one broken disk takes both")
            :format(run.from.database, context.target.database))
    end
end

function handlers.progress(_, event, context)
    context.live:show(event)
end

function handlers.problem(run, event, context)
    run:problem(locate.join(run.from.path, event.path or ""), event.code, event.message,
        {conflict = event.conflict or nil, database = context.target.database})
end

function handlers.note(run, event, context)
    if event.code ~= "ESAMEFS" then    -- the plan said it already
        run:note(context.target.database .. ": " .. event.message)
    end
end

function handlers.action(run, event, context)
    run.actions:add(rows.row("action", {project = context.item.project, category = context.item.category,
        from = run.from.database, to = context.target.database, kind = event.kind, path = event.path,
        file_type = event.file_type, size = event.size}))
end

local COUNTS = {"files_copied", "bytes_copied", "files_unchanged", "files_replaced", "files_removed",
    "others_copied", "directories_made", "metadata_only", "conflicts", "failed"}

function Run:row(item, target, operation, final)
    local row = rows.row("copy", {
        operation = not self.request.dry_run and operation or nil,
        project = item.project, category = item.category, from = self.from.database, to = target.database,
        seconds = final.seconds or 0,
        dry_run = self.request.dry_run or false,
    })
    for _, key in ipairs(COUNTS) do
        row[key] = final[key] or 0
    end
    return row
end

-- A destination that is busy or gone is so for the other transfers too: they would wait for it again and again.
function Run:give_up(target, code)
    if (code == "EBUSY" or code == "EOFFLINE") and not self.given_up[target.id] then
        self.given_up[target.id] = true
        self:note("nothing further was copied with " .. target.database)
    end
end

function Run:count(row, final, target)
    if final.type == "failed" then
        local err = errors.new(final.code, final.message)
        self:problem(target.path, final.code, final.message, {database = target.database})
        self:worsen(errors.exit_status(err))
        self:give_up(target, final.code)
    elseif row.conflicts > 0 or row.failed > 0 then
        self:worsen(statuses.PARTIAL)
    end
end

local function stopped_text(row, context)
    local event = context.plan
    local all = event and event.files_new + event.files_changed
    return ("copy stopped: %s of %s%s (%s) safely on %s; run it again to go on from there"):format(
        row.category, row.project, all and (": %d of %d files"):format(row.files_copied, all) or "",
        size.size(row.bytes_copied), row.to)
end

-- The digests taken on the way become known of both replicas, now that the catalog has the copies.
function Run:record(item, operation, final, target)
    for _, database in ipairs((final.recorded or 0) > 0 and {self.from, target} or {}) do
        local replica = self:replica(item, database)
        if replica then
            errors.check(core_copy.record{
                catalog = self.session.catalog:path(), operation = operation, target_root = target.path,
                target_identity = target.identity, replica = replica.id, source = database == self.from,
            })
        end
    end
end

-- Make what the copy did known to the catalog.
function Run:settle(item, operation, final, target)
    loading.refresh(self.session, target, self:only(item), "read " .. target.database)
    self:record(item, operation, final, target)
end

function Run:transfer(item, origin, target)
    local operation = self.session.catalog:new_operation()
    local live <close> = progress.new(self.session, ("copy %s %s to %s"):format(item.project, item.category,
        target.database))
    local context = {item = item, target = target, live = live}
    local final, interruption = jobs.drive(self:start(item, origin, target, operation), function(event)
        local handle = handlers[event.type]
        if handle then
            handle(self, event, context)
        end
    end)
    live:clear()
    final = final or {type = "failed", code = "EIO", message = "the copy to " .. target.database .. " ended early"}
    local row = self:row(item, target, operation, final)
    if interruption then
        self.session:message(stopped_text(row, context))
        pcall(self.settle, self, item, operation, final, target)    -- the interruption is what has to be told
        error(interruption, 0)
    end
    return row, final, operation
end

function Run:copy_to(item, origin, target)
    loading.refresh(self.session, target, self:only(item), "read " .. target.database)
    local row, final, operation = self:transfer(item, origin, target)
    table.insert(self.result, row)
    self:count(row, final, target)
    if not self.request.dry_run then
        self:settle(item, operation, final, target)
    end
end

-- One destination's failure leaves the others to go on.
function Run:try(item, path, database, fn)
    local ok, err = pcall(fn)
    if ok then
        return
    elseif errors.is_interrupt(err) or not errors.is(err) then
        error(err, 0)
    end
    self:problem(path, err.code, err.message, {database = database.database, project = item.project,
        category = item.category})
    self:worsen(errors.exit_status(err))
    self:give_up(database, err.code)
end

function Run:copy_item(item)
    if self.given_up[self.from.id] then
        return
    end
    self:try(item, self.from.path, self.from, function()
        local origin = self:source_of(item)
        for _, target in ipairs(self.to) do
            if not self.given_up[target.id] then
                self:try(item, target.path, target, function() self:copy_to(item, origin, target) end)
            end
        end
    end)
end

function Run:finish()
    local result = self.result
    table.move(self.actions.rows, 1, #self.actions.rows, #result + 1, result)
    result.problems = self.problems.rows
    local omitted = self.problems:omitted()
    if omitted then
        self:note(omitted)
    end
    return result
end

--- Copy a category of projects from one database to others.
-- @param session the session
-- @param request {project= (patterns too), category= (or "all"), from=, to=list, dry_run=, overwrite_newer=,
--        mirror=, lock_wait=seconds?, jobs=?}
-- @return result: rows of type "copy" (one for each category, project and destination), with dry_run then rows of
--         type "action"; problems, notes, status. Raises what keeps it from starting, and an interruption.
function M.run(session, request)
    local run = new_run(session, request)
    run:check_online()
    for _, item in ipairs(run:expand()) do
        run:copy_item(item)
    end
    return run:finish()
end

return M
