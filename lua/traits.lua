--- What a database's filesystem keeps: measured when it is first written to, and remembered in the catalog.
--
-- A catalog's rows of databases and replicas say of its times: measured (1, or 0: what follows is what its type tells),
-- granularity (ns; 0: not known), oldest_kept and newest_kept (ns: what is older or newer is stored as these; nil: there is
-- no end), keeps_times (0: a time that is set does not stay).
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
-- @return whether it is known now, and the code of why not; raises where the disk fails
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
    return found ~= nil, code
end

local function is_coarse(row, other)
    local newest = row.newest_kept
    return (row.granularity or 1) ~= 1 or row.keeps_times == 0 or (row.oldest_kept or FIRST_OF_ALL) > FIRST_OF_ALL
        or newest ~= nil and (newest < LAST_OF_ALL or (other.newest or newest) > newest)
end

--- May times of two rows that are not equal be those of one file, and not only those of years that hardly any filesystem
-- has? Pure.
function M.are_coarse(a, b)
    return is_coarse(a, b) or is_coarse(b, a)
end

local function may_be_rounded(row)
    return row.keeps_times == 0 or row.measured == 0    -- which has an end that is not known, too
end

--- May times of files of two replicas say nothing, so that their contents have to be read? Pure.
-- @param a, b catalog rows of replicas
function M.may_say_nothing(a, b)
    return may_be_rounded(a) or may_be_rounded(b)
end

--- Why times of files may say nothing: how exactly a disk keeps them is not known. Pure.
-- @param ... catalog rows of replicas
-- @return text that begins with " (", "" where that is known of all
function M.unknown(...)
    local list = {}
    for _, row in ipairs{...} do
        list[#list + 1] = row.measured == 0 and row.database or nil
    end
    return list[1] and (" (how exactly %s keeps times was never measured: a copy to it does that, "
        .. "where it can be written)"):format(
        table.concat(list, " and ")) or ""
end

--- What stays open of a database whose disk could not be measured, for people. Pure.
-- @param database catalog row, @param code of why (ensure)
-- @return text
function M.unmeasured(database, code)
    if database.granularity == 0 then
        return ("%s cannot be written (%s), so how exactly it keeps times is not known: of a file whose time "
            .. "there may be another's, rounded, only reading tells whether it is the same"):format(
            database.database, code)
    end
    return ("%s cannot be written (%s), so what it keeps is not measured: its times count as %s stores them")
        :format(database.database, code, database.fs_type or "its type")
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
-- @return {measured_at, granularity (ns, nil: not known), oldest, newest (text: UTC), keeps, lacks, folds (lists)};
--         what was never measured is nil but for the granularity
function M.fields(database, measured)
    if not measured then
        return {granularity = database.granularity > 0 and database.granularity or nil}
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

-- Of one that was never measured: what its type tells.
local function by_type(row)
    return (row.granularity or 1) > 1 and ("not measured: %s by its type"):format(step(row.granularity))
        or "not measured"
end

--- What is unusual about a disk's times, for people. Pure.
-- @param row as of fields
-- @return text, nil where they are what one expects
function M.text(row)
    local list = {}
    if not row.measured_at then
        return by_type(row)
    elseif row.lacks and row.lacks[1] == "times" then
        return "not kept"
    end
    if (row.granularity or 1) >= 1000000 then
        list[#list + 1] = step(row.granularity)
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
