--- What is below policy. Pure: policies and replicas in, shortfalls out.
--
-- A policy is {category=, replicas=N, on={databases}, verified=seconds}: how many replicas of the newest content
-- there must be, on which databases it must be, and how long ago it may have been verified. A category without
-- one must have two replicas: what exists only once is one broken disk away from being lost.
local age = require "autobackup.view.age"
local size = require "autobackup.view.size"
local states = require "autobackup.states"

local M = {}

--- The policy of a category that has none.
M.default = {replicas = 2}

local function by_category(policies)
    local map = {}
    for _, policy in ipairs(policies) do
        map[policy.category] = policy    -- a later one takes the place of an earlier one
    end
    return map
end

-- Consecutive rows of one category of one project, as the catalog sorts them.
local function cells(replicas)
    local list, last = {}, nil
    for _, replica in ipairs(replicas) do
        if not (last and last.project == replica.project and last.category == replica.category) then
            last = {project = replica.project, client = replica.client, name = replica.name,
                category = replica.category}
            list[#list + 1] = last
        end
        table.insert(last, replica)
    end
    return list
end

local function newest(group)
    local time = math.mininteger
    for _, replica in ipairs(group) do
        time = math.max(time, replica.newest or math.mininteger)
    end
    return time
end

-- The replicas that count: those with the newest content, in a tie those of the larger group. Of two groups of one
-- size that only their digests tell apart nobody knows which is right, so none counts.
local function current(cell)
    local best, rival = {}, nil
    for _, group in ipairs(states.groups(cell)) do
        if #best == 0 or newest(group) > newest(best) then
            best, rival = group, nil
        elseif #group == #best and newest(group) == newest(best) and states.differ_in_content(group, best) then
            rival = group
        end
    end
    return rival and {} or best
end

local function names_of(replicas)
    local names, set = {}, {}
    for i, replica in ipairs(replicas) do
        names[i], set[replica.database] = replica.database, replica
    end
    return names, set
end

local function count_reason(cell, good, wanted)
    if #cell == 1 then
        return "only on " .. cell[1].database
    elseif #good == 0 then
        return nil    -- the reasons that follow say why
    end
    local asked = #cell ~= wanted and (", %d %s asked for"):format(wanted, wanted == 1 and "is" or "are") or ""
    if #good == #cell then
        return size.plural(#cell, "replica") .. asked
    end
    return ("%d of %d replicas %s the newest files%s"):format(#good, #cell, #good == 1 and "has" or "have", asked)
end

local function is_incomplete(replica)
    return replica.errors > 0
end

-- What could not be read may be newer than all that could.
local function reading_reasons(cell, reasons)
    for _, replica in ipairs(cell) do
        if is_incomplete(replica) then
            reasons[#reasons + 1] = replica.database .. " could not be read completely"
        end
    end
end

local function count_damaged(cell)
    local count = 0
    for _, replica in ipairs(cell) do
        count = count + ((replica.damaged or 0) > 0 and 1 or 0)
    end
    return count
end

local function damage_reasons(cell, reasons)
    for _, replica in ipairs(cell) do
        if (replica.damaged or 0) > 0 then
            reasons[#reasons + 1] = ("%d damaged on %s"):format(replica.damaged, replica.database)
        end
    end
end

local function by_id(cell)
    local map = {}
    for _, replica in ipairs(cell) do
        map[replica.id or replica] = replica
    end
    return map
end

-- Each pair once, that which verify found to differ before that which it has to read.
local function content_reasons(cell, reasons)
    local others, found, doubts = by_id(cell), {}, {}
    for _, replica in ipairs(cell) do
        for id, answer in pairs(replica.against or {}) do
            local other = others[id]
            if other and replica.id < id and answer.content > 0 then
                found[#found + 1] = ("%s on %s and %s %s in content, though not in size and time"):format(
                    size.plural(answer.content, "file"), replica.database, other.database,
                    answer.content == 1 and "differs" or "differ")
            elseif other and replica.id < id and answer.doubtful > 0 then
                doubts[#doubts + 1] = ("verify has to read whether %s on %s and %s are the same"):format(
                    size.plural(answer.doubtful, "file"), replica.database, other.database)
            end
        end
    end
    for _, list in ipairs{found, doubts} do
        table.sort(list)
        table.move(list, 1, #list, #reasons + 1, reasons)
    end
end

-- Of a replica that is damaged, could not be read or has another content without being older, that was said.
local function is_explained(replica)
    return is_incomplete(replica) or (replica.damaged or 0) > 0 or states.differing(replica) > 0
end

local function place_reasons(policy, all, good, reasons)
    for _, database in ipairs(policy.on or {}) do
        if not all[database] then
            reasons[#reasons + 1] = "not on " .. database
        elseif not good[database] and not is_explained(all[database]) then
            reasons[#reasons + 1] = database .. " is not up to date"
        end
    end
end

local function verify_reasons(policy, good, now, reasons)
    for _, replica in ipairs(policy.verified and good or {}) do
        local seconds = replica.verified_at and (now - replica.verified_at) // 1000000000
        if not seconds then
            reasons[#reasons + 1] = "never verified on " .. replica.database
        elseif seconds > policy.verified then
            reasons[#reasons + 1] = ("verified on %s %s ago"):format(replica.database, age.span(seconds))
        end
    end
end

local function judge(cell, policy, now)
    local good = current(cell)
    local good_names, good_set = names_of(good)
    local all_names, all_set = names_of(cell)
    local wanted, reasons = policy.replicas or 1, {}
    if #good + count_damaged(cell) < wanted then
        reasons[1] = count_reason(cell, good, wanted)
    end
    damage_reasons(cell, reasons)
    content_reasons(cell, reasons)
    reading_reasons(cell, reasons)
    place_reasons(policy, all_set, good_set, reasons)
    verify_reasons(policy, good, now, reasons)
    return {
        project = cell.project, client = cell.client, name = cell.name, category = cell.category,
        files = good[1] and good[1].files or cell[1].files, bytes = good[1] and good[1].bytes or cell[1].bytes,
        databases = all_names, current = good_names, replicas = #good, wanted = wanted, reasons = reasons,
    }
end

local function has_files(cell)
    for _, replica in ipairs(cell) do
        if replica.files > 0 or replica.errors > 0 then
            return true
        end
    end
    return false
end

--- What does not have what its policy asks for. Replicas without any file need none.
-- @param policies list as above; durations in seconds
-- @param replicas catalog rows, sorted by project and category
-- @param now ns since 1970
-- @return list of {project, client, name, category, files, bytes, databases={all that have it}, current={those
--         with the newest content}, replicas=#current, wanted, reasons={texts}}, and how many were judged
function M.below(policies, replicas, now)
    local map, list, judged = by_category(policies), {}, 0
    for _, cell in ipairs(cells(replicas)) do
        if has_files(cell) then
            local verdict = judge(cell, map[cell.category] or M.default, now)
            judged = judged + 1
            if #verdict.reasons > 0 then
                list[#list + 1] = verdict
            end
        end
    end
    return list, judged
end

--- How many of the replicas that exist only once should not.
-- @param policies as for below
-- @param single table from a category's name to how many replicas of it exist only once
-- @return count
function M.count_single(policies, single)
    local wanted, count = by_category(policies), 0
    for category, number in pairs(single) do
        local policy = wanted[category] or M.default
        count = count + ((policy.replicas or 1) > 1 and number or 0)
    end
    return count
end

return M
