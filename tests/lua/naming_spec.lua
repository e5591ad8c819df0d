-- Names that are none as they stand: taken where only one thing can be meant, refused with the candidates else.
local unit = require("luaunit")
local fs = require("core.fs")
local sys = require("core.sys")
local types = require("autobackup.types")
local fake = require("fake")
local helper = require("helper")

local M = {}

local function session_in(folder)
    local session = fake.session()
    for _, row in ipairs(session.catalog.database_rows) do
        row.path = folder:dir(row.database)
    end
    return session
end

-- What a word becomes, and what a path says besides; or nil and the complaint.
local function taken(session, kind, word, spec)
    local value, message, _, also = types.get(kind).check(word, session, spec or {}, {})
    return value, message or also
end

function M.test_letters_of_another_case()
    local session = fake.session()
    unit.assertEquals({taken(session, "database", "nas"), taken(session, "category", "Footage"),
        taken(session, "client", "ACME"), taken(session, "project", "Acme/Spot One"),
        taken(session, "project", "FILM"), taken(session, "which", "BLUE")},
        {"NAS", "footage", "acme", "acme/spot one", "blue/film", "blue"})
    table.insert(session.catalog.database_rows, {id = 4, database = "nAS", path = "/x"})
    unit.assertEquals({taken(session, "database", "nas")}, {nil, "'nas' may be 'NAS' or 'nAS'; write which"})
    unit.assertEquals((taken(session, "database", "nAS")), "nAS")
end

function M.test_a_projects_own_name_when_it_is_the_only_one()
    local session = fake.session()
    unit.assertEquals((taken(session, "project", "spot one")), "acme/spot one")
    table.insert(session.catalog.project_rows, {client = "kino", name = "film", project = "kino/film"})
    unit.assertEquals({taken(session, "project", "film")},
        {nil, "'film' may be 'blue/film' or 'kino/film'; write which"})
    table.insert(session.catalog.project_rows, {client = "x", name = "acme", project = "x/acme"})
    local _, message = taken(session, "project", "acme")
    unit.assertStrContains(message, "'acme' is a client, and a project; did you mean 'x/acme'?")
    unit.assertEquals((taken(session, "which", "acme")), "acme")
end

function M.test_paths_of_replicas()
    local folder <close> = helper.folder()
    local session = session_in(folder)
    local work = folder.path .. "/WORK/"
    local place = {category = "render", database = "WORK"}
    unit.assertEquals({taken(session, "project", "acme/spot one/")}, {"acme/spot one"})
    unit.assertEquals({taken(session, "project", work .. "scratch/render/acme/spot one")},
        {"acme/spot one", place})
    unit.assertEquals({taken(session, "project", work .. "/scratch/./render/acme/spot one//")},
        {"acme/spot one", place})
    unit.assertEquals({taken(session, "project", "footage/blue/film")}, {"blue/film", {category = "footage"}})
    unit.assertEquals({taken(session, "which", work .. "footage/acme")}, {"acme"})
    unit.assertEquals({taken(session, "client", work .. "footage/acme/")}, {"acme"})
    unit.assertEquals({taken(session, "database", work), taken(session, "category", "scratch/render/")},
        {"WORK", "render"})
    assert(sys.run{"ln", "-s", work, folder.path .. "/link"} == 0)
    unit.assertEquals({taken(session, "project", folder.path .. "/link/footage/no/such")},
        {nil, ("'%s/link/footage/no/such' is no folder of a project in any database"):format(folder.path)})
    -- As by the database's own path, whether its folder is there now or not.
    local film = {"blue/film", {category = "footage", database = "WORK"}}
    unit.assertEquals({taken(session, "project", work .. "footage/blue/film")}, film)
    unit.assertEquals({taken(session, "project", folder.path .. "/link/footage/blue/film")}, film)
    folder:dir("WORK/footage/blue/film")
    unit.assertEquals({taken(session, "project", folder.path .. "/link/footage/blue/film")}, film)
end

function M.test_paths_that_are_no_replica_are_refused()
    local folder <close> = helper.folder()
    local session = session_in(folder)
    local function complaint(word)
        local value, message = taken(session, "project", word)
        unit.assertNil(value)
        return (message:gsub(folder.path:gsub("%p", "%%%0"), "/r"))
    end
    unit.assertEquals(complaint(folder.path .. "/WORK/footage/blue/film/day 1"),
        "'/r/WORK/footage/blue/film/day 1' lies in the project 'blue/film'; name the project")
    unit.assertEquals(complaint(folder.path .. "/WORK/footage/blue"),
        "'/r/WORK/footage/blue' is the folder of the client 'blue': write blue/* for all that it has")
    unit.assertStrContains(complaint(folder.path .. "/OTHER/footage/blue/film"), "no folder of a project")
    unit.assertStrContains(complaint("./blue/film"), "no folder of a project")
    unit.assertEquals((taken(session, "database", folder.path .. "/WORK/footage")), nil)
end

function M.test_a_project_on_the_disk_is_itself_before_anything_is_guessed()
    local folder <close> = helper.folder()
    local session = session_in(folder)
    local fresh = {fresh = true}
    unit.assertEquals((taken(session, "project", "Blue/Film", fresh)), "blue/film")
    folder:dir("NAS/footage/Blue/Film")
    unit.assertEquals((taken(session, "project", "Blue/Film", fresh)), "Blue/Film")
    folder:dir("NAS/footage/acme/s*")
    local glob = require("autobackup.glob")
    local value = types.get("project").check("acme/s*", session, fresh, {pattern = glob.typed("acme/s*")})
    unit.assertEquals(value, "acme/s*")
    unit.assertTrue(fs.lstat(folder.path .. "/NAS/footage/acme/s*") ~= nil)
end

function M.test_several_categories()
    local session, several = fake.session(), {several = true}
    local both = types.get("category").check("footage,render", session, several)
    unit.assertEquals({both[1], both[2], tostring(both)}, {"footage", "render", "footage,render"})
    unit.assertEquals((types.get("category").check({"Render"}, session, several)), "render")
    unit.assertEquals(select(2, taken(session, "category", "footage,rendr", several)),
        "no category 'rendr'; did you mean 'render'?")
    unit.assertEquals(select(2, taken(session, "category", "footage,all", several)),
        "no category 'all'; there are footage, render")
    unit.assertNil((taken(session, "category", "footage,render")))
end

return M
