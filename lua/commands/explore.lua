--- explore: open a replica's folder in a file manager.
local core_sys = require "core.sys"
local errors = require "autobackup.errors"
local fs = require "core.fs"
local locate = require "autobackup.locate"
local plan = require "autobackup.plan"
local rows = require "autobackup.rows"
local types = require "autobackup.types"
local words = require "autobackup.words"

-- These draw in the terminal itself, so they run in the foreground, and on a terminal only.
local TERMINAL = {"mc", "ranger", "nnn", "lf", "vifm"}

local function is_terminal_program(program)
    local name = program:match("[^/]*$")
    for _, known in ipairs(TERMINAL) do
        if name == known then
            return true
        end
    end
    return false
end

local function argv_of(value)
    if type(value) == "table" then
        return table.move(value, 1, #value, 1, {})
    end
    return (errors.check(words.split(value)))
end

local function first_installed()
    for _, program in ipairs(TERMINAL) do
        if core_sys.which(program) then
            return {program}
        end
    end
end

-- The program to start, as a list, or nil when there is none.
local function explorer(session)
    local chosen = session.settings.explorer or core_sys.getenv("AUTOBACKUP_EXPLORER")
    if chosen and #chosen > 0 then
        return argv_of(chosen)
    end
    local display = core_sys.getenv("DISPLAY") or core_sys.getenv("WAYLAND_DISPLAY")
    if display and display ~= "" and core_sys.which("xdg-open") then
        return {"xdg-open"}
    end
    return session.interactive and core_sys.isatty(1) and first_installed() or nil
end

local function open(session, path)
    local argv = explorer(session)
    if not argv or #argv == 0 then
        return nil
    end
    argv[#argv + 1] = path
    if not is_terminal_program(argv[1]) then
        errors.check(core_sys.spawn(argv, {detach = true}))
    elseif session.interactive and core_sys.isatty(1) then
        errors.check(core_sys.run(argv))
    else
        return nil
    end
    return argv[1]
end

local function absent(session, args)
    if types.is_glob(args.project) then
        errors.usage("explore: name one project; '%s' may be several", args.project)
    end
    local elsewhere = session.catalog:replicas{project = args.project, category = args.category}
    local where = plan.places(elsewhere)
    errors.raise("ENOENT", ("%s has no %s of %s%s"):format(args.database, args.category, args.project,
        where ~= "" and "; it is on " .. where or ""))
end

local function run(args, session)
    local database, category = session.catalog:database(args.database), session.catalog:category(args.category)
    if not category then
        errors.raise("ENONAME", "explore opens one category; name it")
    end
    errors.check(locate.online(database))
    local path = locate.join(database.path, category.path, args.project)
    local stat = fs.stat(path)
    if not stat or stat.kind ~= "directory" then
        absent(session, args)
    end
    return {rows.row("explore", {project = args.project, category = args.category, database = args.database,
        path = path, program = open(session, path)})}
end

return {
    name = "explore",
    group = "look",
    passing = true,
    summary = "open a replica's folder in a file manager, or print its path",
    details = "Starts settings.explorer from the startup file, else $AUTOBACKUP_EXPLORER, else xdg-open where "
        .. "there is a display, else a file manager for the terminal that is installed, else prints the path.",
    examples = {"explore acme/spot-2031 render NAS"},
    args = {
        {"project", "project"},
        {"category", "category"},
        {"database", "database"},
    },
    accepts = {
        replica = {project = "project", category = "category", database = "database"},
        project = {project = "project"},
    },
    run = run,
    show = function(result, out)
        local row = result[1]
        out:line(out:clean(row.program and ("%s  (opened with %s)"):format(row.path, row.program) or row.path))
    end,
}
