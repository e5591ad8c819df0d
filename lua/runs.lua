--- The operations of one command: a run. They are listed as one, and undone as one.
-- Pure: tables in, tables out.
local M = {}

--- The entries of a run.
-- @param list of past.merge, @param run its id
-- @return list, newest first
function M.members(list, run)
    local members = {}
    for _, entry in ipairs(list) do
        if entry.run == run then
            members[#members + 1] = entry
        end
    end
    return members
end

--- How many entries each run has. One of a single entry is no group: its operation stands for itself.
-- @param list of past.merge, or rows of history
-- @return table from id to count
function M.sizes(list)
    local sizes = {}
    for _, entry in ipairs(list) do
        if entry.run then
            sizes[entry.run] = (sizes[entry.run] or 0) + 1
        end
    end
    return sizes
end

--- What all that an entry was done together with: its run, or itself on each database that has it.
-- @param list of past.merge, @param entry of it
-- @return list, newest first
function M.together(list, entry)
    if entry.run then
        return M.members(list, entry.run)
    end
    local same = {}
    for _, other in ipairs(list) do
        if other.operation == entry.operation then
            same[#same + 1] = other
        end
    end
    return same
end

-- ---- one line for a run ----

-- The one value that all have, or how many different ones.
local function common(members, key, noun, plural)
    local seen, count, first = {}, 0, nil
    for _, entry in ipairs(members) do
        local value = entry[key]
        if value and not seen[value] then
            seen[value], count, first = true, count + 1, first or value
        end
    end
    return count > 1 and ("%d %s"):format(count, plural or noun .. "s") or first, count
end

local SUMS = {"files", "bytes", "created", "replaced", "removed", "corrected", "directories", "seconds"}
local WORST = {"failed", "cancelled", "unfinished", "unknown", "running", "partial", "done"}

local function worst_state(members)
    local seen = {}
    for _, entry in ipairs(members) do
        seen[entry.state] = true
    end
    for _, state in ipairs(WORST) do
        if seen[state] then
            return state
        end
    end
    return members[1].state
end

-- Undone as a whole, or how many of it; or whether something of one is left.
local function undone_of(members)
    local count, by, in_part = 0, nil, nil
    for _, entry in ipairs(members) do
        local whole = entry.undone_by and not entry.undone_in_part
        count, by, in_part = count + (whole and 1 or 0), by or entry.undone_by, in_part or entry.undone_in_part
    end
    return by, count > 0 and count < #members and ("%d of %d"):format(count, #members) or nil, in_part
end

local function summary(run, members)
    local first = members[#members]    -- the oldest: it began the run
    local line = {
        operation = run, run = run, operations = #members, counts = {}, started_at = first.started_at,
        host = first.host, user = first.user, kind = common(members, "kind", "kind"), state = worst_state(members),
        project = common(members, "project", "project"), to = common(members, "to", "database"),
        category = common(members, "category", "category", "categories"),
        from = common(members, "from", "database"),
        undoes_many = first.undoes and #members or nil,
    }
    for _, key in ipairs{"category", "from", "to"} do
        local _, count = common(members, key, key)
        line.counts[key] = count > 1 and count or nil
    end
    line.undone_by, line.undone_part, line.undone_in_part = undone_of(members)
    for _, key in ipairs(SUMS) do
        for _, entry in ipairs(members) do
            line[key] = entry[key] and (line[key] or 0) + entry[key] or line[key]
        end
    end
    return line
end

--- A list for people: each run of several operations is one line, where its newest stands.
-- @param list rows or entries, newest first
-- @return list of them; a run's line has `operations` (how many), sums, what all have in common, else how many
--         different ("3 projects"; in `counts` as numbers), the worst state, and undone_part ("1 of 3") where only
--         a part is undone
function M.fold(list)
    local lines, at, members = {}, {}, {}
    for _, entry in ipairs(list) do
        local run = entry.run or lines    -- a key that nothing else has
        if not at[run] or not entry.run then
            lines[#lines + 1] = entry
            at[run], members[run] = #lines, {}
        end
        table.insert(members[run], entry)
    end
    for run, place in pairs(at) do
        if run ~= lines and #members[run] > 1 then
            lines[place] = summary(run, members[run])
        end
    end
    return lines
end

return M
