--- A restore from the past: what the replicas of a database were at a moment, put together from what lies there
-- and from the versions it keeps.
local core_sys = require "core.sys"
local core_undo = require "core.undo"
local errors = require "autobackup.errors"
local locate = require "autobackup.locate"
local past = require "autobackup.past"
local selection = require "autobackup.selection"
local typed = require "autobackup.view.typed"
local types = require "autobackup.types"

local M = {}

local Past = {}
Past.__index = Past

local function oldest_first(a, b)
    if a.started_at ~= b.started_at then
        return a.started_at < b.started_at
    end
    return a.operation < b.operation
end

-- The operations that the database's disk knows, the oldest first.
local function read_operations(database)
    errors.check(locate.online(database))
    local list = {}
    local all = errors.check(core_undo.operations{root = database.path, identity = database.identity})
    for _, found in ipairs(all) do
        if found.has_manifest and found.started_at then
            list[#list + 1] = found
        end
    end
    table.sort(list, oldest_first)
    return list
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
        return math.floor(seconds * 1000000000)
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
    local list = read_operations(database)
    local moment, operation = moment_of(list, as_of, session, database)
    if moment > core_sys.now() then
        errors.usage("--as-of: %s is in the future", as_of)
    end
    return setmetatable({session = session, database = database, moment = moment, operation = operation,
        list = list, states = {}, text = as_of}, Past)
end

-- Those of a replica since the moment, and whether the first is the one that was named.
function Past:since(path)
    local ids = {}
    for _, found in ipairs(self.list) do
        if found.replica == path and found.started_at >= self.moment and found.kind ~= "prune" then
            ids[#ids + 1] = found.operation
        end
    end
    return ids, self.operation ~= nil and ids[1] == self.operation
end

function Past:read(run, item, origin)
    local path = locate.replica("", origin.category_path, item.client, item.name)
    local operations, at_operation = self:since(path)
    return errors.check(core_undo.asof{
        catalog = self.session.catalog:path(), root = self.database.path, identity = self.database.identity,
        path = path, replica = origin.id, granularity = self.database.granularity or 1, moment = self.moment,
        at_operation = at_operation, operations = operations, only = run.request.only,
    })
end

-- What an item was, read once.
function Past:state(run, item, origin)
    local key = item.category .. "\0" .. item.project
    if not self.states[key] then
        self.states[key] = self:read(run, item, origin)
        self:tell(run, item, origin, self.states[key])
    end
    return self.states[key]
end

local function date(ns)
    return core_sys.format_time(ns, "local", "%Y-%m-%d %H:%M:%S")
end

-- What cannot be had: a version that is gone is a problem of that file, what no operation knows a note.
function Past:tell(run, item, origin, state)
    local base = locate.replica(self.database.path, origin.category_path, item.client, item.name)
    local unknown, first = state.lacking - #state.lacks, nil
    for _, lack in ipairs(state.lacks) do
        if lack.operation then
            local path = locate.join(base, lack.path)
            run:problem(path, "EGONE", ("%s: the version that %s kept of it is not there any more"):format(path,
                lack.operation), {database = self.database.database})
            run:worsen(require("autobackup.status").PARTIAL)
        else
            unknown, first = unknown + 1, first or lack
        end
    end
    if unknown > 0 then
        run:worsen(require("autobackup.status").PARTIAL)
        run:note(("%d of %s %s on %s came or changed after that moment by no operation, such as %s (%s): what was "
            .. "there before is not known, and they are left out"):format(unknown, item.project, item.category,
            self.database.database, first and first.path or "?", first and date(first.changed_at) or "?"))
    end
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
    if lack.operation then
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
