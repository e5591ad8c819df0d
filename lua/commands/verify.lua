--- verify: read replicas back from their disks and compare them with their digests.
local errors = require "autobackup.errors"
local knowledge = require "autobackup.knowledge"
local waiting = require "autobackup.waiting"

local function run(args, session)
    knowledge.require_setup(session)
    if args.cached and (args.max_bytes or args.older) then
        errors.usage("verify: --cached verifies no disk, so --older and --max-bytes would never get on with it")
    end
    local result = require("autobackup.verification").run(session, {
        project = args.project, category = args.category ~= "all" and args.category or nil,
        databases = args.databases, older = args.older, max_bytes = args.max_bytes, cached = args.cached,
        repair = args.repair, lock_wait = waiting.seconds(args, session), jobs = args.jobs,
    })
    result.files, result.older, result.cached = args.files or nil, args.older, args.cached or nil
    result.conclusion = require("autobackup.conclusion").text(result)
    return result
end

return {
    name = "verify",
    group = "look",
    summary = "read replicas back from their disks and find what is damaged",
    details = "Every file that the catalog lists is read and compared with its digest, and the digests of all "
        .. "databases with each other. OK: the content is what it was. DAMAGED: the content is another though "
        .. "size and time are the same, or the disk cannot read it any more. CHANGED, MISSING: not what was "
        .. "loaded. NEW: no digest was known; it is taken now. DIFFERING: another content than on another "
        .. "database at the same size and time; 'accept' says which is right. One sentence concludes. "
        .. "The reading goes past the memory of this "
        .. "machine to the disk, where the filesystem can (O_DIRECT; else what memory holds of a file is "
        .. "dropped first); a NAS or a drive may still answer from memory of its own. What was verified is "
        .. "recorded about once a second: interrupted, the same command with --older goes on from there. One "
        .. "file is read at a time from a spinning disk, several from others. Nothing is written to a disk but "
        .. "by --repair, which keeps the damaged file in .autobackup/versions. Exit status 11: damage was "
        .. "found, also when it was repaired; 3: something could not be compared.",
    examples = {"verify acme/spot-2031", "verify acme/spot-2031 render NAS --repair",
        "verify */* --older 90d --max-bytes 500GB"},
    args = {
        {"project", "project", help = "* and ? outside of quotes are wildcards"},
        {"category", "category", several = true, optional = true, help = "a category; all when left out"},
        {"databases", "database", many = true, optional = true, help = "all that are plugged in when left out"},
    },
    options = {
        older = {type = "age", value = "AGE",
            help = "only what was not verified for so long, such as 90d"},
        ["max-bytes"] = {type = "size", value = "SIZE", min = 1,
            help = "stop after so much, such as 500GB, the longest unverified first"},
        repair = {help = "replace damaged files by the good ones of another database"},
        files = {help = "list every file that is not as it should be"},
        cached = {help = "take what is in memory from there: quick, but it verifies no disk, and none is noted as"
            .. " verified"},
        ["lock-wait"] = {type = "duration", value = "DURATION",
            help = "with --repair: wait while the disk is busy, such as 10m"},
        jobs = {type = "integer", min = 1, max = 16, value = "N", help = "files read at a time (default: chosen)"},
    },
    accepts = {
        replica = {project = "project", category = "category", database = "databases"},
        project = {project = "project"}, check = {project = "project", category = "category"},
        copy = {project = "project", category = "category"},
        compare = {project = "project", category = "category"},
        verify = {project = "project", category = "category", database = "databases"},
    },
    run = run,
    show = function(result, out, session)
        require("autobackup.view.verification").show(result, out, session.err, session.verbose)
    end,
}
