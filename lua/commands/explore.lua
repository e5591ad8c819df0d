--- explore: open a replica's folder in a file manager, or look around in all of them on the full screen.
local apart = require "autobackup.apart"
local errors = require "autobackup.errors"
local fs = require "core.fs"
local glob = require "autobackup.glob"
local locate = require "autobackup.locate"
local plan = require "autobackup.plan"
local rows = require "autobackup.rows"

local function absent(session, args)
    local elsewhere = session.catalog:replicas{project = args.project, category = args.category}
    local where = plan.places(elsewhere)
    errors.raise("ENOENT", ("%s has no %s of %s%s"):format(args.database, args.category, args.project,
        where ~= "" and "; it is on " .. where or ""))
end

-- The folder of a path in a replica: itself, or the one that holds it.
local function folder_of(top, inside)
    local path = locate.join(top, inside)
    local stat = not ("/" .. inside .. "/"):find("/%.%.?/") and fs.lstat(path)
    if not stat then
        errors.raise("ENOENT", ("%s is not there; without a path explore opens the replica's folder"):format(path),
            {path = path})
    end
    return stat.kind == "directory" and path or path:match("^(.*)/[^/]*$")
end

local function open_folder(args, session)
    local database, category = session.catalog:database(args.database), session.catalog:category(args.category)
    errors.check(locate.online(database))
    errors.check(apart.check(session.catalog, database, category.path))
    local path = locate.join(database.path, category.path, args.project)
    local stat = fs.stat(path)
    if not stat or stat.kind ~= "directory" then
        absent(session, args)
    end
    path = args.path and folder_of(path, args.path) or path
    return {rows.row("explore", {project = args.project, category = args.category, database = args.database,
        path = path, program = require("autobackup.explorer").open(session, path)})}
end

-- Where the browser begins.
local function place_of(args)
    if not args.project then
        return args.database and {kind = "database", database = args.database} or {kind = "root"}
    end
    local client, name = require("autobackup.catalog").split(args.project)
    local kind = args.category and "category" or "project"
    return {kind = kind, client = client, name = name, category = args.category, database = args.database}
end

local function browse(args, session)
    local missing = require("autobackup.knowledge").missing(session)
    if missing then
        errors.raise("ESETUP", missing)
    end
    local ok, message, code = require("autobackup.browser.browser").run(session, place_of(args))
    if not ok and code == "ETERMINAL" then
        errors.usage("explore: %s; without one, type: explore PROJECT CATEGORY DATABASE", message)
    elseif not ok then
        errors.raise(code, message)
    end
    return {}
end

local function run(args, session)
    if glob.is(args.project) then
        errors.usage("explore: name one project; '%s' may be several", args.project)
    elseif args.category == "all" then
        errors.raise("ENONAME", "explore opens one category; name it")
    elseif args.category and not args.project then
        errors.usage("explore: name a project before the category, or nothing to look around")
    elseif args.project and args.category and args.database then
        return open_folder(args, session)
    end
    return browse(args, session)
end

return {
    name = "explore",
    group = "look",
    passing = true,
    summary = "look around on a full screen, or open a replica's folder in a file manager",
    details = "Alone, with a project or with a database it opens a full screen over everything that the catalog "
        .. "knows, unplugged disks too; '?' there shows the keys. With project, category and database it opens "
        .. "the folder (of a PATH below it that, or the one that holds the file): with "
        .. "settings.explorer from the startup file, else $AUTOBACKUP_EXPLORER, else xdg-open where there is a "
        .. "display, else a file manager for the terminal that is installed, else it prints the path.",
    examples = {"explore", "explore acme/spot-2031", "explore NAS", "explore acme/spot-2031 render NAS"},
    args = {
        {"project", "project", optional = true},
        {"category", "category", optional = true},
        {"database", "database", optional = true},
        {"path", "word", optional = true, inside = true, help = "a folder or a file below the project"},
    },
    accepts = {
        replica = {project = "project", category = "category", database = "database"},
        entry = {project = "project", category = "category", database = "database", inside = "path"},
        version = {project = "project", category = "category", database = "database", inside = "path"},
        project = {project = "project"}, database = {database = "database"},
    },
    run = run,
    show = function(result, out)
        local row = result[1]
        if row then
            out:line(out:clean(row.program and ("%s  (opened with %s)"):format(row.path, row.program) or row.path))
        end
    end,
}
