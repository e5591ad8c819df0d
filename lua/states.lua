--- Which replicas of one category of one project are the same. Pure: rows in, words out.
--
-- What fingerprints cannot tell stands in a row's `against` (sameness.lua): digests that speak against it, and
-- what going through the files came to where times are coarse.
local lazy = require "autobackup.lazy"
local traits = lazy "autobackup.traits"

local M = {}

-- One that could not be read wholly, or of which files are known to be damaged, proves nothing of another.
local function is_whole(replica)
    return replica.errors == 0 and (replica.damaged or 0) == 0
end

--- What two replicas are to each other.
-- @return "same", "differs" or "unknown" (files have to be read to know)
function M.relation(a, b)
    local answer = a.against and a.against[b.id]
    if answer then
        return answer.state
    end
    return a.fingerprint == b.fingerprint and "same" or "differs"
end

-- The relation to a whole group: the same only as all of it.
local function relation_to(replica, group)
    local found = "same"
    for _, member in ipairs(group) do
        local relation = member ~= replica and M.relation(replica, member) or "same"
        if relation == "differs" then
            return "differs"
        elseif relation == "unknown" then
            found = "unknown"
        end
    end
    return found
end

-- The place of a replica: a group it belongs to, true for a new one, nil for none.
local function home_of(replica, groups)
    local is_unknown = false
    for _, group in ipairs(groups) do
        local relation = relation_to(replica, group)
        if relation == "same" then
            return group
        end
        is_unknown = is_unknown or relation == "unknown"
    end
    return not is_unknown or nil
end

-- The most files of which one other replica says so.
local function most(replica, what)
    if not replica.against then
        return 0
    end
    local count, where = 0, nil
    for id, answer in pairs(replica.against) do
        if answer[what] > count or answer[what] == count and where and id < where then
            count, where = answer[what], id
        end
    end
    return count, where
end

--- How many files of a replica have another content elsewhere at the same size and time, as far as digests tell:
-- the most in which one other differs.
-- @return count, and that replica's id or nil
function M.differing(replica)
    return most(replica, "content")
end

--- Do digests tell two groups of replicas apart?
function M.differ_in_content(a, b)
    for _, replica in ipairs(a) do
        for _, other in ipairs(b) do
            local answer = replica.against and replica.against[other.id]
            if answer and answer.content > 0 then
                return true
            end
        end
    end
    return false
end

-- Digests tell two groups apart, and of this one's nothing is known that would say which of them it is like.
local function is_between(replica, home, groups)
    for _, group in ipairs(groups) do
        if group ~= home and relation_to(replica, group) == "same" and M.differ_in_content(home, group) then
            return true
        end
    end
    return false
end

-- Do digests tell any of them apart?
local function have_content(replicas)
    for _, replica in ipairs(replicas) do
        if M.differing(replica) > 0 then
            return true
        end
    end
    return false
end

local function without_those_between(groups)
    local list = {}
    for _, group in ipairs(groups) do
        local kept = {index = group.index}
        for _, replica in ipairs(group) do
            kept[#kept + 1] = not is_between(replica, group, groups) and replica or nil
        end
        list[#list + 1] = #kept > 0 and kept or nil
    end
    return list
end

local function is_larger(a, b)
    if #a ~= #b then
        return #a > #b
    end
    return a.index < b.index
end

--- Group replicas by what they hold.
-- @param replicas rows with id, fingerprint, errors, damaged, against
-- @return list of groups (lists of rows), the largest first; in none are those that are incomplete or damaged, and
--         those of which nobody knows
function M.groups(replicas)
    local groups = {}
    for _, replica in ipairs(replicas) do
        local home = is_whole(replica) and home_of(replica, groups)
        if home == true then
            groups[#groups + 1] = {replica, index = #groups}
        elseif home then
            table.insert(home, replica)
        end
    end
    if #groups > 1 and have_content(replicas) then
        groups = without_those_between(groups)
    end
    table.sort(groups, is_larger)
    return groups
end

--- How many of its files have to be read, here or elsewhere, to know whether another replica's are the same.
-- @return as of differing
function M.doubtful(replica)
    return most(replica, "doubtful")
end

local function has_damage(replicas)
    for _, replica in ipairs(replicas) do
        if replica.errors == 0 and (replica.damaged or 0) > 0 then
            return true
        end
    end
    return false
end

local function word_for(replica, group)
    local is_same = replica.fingerprint == group[1].fingerprint or not traits.are_coarse(replica, group[1])
    return is_same and "same" or "similar"
end

-- The word for one that is not as most: "differs" only where something says so. Relations are not transitive where times are
-- coarse, or where digests tell its likes apart.
local function word_beside(replica, replicas)
    local word = "similar"
    for _, other in ipairs(replicas) do
        local relation = other ~= replica and is_whole(other) and M.relation(replica, other)
        if relation == "differs" then
            return "differs"
        end
        word = relation == "unknown" and "unknown" or word
    end
    return word
end

-- What nearly all are: whole, of one fingerprint, and nothing was to be asked of their files.
local function are_alike(replicas)
    local print = replicas[1].fingerprint
    for _, replica in ipairs(replicas) do
        if replica.against or replica.fingerprint ~= print or not is_whole(replica) then
            return false
        end
    end
    return true
end

--- Compare the replicas of one category of one project.
-- @param replicas rows as for groups, with `database` and what traits.are_coarse looks at; at most one per database
-- @return table from database name to
--         "only"     there is no other replica,
--         "same"     as most others, "similar" the same as far as coarse file times can tell,
--         "differs"  from the others (from each other, when no content has a majority),
--         "unknown"  it could not be read wholly, nothing whole is there to compare with, or files have to be read
--                    to know
function M.compare(replicas)
    local words = {}
    if #replicas == 1 then
        words[replicas[1].database] = "only"
        return words
    end
    local word = #replicas > 0 and are_alike(replicas) and "same" or "unknown"
    for _, replica in ipairs(replicas) do
        words[replica.database] = word
    end
    if word == "same" then
        return words
    end
    local groups = M.groups(replicas)
    local tie = groups[2] and #groups[1] == #groups[2]
    local alone = #groups == 1 and #groups[1] == 1
    for i, group in ipairs(groups) do
        for _, replica in ipairs(group) do
            if alone then
                words[replica.database] = has_damage(replicas) and "differs" or "unknown"
            else
                words[replica.database] = (i > 1 or tie) and word_beside(replica, replicas)
                    or word_for(replica, group)
            end
        end
    end
    return words
end

return M
