local unit = require("luaunit")
local glob = require("autobackup.glob")
local helper = require("helper")
local plan = require("autobackup.plan")
local source = require("autobackup.source")

local M = {}

local function replica(project, category)
    local client, name = project:match("(.*)/(.*)")
    return {project = project, client = client, name = name, category = category, database = "WORK"}
end

local replicas = {
    replica("acme/a", "project"), replica("acme/a", "render"), replica("acme/b", "project"),
}

local function names(list)
    local found = {}
    for i, item in ipairs(list) do
        found[i] = item.project .. " " .. item.category
    end
    return found
end

function M.test_all_is_what_each_project_has()
    local transfers, skipped = plan.expand({category = "all", from = "WORK", to = {"NAS"}}, replicas)
    unit.assertEquals(names(transfers), {"acme/a project", "acme/a render", "acme/b project"})
    unit.assertEquals(skipped, {})
    unit.assertEquals(transfers[1], {project = "acme/a", client = "acme", name = "a", category = "project",
        from = "WORK", to = {"NAS"}})
end

function M.test_projects_without_the_category_are_skipped_and_said()
    local transfers, skipped = plan.expand({category = "render", from = "WORK", to = {"NAS"}}, replicas)
    unit.assertEquals(names(transfers), {"acme/a render"})
    unit.assertEquals(skipped, {{project = "acme/b", category = "render", reason = "WORK has no render of it"}})
end

function M.test_places()
    local function at(...)
        local list = {}
        for i, name in ipairs({...}) do
            list[i] = {database = name}
        end
        return plan.places(list)
    end
    unit.assertEquals(at(), "")
    unit.assertEquals(at("WORK", "WORK"), "WORK")
    unit.assertEquals(at("WORK", "NAS", "TAPE"), "WORK, NAS and TAPE")
end

function M.test_patterns()
    local cases = {
        {"acme", "acme", true}, {"acme", "acme2", false}, {"*", "", true}, {"a*e", "acme", true},
        {"a?me", "acme", true}, {"?", "映", true}, {"??", "映", false}, {"a.c", "abc", false},
        {"[a]*", "[a]b", true}, {"[a]*", "ab", false}, {"a%d?", "a%d1", true}, {"-*", "-x", true},
    }
    for _, case in ipairs(cases) do
        unit.assertEquals(glob.matcher(glob.new(case[1]))(case[2]), case[3], case[1] .. " " .. case[2])
    end
end

function M.test_the_disk_is_asked_what_a_pattern_means()
    local folder <close> = helper.folder()
    for _, path in ipairs({"r/acme/a/f", "r/acme/b/f", "r/acme/loose", "r/beta/a/f", "r/.autobackup/x/f"}) do
        folder:file(path, "")
    end
    local categories = {{id = 7, category = "render", path = "r"}}
    local function scope(client, name, known)
        local found = {}
        for i, item in ipairs(source.scope(folder.path, categories, client, name, known or {})) do
            unit.assertEquals(item.category, 7)
            found[i] = item.client .. "/" .. item.project
        end
        return found
    end
    local any = glob.new("*")
    unit.assertEquals(scope("acme", "*"), {"acme/*"})
    unit.assertEquals(scope("acme", any), {"acme/a", "acme/b"})
    unit.assertEquals(scope(any, "a"), {"acme/a", "beta/a"})
    unit.assertEquals(scope("new", "one"), {"new/one"})
    unit.assertEquals(scope(glob.new("none*"), any, {replica("none/gone", "render"),
        replica("none/other", "cache")}), {"none/gone"})
end

return M
