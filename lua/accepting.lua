--- The flow of accept: what lies in a replica, or some of it, becomes the reference. It is read from the disk and
-- its digests are taken anew; nothing is written to a disk, so no lock is taken: what is written meanwhile is told
-- and not accepted.
local core_fs = require "core.fs"
local core_verify = require "core.verify"
local apart = require "autobackup.apart"
local catalog_module = require "autobackup.catalog"
local consent = require "autobackup.consent"
local decisions = require "autobackup.verify"
local errors = require "autobackup.errors"
local glob = require "autobackup.glob"
local jobs = require "autobackup.jobs"
local knowledge = require "autobackup.knowledge"
local loading = require "autobackup.loading"
local locate = require "autobackup.locate"
local outcome = require "autobackup.outcome"
local plan = require "autobackup.plan"
local progress = require "autobackup.view.progress"
local rows = require "autobackup.rows"
local sameness = require "autobackup.sameness"
local selection = require "autobackup.selection"
local size = require "autobackup.view.size"
local statuses = require "autobackup.status"

local M = {}

local Run = outcome.class()

-- ---- what is meant ----

local function refuse_nowhere(session, request)
    local where = session.catalog:replicas{project = request.project, category = request.category}
    errors.raise("ENONAME", ("%s has no %s of %s%s"):format(request.database, request.category, request.project,
        #where > 0 and "; it is on " .. plan.places(where) or ""))
end

-- The replica, read a moment ago.
function Run:find()
    local request, catalog = self.request, self.session.catalog
    local database, category = catalog:database(request.database), catalog:category(request.category)
    local client, name = catalog_module.split(request.project)
    database = loading.recognise(self.session, database)
    errors.check(locate.online(database))
    errors.check(apart.check(catalog, database, category.path))
    if not catalog:replica(database.id, category.id, client, name) then
        refuse_nowhere(self.session, request)
    end
    loading.refresh(self.session, database, {{category = category.id, client = client, project = name}},
        "read " .. database.database)
    self.database = database
    self.replica = catalog:replica(database.id, category.id, client, name)
        or refuse_nowhere(self.session, request)
    self.place = locate.replica("", self.replica.category_path, client, name)
    self.top = locate.join(database.path, self.place)
end

local function is_within(path, top)
    return path:sub(1, #top + 1) == top .. "/"
end

-- A path as the engine takes it: below the replica; one that is there means itself, whatever it is spelled like.
function Run:pattern_of(path)
    local below = path
    if path:sub(1, 1) == "/" and not is_within(path, self.top) then
        errors.raise("ENONAME", ("%s is not below %s"):format(path, self.top))
    elseif path:sub(1, 1) == "/" then
        below = path:sub(#self.top + 2)
    end
    local is_there = core_fs.lstat(locate.join(self.top, (below:gsub("/+$", ""))))
    return is_there and glob.literal(below) or below
end

function Run:choose()
    local replica, only = self.replica, {}
    for i, path in ipairs(self.request.paths) do
        only[i] = self:pattern_of(path)
    end
    for i, count in ipairs(#only > 0 and selection.matches(self.session, only, replica.id) or {}) do
        if count == 0 then
            errors.raise("ENONAME", selection.refusal(self.session, only[i], {project = replica.project,
                category = replica.category, database = replica.database, replica = replica.id}))
        end
    end
    self.only = only
    self.survey = errors.check(core_verify.survey{catalog = self.session.catalog:path(), replica = replica.id,
        only = only})
    if self.survey.files == 0 then
        errors.raise("ENONAME", ("there is no file to accept in %s"):format(#only > 0
            and table.concat(self.request.paths, ", ") or self.top))
    end
end

function Run:peers()
    local list = {}
    for _, other in ipairs(self.session.catalog:replicas{client = self.replica.client, name = self.replica.name,
        category = self.replica.category}) do
        local is_ours = other.client == self.replica.client and other.name == self.replica.name
        if is_ours and other.id ~= self.replica.id then
            list[#list + 1] = other
        end
    end
    return list
end

-- ---- asking ----

local function names_of(list)
    local names = {}
    for i, replica in ipairs(list) do
        names[i] = replica.database
    end
    return table.concat(names, ", ")
end

function Run:ask(args)
    local replica, peers, damaged = self.replica, self:peers(), self.survey.damaged
    local lines = {}
    if damaged > 0 then
        lines[1] = ("%s of them %s marked as damaged: that content is taken for the right one"):format(
            size.count(damaged), damaged == 1 and "is" or "are")
    end
    if #peers > 0 then
        lines[#lines + 1] = ("where %s differ%s, the next copy from %s replaces it there (kept as versions)")
            :format(names_of(peers), #peers == 1 and "s" or "", replica.database)
    end
    consent.require(self.session, args, {
        what = ("accept would make %s (%s) of %s %s on %s the reference"):format(
            size.plural(self.survey.files, "file"), size.size(self.survey.bytes), replica.project,
            replica.category, replica.database),
        lines = lines, question = "Accept what lies there?", kept = "nothing was accepted",
    })
end

-- ---- reading ----

function Run:start(operation)
    local replica, peers = self.replica, {}
    for i, other in ipairs(self:peers()) do
        peers[i] = {name = other.database, replica = other.id}
    end
    return errors.check(core_verify.start{
        catalog = self.session.catalog:path(), root = self.database.path, identity = self.database.identity,
        path = self.place, replica = replica.id, peers = peers, jobs = self.request.jobs, operation = operation,
        project = replica.project, category = replica.category, database = replica.database, only = self.only,
    })
end

local MESSAGES = {changed = "changed while it was read, or since: not accepted; type the same again",
    missing = "gone: not accepted"}

function Run:on_event(event)
    if event.type == "progress" then
        self.live:show(event)
    elseif event.type == "file" and event.state == "accepted" then
        self.renewed[#self.renewed + 1] = event.path
    elseif event.type == "file" then
        self:problem(locate.join(self.database.path, event.path), decisions.codes[event.state] or event.code,
            MESSAGES[event.state] or event.message, {state = event.state, database = self.database.database})
        self:worsen(statuses.PARTIAL)
    end
end

local COUNTS = {"files_accepted", "files_renewed", "files_changed", "files_missing", "files_unread", "bytes"}

function Run:read()
    local operation, replica = self.session.catalog:new_operation(), self.replica
    local final, interruption = jobs.drive(self:start(operation), function(event) self:on_event(event) end)
    self.live:clear()
    final = final or {type = "failed", code = "EIO", message = "it ended early"}
    local row = rows.row("accept", {operation = operation, project = replica.project, client = replica.client,
        name = replica.name, category = replica.category, database = replica.database, renewed = self.renewed,
        paths = #self.only > 0 and self.request.paths or nil, seconds = final.seconds or 0})
    for _, key in ipairs(COUNTS) do
        row[key] = final[key] or 0
    end
    if interruption then
        self.session:message(("accept stopped: %s accepted on %s, which stays so; type the same to go on"):format(
            size.plural(row.files_accepted, "file"), replica.database))
        errors.raise_told(interruption)
    elseif final.type == "failed" then
        self:fail(self.top, final, {database = replica.database})
    end
    table.insert(self.result, row)
    return row
end

-- What the others are to it now.
function Run:compare(row)
    local others, filter = {}, {client = row.client, name = row.name, category = row.category}
    local by_id, ours = {}, nil
    for _, replica in ipairs(sameness.replicas(self.session.catalog, filter)) do
        by_id[replica.id] = replica
        ours = replica.id == self.replica.id and replica or ours
    end
    for id, answer in pairs(ours and ours.against or {}) do
        if answer.content + answer.doubtful > 0 and by_id[id] then
            others[#others + 1] = {database = by_id[id].database, id = id,
                files = answer.content + answer.doubtful}
        end
    end
    table.sort(others, function(a, b) return a.id < b.id end)
    row.differing = others
end

Run.__close = function(run)
    run.live:clear()
end

--- Accept what lies in a replica.
-- @param session the session
-- @param args {project=, category=, database=, paths=list, yes=, jobs=?}
-- @return result: one row of type "accept" with `differing` (list of {database=, files=}: which replicas have
--         another content, or one that has to be read, of how many files at the same size and time) and `renewed`
--         (paths on the disk whose content is another than was known); problems, notes, status. Raises what keeps
--         it from starting, and an interruption.
function M.run(session, args)
    knowledge.require_setup(session)
    if glob.is(args.project) then
        errors.usage("accept: one project at a time, not '%s'", tostring(args.project))
    end
    local run <close> = outcome.new(Run, {session = session, request = args, renewed = {},
        live = progress.new(session, "accept")})
    run:find()
    run:choose()
    run:ask(args)
    run:compare(run:read())
    return run:finish()
end

return M
