--- Removing old versions: which may go from which database, and the work itself.
local core_sys = require "core.sys"
local core_undo = require "core.undo"
local clock = require "autobackup.clock"
local errors = require "autobackup.errors"
local expiry = require "autobackup.expiry"
local jobs = require "autobackup.jobs"
local lists = require "autobackup.lists"
local locate = require "autobackup.locate"
local outcome = require "autobackup.outcome"
local progress = require "autobackup.view.progress"
local rows = require "autobackup.rows"
local statuses = require "autobackup.status"
local units = require "autobackup.units"

local M = {}

local LEFTOVERS = 7 * 86400    -- seconds that a partial file is kept where no age is given

local function chosen(session, names)
    local list = {}
    for _, database in ipairs(session.catalog:databases()) do
        if #names == 0 or lists.contains(names, database.database) then
            list[#list + 1] = database
        end
    end
    return list
end

-- When the newest of the operations began, ns since 1970; nil when no date is known.
local function newest_of(found, expired)
    local newest, goes = nil, {}
    for _, id in ipairs(expired) do
        goes[id] = true
    end
    for _, operation in ipairs(found) do
        local at = goes[operation.operation] and expiry.started_at(operation)
        if at and at > (newest or math.mininteger) then
            newest = at
        end
    end
    return newest
end

-- When databases were loaded last, all that are known.
local function loads(session)
    local list = {}
    for _, database in ipairs(session.catalog:databases()) do
        list[#list + 1] = database.loaded_at
    end
    return list
end

local function began(found)
    local list = {}
    for _, operation in ipairs(found) do
        list[#list + 1] = operation.has_versions and expiry.started_at(operation) or nil
    end
    return list
end

-- Why the clock is doubted where it would take much; nil when it is not. By number alone no clock is asked.
local function doubt_of(session, plan, name, found)
    local much = plan.policy.older and expiry.much(found, plan.expired[name])
    local newest = plan.newest[name]
    local why = much and newest and clock.doubt(plan.now, loads(session), began(found), newest)
    return why and ("%s: %s would go, but %s"):format(name, much, why)
end

-- Those whose manifests cannot be read: their versions stay.
local function unread_of(found)
    local list = {}
    for _, operation in ipairs(found) do
        list[#list + 1] = operation.unread and operation or nil
    end
    return list
end

--- Choose what goes. No disk is written to.
-- @param session the session
-- @param request {policy = {older=seconds?, keep=N?}, databases = names (empty: all), lock_wait = seconds?}
-- @return plan for `run`: {databases = rows of the catalog, expired = lists of ids by database's name, newest = ns
--         since 1970 by database's name, offline and unread = by database's name {message=, code=}, closed =
--         operations whose manifests cannot be read, by database's name, doubts = list of
--         sentences: it is much that goes, and the clock may be wrong, ...}
function M.plan(session, request)
    local now = core_sys.now()
    local plan = {databases = chosen(session, request.databases), named = #request.databases > 0, expired = {},
        policy = request.policy, now = now, doubts = {}, newest = {}, offline = {}, unread = {}, closed = {},
        lock_wait = request.lock_wait,
        leftovers_before = now - units.ns(request.policy.older or LEFTOVERS)}
    for _, database in ipairs(plan.databases) do
        local name = database.database
        local ok, message, code = locate.online(database)
        if ok then
            local found, why, symbol = core_undo.operations{root = database.path, identity = database.identity}
            plan.unread[name] = not found and {message = why, code = symbol} or nil
            plan.expired[name] = expiry.expired(found or {}, request.policy, now)
            plan.newest[name] = newest_of(found or {}, plan.expired[name])
            plan.closed[name] = unread_of(found or {})
            plan.doubts[#plan.doubts + 1] = found and doubt_of(session, plan, name, found) or nil
        else
            plan.offline[name] = {message = message, code = code}
        end
    end
    return plan
end

local Run = outcome.class()

function Run:start(database)
    local session, plan, tops = self.session, self.plan, {}
    for i, category in ipairs(session.catalog:categories()) do
        tops[i] = category.path
    end
    return errors.check(core_undo.prune{
        catalog = session.catalog:path(), operation = session.catalog:new_operation(), root = database.path,
        identity = database.identity, database = database.database, lock_text = locate.holder("prune"),
        lock_wait = plan.lock_wait, expired = plan.expired[database.database], tops = tops,
        leftovers_before = plan.leftovers_before, dry_run = self.dry_run,
    })
end

local COUNTS = {"operations", "files", "bytes", "leftovers", "leftover_bytes", "seconds"}

function Run:finish_one(database, final)
    if final.type == "failed" then
        self:fail(database.path, final, {database = database.database})
        return
    end
    local row = rows.row("prune", {database = database.database, dry_run = self.dry_run})
    for _, key in ipairs(COUNTS) do
        row[key] = final[key] or 0
    end
    table.insert(self.result, row)
end

function Run:on_event(event, database)
    if event.type == "progress" then
        self.live:show(event)
    elseif event.type == "operation" then
        event.type = nil
        event.database = database.database
        self.expired:add(rows.row("expired", event))
    elseif event.type == "problem" then
        self:problem(locate.join(database.path, event.path or ""), event.code, event.message,
            {database = database.database})
        self:worsen(statuses.PARTIAL)
    elseif event.type == "note" then
        self:note(database.database .. ": " .. errors.plain(event.message, event.code))
    end
end

function Run:prune(database)
    self.live:rename("prune " .. database.database)
    local final, interruption = jobs.drive(self:start(database), function(event)
        self:on_event(event, database)
    end)
    self.live:clear()
    if interruption then
        self.session:message("prune stopped; run it again to finish")
        errors.raise_told(interruption)
    end
    self:finish_one(database, final or {type = "failed", code = "EIO", message = "the prune ended early"})
end

function Run:tell_closed(database)
    for _, operation in ipairs(self.plan.closed[database.database]) do
        local path = locate.join(database.path, ".autobackup/operations/" .. operation.operation)
        self:problem(path, operation.unread,
            ("its manifest cannot be read (%s), so its versions stay: let this user "
            .. "read it"):format(operation.unread), {database = database.database})
        self:worsen(statuses.PARTIAL)
    end
end

-- One that is offline is a failure only when it was named.
function Run:try(database)
    local offline, unread = self.plan.offline[database.database], self.plan.unread[database.database]
    if unread then
        self:problem(database.path, unread.code, unread.message, {database = database.database})
        self:worsen(statuses.PARTIAL)
    elseif not offline then
        self:prune(database)
        self:tell_closed(database)
    elseif self.plan.named then
        self:problem(database.path, offline.code, offline.message, {database = database.database})
        self:worsen(statuses.UNAVAILABLE)
    else
        self:note(offline.message)
    end
end

--- Remove what a plan chose, or look at how much that is.
-- @param session the session
-- @param plan of M.plan; nothing goes that is not in it
-- @param dry_run true: nothing is removed
-- @return result: rows of type "prune", one for each database, then "expired", one for each operation
function M.run(session, plan, dry_run)
    local self = outcome.new(Run, {session = session, plan = plan, dry_run = dry_run or false,
        expired = jobs.collector("operation"), live = progress.new(session, "prune")})
    local closing <close> = self.live
    for _, database in ipairs(plan.databases) do
        self:try(database)
    end
    return self:finish(self.expired)
end

return M
