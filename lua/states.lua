--- Which replicas of one category of one project are the same. Pure: rows in, words out.
local M = {}

local function is_complete(replica)
    return replica.errors == 0
end

-- A filesystem with coarser times than another (2 s on FAT, 100 ns on NTFS and over SMB) rounds what that one
-- keeps: the fingerprints differ although nothing else does. What can be said without going through the files, as
-- `compare` does: as many files, as many bytes, and the newest of them at the same time.
local function is_similar(a, b)
    local granularity = math.max(a.granularity or 1, b.granularity or 1)
    return granularity > 1 and a.files == b.files and a.bytes == b.bytes
        and math.abs((a.newest or 0) - (b.newest or 0)) < granularity
end

local function belongs(replica, group)
    return replica.fingerprint == group[1].fingerprint or is_similar(replica, group[1])
end

--- Group replicas by what they hold.
-- @param replicas rows with fingerprint, files, bytes, newest (ns), errors, granularity (ns)
-- @return list of groups (lists of rows), the largest first; incomplete replicas are in none
function M.groups(replicas)
    local groups = {}
    for _, replica in ipairs(replicas) do
        local home
        for _, group in ipairs(groups) do
            if is_complete(replica) and belongs(replica, group) then
                home = group
                break
            end
        end
        if home then
            table.insert(home, replica)
        elseif is_complete(replica) then
            table.insert(groups, {replica, index = #groups})
        end
    end
    table.sort(groups, function(a, b)
        if #a ~= #b then
            return #a > #b
        end
        return a.index < b.index
    end)
    return groups
end

local function word_for(replica, group, is_main, alone)
    if not is_main then
        return "differs"
    elseif alone then
        return "unknown"
    end
    return replica.fingerprint == group[1].fingerprint and "same" or "similar"
end

--- Compare the replicas of one category of one project.
-- @param replicas rows as for groups, with `database`; at most one per database
-- @return table from database name to
--         "only"     there is no other replica,
--         "same"     as most others, "similar" the same as far as coarse file times can tell,
--         "differs"  from the others (from each other, when no content has a majority),
--         "unknown"  it could not be read wholly, or nothing whole is there to compare with
function M.compare(replicas)
    local words = {}
    if #replicas == 1 then
        words[replicas[1].database] = "only"
        return words
    end
    for _, replica in ipairs(replicas) do
        words[replica.database] = "unknown"
    end
    local groups = M.groups(replicas)
    local tie = groups[2] and #groups[1] == #groups[2]
    for i, group in ipairs(groups) do
        for _, replica in ipairs(group) do
            words[replica.database] = word_for(replica, group, i == 1 and not tie, #groups == 1 and #group == 1)
        end
    end
    return words
end

return M
