--- A restore from the past: what the replicas of a database were at a moment, put together from what lies there
-- and from the versions it keeps.
local core_sys = require "core.sys"
local core_undo = require "core.undo"
local errors = require "autobackup.errors"
local expiry = require "autobackup.expiry"
local glob = require "autobackup.glob"
local lists = require "autobackup.lists"
local locate = require "autobackup.locate"
local past = require "autobackup.past"
local selection = require "autobackup.selection"
local statuses = require "autobackup.status"
local typed = require "autobackup.view.typed"
local types = require "autobackup.types"
local units = require "autobackup.units"

local M = {}

local Past = {}
Past.__index = Past

local function oldest_first(a, b)
    if a.started_at ~= b.started_at then
        return a.started_at < b.started_at
    end
    return a.operation < b.operation
end

local function key_of(item)
    return item.category .. "\0" .. item.project
end

-- The operations that the database's disk knows, the oldest first, and those of which nothing could be read.
local function read_operations(database)
    errors.check(locate.online(database))
    local list, unread = {}, {}
    local all = errors.check(core_undo.operations{root = database.path, identity = database.identity})
    for _, found in ipairs(all) do
        if found.has_manifest and found.started_at then
            list[#list + 1] = found
        elseif found.unread then
            unread[#unread + 1] = found
        end
    end
    table.sort(list, oldest_first)
    return list, unread
end

-- What was changed since is what tells how it was then.
local function check_read(database, unread, moment)
    for _, found in ipairs(unread) do
        if (expiry.started_at(found) or moment) >= moment then
            errors.raise(found.unread, ("--as-of: the manifest of %s on %s cannot be read (%s), so what was there "
                .. "before it is not known: let this user read it"):format(found.operation, database.database,
                found.unread), {path = database.path})
        end
    end
end

local function is_tail(list, text)
    for _, found in ipairs(list) do
        if found.operation:match("[^-]*$") == text then
            return true
        end
    end
end

-- The moment (ns) that was meant, and the operation when it was one. The end of an id may look like a duration.
local function moment_of(list, text, session, database)
    local seconds = not is_tail(list, text) and types.get("moment").check(text, session, {})
    if seconds then
        return units.ns(seconds)
    end
    local newest = {}
    for i = #list, 1, -1 do
        newest[#newest + 1] = list[i]
    end
    local entries, message = past.resolve(newest, text)
    if not entries then
        errors.raise("ENONAME", ("--as-of: %s on %s; a moment is a date, such as 2031-05-27 or '2031-05-27 14:30'")
            :format(message:gsub("; 'history' lists them", ""), database.database))
    end
    return entries[1].started_at, entries[1].operation
end

--- What a database's replicas were.
-- @param session the session
-- @param database catalog row of where they lie
-- @param as_of text: a moment, or an operation, which means: just before it
-- @return a value for `past` of transfer.run; raises
function M.past(session, database, as_of)
    local list, unread = read_operations(database)
    local moment, operation = moment_of(list, as_of, session, database)
    check_read(database, unread, moment)
    if moment > core_sys.now() then
        errors.usage("--as-of: %s is in the future", as_of)
    end
    return setmetatable({session = session, database = database, moment = moment, operation = operation,
        list = list, states = {}, text = as_of}, Past)
end

-- The operations of a replica: those since the moment, whether the first is the one that was named, those before,
-- and the very first.
function Past:operations_of(path)
    local since, before, first = {}, {}, nil
    for _, found in ipairs(self.list) do
        if found.replica == path and found.kind ~= "prune" then
            local list = found.started_at >= self.moment and since or before
            list[#list + 1], first = found.operation, first or found
        end
    end
    return since, self.operation ~= nil and since[1] == self.operation, before, first
end

function Past:read(run, item, origin)
    local path = locate.replica("", origin.category_path, item.client, item.name)
    local operations, at_operation, earlier, first = self:operations_of(path)
    local state = errors.check(core_undo.asof{
        catalog = self.session.catalog:path(), root = self.database.path, identity = self.database.identity,
        path = path, replica = origin.id, moment = self.moment,
        at_operation = at_operation, operations = operations, earlier = earlier, only = run.request.only,
    })
    state.first = first
    state.is_before_all = #earlier == 0 and not at_operation
    return state
end

-- What an item was, read once.
function Past:state(run, item, origin)
    local key = key_of(item)
    if not self.states[key] then
        self.states[key] = self:read(run, item, origin)
        self:tell(run, item, origin, self.states[key])
    end
    return self.states[key]
end

local function date(ns)
    return core_sys.format_time(ns, "local", "%Y-%m-%d %H:%M:%S")
end

-- ---- replicas that are gone ----

-- The replica's row that a category, client and name would have, had it anything.
local function nothing(database, category, client, name)
    return {id = 0, project = client .. "/" .. name, client = client, name = name, category = category.category,
        category_id = category.id, category_path = category.path, database = database.database,
        database_id = database.id, root = database.path, files = 0, directories = 0, bytes = 0, errors = 0}
end

--- Add the replicas that are not on the disk any more, and that it keeps versions of.
-- @param replicas list of those that are there, to which they are added
-- @param request of transfer.run: project, category
function Past:add_gone(replicas, request)
    local categories, matches, there = self.session.catalog:categories(), glob.matcher(request.project), {}
    for _, replica in ipairs(replicas) do
        there[key_of(replica)] = true
    end
    self.gone_ones = {}
    for _, found in ipairs(self.list) do
        local category, client, name = past.place(found.replica or "", categories)
        local row = category and found.has_versions and nothing(self.database, category, client, name)
        if row and matches(row.project) and lists.covers(request.category, row.category)
            and not there[key_of(row)] then
            there[key_of(row)], self.gone_ones[key_of(row)] = true, row
            table.insert(replicas, row)
        end
    end
    table.sort(replicas, function(a, b) return a.project < b.project end)
end

--- A replica that add_gone added.
-- @param item with project and category, @return row or nil
function Past:gone(item)
    return self.gone_ones and self.gone_ones[key_of(item)]
end

-- ---- what is told ----

-- Why a file cannot be had, of one that operations know.
local function problem_text(path, lack)
    if lack.why == "version" then
        return ("%s: the version that %s kept of it is not there any more"):format(path, lack.operation)
    end
    return ("%s: %s wrote it, no operation removed it, and it is not there any more: no version of it is kept")
        :format(path, lack.operation)
end

-- What is known of the time before the first operation on a replica.
function Past:tell_early(run, item, base, state)
    local first = state.first
    if state.names == 0 and state.lacking == 0 then
        local earliest = first and ("the first that is known is %s, at %s; say a later moment"):format(
            first.operation, date(first.finished_at or first.started_at))
            or "no operation on it is known; 'history' lists them"
        run:fail(base, errors.new("ENONAME", ("nothing is known of it %s: %s"):format(self.operation
            and "before " .. self.operation or "as of " .. self.text, earliest)),
            {database = self.database.database})
    elseif state.is_before_all then
        run:note(("%s of %s on %s, as of %s: no operation on it is known from before that, so what was there is "
            .. "told by the dates of its files alone"):format(item.category, item.project, self.database.database,
            self.text))
    end
end

-- What cannot be had: what operations know is a problem of that file, what none knows a note.
function Past:tell(run, item, origin, state)
    local base = locate.replica(self.database.path, origin.category_path, item.client, item.name)
    local unknown, first = state.lacking - #state.lacks, nil
    for _, lack in ipairs(state.lacks) do
        if lack.operation then
            local path = locate.join(base, lack.path)
            run:problem(path, "EGONE", problem_text(path, lack), {database = self.database.database})
            run:worsen(statuses.PARTIAL)
        else
            unknown, first = unknown + 1, first or lack
        end
    end
    if unknown > 0 then
        run:worsen(statuses.PARTIAL)
        run:note(("%d of %s %s on %s came or changed after that moment by no operation, such as %s (%s): what was "
            .. "there before is not known, and they are left out"):format(unknown, item.project, item.category,
            self.database.database, first and first.path or "?", first and date(first.changed_at) or "?"))
    end
    self:tell_early(run, item, base, state)
end

--- How many names of an item there were that each of the paths covers.
function Past:hits(run, item, origin)
    return self:state(run, item, origin).hits
end

--- What core.copy.start takes as the source; once for each item.
function Past:layers(run, item, origin)
    return self:state(run, item, origin).layers
end

-- Why a file cannot be had as it was.
local function lack_text(lack, pattern)
    if lack.why == "removed" then
        return ("%s wrote '%s', no operation removed it, and it is not there any more: no version of it is kept")
            :format(lack.operation, pattern)
    elseif lack.operation then
        return ("as '%s' was then it is not kept any more: the versions of %s are gone"):format(pattern,
            lack.operation)
    end
    return ("'%s' came or was changed at %s by no operation: what was there before is not known"):format(pattern,
        date(lack.changed_at))
end

--- What a path that was nowhere then is told.
function Past:refusal(pattern, place)
    for _, state in pairs(self.states) do
        for _, lack in ipairs(state.lacks) do
            if lack.path == pattern then
                return ("%s of %s on %s: %s"):format(place.category, place.project, place.database,
                    lack_text(lack, pattern))
            end
        end
    end
    return ("%s of %s on %s had nothing that '%s' is or matches, as of %s"):format(place.category, place.project,
        place.database, pattern, self.text)
end

--- What says why a path is nowhere, and what may know more.
-- @param state of M.past; nil: it is not there now
-- @return function(session, pattern, place) as selection.refusal
function M.refuser(state)
    return function(session, pattern, place)
        local why = state and state:refusal(pattern, place) or selection.refusal(session, pattern, place)
        return ("%s; '%s' lists what is kept of it"):format(why,
            typed.line("versions", place.project, place.category, pattern))
    end
end

return M
