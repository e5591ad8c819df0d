--- What lies beside the categories and is not to be told: what a category holds by now, and what is ignored.
local glob = require "autobackup.glob"
local locate = require "autobackup.locate"
local rows = require "autobackup.rows"

local M = {}

-- A category that was added after the load: what lies there is its, or not known yet.
local function is_in_category(path, categories)
    for _, category in ipairs(categories) do
        if locate.overlap(category.path, path) then
            return true
        end
    end
    return false
end

local function matchers(session)
    local list = {}
    for _, source in ipairs{session.catalog:ignored(), session.ignored} do
        for _, ignored in ipairs(source) do
            list[#list + 1] = {matches = glob.matcher(glob.new(ignored.path)), path = ignored.path,
                database = ignored.database}
        end
    end
    return list
end

local function is_ignored(entry, ignored)
    for _, one in ipairs(ignored) do
        if (not one.database or one.database == entry.database)
            and (one.matches(entry.path) or locate.contains(one.path, entry.path)) then
            return true
        end
    end
    return false
end

--- What lies beside the categories and nobody said to ignore.
-- @param session the session
-- @param filter {database = name?}
-- @return rows of type "loose" with `category` nil; size and files are nil where they are not known, at_least
--        is true
--         where it is known that there is more
function M.list(session, filter)
    local categories, ignored, list = session.catalog:categories(), matchers(session), {}
    for _, entry in ipairs(session.catalog:outside(filter)) do
        if not is_in_category(entry.path, categories) and not is_ignored(entry, ignored) then
            list[#list + 1] = rows.row("loose", {database = entry.database, kind = entry.kind, files = entry.files,
                size = entry.bytes, at_least = entry.bytes and entry.whole == 0 or nil,
                path = locate.join(entry.root, entry.path)})
        end
    end
    return list
end

--- How many in each database.
-- @return table from database name to count
function M.counts(session)
    local counts = {}
    for _, entry in ipairs(M.list(session)) do
        counts[entry.database] = (counts[entry.database] or 0) + 1
    end
    return counts
end

--- The size of a loose entry as people read it: unknown is "?", at least is "> 3 MB".
-- @param row of type "loose", @param out an output
function M.size_text(row, out)
    if not row.size then
        return out:mark("unknown")
    end
    return (row.at_least and "> " or "") .. out:size(row.size)
end

return M
