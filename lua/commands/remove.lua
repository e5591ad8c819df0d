--- remove: forget a database, a category, or a project that is gone.
local consent = require "autobackup.consent"
local errors = require "autobackup.errors"
local gone = require "autobackup.gone"
local rows = require "autobackup.rows"
local size = require "autobackup.view.size"

local function known_of(session, what, name)
    local count = #session.catalog:replicas{[what] = name}
    return count > 0 and (" and what is known of %s in it"):format(size.plural(count, "replica")) or ""
end

local function ask(args, session)
    local thing = ("%s %s"):format(args.what, args.name)
    consent.require(session, args, {
        what = ("remove %s would forget it%s; nothing on a disk is touched"):format(thing,
            known_of(session, args.what, args.name)),
        question = ("Forget %s?"):format(thing), kept = thing .. " stays",
    })
end

local function run(args, session)
    if args.what == "category" and not session.catalog:category(args.name) then
        errors.raise("ENONAME", "remove takes one category, not all of them")
    end
    if args.what == "project" then
        gone.forget(session, args.name)
        return {rows.row("removed", {what = args.what, name = args.name})}
    end
    ask(args, session)
    if args.what == "database" then
        session.catalog:remove_database(args.name)
    else
        session.catalog:remove_category(args.name)
    end
    return {rows.row("removed", {what = args.what, name = args.name})}
end

return {
    name = "remove",
    group = "set up",
    passing = true,
    startup = "mends",
    summary = "forget a database, a category or a project that is gone, without touching a file",
    details = "Only the catalog forgets. The files on the disk, its marker and its versions stay; adding it "
        .. "again and loading it brings everything back but the digests. A project that is on no database any "
        .. "more is told as gone until it is forgotten so.",
    examples = {"remove database NAS", "remove category cache --yes"},
    args = {
        {"what", "choice", values = {"database", "category", "project"}},
        {"name", "database", when = {what = {"database"}}},
        {"name", "category", when = {what = {"category"}}},
        {"name", "project", fresh = true, when = {what = {"project"}}},
    },
    options = {yes = consent.option()},
    accepts = {database = {type = "what", database = "name"}, category = {type = "what", category = "name"}},
    run = run,
    show = function(result, out)
        local row = result[1]
        out:prose(out:clean(row.what == "project" and ("forgot that %s was there"):format(row.name)
            or ("removed %s %s; its files stay where they are"):format(row.what, row.name)))
    end,
}
