--- In which databases something is, and whether it is the same there, as one word for each. Pure: rows in, words
-- out. Words: those of states.compare, "absent" and "damaged"; view/out.lua has a mark for each.
local states = require "autobackup.states"

local M = {}

-- Of several categories the worst is said.
local RANK = {same = 1, similar = 2, only = 3, differs = 4, unknown = 5, damaged = 6}

local function worse(word, other)
    return (not word or RANK[other] > RANK[word]) and other or word
end

-- Of a database that was not read as a whole nobody knows what it lacks.
local function absent_word(database)
    return database.loaded_at and "absent" or "unknown"
end

local function add_absent(words, databases)
    for _, database in ipairs(databases) do
        words[database.database] = words[database.database] or absent_word(database)
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
-- @return table from database name to word
function M.category(replicas, databases)
    return add_absent(present(replicas), databases)
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
-- @param replicas catalog rows of all its categories, @param databases catalog rows
-- @return table from database name to word
function M.project(replicas, databases)
    local words, held, categories = {}, {}, M.by_category(replicas)
    for _, group in ipairs(categories) do
        for name, word in pairs(present(group)) do
            words[name] = worse(words[name], word)
            held[name] = (held[name] or 0) + 1
        end
    end
    for name, count in pairs(held) do
        if count < #categories then
            words[name] = worse(words[name], "differs")
        end
    end
    return add_absent(words, databases)
end

return M
