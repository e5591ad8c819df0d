--- What a database's filesystem keeps: measured when it is first written to, and remembered in the catalog.
--
-- A catalog's rows of databases and replicas say of its times: granularity (ns), oldest_kept and newest_kept (ns: what is
-- older or newer is stored as these; nil: there is no end), keeps_times (0: a time that is set does not stay).
local core_copy = require "core.copy"
local lazy = require "autobackup.lazy"
local errors = require "autobackup.errors"
local nanoseconds = require "autobackup.view.nanoseconds"
local units = lazy "autobackup.units"

local M = {}

local KEPT = {"times", "link_times", "ctime", "inode", "mode", "owner", "links", "symlinks", "holes", "xattrs",
    "exchange"}
local FIRST_OF_ALL = -2147483648 * 1000000000    -- 1901, where the first of the common ones begins
local LAST_OF_ALL = nanoseconds.of(9223372036)   -- 2262, before which only old ones end

-- What keeps a disk from being measured, and is said where its traits are looked at.
local LEFT = {EROFS = true, EACCES = true, EPERM = true,
    ENOSPC = true, EDQUOT = true, ENOENT = true, ESTALE = true}

--- See that the catalog knows what a database's filesystem keeps. Writes to its disk, unless that is known.
-- @param session the session
-- @param database catalog row, online
-- @param category catalog row: what it lies on, where that is a disk of its own (optional)
-- @return whether it is known now; raises where the disk fails
function M.ensure(session, database, category)
    if category and not session.catalog:is_apart(database.id, category.id) then
        return true
    end
    local found, message, code = core_copy.measure{
        catalog = session.catalog:path(), database = database.id, root = database.path,
        identity = database.identity, category = category and category.path,
    }
    if not found and not LEFT[code] then
        errors.raise(code, message, {path = database.path})
    end
    return found ~= nil
end

local function is_coarse(row, other)
    local newest = row.newest_kept
    return (row.granularity or 1) > 1 or row.keeps_times == 0 or (row.oldest_kept or FIRST_OF_ALL) > FIRST_OF_ALL
        or newest ~= nil and (newest < LAST_OF_ALL or (other.newest or newest) > newest)
end

--- May times of two rows that are not equal be those of one file, and not only those of years that hardly any filesystem
-- has? Pure.
function M.are_coarse(a, b)
    return is_coarse(a, b) or is_coarse(b, a)
end

--- The option of commands that compare times: what no trial can see, as whole hours after a change of zone on FAT.
function M.window_option()
    return {type = "duration", value = "DURATION", help = "times that differ by at most this agree, such as 1h "
        .. "on a FAT disk after a change of zone"}
end

--- What that option says.
-- @param args of a command that has it
-- @return ns, nil without it
function M.window(args)
    local seconds = args.modify_window
    return seconds and units.ns(seconds)
end

local function names(row, wanted)
    local list = {}
    for _, name in ipairs(KEPT) do
        list[#list + 1] = row[name] == wanted and name or nil
    end
    return list
end

-- No moment of anything, so not one of the times that rows have as numbers.
local function date(ns)
    return ns and os.date("!%Y-%m-%dT%H:%M:%SZ", nanoseconds.seconds(ns))
end

--- What a row about a database says of its traits. Pure.
-- @param database catalog row
-- @param measured row of the catalog's table traits, or nil
-- @return {measured_at, granularity (ns), oldest, newest (text: UTC), keeps, lacks, folds (lists)}; what was never
--         measured is nil but for the granularity
function M.fields(database, measured)
    if not measured then
        return {granularity = database.granularity}
    end
    local row = setmetatable({times = measured.keeps_times}, {__index = measured})
    return {
        measured_at = measured.measured_at // 1000000000, granularity = measured.granularity,
        oldest = date(measured.oldest), newest = date(measured.newest),
        keeps = names(row, 1), lacks = names(row, 0),
        folds = {measured.folds_case == 1 and "case" or nil, measured.folds_forms == 1 and "forms" or nil},
    }
end

local UNITS = {{1000000000, "s"}, {1000000, "ms"}, {1000, "us"}}

local function step(ns)
    for _, unit in ipairs(UNITS) do
        if ns >= unit[1] then
            return ("%d %s"):format(ns // unit[1], unit[2])
        end
    end
    return ("%d ns"):format(ns)
end

--- What is unusual about a disk's times, for people. Pure.
-- @param row as of fields
-- @return text, nil where they are what one expects
function M.text(row)
    local list = {}
    if row.lacks and row.lacks[1] == "times" then
        return "not kept"
    end
    if (row.granularity or 1) >= 1000000 then
        list[#list + 1] = (row.measured_at and "" or "guessed ") .. step(row.granularity)
    end
    if row.oldest and row.oldest > date(FIRST_OF_ALL) then
        list[#list + 1] = "from " .. row.oldest:sub(1, 4)
    end
    if row.newest and row.newest < date(LAST_OF_ALL) then
        list[#list + 1] = "to " .. row.newest:sub(1, 4)
    end
    return list[1] and table.concat(list, ", ")
end

return M
