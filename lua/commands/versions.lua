--- versions: what is kept of a file, where, and what brings it back.
local core_sys = require "core.sys"
local kept = require "autobackup.kept"
local knowledge = require "autobackup.knowledge"
local locate = require "autobackup.locate"
local rows = require "autobackup.rows"
local nanoseconds = require "autobackup.view.nanoseconds"
local size = require "autobackup.view.size"
local statuses = require "autobackup.status"

local LIMIT = 10000    -- what can be read, and be held as a list

local TOO_MANY = {}

-- Whether all of a disk was told.
local function read_disk(session, database, place, collected)
    local function add(row)
        if collected.count == collected.limit then
            error(TOO_MANY, 0)
        end
        collected.count = collected.count + 1
        collected.add(rows.row("version", row))
    end
    local ok, err = pcall(kept.each, session, database, place, add, function(text)
        table.insert(collected.notes, text)
    end)
    if not ok and err ~= TOO_MANY then
        error(err, 0)
    end
    return ok
end

local function add_offline(result, offline)
    if #offline > 0 then
        table.insert(result.notes, ("not looked at, as %s offline: %s"):format(
            #offline == 1 and "it is" or "they are", table.concat(offline, ", ")))
    end
end

local function none_note(place, args, offline)
    local where = #offline > 0 and " on the disks that are there" or ""
    return ("no version of it is kept%s%s"):format(where, place.hint and place.hint(args.file) or "")
end

local function run(args, session, sink)
    knowledge.require_setup(session)
    local result, offline = {status = 0, notes = {}}, {}
    local collected = {count = 0, limit = args.limit or sink and math.maxinteger or LIMIT, notes = result.notes,
        add = sink and function(row) sink:add(row) end or function(row) result[#result + 1] = row end}
    local place = kept.place(session, args.file, args.category, args.path)
    for _, database in ipairs(session.catalog:databases()) do
        if args.database and args.database ~= database.database then
            goto continue
        elseif not locate.online(database) then
            offline[#offline + 1] = database.database
        elseif not read_disk(session, database, place, collected) then
            table.insert(result.notes, ("more than %d are kept, the others are not shown; narrow it down, or "
                .. "--limit N"):format(collected.limit))
            result.status = not args.limit and statuses.PARTIAL or 0
            break
        end
        ::continue::
    end
    add_offline(result, offline)
    if collected.count == 0 then
        table.insert(result.notes, 1, none_note(place, args, offline))
    end
    return result
end

local function date(seconds)
    return seconds and core_sys.format_time(nanoseconds.of(seconds), "local", "%Y-%m-%d %H:%M")
end

local FEW = 5    -- rows: so many commands are all written out

local function columns(out)
    return {
        {key = "happened_at", title = "WHEN", format = date},
        {key = "verb", title = "WAS", format = function(verb, row) return ("%s by %s"):format(verb, row.by) end},
        {key = "operation", title = "OPERATION", format = function(id)
            return out.tty and id:match("[^-]*$") or id
        end},
        {key = "database", title = "DATABASE"},
        {key = "size", title = "SIZE", align = "right", format = size.size},
        {key = "mtime", title = "DATE", format = date, drop = 2},
        {key = "project", title = "PROJECT", group = true, drop = 1},
        {key = "category", title = "CATEGORY", drop = 1},
        {key = "inside", title = "PATH", min = 20},
    }
end

local function flow(list, out, _, state)
    out:table({rows = list, columns = columns(out)}, state)
end

local function show(result, out)
    if #result == 0 then
        return
    end
    out:table{rows = result, columns = columns(out)}
    if #result <= FEW then
        out:line("to bring one back:")
        for _, row in ipairs(result) do
            out:line(out:clean("  " .. row.restore))
        end
    else
        out:prose("to bring one back: restore PROJECT CATEGORY PATH --from DATABASE --to DATABASE --as-of "
            .. "OPERATION")
    end
end

return {
    name = "versions",
    group = "look",
    summary = "list what is kept of a file that was replaced or removed, and where",
    details = "FILE is a path on a disk (/mnt/NAS/..., ./...), a project with a category and a path or pattern "
        .. "below it, or a name as 'find' takes it. Of each version: when and by which operation it was replaced "
        .. "or removed, on which database, its size and date, and the command that brings it back. From the disks "
        .. "that are there; the others are named.",
    examples = {"versions /mnt/NAS/footage/acme/spot-2031/day_01/clip.mov", "versions acme/spot-2031",
        "versions acme/spot-2031 footage 'day_01/**'", "versions clip.mov"},
    args = {
        {"file", "word", help = "a path on a disk, a project, or a name"},
        {"category", "category", optional = true, help = "of the project"},
        {"path", "word", optional = true, help = "a path or pattern below the project"},
    },
    options = {
        database = {type = "database", help = "only on this one"},
        limit = {type = "integer", min = 1, value = "N",
            help = "stop after that many (default 10000 on a terminal)"},
    },
    accepts = {
        entry = {path = "file"}, version = {path = "file"}, project = {project = "file"},
        replica = {project = "file", category = "category"},
    },
    run = run,
    show = show,
    flow = flow,
}
