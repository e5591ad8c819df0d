--- What a verification came to, in one sentence. Pure: rows in, text out.
local plan = require "autobackup.plan"
local size = require "autobackup.view.size"
local typed = require "autobackup.view.typed"
local sum = require("autobackup.rows").sum

local M = {}

-- "1 file on WORK, 2 on NAS": of the databases in their order of appearance.
local function by_database(rows, count)
    local sums, order = {}, {}
    for _, row in ipairs(rows) do
        if count(row) > 0 then
            if not sums[row.database] then
                sums[row.database], order[#order + 1] = 0, row.database
            end
            sums[row.database] = sums[row.database] + count(row)
        end
    end
    local parts = {}
    for i, name in ipairs(order) do
        parts[i] = ("%s on %s"):format(i == 1 and size.plural(sums[name], "file") or size.count(sums[name]), name)
    end
    return #parts > 0 and table.concat(parts, ", ") or nil
end

local function differing_text(problems)
    local count, names, seen = 0, {}, {}
    local function add(name)
        if not seen[name] then
            seen[name], names[#names + 1] = true, {database = name}
        end
    end
    for _, problem in ipairs(problems) do
        if problem.state == "differs" then
            count = count + 1
            add(problem.database)
            for _, name in ipairs(problem.others) do
                add(name)
            end
        end
    end
    return count > 0 and ("%s %s between %s"):format(size.plural(count, "file"),
        count == 1 and "differs" or "differ", plan.places(names)) or nil
end

local function bad_parts(result)
    local parts = {}
    local function add(prefix, text)
        parts[#parts + 1] = text and prefix .. text or nil
    end
    add("damaged: ", by_database(result, function(row) return row.files_damaged - row.files_repaired end))
    add("repaired: ", by_database(result, function(row) return row.files_repaired end))
    add("", differing_text(result.problems))
    add("written since with the time put back: ", by_database(result, function(row) return row.files_renewed end))
    add("could not be read: ", by_database(result, function(row) return row.files_unread end))
    return parts
end

-- The rows by category of a project.
local function groups_of(rows)
    local groups, by_key = {}, {}
    for _, row in ipairs(rows) do
        local key = row.project .. "\0" .. row.category
        if not by_key[key] then
            by_key[key] = {}
            groups[#groups + 1] = by_key[key]
        end
        table.insert(by_key[key], row)
    end
    return groups
end

local function is_identical(group)
    for _, row in ipairs(group) do
        if not row.identical then
            return false
        end
    end
    return #group > 1
end

local function places(group)
    return plan.places(group)
end

local function are_all(groups, test)
    for _, group in ipairs(groups) do
        if not test(group) then
            return false
        end
    end
    return true
end

-- Nothing is wrong with what was read. "identical" only where all of it was, on each of them.
local function good_text(result)
    local groups, read = groups_of(result), sum(result, "files_ok") + sum(result, "files_new")
    if #groups == 1 and is_identical(groups[1]) then
        return "identical on " .. places(groups[1])
    elseif are_all(groups, is_identical) then
        return ("identical on all that were read: %s of %s"):format(size.plural(#result, "replica"),
            size.plural(#groups, "category of a project", "categories of projects"))
    elseif #result == 1 then
        return ("%s on %s %s good"):format(size.plural(read, "file"), result[1].database,
            read == 1 and "is" or "are")
    end
    local text = ("%s read on %s, all good"):format(size.plural(read, "file"), places(result))
    local is_open = #groups == 1 and #result > 1 and sum(result, "files_left") == 0
        and sum(result, "files_changed") + sum(result, "files_missing") == 0
    return is_open and ("%s; the replicas are not the same: 'compare %s %s' tells what differs"):format(text,
        typed.word(result[1].project), typed.word(result[1].category)) or text
end

local function new_text(result)
    local new = sum(result, "files_new")
    return new == 0 and "" or (", %s now %s digests"):format(size.plural(new, "file"),
        new == 1 and "has" or "have")
end

-- What a limit left over.
local function left_text(result)
    local left = sum(result, "files_left")
    if left == 0 then
        return ""
    end
    return ("; read: %s (%s), left: %s (%s), the same command goes on with the oldest"):format(
        size.plural(sum(result, "files"), "file"), size.size(sum(result, "bytes")), size.plural(left, "file"),
        size.size(sum(result, "bytes_left")))
end

--- The sentence.
-- @param result of autobackup.verification: its rows have `identical` where all files of theirs and of all others
--        of their category that were read are the same by digests; `unread` where some of it could not be read
-- @return text, nil when nothing was read or there is nothing to say
function M.text(result)
    local read = sum(result, "files") + sum(result, "files_unread")
    local known = #bad_parts(result) > 0
    if #result == 0 or read == 0 and not known then
        return result.older and #result.problems == 0 and #result > 0 and sum(result, "files_left") == 0
            and "nothing is due: all of it was verified since then" or nil
    end
    local parts = bad_parts(result)
    local text = #parts > 0 and table.concat(parts, "; ") or good_text(result)
    if result.cached then
        text = text .. " (in memory; no disk was verified)"
    end
    local unread = result.unread and "; not all of it could be read" or ""
    return text .. new_text(result) .. left_text(result) .. unread
end

return M
