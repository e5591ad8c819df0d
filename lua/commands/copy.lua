--- copy: bring a category of projects from one database to others.
local columns_view = require "autobackup.view.columns"
local consent = require "autobackup.consent"
local errors = require "autobackup.errors"
local problems_view = require "autobackup.view.problems"
local rows = require "autobackup.rows"
local size = require "autobackup.view.size"
local traits = require "autobackup.traits"
local transfers_view = require "autobackup.view.transfers"
local waiting = require "autobackup.waiting"

local function run(args, session, sink)
    for _, name in ipairs(args.to) do
        if name == args.from then
            errors.usage("copy: %s cannot be copied onto itself", name)
        end
    end
    return require("autobackup.transfer").run(session, {
        project = args.project, category = args.category, from = args.from, to = args.to, dry_run = args.dry_run,
        overwrite_newer = args.newer == "overwrite", mirror = args.mirror, yes = args.yes,
        window = traits.window(args),
        lock_wait = waiting.seconds(args, session), jobs = args.jobs or session.settings.jobs,
        readback = args.verify == "readback", bwlimit = args.bwlimit, idle = args.idle, only = args.only,
        what_fits = args.what_fits, checksum = args.checksum, sink = sink,
    })
end

local function has_left(copies)
    for _, row in ipairs(copies) do
        if (row.files_left or 0) > 0 then
            return true
        end
    end
    return false
end

local function columns(out, copies)
    local dry_run = copies[1].dry_run
    local number, alarm = columns_view.numbers(out), {hide = true, color = "yellow"}
    local list = {
        {key = "project", title = "PROJECT", group = true, head = true, min = 12},
        {key = "category", title = "CATEGORY", group = true, head = true},
        {key = "from", title = "FROM", head = true, names = true},
        {key = "to", title = "TO", head = true, names = true},
        number("files_copied", dry_run and "TO COPY" or "COPIED"),
        {key = "bytes_copied", title = "SIZE", align = "right", format = size.size},
        number("files_unchanged", "UNCHANGED", {drop = 1}),
        number("files_replaced", "REPLACED", {hide = true}), number("files_removed", "REMOVED", {hide = true}),
        number("metadata_only", "RIGHTS/TIMES", {hide = true}),
        number("conflicts", "CONFLICTS", alarm), number("failed", "FAILED", alarm),
        {key = "state", title = "STATE", hide_empty = true, format = function(state)
            return state == "no-room" and "no room" or nil
        end},
        {key = "seconds", title = "TIME", align = "right", format = size.duration, drop = 2},
    }
    if has_left(copies) then
        table.insert(list, #list, number("files_left", "LEFT", alarm))
    end
    return list
end

local function place_of(row)
    return ("%s %s, %s to %s"):format(row.project, row.category, row.from, row.to)
end

-- The plan's files, alike ones together and sequences folded.
local function show_actions(actions, out, session)
    columns_view.files(actions, function(action)
        return ("%s: %s"):format(place_of(action), transfers_view.action(action))
    end, function(action) return action.to end, out, session)
end

local function show_operations(copies, session)
    for _, copy in ipairs(session.verbose and copies or {}) do
        if copy.operation then
            session:message(("%s: operation %s, %s"):format(place_of(copy), copy.operation,
                size.duration(copy.seconds)))
        end
    end
end

-- Want of room is said at the end, once, with what would fit.
local function without_room(problems)
    local list = {}
    for _, problem in ipairs(problems) do
        list[#list + 1] = not problem.room and problem or nil
    end
    return list
end

local function begun(copies)
    local list = {}
    for _, copy in ipairs(copies) do
        list[#list + 1] = (copy.state ~= "no-room" or copy.operation or copy.dry_run) and copy
            or nil
    end
    return list
end

local function show(result, out, session)
    local actions, copies = rows.split(result, "action")
    copies = begun(copies)
    show_actions(actions, out, session)
    if #copies > 0 then
        out:table{rows = copies, columns = columns(out, copies)}
    end
    show_operations(copies, session)
    problems_view.show(without_room(result.problems), session.err, session.verbose)
    for _, line in ipairs(#copies > 0 and transfers_view.summary(copies, result.status) or {}) do
        out:prose(out:clean(line))
    end
end

return {
    name = "copy",
    group = "copy",
    summary = "copy a category of a project from one database to others",
    details = "Both sides are read first; what is the same is skipped (where inode or ctime moved while size and "
        .. "time did not, contents are compared), new and changed files are copied whole, "
        .. "checked and made durable before their name appears. A file that is newer at the destination is left "
        .. "alone and reported. What is replaced or removed goes to .autobackup/versions on the destination. "
        .. "Several destinations are written from one reading. Interrupted, the same command goes on where it "
        .. "stopped, within a large file too. All of it is checked against the room on each disk before anything "
        .. "begins: where several replicas do not fit, nothing is copied there (exit status 1), unless "
        .. "--what-fits says to copy what does; of a single one the smallest files are copied. Exit status 3: "
        .. "some files were not copied; 11: --verify found damage.",
    examples = {"copy acme/spot-2031 render WORK NAS", "copy acme/* all WORK NAS STORAGE --dry-run",
        "copy acme/spot-2031 footage WORK NAS --only day_03 --only '**/*.xml'"},
    args = {
        {"project", "project", fresh = true, help = "* and ? outside of quotes are wildcards"},
        {"category", "category", several = true, help = "a category, or 'all' that the project has in FROM"},
        {"from", "database", help = "where it is"},
        {"to", "database", many = true, help = "where it shall be; several are allowed"},
    },
    options = {
        ["dry-run"] = {short = "n", help = "show what would be done, do nothing"},
        newer = {type = "choice", values = {"keep", "overwrite"}, default = "keep", value = "keep|overwrite",
            help = "what to do with files that are newer at the destination"},
        ["modify-window"] = traits.window_option(),
        mirror = {help = "remove what the source does not have (kept as versions)"},
        yes = consent.option(),
        ["what-fits"] = {help = "where there is no room for all of it, copy what fits, in order"},
        only = {type = "text", many = true, value = "PATH",
            help = "only this file, this folder and all below it, or what matches, such as 'day_03/**/*.mov'; "
                .. "several are allowed"},
        ["lock-wait"] = {type = "duration", value = "DURATION",
            help = "wait while the destination is busy, such as 10m"},
        verify = {type = "choice", values = {"readback"}, value = "readback",
            help = "read what was written back from the disk, and compare, before it gets its name"},
        bwlimit = {type = "size", min = 1, value = "RATE", help = "read at most that much a second, such as 50MB"},
        checksum = {help = "trust no size and time: read all that looks the same on both sides"},
        idle = {help = "use the disks only when nobody else does"},
        jobs = {type = "integer", min = 1, max = 64, value = "N", help = "copying threads (default: chosen)"},
    },
    accepts = {
        replica = {project = "project", category = "category", database = "from"},
        project = {project = "project"}, client = {}, check = {project = "project", category = "category"},
    },
    run = run,
    show = show,
    flow = show_actions,
}
