--- add: register a database or a category.
local errors = require "autobackup.errors"
local knowledge = require "autobackup.knowledge"
local rows = require "autobackup.rows"
local setup = require "autobackup.setup"
local categories = require "autobackup.categories"

local function database_row(session, name, action)
    for _, row in ipairs(knowledge.databases(session)) do
        if row.database == name then
            row.action = action
            return row
        end
    end
end

-- A category's folder mostly has its name.
local function path_of(args)
    if args.path or args.what == "category" then
        return args.path or args.name
    end
    errors.usage("add: PATH is missing: where is the root of %s? such as: add database %s /mnt/%s", args.name,
        args.name, args.name)
end

local function run(args, session)
    local add = args.what == "database" and setup.add_database or categories.add
    local added, action, notes = add(session, args.name, path_of(args), args)
    if args.what == "database" then
        -- The startup file adds on every start: no look at any disk there.
        local row = session.mode ~= "config" and database_row(session, args.name, action)
            or rows.row("database", {database = args.name, path = added.path, action = action})
        return {row, notes = notes}
    end
    return {rows.row("category", {category = args.name, path = added.path, action = action}), notes = notes}
end

local WORDS = {added = "added", changed = "changed", unchanged = "known already:"}

local function show(result, out)
    local row = result[1]
    local kind = row.type
    out:prose(out:clean(("%s %s %s at %s"):format(WORDS[row.action], kind, row[kind], row.path)))
end

return {
    name = "add",
    group = "set up",
    passing = true,
    startup = "mends",
    summary = "add a database (a disk) or a category (a folder that all disks share)",
    details = "A database's root must be there; it gets a marker, .autobackup/database.json, by which the disk "
        .. "is recognised wherever it is mounted. A category's path is relative and means the same below every "
        .. "root. Adding what is there already changes nothing.",
    examples = {"add database NAS /mnt/NAS", "add category footage", "add category render scratch/render"},
    args = {
        {"what", "choice", values = {"database", "category"}},
        {"name", "name", help = "letters, digits, '.', '_' and '-'"},
        {"path", "path", optional = true,
            help = "a database's root, or a category's path below every root (its name when left out)"},
    },
    options = {
        replace = {help = "give a name that is taken another path, or a path another disk"},
        ["new-identity"] = {help = "the disk was copied from another database's, marker and all: give it a "
            .. "marker of its own"},
        yes = {short = "y", help = "do not ask whether a folder is meant where a disk is missing, or a category "
            .. "to be forgotten"},
    },
    run = run,
    show = show,
}
