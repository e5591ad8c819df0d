--- Which replicas are set against which, and what came of it. Pure: rows in, words out.
local lists = require "autobackup.lists"

local M = {}

-- What counts, the first that differs decides.
local function merits(replica, twins)
    return {replica.errors == 0 and 1 or 0, replica.newest or math.mininteger, twins[replica.fingerprint],
        replica.files, replica.bytes}
end

local function is_better(a, b)
    for i, merit in ipairs(a) do
        if merit ~= b[i] then
            return merit > b[i]
        end
    end
    return false
end

--- The replica that the others are compared with when no database is named: of those that were read wholly the
-- one with the newest file, then that of which there are more, then that with more files, then more bytes; the
-- first in a tie.
-- @param replicas catalog rows of one category of one project, at least one
-- @return one of them
function M.newest(replicas)
    local twins, best, best_merits = {}, nil, nil
    for _, replica in ipairs(replicas) do
        twins[replica.fingerprint] = (twins[replica.fingerprint] or 0) + 1
    end
    for _, replica in ipairs(replicas) do
        local its = merits(replica, twins)
        if not best or is_better(its, best_merits) then
            best, best_merits = replica, its
        end
    end
    return best
end

-- The catalog's sorted rows as projects; each has its categories in order, each of those its replicas by database.
local function nest(replicas)
    local projects, project, category = {}, nil, nil
    for _, replica in ipairs(replicas) do
        if not project or project.project ~= replica.project then
            project = {project = replica.project, client = replica.client, name = replica.name, holders = {}}
            projects[#projects + 1] = project
            category = nil
        end
        if not category or category.category ~= replica.category then
            category = {category = replica.category, replicas = {}, by_database = {}}
            project[#project + 1] = category
        end
        table.insert(category.replicas, replica)
        category.by_database[replica.database] = replica
        project.holders[replica.database] = true
    end
    return projects
end

-- The databases to compare: the named ones; one alone, or none, is joined by all that have the project.
local function candidates(project, databases, named)
    local list = {table.unpack(named)}
    if #named < 2 then
        for _, database in ipairs(databases) do
            if project.holders[database] and not lists.contains(list, database) then
                list[#list + 1] = database
            end
        end
    end
    return list
end

local function is_anywhere(category, list)
    for _, database in ipairs(list) do
        if category.by_database[database] then
            return true
        end
    end
    return false
end

local function add_pairs(result, project, category, list, named)
    local reference = named[1] or M.newest(category.replicas).database
    local alone = true
    local function add(database)
        result[#result + 1] = {
            project = project.project, client = project.client, name = project.name, category = category.category,
            reference = reference, database = database, left = category.by_database[reference],
            right = category.by_database[database],
        }
    end
    for _, database in ipairs(list) do
        if database ~= reference then
            alone = false
            add(database)
        end
    end
    if alone then
        add(nil)
    end
end

--- What to compare with what. Every database is compared with the reference: the first one named, or where none is
-- named the one with the newest content of each category.
-- @param replicas catalog rows of the projects, sorted by project and category
-- @param databases names of all databases, in their order
-- @param named names of the databases that were asked for, the reference first; may be empty
-- @param category a name, several (lists.several), or nil for all
-- @return list of {project, client, name, category, reference, database (nil: no other one has the project),
--         left=, right= (catalog rows; nil where that side has nothing)}
function M.pairs(replicas, databases, named, category)
    local result = {}
    for _, project in ipairs(nest(replicas)) do
        local list = candidates(project, databases, named)
        for _, of in ipairs(project) do
            if lists.covers(category, of.category) and is_anywhere(of, list) then
                add_pairs(result, project, of, list, named)
            end
        end
    end
    return result
end

local function amount(sum)
    return sum.files + sum.others
end

-- A sum with more files, or fewer.
local function plus(sum, files, bytes)
    return {files = sum.files + files, bytes = sum.bytes + bytes, others = sum.others}
end

--- Counts of which some files that the catalog calls the same are to be read: they had to be, and could not.
-- @param counts of core.compare, @param without {files =, bytes = of those, other_time = how many of them are of another time}
-- @return counts, changed in place
function M.with_doubts(counts, without)
    counts.same = plus(counts.same, -without.files, -without.bytes)
    counts.doubt = plus(counts.doubt, without.files, without.bytes)
    counts.other_time = counts.other_time - without.other_time
    return counts
end

--- The verdict on a pair.
-- @param counts of core.compare
-- @return "same", "differs", "absent" (one side has nothing), or "incomplete": nothing differs, but something
--         could not be read or has to be read, so that nobody knows
function M.state(counts)
    if not counts.found_left or not counts.found_right then
        return "absent"
    elseif amount(counts.only_left) + amount(counts.only_right) + amount(counts.different) > 0
        or counts.directories_left + counts.directories_right > 0 then
        return "differs"
    elseif counts.errors_left + counts.errors_right + amount(counts.unread) + amount(counts.doubt) > 0 then
        return "incomplete"
    end
    return "same"
end

local SIGNS = {proved = "=", same = "=", time = "=", left = "+", right = "-", unread = "!", doubt = "?"}

--- The sign of a judgement, as `rclone check --combined` writes it with the reference as its source: "=" the same,
-- "+" only in the reference, "-" only in the other database, "*" in both and different, "!" not readable, "?"
-- to be read to know.
function M.sign(judgement)
    return SIGNS[judgement] or "*"
end

local REASONS = {size = "size", content = "content", target = "target", type = "type", age = "time", time = "time",
    doubt = "doubt"}

--- Why two files of one name differ (or what differs though they are the same): "size", "content", "target",
-- "type", "time" or "doubt"; nil otherwise.
function M.reason(judgement)
    return REASONS[judgement]
end

local STATUSES = {same = 0, incomplete = 3, differs = 4, absent = 4, only = 4}

--- The exit status of a state: 0 the same, 3 not known, 4 different.
function M.status(state)
    return STATUSES[state]
end

return M
