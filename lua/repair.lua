--- The repair of damaged files: good bytes come from another database whose replica has the content that they
-- should have, the damaged file is kept as a version. Each is an operation like a copy, with the disk's lock.
local core_copy = require "core.copy"
local core_verify = require "core.verify"
local errors = require "autobackup.errors"
local jobs = require "autobackup.jobs"
local loading = require "autobackup.loading"
local locate = require "autobackup.locate"
local traits = require "autobackup.traits"

local M = {}

local Repair = {}
Repair.__index = Repair

local function only(replica)
    return {category = replica.category_id, client = replica.client, project = replica.name}
end

local function path_of(replica)
    return locate.replica("", replica.category_path, replica.client, replica.name)
end

-- Read back what was damaged, and what took its place. The paths (on the disk) of what is not good, with their states:
-- a repair counts when the disk gives the right bytes back.
function Repair:damaged_now()
    local set, replica = {}, self.replica
    local job = errors.check(core_verify.start{
        catalog = self.session.catalog:path(), root = replica.root, identity = self.database.identity,
        path = path_of(replica), replica = replica.id, before = 0, known_again = true,
    })
    local final, interruption = jobs.drive(job, function(event)
        if event.type == "file" then    -- whatever it is: what cannot be read back is not known to be repaired
            set[locate.join(replica.root, event.path)] = event.state
        end
    end)
    if interruption then
        error(interruption, 0)
    elseif final.type == "failed" then
        errors.raise(final.code, final.message)
    end
    return set
end

function Repair:start(peer, source, operation)
    return errors.check(core_copy.start{
        catalog = self.session.catalog:path(), operation = operation, run = self.run.id,
        path = path_of(self.replica),
        source_root = source.path, source_identity = source.identity, target_root = self.database.path,
        target_identity = self.database.identity, lock_text = locate.holder("repair"), locked = true,
        source = peer.id, target = self.replica.id, repair = true, readback = true,
    })
end

function Repair:on_event(event, source)
    local run = self.run
    if event.type == "progress" then
        run.live:show(event)
    elseif event.type == "problem" then
        local root = event.code == "EDAMAGED" and source.path or self.database.path
        run:problem(locate.join(root, event.path or ""), event.code, event.message,
            {state = "unrepaired", database = self.database.database})
    elseif event.type == "failed" then
        run:fail(self.database.path, event, {database = self.database.database})
    end
end

function Repair:take_from(peer, source)
    local operation = self.session.catalog:new_operation()
    self.run.id = self.run.id or self.session.catalog:new_operation()    -- all repairs of one verify
    loading.refresh(self.session, source, {only(peer)}, "read " .. source.database)
    loading.refresh(self.session, self.database, {only(self.replica)}, "read " .. self.database.database)
    self.run.live:rename(("repair %s %s on %s from %s"):format(peer.project, peer.category, self.database.database,
        source.database))
    local final, interruption = jobs.drive(self:start(peer, source, operation), function(event)
        self:on_event(event, source)
    end)
    self.run.live:clear()
    if final and (final.files_copied or 0) > 0 then
        loading.refresh(self.session, self.database, {only(self.replica)}, "read " .. self.database.database)
        self.run:note(("the damaged files are kept in .autobackup/versions/%s on %s"):format(operation,
            self.database.database))
    end
    if interruption then
        error(interruption, 0)
    end
end

-- Somebody wrote to it since it was read: that is no repair, and none of it is tried again.
local WRITTEN = {renewed = true, changed = true, missing = true}

-- What is no longer damaged has been repaired from this database.
function Repair:mark_repaired(source)
    local now = self:damaged_now()
    for path, problem in pairs(self.left) do
        if not now[path] then
            self.left[path] = nil
            problem.repaired_from = source.database
            problem.message = problem.message:gsub("; good on .*$", "") .. "; repaired from " .. source.database
            self.row.files_repaired = self.row.files_repaired + 1
        elseif WRITTEN[now[path]] then
            self.left[path] = nil
            problem.message = problem.message .. "; written since: left alone"
        end
    end
end

function Repair:has_good(name)
    for _, problem in pairs(self.left) do
        for _, good in ipairs(problem.good_on or {}) do
            if good == name then
                return true
            end
        end
    end
    return false
end

-- A source that is offline or fails leaves the others to be tried.
function Repair:try(peer)
    local source = self.session.catalog:database(peer.database_id)
    if not self:has_good(peer.database) then
        return
    end
    local ok, message = locate.online(source)
    if not ok then
        self.run:note(message .. "; nothing was repaired from it")
        return
    end
    local done, err = pcall(function()
        self:take_from(peer, source)
        self:mark_repaired(source)
    end)
    if not done and (errors.is_interrupt(err) or not errors.is(err)) then
        error(err, 0)
    elseif not done then
        self.run:fail(source.path, err, {database = source.database})
    end
end

function Repair:lock()
    return errors.check(core_copy.lock{
        root = self.database.path, identity = self.database.identity, name = self.database.database,
        text = locate.holder("repair"), wait = self.run.request.lock_wait,
        tell = function(text) self.run.session:message(self.database.database .. ": " .. text) end,
    })
end

function Repair:all()
    local lock <close> = self:lock()    -- luacheck: ignore
    traits.ensure(self.session, self.database)
    traits.ensure(self.session, self.database, {id = self.replica.category_id, path = self.replica.category_path})
    for _, peer in ipairs(self.run.groups[self.key]) do
        if peer.id ~= self.replica.id and next(self.left) then
            self:try(peer)
        end
    end
end

local function left_of(run, replica)
    local left = {}
    for _, problem in ipairs(run.problems.rows) do
        if problem.state == "damaged" and problem.database == replica.database
            and problem.project == replica.project and problem.category == replica.category then
            left[problem.path] = problem
        end
    end
    return left
end

local function mend(run, key, replica)
    local session, row = run.session, run.rows[replica.id]
    local repair = setmetatable({run = run, session = session, key = key, replica = replica, row = row,
        database = session.catalog:database(replica.database_id), left = left_of(run, replica)}, Repair)
    local ok, err = pcall(repair.all, repair)
    if not ok and (errors.is_interrupt(err) or not errors.is(err)) then
        error(err, 0)
    elseif not ok then
        run:fail(replica.root, err, {database = replica.database})
    end
end

--- Repair what a verification found damaged. Adds files_repaired to its rows, repaired_from to its problems.
-- @param run of autobackup.verification, after reading
function M.run(run)
    for _, replica in ipairs(run.replicas) do
        local row = run.rows[replica.id]
        if row and row.files_damaged > 0 then
            mend(run, replica.category .. "\0" .. replica.project, replica)
        end
    end
end

return M
