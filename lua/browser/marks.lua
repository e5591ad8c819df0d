--- In which databases something is, and whether it is the same there, as one word for each. Pure: rows in, words
-- out. Words: those of states.compare, "absent" and "damaged"; view/out.lua has a mark for each.
local states = require "autobackup.states"

local M = {}

-- Of several categories the worst is said.
local RANK = {same = 1, similar = 2, only = 3, differs = 4, unknown = 5, damaged = 6}

local function worse(word, other)
    return (not word or RANK[other] > RANK[word]) and other or word
end

-- Of a database that was not read for a category nobody knows what it lacks there.
local function absent_word(database, replica, covered)
    return covered:gap(database.id, replica.category_id, replica.client, replica.name) and "unknown" or "absent"
end

-- A word for each database that has no replica of the group; what is held once is only known to be so when all
-- were
-- read.
local function add_absent(words, group, databases, covered)
    local unknown = false
    for _, database in ipairs(group[1] and databases or {}) do
        if not words[database.database] then
            words[database.database] = absent_word(database, group[1], covered)
            unknown = unknown or words[database.database] == "unknown"
        end
    end
    for name, word in pairs(words) do
        words[name] = unknown and word == "only" and "unknown" or word
    end
    return words
end

local function present(replicas)
    local words = states.compare(replicas)
    for _, replica in ipairs(replicas) do
        if (replica.damaged or 0) ~= 0 then
            words[replica.database] = "damaged"
        end
    end
    return words
end

--- The words for one category of one project.
-- @param replicas catalog rows, at most one for each database
-- @param databases catalog rows
-- @param covered what was read: coverage.lua
-- @return table from database name to word
function M.category(replicas, databases, covered)
    return add_absent(present(replicas), replicas, databases, covered)
end

--- Rows by their category, in the order in which the categories first come.
-- @return list of lists
function M.by_category(replicas)
    local order, groups = {}, {}
    for _, replica in ipairs(replicas) do
        if not groups[replica.category] then
            groups[replica.category] = {}
            order[#order + 1] = groups[replica.category]
        end
        table.insert(groups[replica.category], replica)
    end
    return order
end

--- The words for a project: a database that lacks a category which another one has differs from it.
-- @param replicas catalog rows of all its categories, @param databases, covered as above
-- @return table from database name to word
function M.project(replicas, databases, covered)
    local words, held, absent = {}, {}, {}
    for _, group in ipairs(M.by_category(replicas)) do
        for name, word in pairs(M.category(group, databases, covered)) do
            if word == "absent" then
                absent[name] = true
            else
                words[name] = worse(words[name], word)
            end
        end
        for _, replica in ipairs(group) do
            held[replica.database] = true
        end
    end
    for name in pairs(absent) do
        words[name] = held[name] and worse(words[name], "differs") or words[name] or "absent"
    end
    return words
end

return M
