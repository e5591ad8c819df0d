local unit = require("luaunit")
local lookalike = require("autobackup.lookalike")

local M = {}

local COMPOSED, DECOMPOSED = "Caf\xC3\xA9", "Cafe\xCC\x81"

local function catalog(projects)
    return {
        client_names = function()
            local names, seen = {}, {}
            for _, name in ipairs(projects) do
                local client = name:match("^[^/]*")
                names[#names + 1], seen[client] = not seen[client] and client or nil, true
            end
            return names
        end,
        project_names = function(_, client)
            local names = {}
            for _, name in ipairs(projects) do
                names[#names + 1] = (not client or name:match("^[^/]*") == client) and name or nil
            end
            return names
        end,
    }
end

local function row(project)
    return {project = project, client = project:match("^[^/]*")}
end

function M.test_groups()
    unit.assertEquals(lookalike.groups{"a", "A", "b", COMPOSED, DECOMPOSED, "CAF\xC3\x89", "Caf\xE9"},
        {a = {"A"}, A = {"a"}, [COMPOSED] = {DECOMPOSED, "CAF\xC3\x89"}, [DECOMPOSED] = {COMPOSED, "CAF\xC3\x89"},
            ["CAF\xC3\x89"] = {COMPOSED, DECOMPOSED}})
end

function M.test_projects_that_are_not_shown_count_too()
    local known = catalog{"ACME/Spot", "acme/spot", "acme/two", "acme/TWO", "blue/x"}
    local list = {row "acme/spot"}
    unit.assertEquals(lookalike.projects(known, list, false), {"'ACME/Spot' and 'acme/spot' differ in the case of "
        .. "letters alone: they are two projects, and one name to disks on which names fold"})
    unit.assertEquals(list[1].alike, {"ACME/Spot"})
    list = {row "blue/x"}
    unit.assertEquals(lookalike.projects(known, list, false), {})
    unit.assertNil(list[1].alike)
end

function M.test_the_bytes_are_told()
    local list = {row(COMPOSED .. "/x"), row(DECOMPOSED .. "/x")}
    unit.assertEquals(lookalike.projects(catalog{}, list, true), {("'%s/x' and '%s/x' look alike and differ in "
        .. "their bytes (65 cc 81 / c3 a9): they are two projects, and one name to disks on which names fold")
        :format(DECOMPOSED, COMPOSED)})
end

function M.test_clients()
    local list = {{client = COMPOSED}, {client = "acme"}}
    local notes = lookalike.clients(catalog{COMPOSED .. "/x", DECOMPOSED .. "/y", "acme/x"}, list)
    unit.assertEquals(#notes, 1)
    unit.assertStrContains(notes[1], "they are two clients")
    unit.assertEquals({list[1].alike, list[2].alike}, {{DECOMPOSED}, nil})
end

function M.test_files_of_two_sides()
    local files = lookalike.files(2)
    unit.assertNil(files:see("a.mov", "left"))
    unit.assertNil(files:see("A.mov", "left"))    -- of one side
    unit.assertEquals(files:see("A.MOV", "right"), "a.mov")
    unit.assertNil(files:see("b", "right"))
    unit.assertNil(files:see("c", "right"))       -- no room to remember it
    unit.assertNil(files:see("C", "left"))
    files:start()
    unit.assertNil(files:see("B", "left"))        -- b was another replica's
    unit.assertEquals(#files:notes(), 1)
    unit.assertStrContains(files:notes()[1],
        "'a.mov' and 'A.MOV' differ in the case of letters alone: they are two files")
end

function M.test_many_are_counted()
    local list = {}
    for i = 1, 5 do
        list[#list + 1], list[#list + 2] = row("a/x" .. i), row("a/X" .. i)
    end
    local notes = lookalike.projects(catalog{}, list, true)
    unit.assertEquals({#notes, notes[4]}, {4, "2 more pairs of projects are alike in this way"})
end

return M
