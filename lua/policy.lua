--- What is below policy. Pure: policies and replicas in, shortfalls out.
--
-- A policy is {category=, replicas=N, on={databases}, verified=seconds}: how many replicas of the newest content
-- there must be, on which databases it must be, and how long ago it may have been verified. A category without
-- one must have two replicas: what exists only once is one broken disk away from being lost.
local age = require "autobackup.view.age"
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

-- The replicas that count: those with the newest content, in a tie those of the larger group.
local function current(cell)
    local best = {}
    for _, group in ipairs(states.groups(cell)) do
        if #best == 0 or newest(group) > newest(best) then
            best = group
        end
    end
    return best
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
    return ("%d of %d replicas current"):format(#good, wanted)
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

local function damage_reasons(cell, reasons)
    for _, replica in ipairs(cell) do
        if (replica.damaged or 0) > 0 then
            reasons[#reasons + 1] = ("%d damaged on %s"):format(replica.damaged, replica.database)
        end
    end
end

local function place_reasons(policy, all, good, reasons)
    for _, database in ipairs(policy.on or {}) do
        if not all[database] then
            reasons[#reasons + 1] = "not on " .. database
        elseif not good[database] and not is_incomplete(all[database]) then
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
    if #good < wanted then
        reasons[1] = count_reason(cell, good, wanted)
    end
    damage_reasons(cell, reasons)
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
