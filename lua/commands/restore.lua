--- restore: files, folders, patterns come back from another database, or from kept versions as of a moment.
local copy = require "autobackup.commands.copy"
local errors = require "autobackup.errors"
local restoring = require "autobackup.restoring"
local waiting = require "autobackup.waiting"

local function named(args, session, key)
    if not args[key] then
        local what = key == "from" and "where the files or their versions lie" or "where they shall be"
        errors.usage("restore: say --%s DATABASE: %s", key, what)
    end
    return session.catalog:database(args[key])
end

local function run(args, session, sink)
    local from = named(args, session, "from")
    named(args, session, "to")
    if args.from == args.to and not args.as_of then
        errors.usage("restore: from %s to itself only with --as-of: a date, or an operation that 'versions' or "
            .. "'history' lists", args.from)
    end
    local past = args.as_of and restoring.past(session, from, args.as_of) or nil
    local result = require("autobackup.transfer").run(session, {
        project = args.project, category = args.category, from = args.from, to = {args.to}, dry_run = args.dry_run,
        overwrite_newer = args.newer == "overwrite", lock_wait = waiting.seconds(args, session),
        jobs = session.settings.jobs, only = args.path, restore = true,
        past = past, refuse = restoring.refuser(past), sink = sink,
    })
    for _, row in ipairs(result) do
        row.as_of = row.type == "copy" and args.as_of or nil
    end
    return result
end

return {
    name = "restore",
    group = "copy",
    summary = "bring files back from another database, or as they were from the versions a disk keeps",
    details = "A PATH is a file, a folder, or a pattern below the project ('day_03/**'); without one all of the "
        .. "category comes back. With --as-of it is what FROM had at that moment: of each file the version that "
        .. "the first operation after it replaced or removed, else what lies there now if it did not come later; "
        .. "of an operation, what was there just before it. FROM and TO may then be the same. It is done as a "
        .. "copy: whole and durable before a name appears, what it replaces is kept as a version, 'undo' takes it "
        .. "back, what is newer at TO is left alone and reported unless --newer=overwrite. What came after the "
        .. "moment stays where it is. Exit status 3: not all came back.",
    examples = {"restore acme/spot-2031 footage day_03/clip.mov --from NAS --to WORK",
        "restore acme/spot-2031 project --from NAS --to WORK --as-of '2031-05-27 14:30'",
        "restore acme/spot-2031 project scene.blend --from WORK --to WORK --as-of 7f3a --newer=overwrite"},
    args = {
        {"project", "project", fresh = true, help = "whose"},
        {"category", "category", several = true,
            help = "a category, several (footage,render), or 'all' that FROM has of it"},
        {"path", "text", many = true, optional = true, inside = true,
            help = "a file, a folder or a pattern below the project"},
    },
    options = {
        from = {type = "database", help = "where the files, or their versions, lie"},
        to = {type = "database", help = "where they shall be"},
        ["as-of"] = {type = "word", value = "DATE|OPERATION",
            help = "as it was then: 2031-05-27, '2031-05-27 14:30', 30d ago, or before an operation"},
        ["dry-run"] = copy.options["dry-run"],
        newer = {type = "choice", values = {"keep", "overwrite"}, default = "keep", value = "keep|overwrite",
            help = "what to do with files that are newer at TO (they are kept as versions)"},
        ["lock-wait"] = copy.options["lock-wait"],
    },
    accepts = {replica = {project = "project", category = "category"}},
    run = run,
    show = copy.show,
    flow = copy.flow,
}
