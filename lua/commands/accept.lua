--- accept: what lies in a replica becomes the reference.
local consent = require "autobackup.consent"
local errors = require "autobackup.errors"

local function run(args, session)
    if args.category == "all" then
        errors.usage("accept: one category at a time")
    end
    return require("autobackup.accepting").run(session, args)
end

return {
    name = "accept",
    group = "copy",
    summary = "say that what lies on a database is right, so that the others can be brought to it",
    details = "For files that verify found damaged, or different on two databases though their size and time are "
        .. "the same, when the one that lies on DATABASE is the right one. The files are read from the disk, "
        .. "their digests taken anew and the marks of damage taken away; 'history' shows it. Nothing is written "
        .. "to a disk. The others stay as they are: the next copy from DATABASE replaces what differs there and "
        .. "keeps it as versions; what is newer there stays. A PATH is a file, a folder or a pattern below the "
        .. "project (** is any number of folders); without one all files are accepted. It asks first; --yes is "
        .. "for scripts. Interrupted, what was read stays accepted. Exit status 3: some files could not be read, "
        .. "or changed meanwhile.",
    examples = {"accept acme/spot-2031 footage WORK", "accept acme/spot-2031 footage NAS 'day 1/clip 2.mov'"},
    args = {
        {"project", "project"},
        {"category", "category"},
        {"database", "database", help = "where the right content lies"},
        {"paths", "text", many = true, optional = true, inside = true,
            help = "files, folders or patterns; all when left out"},
    },
    options = {
        yes = consent.option(),
        jobs = {type = "integer", min = 1, max = 16, value = "N", help = "files read at a time (default: chosen)"},
    },
    accepts = {
        replica = {project = "project", category = "category", database = "database"},
        verify = {project = "project", category = "category", database = "database"},
    },
    run = run,
    show = function(result, out, session)
        require("autobackup.view.acceptance").show(result, out, session.err, session.verbose)
    end,
}
