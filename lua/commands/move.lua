--- move: bring a replica to another disk and read it back. The source is kept: nothing here takes files away.
local copy = require "autobackup.commands.copy"
local errors = require "autobackup.errors"
local size = require "autobackup.view.size"
local traits = require "autobackup.traits"
local typed = require "autobackup.view.typed"
local waiting = require "autobackup.waiting"

local function unread_text(row, to)
    return row.files_unchanged == 0 and "" or ("; %s there already and %s not read: '%s' reads all")
        :format(row.files_unchanged == 1 and "1 was" or size.count(row.files_unchanged) .. " were",
            row.files_unchanged == 1 and "was" or "were", typed.line("verify", row.project, row.category, to))
end

-- What is true of a row that ended well.
local function kept_text(row)
    local read = row.files_copied == 0 and "nothing was copied"
        or ("%s read back from %s and right"):format(size.plural(row.files_copied, "file"), row.to)
    return ("%s of %s: %s%s; its replica on %s is kept, and a command that frees it when all proofs hold does not "
        .. "exist yet"):format(row.category, row.project, read, unread_text(row, row.to), row.from)
end

local function run(args, session, sink)
    if args.to == args.from then
        errors.usage("move: %s cannot be moved onto itself", args.from)
    end
    local result = require("autobackup.transfer").run(session, {
        project = args.project, category = args.category, from = args.from, to = {args.to}, dry_run = args.dry_run,
        overwrite_newer = args.newer == "overwrite",
        window = traits.window(args), lock_wait = waiting.seconds(args, session),
        jobs = session.settings.jobs, readback = true, sink = sink,
    })
    for _, row in ipairs(result) do
        local missing = row.type ~= "copy" or row.failed + row.conflicts + (row.files_left or 0)
        if missing == 0 and result.status == 0 and not args.dry_run then
            table.insert(result.notes, kept_text(row))
        end
    end
    if result.status ~= 0 then
        table.insert(result.notes, ("not all of it is on %s: everything stays on %s"):format(args.to, args.from))
    end
    return result
end

return {
    name = "move",
    group = "copy",
    summary = "bring a category of a project to another database and read it back; the source is kept",
    details = "A copy with --verify=readback: what was written is read back from the disk and compared before it "
        .. "gets its name. The source is not touched: a command that frees it when other replicas are proved does "
        .. "not exist yet, and until then this says what is still there. Exit status 3: not everything came over; "
        .. "11: reading back found damage.",
    examples = {"move acme/spot-2031 render WORK ARCHIVE"},
    args = {
        {"project", "project", fresh = true, help = "* and ? outside of quotes are wildcards"},
        {"category", "category", several = true,
            help = "a category, several (footage,render), or 'all' that the project has in FROM"},
        {"from", "database", help = "where it is"},
        {"to", "database", help = "where it shall be"},
    },
    options = {
        ["dry-run"] = {short = "n", help = "show what would be done, do nothing"},
        newer = copy.options.newer, ["modify-window"] = copy.options["modify-window"],
        ["lock-wait"] = copy.options["lock-wait"],
    },
    accepts = copy.accepts,
    run = run,
    show = copy.show,
    flow = copy.flow,
}
