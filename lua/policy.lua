--- What is below policy. Pure: policies and replicas in, shortfalls out.
--
-- A policy is {category= or "all", replicas=N, on={databases}, verified=seconds}: how many replicas of the
-- newest content
-- there must be, on which databases it must be, and how long ago it may have been verified. A category without
-- one must have two replicas: what exists only once is one broken disk away from being lost.
local age = require "autobackup.view.age"
local lazy = require "autobackup.lazy"
local size = require "autobackup.view.size"
local states = require "autobackup.states"
local traits = lazy "autobackup.traits"

local M = {}

--- The policy of a category that has none.
M.default = {replicas = 2}

-- A later policy takes the place of earlier ones; one of "all" is that of every category, also of one added later.
local function finder(policies)
    local map, all = {}, M.default
    for _, policy in ipairs(policies) do
        if policy.category == "all" then
            map, all = {}, policy
        else
            map[policy.category] = policy
        end
    end
    return function(category) return map[category] or all end
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

-- Has a group all that another has, or a later state of it, for all that is known?
local function is_ahead(group, other)
    for _, a in ipairs(group) do
        for _, b in ipairs(other) do
            local answer = a.against and a.against[b.id]
            if answer and answer.ahead then
                return answer.ahead == a.id
            end
        end
    end
    return false
end

local function is_ahead_of_all(group, list)
    for _, other in ipairs(list) do
        if other ~= group and not is_ahead(group, other) then
            return false
        end
    end
    return true
end

local function leader(list)
    for _, group in ipairs(list) do
        if is_ahead_of_all(group, list) then
            return group
        end
    end
    return nil
end

-- Where a disk rounds times, or keeps none, those of two contents of one file do not tell which is the newer.
local function may_be_of_one_time(group, other)
    return newest(group) == newest(other)
        or states.differ_in_content(group, other) and traits.are_coarse(group[1], other[1])
end

-- Contents of one newest time, that of the newest file.
local function of_newest_time(groups)
    local list = {}
    for _, group in ipairs(groups) do
        if #list > 0 and may_be_of_one_time(group, list[1]) then
            list[#list + 1] = group
        elseif #list == 0 or newest(group) > newest(list[1]) then
            list = {group}
        end
    end
    return list
end

-- The replicas that count: those with the newest content, whatever the times of the newest files are where their files tell.
-- Of two contents whose newest files are of one time neither is the newest, unless it has all that the other has.
-- @return group; where none counts empty, and the list of those that are in conflict or nil
local function current(cell)
    local groups = states.groups(cell)
    local group = leader(groups)
    if group then
        return group
    end
    local list = of_newest_time(groups)
    group = leader(list)
    return group or {}, not group and list[2] and list or nil
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

-- What could not be read may be newer than all that could, or all that is missing: nobody knows.
local function reading_doubts(cell, unread, doubts)
    for _, replica in ipairs(cell) do
        if is_incomplete(replica) then
            unread.matters = true
            doubts[#doubts + 1] = replica.database .. " could not be read completely"
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

-- Each pair once: that which verify found to differ is a shortfall, that which it has to read is not known.
local function content_reasons(cell, reasons, doubts)
    local others, found = by_id(cell), {}
    for _, replica in ipairs(cell) do
        for id, answer in pairs(replica.against or {}) do
            local other = others[id]
            if other and replica.id < id and answer.content > 0 then
                found[#found + 1] = ("%s on %s and %s %s in content, though not in size and time"):format(
                    size.plural(answer.content, "file"), replica.database, other.database,
                    answer.content == 1 and "differs" or "differ")
            elseif other and replica.id < id and answer.corrupt then
                doubts[#doubts + 1] = answer.corrupt
            elseif other and replica.id < id and answer.doubtful > 0 then
                doubts[#doubts + 1] = ("verify has to read whether %s on %s and %s are the same"):format(
                    size.plural(answer.doubtful, "file"), replica.database, other.database)
            end
        end
    end
    table.sort(found)
    table.sort(doubts)
    table.move(found, 1, #found, #reasons + 1, reasons)
end

-- Whether it takes reading to know that a replica is the same as one of the good ones: not where something differs anyway.
local function is_doubtful(replica, good)
    for _, other in ipairs(good) do
        local answer = replica ~= other and replica.against and replica.against[other.id]
        if answer and answer.state == "unknown" then
            return true
        end
    end
    return false
end

local function count_doubtful(cell, good)
    local count = 0
    for _, replica in ipairs(cell) do
        count = count + ((is_incomplete(replica) or is_doubtful(replica, good)) and 1 or 0)
    end
    return count
end

-- Of a replica that is damaged, could not be read or has another content without being older, that was said.
local function is_explained(replica)
    return is_incomplete(replica) or (replica.damaged or 0) > 0 or states.differing(replica) > 0
end

local function place_reasons(policy, cell, good, unread, reasons)
    local all, good_set = select(2, names_of(cell)), select(2, names_of(good))
    for _, database in ipairs(policy.on or {}) do
        if not all[database] and unread[database] then
            unread.matters = true
        elseif not all[database] then
            reasons[#reasons + 1] = "not on " .. database
        elseif not good_set[database] and is_doubtful(all[database], good) then
            unread.matters = true
        elseif not good_set[database] and not is_explained(all[database]) then
            reasons[#reasons + 1] = database .. " is not up to date"
        end
    end
end

local function verify_reasons(policy, good, now, reasons)
    for _, replica in ipairs(policy.verified and good or {}) do
        local seconds = replica.verified_at and (now - replica.verified_at) // 1000000000
        if not seconds then
            reasons[#reasons + 1] = "not verified on " .. replica.database
        elseif seconds > policy.verified then
            reasons[#reasons + 1] = ("verified on %s %s ago"):format(replica.database, age.span(seconds))
        end
    end
end

-- Too few replicas are known: that is a shortfall unless what was never read may be what is missing.
local function count_reasons(cell, good, wanted, unread, reasons)
    local doubtful = count_doubtful(cell, good)
    if #good + count_damaged(cell) >= wanted then
        return
    elseif #good + #unread + doubtful >= wanted and #unread + doubtful > 0 then
        unread.matters = true
    elseif #unread > 0 and #cell == 1 then    -- whether it is the only one is not known
        reasons[#reasons + 1] = ("1 replica is known, %d are asked for"):format(wanted)
    else
        reasons[#reasons + 1] = count_reason(cell, good, wanted)
    end
end

local function names_in(group)
    local names = {}
    for i, replica in ipairs(group) do
        names[i] = replica.database
    end
    return names
end

-- All other contents, that with the newest file first.
local function others(groups, own)
    local list = {}
    for _, group in ipairs(groups) do
        list[#list + 1] = group ~= own and names_in(group) or nil
    end
    return list[1] and list
end

-- What each database lacks.
local function lacks(cell, policy)
    local groups, missing = states.groups(cell), {}
    for _, replica in ipairs(cell) do
        groups[#groups + 1] = is_incomplete(replica) and {replica} or nil    -- nobody knows what it holds
    end
    local order = {}
    for i, group in ipairs(groups) do
        order[group] = i
    end
    table.sort(groups, function(a, b)
        if newest(a) ~= newest(b) then
            return newest(a) > newest(b)
        end
        return order[a] < order[b]
    end)
    for _, group in ipairs(groups) do
        for _, replica in ipairs(group) do
            missing[replica.database] = others(groups, group)
        end
    end
    for _, database in ipairs(policy.on or {}) do
        missing[database] = missing[database] or not M.holds(cell, database) and others(groups) or nil
    end
    return missing
end

-- Contents of which none is the newest, where nothing else says so.
local function conflict_reasons(conflict, reasons)
    if conflict and #reasons == 0 then
        reasons[#reasons + 1] = ("%s and %s differ, neither is newer"):format(
            conflict[1][1].database, conflict[2][1].database)
    end
end

local function state_of(reasons, unread)
    return #reasons > 0 and "below" or unread.matters and "unknown" or "ok"
end

-- The most files that have to be read to know whether two of its replicas are the same; nil: none.
local function doubtful_files(cell)
    local most = 0
    for _, replica in ipairs(cell) do
        most = math.max(most, (states.doubtful(replica)))
    end
    return most > 0 and most or nil
end

local function copied(list)
    return table.move(list, 1, #list, 1, {})
end

local function judge(cell, policy, now, unread)
    local good, conflict = current(cell)
    local wanted, reasons, doubts = policy.replicas or 1, {}, {}
    count_reasons(cell, good, wanted, unread, reasons)
    damage_reasons(cell, reasons)
    content_reasons(cell, reasons, doubts)
    conflict_reasons(wanted > 1 and conflict, reasons)
    reading_doubts(cell, unread, doubts)
    place_reasons(policy, cell, conflict and cell or good, unread, reasons)
    verify_reasons(policy, good, now, reasons)
    local state = state_of(reasons, unread)
    if state ~= "ok" then
        table.move(doubts, 1, #doubts, #reasons + 1, reasons)
    end
    return {
        project = cell.project, client = cell.client, name = cell.name, category = cell.category,
        files = good[1] and good[1].files or cell[1].files, bytes = good[1] and good[1].bytes or cell[1].bytes,
        databases = names_of(cell), current = names_of(good), replicas = #good, wanted = wanted, reasons = reasons,
        state = state, lacks = lacks(cell, policy), unread = copied(unread), doubtful = doubtful_files(cell),
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

--- Whether a database is among the replicas.
function M.holds(cell, database)
    for _, replica in ipairs(cell) do
        if replica.database == database then
            return true
        end
    end
    return false
end

-- The databases without a known replica of a cell that were not read for it, as a list and a set.
local function unread_of(cell, unread)
    local list = {}
    for _, database in ipairs(unread and unread(cell[1]) or {}) do
        if not M.holds(cell, database) then
            list[#list + 1], list[database] = database, true
        end
    end
    return list
end

--- Judge each category of each project by its policy. Replicas without any file need none.
-- @param policies list as above; durations in seconds
-- @param replicas catalog rows, sorted by project and category
-- @param now ns since 1970
-- @param unread function(replica row) -> list of the databases that were not read for its category and project
--        (optional)
-- @return list of {project, client, name, category, files, bytes, databases={all that have it}, current={those
--         with the newest content}, replicas=#current, wanted, reasons={texts}, lacks={database = {{others that
--         hold one content which it has not}, ..., the newest first}}, state="ok", "below" or "unknown" (it
--         has too little unless an unread database has it, or reading shows that a replica is good, or a replica could
--         not be read wholly), doubtful = files
--         that have to be read to know, or nil, unread={databases
--         of which nothing can be said}}
function M.judge(policies, replicas, now, unread)
    local policy_of, list = finder(policies), {}
    for _, cell in ipairs(cells(replicas)) do
        if has_files(cell) then
            list[#list + 1] = judge(cell, policy_of(cell.category), now, unread_of(cell, unread))
        end
    end
    return list
end

--- How many replicas a category must have.
-- @param policies list as above, @param category its name
function M.wanted(policies, category)
    return finder(policies)(category).replicas or 1
end

--- Those of the same that are below their policy.
-- @return list as of judge, and how many were judged
function M.below(policies, replicas, now, unread)
    local judged, list = M.judge(policies, replicas, now, unread), {}
    for _, verdict in ipairs(judged) do
        list[#list + 1] = verdict.state == "below" and verdict or nil
    end
    return list, #judged
end

--- How many of the replicas that exist only once should not.
-- @param policies as for below
-- @param single table from a category's name to how many replicas of it exist only once
-- @return count
function M.count_single(policies, single)
    local policy_of, count = finder(policies), 0
    for category, number in pairs(single) do
        local policy = policy_of(category)
        count = count + ((policy.replicas or 1) > 1 and number or 0)
    end
    return count
end

return M
