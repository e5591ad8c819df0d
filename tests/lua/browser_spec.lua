-- The browser's state: what keys do to a model, without a terminal.
local unit = require("luaunit")
local glob = require("autobackup.glob")
local list = require("autobackup.browser.list")
local models = require("autobackup.browser.model")
local place = require("autobackup.browser.place")

local M = {}

local DATABASES = {
    {database = "WORK", online = true, loaded_at = 1}, {database = "STORAGE", online = true, loaded_at = 1},
    {database = "NAS", online = false, loaded_at = 1},
}

local PROJECT = {kind = "project", client = "acme", name = "spot"}

local function categories()
    local function row(name, bytes, newest, marks)
        return {name = name, kind = "category", bytes = bytes, files = 1, newest = newest, marks = marks,
            into = {kind = "category", client = "acme", name = "spot", category = name}}
    end
    return list.new{
        row("footage", 500, 30, {WORK = "same", STORAGE = "same", NAS = "differs"}),
        row("project", 10, 90, {WORK = "only", STORAGE = "absent", NAS = "absent"}),
        row("render", 900, 20, {WORK = "only", STORAGE = "absent", NAS = "absent"}),
    }
end

local function model(where, content, has_verify)
    local m = models.new{place = where or PROJECT, list = content or categories(), databases = DATABASES,
        commands = function(name) return name ~= "verify" or has_verify == true end}
    models.enter(m, m.place, m.list)
    return m
end

local function folder(path)
    return {kind = "folder", database = "NAS", client = "acme", name = "spot", category = "render", path = path}
end

local function press(m, ...)
    local effect
    for _, key in ipairs{...} do
        effect = models.key(m, key)
    end
    return effect
end

local function under_cursor(m)
    return m.at == 0 and ".." or models.row(m).name
end

function M.test_the_largest_is_first_and_s_changes_the_order()
    local m = model()
    unit.assertEquals(under_cursor(m), "render")
    press(m, "s")
    unit.assertEquals(m.order, "name")
    unit.assertEquals(under_cursor(m), "render")    -- the cursor stays on its row
    unit.assertEquals(m.at, 3)
    press(m, "s")
    unit.assertEquals(m.order, "time")
    press(m, "home", "down")
    unit.assertEquals(under_cursor(m), "project")
    press(m, "s")
    unit.assertEquals(m.order, "size")
end

function M.test_moving_stops_at_the_ends()
    local m = model()
    press(m, "up", "k", "up")
    unit.assertEquals(under_cursor(m), "..")
    press(m, "down", "j")
    unit.assertEquals(under_cursor(m), "footage")
    press(m, "pagedown", "down", "G")
    unit.assertEquals(under_cursor(m), "project")
    press(m, "g")
    unit.assertEquals(under_cursor(m), "..")
    local root = model({kind = "root"}, list.new{{name = "WORK", kind = "database", into = {kind = "database"}}})
    press(root, "home", "up")
    unit.assertEquals(under_cursor(root), "WORK")    -- nothing lies above the root
end

function M.test_a_long_list_scrolls_with_the_cursor()
    local rows = {}
    for i = 1, 100 do
        rows[i] = {name = ("f%03d"):format(i), kind = "file", bytes = 1000 - i}
    end
    local m = model({kind = "folder", path = "", database = "WORK", client = "a", name = "b", category = "c"},
        list.new(rows))
    m.height = 10
    press(m, "end")
    unit.assertEquals({m.at, m.top}, {100, 91})
    press(m, "pageup")
    unit.assertEquals({m.at, m.top}, {90, 90})
    press(m, "down", "down")
    unit.assertEquals({m.at, m.top}, {92, 90})
    press(m, "home")
    unit.assertEquals({m.at, m.top}, {0, 0})
end

function M.test_enter_goes_in_and_all_ways_up_come_back()
    for _, key in ipairs{"enter", "right", "l"} do
        local effect = press(model(), key)
        unit.assertEquals(effect.kind, "open")
        unit.assertEquals(effect.place.category, "render")
    end
    for _, keys in ipairs{{"backspace"}, {"left"}, {"h"}, {"home", "enter"}, {".", "."}} do
        local effect = press(model(), table.unpack(keys))
        unit.assertEquals(effect, {kind = "open", place = {kind = "client", client = "acme"}, name = "spot"})
    end
    local root = model({kind = "root"}, list.new{})
    unit.assertNil(press(root, "left"))
    unit.assertStrContains(root.message, "q leaves")
    unit.assertNil(press(model(), ".", "x", "."))
end

function M.test_every_place_lies_in_the_one_above_it()
    local deep = {kind = "folder", database = "NAS", client = "a", name = "b", category = "c", path = "d/e"}
    unit.assertEquals(place.names(deep), {"NAS", "a", "b", "c", "d", "e"})
    deep.from_all = true
    unit.assertEquals(place.names(deep), {"all databases", "a", "b", "c", "NAS", "d", "e"})
    local count = 0
    while deep do
        deep, count = place.parent(deep), count + 1
    end
    unit.assertEquals(count, 8)
end

function M.test_a_filter_narrows_while_it_is_typed()
    local m = model()
    press(m, "/", "F", "o", "o")
    unit.assertEquals({m.list:count(), under_cursor(m), m.editing}, {1, "footage", "Foo"})
    press(m, "backspace", "backspace", "backspace", "*", "e", "*")
    unit.assertEquals(m.list:count(), 3)
    press(m, "C-u", "z")
    unit.assertEquals({m.list:count(), m.at}, {0, 0})
    press(m, "backspace", "r", "enter")
    unit.assertEquals({m.editing, m.filter, m.list:count()}, {nil, "r", 2})
    unit.assertNil(press(m, "escape"))
    unit.assertEquals({m.filter, m.list:count()}, {nil, 3})
    press(m, "/", "q")      -- a letter, not the key that leaves
    unit.assertEquals(m.filter, "q")
    press(m, "escape")
    unit.assertEquals(m.filter, nil)
end

function M.test_a_filter_comes_back_with_its_place()
    local m = model()
    press(m, "/", "r", "enter")
    local effect = press(m, "down", "enter")
    unit.assertNil(m.filter)
    models.enter(m, effect.place, list.new{}, effect.name)
    effect = press(m, "left")
    unit.assertEquals({effect.name, m.filter}, {"project", "r"})
end

function M.test_copy_asks_from_and_to_and_whether()
    local m = model()
    press(m, "home", "down", "down", "c")
    unit.assertEquals(m.flow.dialog.names, {"WORK", "STORAGE", "NAS"})      -- who has it
    press(m, "s")                                                           -- completes to STORAGE
    unit.assertNil(press(m, "enter"))
    unit.assertEquals(m.flow.dialog.names, {"WORK", "NAS"})
    unit.assertEquals(m.flow.dialog.notes, {NAS = "offline"})
    press(m, " ", "right", " ", "enter")
    unit.assertStrContains(m.flow.dialog.prompt, "copy acme/spot footage from STORAGE to WORK, NAS?")
    local effect = press(m, "enter")
    unit.assertEquals(effect.kind, "run")
    unit.assertEquals(effect.command, "copy")
    unit.assertEquals(effect.args, {project = "acme/spot", category = "footage", from = "STORAGE",
        to = {"WORK", "NAS"}})
    unit.assertNil(m.flow)
end

-- In a folder `c` is about the file or folder under the cursor, on the way up about the folder itself.
local function copied_from(path, row, keys)
    local m = model(folder(path), list.new{row})
    press(m, "home", table.unpack(keys))
    press(m, " ", "enter")
    local prompt = m.flow.dialog.prompt
    return press(m, "enter").args.only, prompt
end

function M.test_copy_is_about_the_file_or_folder()
    local file = {name = "a*[1].exr", kind = "file", bytes = 1, files = 1, newest = 1}
    local only, prompt = copied_from("shot_010", file, {"down", "c"})
    unit.assertEquals(only, {"shot_010/a[*][[]1].exr"})
    unit.assertStrContains(prompt, "acme/spot render shot_010/a*[1].exr from NAS to WORK?")
    local inside = {name = "comp", kind = "directory", bytes = 1, files = 1, newest = 1,
        into = folder("shot_010/comp")}
    unit.assertEquals((copied_from("shot_010", inside, {"down", "c"})), {"shot_010/comp"})
    unit.assertEquals((copied_from("shot_010", inside, {"c"})), {"shot_010"})
    unit.assertNil((copied_from("", inside, {"c"})))
    local frames = {name = "a.0001-0048.exr", kind = "sequence", bytes = 1, files = 48, newest = 1,
        frames = {"a.[0-9][0-9][0-9][0-9].exr"}}
    unit.assertEquals((copied_from("", frames, {"down", "c"})), {"a.[0-9][0-9][0-9][0-9].exr"})
end

function M.test_nothing_is_copied_without_a_yes()
    local m = model()
    press(m, "c")
    unit.assertEquals(m.flow.dialog.names, {"WORK"})
    press(m, "enter", "enter")
    unit.assertStrContains(m.flow.dialog.prompt, "from WORK to STORAGE?")
    for _, key in ipairs{"n", "escape", "q", "C-c", "left"} do
        local again = model()
        press(again, "c", "enter", "enter")
        unit.assertNil(press(again, key))
        unit.assertNil(again.flow)
    end
    unit.assertNil(press(m, "escape"))
    unit.assertNil(m.flow)
    press(m, "c", "escape")
    unit.assertNil(m.flow)
end

function M.test_where_a_database_is_chosen_it_is_not_asked_for()
    local where = folder("x")
    local m = model(where, list.new{{name = "a.exr", kind = "file", bytes = 1}})
    press(m, "c")
    unit.assertEquals(m.flow.dialog.names, {"WORK", "STORAGE"})
    local effect = press(m, "enter", "y")
    unit.assertEquals(effect.args, {project = "acme/spot", category = "render", from = "NAS", to = {"WORK"},
        only = {"x/a.exr"}})
    effect = press(m, "d", "tab", "enter")
    unit.assertEquals(effect.args, {project = "acme/spot", category = "render", databases = {"NAS", "STORAGE"},
        files = true})
    unit.assertEquals(press(m, "o"), {kind = "explore", place = where})
end

function M.test_what_cannot_be_done_says_why()
    local root = model({kind = "root"}, list.new{{name = "WORK", kind = "database",
        into = {kind = "database", database = "WORK"}}})
    unit.assertNil(press(root, "c"))
    unit.assertStrContains(root.message, "choose a client")
    local m = model()
    press(m, "v")
    unit.assertStrContains(m.message, "no command 'verify'")
    press(m, "o")
    unit.assertStrContains(m.message, "go into a database first")
end

function M.test_a_name_with_wildcards_is_handed_over_as_a_name()
    local function project(at)
        local wild = model(at, nil, true)
        wild.at = 0
        return press(wild, "v").args.project
    end
    unit.assertEquals(project({kind = "project", client = "acme", name = "what?*"}), "acme/what?*")
    local all = project({kind = "client", client = "a*b"})
    unit.assertTrue(glob.is(all))
    unit.assertTrue(glob.matcher(all)("a*b/x"))
    unit.assertFalse(glob.matcher(all)("axb/x"))
end

function M.test_verify_is_handed_what_is_under_the_cursor()
    local m = model(nil, nil, true)
    local effect = press(m, "v")
    unit.assertEquals(effect.command, "verify")
    unit.assertEquals(effect.args, {project = "acme/spot", category = "render"})
    m = model(folder(""), list.new{}, true)
    effect = press(m, "v")
    unit.assertEquals(effect.args, {project = "acme/spot", category = "render", database = "NAS"})
end

function M.test_a_panel_takes_the_keys_until_it_is_left()
    local m = model()
    press(m, "?")
    unit.assertNotNil(m.panel)
    unit.assertNil(press(m, "c"))
    unit.assertNil(m.flow)
    unit.assertNil(press(m, "q"))
    unit.assertNil(m.panel)
    unit.assertEquals(press(m, "q"), {kind = "quit"})
    unit.assertEquals(press(m, "C-c"), {kind = "quit"})
    unit.assertEquals(press(m, "C-l"), {kind = "redraw"})
    unit.assertNil(press(m, "f12"))
end

return M
