--- Which operations' versions may go. Pure: operations and a policy in, ids out.
local M = {}

--- When an operation began. Ids begin with the time: the age of versions whose manifest is lost.
-- @param operation of core.undo.operations
-- @return ns since 1970, nil when nothing says it
function M.started_at(operation)
    if operation.started_at then
        return operation.started_at
    end
    local year, month, day, hour, minute, second =
        operation.operation:match("^(%d%d%d%d)(%d%d)(%d%d)T(%d%d)(%d%d)(%d%d)Z")
    if not year then
        return nil
    end
    local zone = os.time(os.date("!*t", 86400)) - 86400
    return (os.time{year = tonumber(year), month = tonumber(month), day = tonumber(day), hour = tonumber(hour),
        min = tonumber(minute), sec = tonumber(second), isdst = false} - zone) * 1000000000
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
        if operation.has_versions then
            list[#list + 1] = {operation = operation.operation, replica = operation.replica or "",
                at = M.started_at(operation) or math.huge,
                finished = operation.state ~= nil or not operation.has_manifest}
        end
    end
    table.sort(list, is_newer)
    return list
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
        local too_old = not policy.older or now - entry.at >= policy.older * 1000000000
        local too_many = not policy.keep or seen[entry.replica] > policy.keep
        if too_old and too_many and entry.finished then
            table.insert(expired, 1, entry.operation)
        end
    end
    return expired
end

return M
