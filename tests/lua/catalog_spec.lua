local unit = require("luaunit")
local catalog = require("autobackup.catalog")
local glob = require("autobackup.glob")
local helper = require("helper")

local M = {}

-- A catalog with two databases, two categories and what `replicas` lists: {database, category, client, project,
-- files}.
local function with(replicas, check)
    local folder <close> = helper.folder()
    local cat <close> = catalog.open(folder.path .. "/catalog.db")
    cat:add_database({name = "WORK", path = "/mnt/WORK", identity = "w", granularity = 1})
    cat:add_database({name = "NAS", path = "/mnt/\xff"})
    cat:add_category("render", "scratch/render")
    cat:add_category("cache", "scratch/cache")
    for _, r in ipairs(replicas) do
        cat:exec([[INSERT INTO replica (database, category, client, project, files, directories, bytes, newest,
            fingerprint, errors, loaded_at) VALUES (?, ?, ?, ?, ?, 1, ?, 5, x'00', 0, 7)]],
            {cat:database(r[1]).id, cat:category(r[2]).id, {blob = r[3]}, {blob = r[4]}, r[5], r[5] * 10})
    end
    check(cat)
end

local STUDIO = {
    {"WORK", "render", "acme", "spot", 3}, {"NAS", "render", "acme", "spot", 2},
    {"WORK", "cache", "acme", "spot", 1},
    {"WORK", "render", "acme", "spot one", 4}, {"WORK", "render", "\xff[x]", "p", 5},
}

local function column(list, key)
    local values = {}
    for i, row in ipairs(list) do
        values[i] = row[key]
    end
    return values
end

function M.test_databases_and_categories()
    with({}, function(cat)
        unit.assertEquals(column(cat:databases(), "database"), {"WORK", "NAS"})
        unit.assertEquals(cat:database("NAS").path, "/mnt/\xff")
        unit.assertNil(cat:database("NAS").identity)
        unit.assertNil(cat:database("nas"))
        unit.assertEquals(cat:database_of_identity("w").database, "WORK")
        unit.assertEquals(cat:category("cache").path, "scratch/cache")
        unit.assertEquals(cat:remove_database("NAS"), 1)
        unit.assertEquals(cat:remove_category("cache"), 1)
        unit.assertEquals({#cat:databases(), #cat:categories()}, {1, 1})
    end)
end

function M.test_projects_add_up_their_replicas()
    with(STUDIO, function(cat)
        local projects = cat:projects({})
        unit.assertEquals(column(projects, "project"), {"acme/spot", "acme/spot one", "\xff[x]/p"})
        unit.assertEquals({projects[1].files, projects[1].bytes}, {6, 60})
        unit.assertEquals(projects[1].databases, {"WORK", "NAS"})
        unit.assertEquals(column(cat:projects({database = "NAS"}), "files"), {2})
        unit.assertEquals(column(cat:projects({category = "cache"}), "files"), {1})
    end)
end

function M.test_filters_are_exact_or_patterns()
    with(STUDIO, function(cat)
        local function count(filter)
            return #cat:replicas(filter)
        end
        unit.assertEquals(count({project = "acme/spot"}), 3)
        unit.assertEquals(count({project = "acme/spot*"}), 0)
        unit.assertEquals(count({project = glob.new("acme/spot*")}), 4)
        unit.assertEquals(count({project = glob.new("*/p")}), 1)
        unit.assertEquals(count({project = glob.new("?[x]/p")}), 1)
        unit.assertEquals(count({client = "\xff[x]"}), 1)
        unit.assertEquals(count({client = glob.new("ac?e"), database = "WORK", category = "render"}), 2)
        unit.assertEquals(count({database = glob.new("N*")}), 1)
        unit.assertEquals(count({category = {"render", "cache"}, database = "WORK"}), 4)
        unit.assertEquals(count({category = {"cache", "none"}}), 1)
        unit.assertEquals(count({name = "spot", client = "acme"}), 3)
        unit.assertEquals(count({project = "acme/none"}), 0)
    end)
end

function M.test_clients_count_projects_once()
    with(STUDIO, function(cat)
        cat:exec("INSERT INTO client VALUES (1, 1, ?)", {{blob = "empty"}})
        local clients = cat:clients({})
        unit.assertEquals(column(clients, "client"), {"acme", "empty", "\xff[x]"})
        unit.assertEquals(column(clients, "projects"), {2, 0, 1})
        unit.assertEquals(column(clients, "files"), {10, 0, 5})
        unit.assertEquals(column(cat:clients({database = "NAS"}), "files"), {2})
    end)
end

function M.test_totals()
    with(STUDIO, function(cat)
        local total = cat:totals()[cat:database("WORK").id]
        unit.assertEquals({total.clients, total.projects, total.replicas, total.files, total.bytes},
            {2, 3, 4, 13, 130})
        unit.assertEquals(cat:files_of(cat:database("WORK").id), 13)
        cat:exec("INSERT INTO database (name, path, added_at) VALUES ('NEW', x'2f', 1)")
        local known = cat:known()
        unit.assertEquals({known[cat:database("WORK").id], known[cat:database("NEW").id]}, {true, nil})
        unit.assertEquals(cat:files_of(cat:database("NEW").id), 0)
    end)
end

function M.test_another_disk_brings_other_content()
    with(STUDIO, function(cat)
        local id = cat:database("WORK").id
        cat:set_database(id, {path = "/new", identity = "w"}, false)
        unit.assertEquals(#cat:replicas({database = "WORK"}), 4)
        cat:set_database(id, {path = "/new", identity = "other", fs_type = "xfs", granularity = 2}, true)
        unit.assertEquals(#cat:replicas({database = "WORK"}), 0)
        unit.assertEquals({cat:database("WORK").fs_type, cat:database("WORK").granularity}, {"xfs", 2})
        cat:set_category("render", "elsewhere")
        unit.assertEquals(#cat:replicas({}), 0)
    end)
end

function M.test_a_failed_transaction_leaves_nothing()
    with({}, function(cat)
        local ok = pcall(cat.transaction, cat, function()
            cat:add_category("new", "new")
            error("mistake", 0)
        end)
        unit.assertFalse(ok)
        unit.assertNil(cat:category("new"))
    end)
end

function M.test_trusted_bytes_and_operations()
    with({}, function(cat)
        unit.assertNil(cat:trusted("/x/.config"))
        cat:trust("/x/.config", "a\0b")
        cat:trust("/x/.config", "c")
        unit.assertEquals(cat:trusted("/x/.config"), "c")
        cat:trust("/x/lib/a\xFF.lua", "a")
        cat:trust("/xy/b.lua", "b")
        unit.assertEquals(cat:trusted_below("/x"), {"/x/.config", "/x/lib/a\xFF.lua"})
        unit.assertEquals(#cat:trusted_below("/"), 3)
        unit.assertStrMatches(cat:new_operation(), "%d%d%d%d%d%d%d%dT%d%d%d%d%d%dZ%-%x%x%x%x")
        unit.assertEquals(cat:operations({limit = 3}), {})
    end)
end

function M.test_a_catalog_that_is_none()
    local folder <close> = helper.folder()
    local path = folder:file("catalog.db", ("no database "):rep(100))
    local ok, err = pcall(catalog.open, path)
    unit.assertFalse(ok)
    unit.assertEquals(err.code, "ECORRUPT")
    unit.assertStrContains(err.message, path)
end

return M
