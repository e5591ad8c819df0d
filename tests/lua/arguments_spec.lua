local unit = require("luaunit")
local arguments = require("autobackup.arguments")
local command = require("autobackup.command")
local rows = require("autobackup.rows")
local fake = require("fake")

local M = {}

local function copy()
    return command.check{
        name = "copy", run = function() end,
        args = {{"project", "project"}, {"category", "category"}, {"from", "database"},
            {"to", "database", many = true}},
        options = {
            ["dry-run"] = {short = "n"}, verbose = {short = "V"}, jobs = {type = "integer", short = "j", min = 1},
            verify = {type = "choice", values = {"readback", "none"}, default = "none"},
            skip = {type = "text", many = true},
        },
        accepts = {replica = {project = "project", category = "category", database = "from"},
            database = {database = "to"}, project = {project = "project"}},
    }
end

local function list()
    return command.check{
        name = "list", run = function() end,
        args = {
            {"what", "choice", values = {"projects", "clients"}, default = "projects"},
            {"client", "client", keyword = "in", when = {what = {"projects"}}},
            {"database", "database", keyword = "in"},
        },
    }
end

local function words(declaration, line)
    local list_of_words, literal, patterns = require("autobackup.words").split(line)
    return arguments.from_words(declaration, fake.session(), list_of_words, literal, patterns)
end

local function refused(fn, ...)
    return tostring(fake.raised(fn, ...))
end

local WHOLE = {project = "blue/film", category = "render", from = "WORK", to = {"NAS", "STORAGE"}, dry_run = true,
    verbose = false, jobs = 4, verify = "readback", skip = {}}

function M.test_words_with_options_anywhere()
    local parsed = words(copy(), "-n blue/film render --jobs=4 WORK NAS --verify readback STORAGE")
    unit.assertEquals(parsed.args, WHOLE)
    unit.assertFalse(parsed.json)
    unit.assertEquals(words(copy(), "-nVj4 blue/film render WORK NAS").args.jobs, 4)
    unit.assertEquals(words(copy(), "blue/film render WORK NAS --skip a --skip b").args.skip, {"a", "b"})
end

function M.test_json_and_help_belong_to_every_command()
    unit.assertTrue(words(copy(), "blue/film render WORK NAS --json").json)
    unit.assertEquals(words(copy(), "--nonsense --help"), {help = true})
    unit.assertEquals(words(copy(), "-h"), {help = true})
end

function M.test_mistakes_in_words()
    local function message(line)
        return refused(words, copy(), line)
    end
    unit.assertEquals(message("--dryrun"), "copy: no option '--dryrun'; did you mean '--dry-run'?")
    unit.assertEquals(message("-x"), "copy: no option '-x'")
    unit.assertTrue(arguments.from_words(copy(), fake.session(), {"blue/film", "render", "WORK", "NAS", "-q"}).args
        ~= nil)
    unit.assertEquals(message("-q"),
        "copy: no option '-q' here; it goes before the command: autobackup -q copy")
    unit.assertStrContains(message("--catalog=x"), "it goes before the command: autobackup --catalog copy")
    unit.assertEquals(message("--json=1"), "copy: --json takes no value")
    unit.assertEquals(message("acme render WORK NAS"),
        "copy: 'acme' is a client: write CLIENT/PROJECT, or acme/* for all that it has")
    unit.assertEquals(message("--jobs"), "copy: --jobs takes a value")
    unit.assertEquals(message("--dry-run=yes"), "copy: --dry-run takes no value")
    unit.assertEquals(message("--jobs=many"), "copy: --jobs: 'many' is not a whole number")
    unit.assertEquals(message("blue/film render"), "copy: FROM is missing")
    unit.assertEquals(message("blue/film rendr WORK NAS"), "no category 'rendr'; did you mean 'render'?")
    unit.assertEquals(fake.raised(words, copy(), "").usage,
        "copy CLIENT/PROJECT CATEGORY FROM TO... [OPTIONS]")
    unit.assertEquals(refused(words, list(), "clients x"), "list: 'x' is too much")
    unit.assertEquals(refused(words, list(), "projects acme"), "list: 'acme' is too much; did you mean 'in acme'?")
    local find = command.check{name = "find", run = function() end, args = {{"pattern", "word"}}}
    unit.assertEquals(refused(words, find, "day one.mov"),
        "find: 'one.mov' is too much; a name with spaces is quoted")
    unit.assertEquals(message("--verify"), "copy: --verify takes a value: readback or none")
    unit.assertEquals(message("blue/film WORK NAS"),
        "'WORK' is a database; a category stands there: footage, render")
end

function M.test_words_after_two_dashes_are_no_options()
    unit.assertStrContains(refused(words, copy(), "-- -n"), "'-n' is no project")
    unit.assertStrContains(refused(words, copy(), "'--json'"), "'--json' is no project")
end

function M.test_keywords_share_a_place()
    unit.assertEquals(words(list(), "projects in acme in NAS").args,
        {what = "projects", client = "acme", database = "NAS"})
    unit.assertEquals(words(list(), "projects in NAS").args, {what = "projects", database = "NAS"})
    unit.assertEquals(words(list(), "in acme").args, {what = "projects", client = "acme"})
    unit.assertEquals(words(list(), "clients in NAS --json").args, {what = "clients", database = "NAS"})
    unit.assertEquals(refused(words, list(), "projects in"),
        "list: a name is missing after 'in' (CLIENT or DATABASE)")
    unit.assertEquals(refused(words, list(), "projects in NSA"), "no database 'NSA'; did you mean 'NAS'?")
    unit.assertEquals(refused(words, list(), "projects in zzzzz"), "no client 'zzzzz'; there are acme, blue")
    unit.assertEquals(refused(words, list(), "clients in acme"),
        "no database 'acme'; there are NAS, STORAGE, WORK")
end

function M.test_a_keyword_at_the_end_or_quoted_is_a_word()
    local declaration = command.check{name = "x", run = function() end,
        args = {{"which", "text", optional = true}, {"client", "text", keyword = "client"}}}
    unit.assertEquals(words(declaration, "client acme").args, {client = "acme"})
    unit.assertEquals(words(declaration, "client").args, {which = "client"})
    unit.assertStrContains(refused(words, declaration, "'client' acme"), "'acme' is too much")
end

local function lua(declaration, ...)
    return arguments.from_lua(declaration, fake.session(), ...)
end

function M.test_lua_by_place_and_by_name()
    unit.assertEquals(lua(copy(), "blue/film", "render", "WORK", "NAS", "STORAGE",
        {dry_run = true, jobs = 4, verify = "readback"}), WHOLE)
    unit.assertEquals(lua(copy(), {project = "blue/film", category = "render", from = "WORK",
        to = {"NAS", "STORAGE"}, ["dry-run"] = true, jobs = 4, verify = "readback"}), WHOLE)
    unit.assertEquals(lua(copy(), "blue/film", "render", "WORK", {"NAS", "STORAGE"}).to, {"NAS", "STORAGE"})
    unit.assertEquals(lua(copy(), {"blue/film", "render", "WORK", to = "NAS"}).to, {"NAS"})
    unit.assertEquals(lua(list(), {what = "projects", client = "acme"}), {what = "projects", client = "acme"})
    unit.assertEquals(lua(list(), "clients", "in", "NAS"), {what = "clients", database = "NAS"})
end

function M.test_mistakes_in_lua()
    unit.assertEquals(refused(lua, copy(), {projct = "x"}),
        "copy: no argument or option 'projct'; did you mean 'project'?")
    unit.assertEquals(refused(lua, copy(), "blue/film", nil, "WORK"), "copy: value 2 is nil")
    unit.assertEquals(refused(lua, copy(), "blue/film", "render", "WORK", "NAS", {dry_run = 1}),
        "copy: dry-run must be true or false")
    unit.assertEquals(refused(lua, list(), {what = "clients", client = "acme"}),
        "list: 'client' does not go with the other arguments")
    unit.assertEquals(refused(lua, copy(), "blue/film", {project = "acme/x"}), "copy: 'project' is given twice")
    unit.assertStrContains(refused(lua, copy(), print), "a function is not a name or text")
    unit.assertStrContains(refused(lua, copy(), {project = {"acme/spot", "dune/two"}}),
        'project is one, and the list has 2; write a loop, or a pattern such as glob "acme/*"')
end

function M.test_rows_fill_what_the_declaration_maps()
    local replica = rows.row("replica", {client = "blue", project = "blue/film", name = "film",
        category = "render", database = "WORK", files = 2})
    local got = lua(copy(), replica, "NAS")
    unit.assertEquals({got.project, got.category, got.from, got.to}, {"blue/film", "render", "WORK", {"NAS"}})
    local database = rows.row("database", {database = "NAS", path = "/n"})
    unit.assertEquals(lua(copy(), replica, {database, database}).to, {"NAS", "NAS"})
    unit.assertEquals(lua(copy(), {project = replica, category = replica, from = replica, to = {database}}).to,
        {"NAS"})
    unit.assertEquals(refused(lua, copy(), rows.row("client", {client = "blue"})),
        "copy: it takes nothing from a row of type 'client'")
end

function M.test_rows_of_every_type_give_what_is_asked()
    local entry = rows.row("entry", {project = "blue/film", category = "render", database = "WORK",
        client = "blue", inside = "a*.exr", path = "/w/scratch/render/blue/film/a*.exr"})
    local entry_of_acme = {project = "acme/spot one", category = "render", database = "WORK"}
    local nas = rows.row("database", {database = "NAS", path = "/n"})
    local got = lua(copy(), entry, nas)
    unit.assertEquals({got.project, got.category, got.from, got.to}, {"blue/film", "render", "WORK", {"NAS"}})
    got = lua(copy(), {project = entry, category = "render", from = nas, to = {nas, "STORAGE"}})
    unit.assertEquals({got.from, got.to}, {"NAS", {"NAS", "STORAGE"}})
    unit.assertEquals(lua(copy(), "blue/film", "render", "WORK", {nas, nas}).to, {"NAS", "NAS"})
    unit.assertStrContains(refused(lua, copy(), {entry, rows.row("entry", {project = "blue/film",
        category = "render", database = "WORK"})}, "NAS"), "copy: it takes one row")
    unit.assertEquals(refused(lua, copy(), {entry, rows.row("entry", entry_of_acme)}, "NAS"),
        "copy: it takes one row, and the list has 2; write: for _, row in ipairs(list) do copy(row) end")
    local only = copy()
    only.options.only = {type = "text", many = true}
    unit.assertEquals(lua(only, entry, nas).only, {"a*.exr"})
    local prune = command.check{name = "prune", run = function() end,
        args = {{"database", "database", many = true, optional = true}}}
    unit.assertEquals(lua(prune, {nas}).database, {"NAS"})
    unit.assertEquals(refused(lua, prune, entry), "prune: it takes nothing from a row of type 'entry'")
    local check = command.check{name = "check", run = function() end, args = {{"which", "which"}}}
    unit.assertEquals(lua(check, entry).which, "blue/film")
    unit.assertEquals(lua(check, rows.row("client", {client = "blue"})).which, "blue")
end

function M.test_a_path_gives_project_category_and_database()
    local path = "/w/scratch/render/blue/film"
    local function copied(line)
        local got = words(copy(), line).args
        return {got.project, got.category, got.from, got.to}
    end
    for _, line in ipairs{" NAS", " render NAS", " WORK NAS", " render WORK NAS"} do
        unit.assertEquals(copied(path .. line), {"blue/film", "render", "WORK", {"NAS"}}, line)
    end
    unit.assertEquals(copied("scratch/render/blue/film WORK NAS"), {"blue/film", "render", "WORK", {"NAS"}})
    unit.assertEquals(refused(copied, path .. " footage NAS"),
        "copy: the path is one of render, not of footage")
    unit.assertEquals(refused(copied, path), "copy: TO... is missing")
    unit.assertEquals(copied(path .. " NAS STORAGE"), {"blue/film", "render", "WORK", {"NAS", "STORAGE"}})
    unit.assertEquals(copied(path .. " render WORK NAS STORAGE"),
        {"blue/film", "render", "WORK", {"NAS", "STORAGE"}})
    unit.assertEquals(refused(copied, path .. " render NAS STORAGE"),
        "copy: the path lies on WORK: from there or from NAS? name the project instead")
end

function M.test_what_may_come_next()
    local function expected(declaration, ...)
        local args, keywords = arguments.expected(declaration, fake.session(), {...})
        local names = {}
        for i, arg in ipairs(args) do
            names[i] = arg.name
        end
        return {names, keywords}
    end
    unit.assertEquals(expected(copy()), {{"project"}, {}})
    unit.assertEquals(expected(copy(), "no/such", "render", "WORK", "NAS"), {{"to"}, {}})
    unit.assertEquals(expected(list(), "projects"), {{}, {"in", "in"}})
    unit.assertEquals(expected(list(), "projects", "in"), {{"client", "database"}, {}})
    unit.assertEquals(expected(list(), "projects", "in", "acme"), {{}, {"in"}})
end

return M
