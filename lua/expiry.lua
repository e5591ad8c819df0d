--- Which operations' versions may go. Pure: operations and a policy in, ids out.
local lists = require "autobackup.lists"
local moment = require "autobackup.moment"
local units = require "autobackup.units"

local M = {}

--- When an operation began. Ids begin with the time: the age of versions whose manifest is lost.
-- @param operation of core.undo.operations
-- @return ns since 1970, nil when nothing says it
function M.started_at(operation)
    if operation.started_at then
        return operation.started_at
    end
    local date, time = operation.operation:match("^(%d%d%d%d%d%d%d%d)T(%d%d%d%d%d%d)Z")
    local seconds = date and moment.parse(("%s-%s-%s %s:%s:%sZ"):format(date:sub(1, 4), date:sub(5, 6),
        date:sub(7), time:sub(1, 2), time:sub(3, 4), time:sub(5)))
    return seconds and units.ns(seconds)
end

local function is_newer(a, b)
    if a.at ~= b.at then
        return a.at > b.at
    end
    return a.operation > b.operation
end

-- Those with versions, newest first. One without any date is as new as can be: it is never too old.
local function with_versions(operations)
    local list = {}
    for _, operation in ipairs(operations) do
        if operation.has_versions and not operation.unread then    -- nobody knows whose those are
            list[#list + 1] = {operation = operation.operation, replica = operation.replica or "",
                at = M.started_at(operation) or math.huge,
                finished = operation.state ~= nil or not operation.has_manifest}
        end
    end
    table.sort(list, is_newer)
    return list
end

-- What a manifest says may be any number: nothing here may wrap.
local function is_older(at, seconds, now)
    return at <= now and seconds <= units.LONGEST and at <= now - units.ns(seconds)
end

--- The operations whose versions expire.
-- @param operations list of core.undo.operations, of one database
-- @param policy {older = seconds?, keep = N?}: those older than that; those that are not among the N newest with
--        versions of their replica; with both, those that are both
-- @param now ns since 1970
-- @return list of ids, the oldest first
function M.expired(operations, policy, now)
    local seen, expired = {}, {}
    for _, entry in ipairs(with_versions(operations)) do
        seen[entry.replica] = (seen[entry.replica] or 0) + 1
        local too_old = not policy.older or is_older(entry.at, policy.older, now)
        local too_many = not policy.keep or seen[entry.replica] > policy.keep
        if too_old and too_many and entry.finished then
            table.insert(expired, 1, entry.operation)
        end
    end
    return expired
end

--- Whether it is much that expires: over half of the operations with versions, or all of one replica's.
-- @param operations, expired as above
-- @return a clause that says how much, nil when it is little
function M.much(operations, expired)
    local goes, all, left, count = {}, 0, {}, #expired
    for _, id in ipairs(expired) do
        goes[id] = true
    end
    for _, entry in ipairs(with_versions(operations)) do
        all = all + 1
        left[entry.replica] = (left[entry.replica] or 0) + (goes[entry.operation] and 0 or 1)
    end
    if count * 2 > all then
        return ("%d of %d operations with versions"):format(count, all)
    end
    for _, replica in ipairs(lists.keys(left)) do
        if left[replica] == 0 then
            return replica ~= "" and "all versions of " .. replica or "all versions whose manifest is lost"
        end
    end
end

return M
