local unit = require("luaunit")
local catalog = require("autobackup.catalog")
local find = require("autobackup.commands.find")
local out = require("autobackup.view.out")
local rows = require("autobackup.rows")
local core_find = require("core.find")
local fake = require("fake")
local helper = require("helper")

local M = {}

-- A loaded database WORK with two projects: frames 1 to 5 and notes in acme/spot, one file in acme/film.
local function studio()
    local folder = helper.folder()
    for frame = 1, 5 do
        folder:file(("WORK/footage/acme/spot/shot/b.%04d.exr"):format(frame), ("x"):rep(frame))
    end
    folder:file("WORK/footage/acme/spot/Notes.txt", "notes")
    folder:file("WORK/footage/acme/film/b.0001.exr", "a longer one")
    for _, words in ipairs{{"add", "database", "WORK", "WORK"}, {"add", "category", "footage", "footage"},
        {"load"}} do
        unit.assertEquals(fake.program(folder, words).status, 0)
    end
    folder.catalog = catalog.open(folder.path .. "/data/autobackup/catalog.db")
    folder.session = fake.session{catalog = folder.catalog}
    return folder
end

local function found(folder, words)
    local result = fake.program(folder, words)
    unit.assertEquals({result.status, result.err}, {0, ""})
    return result.out
end

local function paths(folder, code)
    local list = {}
    for file in assert(load("return files" .. code, "=code", "t", folder.session.env))() do
        unit.assertStrContains(file.path, "/" .. file.project .. "/" .. file.inside)
        unit.assertEquals(file.path:sub(1, 1), "/")
        list[#list + 1] = file.inside
    end
    table.sort(list)
    return table.concat(list, " ")
end

function M.test_rows_and_bounds_of_the_primitive()
    local folder <close> = studio()
    local handle <close> = core_find.start{catalog = folder.catalog:path(), pattern = "b.*", sorted = true}
    local names, batch = {}, handle:next(2)
    while batch do
        unit.assertTrue(#batch <= 2)
        for _, row in ipairs(batch) do
            unit.assertEquals(row.kind, "file")
            names[#names + 1] = row.path .. ":" .. row.size
        end
        batch = handle:next(2)
    end
    unit.assertEquals(#names, 6)
    unit.assertFalse(handle:next(1))
end

function M.test_misuse_of_the_primitive_raises()
    local folder <close> = studio()
    local path = folder.catalog:path()
    for _, request in ipairs{{}, {catalog = path, kind = "fil"}, {catalog = path, replicas = {"x"}},
        {catalog = path, larger = "1GB"}, {catalog = path, pattern = {}}} do
        unit.assertFalse((pcall(core_find.start, request)))
    end
    local handle = core_find.start{catalog = path}
    unit.assertFalse((pcall(handle.next, handle, 0)))
    handle:close()
    handle:close()
    unit.assertFalse((pcall(handle.next, handle, 1)))
    local none = folder:file("none", ("no catalog "):rep(50))
    unit.assertEquals(select(3, core_find.start{catalog = none}), "ECORRUPT")
end

function M.test_files_are_filtered()
    local folder <close> = studio()
    local all = "Notes.txt b.0001.exr shot/b.0001.exr shot/b.0002.exr shot/b.0003.exr shot/b.0004.exr "
        .. "shot/b.0005.exr"
    unit.assertEquals(paths(folder, "{}"), all)
    unit.assertEquals(paths(folder, "()"), all)
    unit.assertEquals(paths(folder, "{name = glob '*[12].exr', project = 'acme/spot'}"),
        "shot/b.0001.exr shot/b.0002.exr")
    unit.assertEquals(paths(folder, "{name = 'Notes'}"), "")
    unit.assertEquals(paths(folder, "{name = 'all'}"), "")
    unit.assertEquals(paths(folder, "{name = 'Notes.txt', category = glob '*'}"), "Notes.txt")
    unit.assertEquals(paths(folder, "{larger = 4}"), "Notes.txt b.0001.exr shot/b.0005.exr")
    unit.assertEquals(paths(folder, "{older = '2001-01-01'}"), "")
    unit.assertEquals(paths(folder, "{newer = 1e300}"), "")
    unit.assertEquals(paths(folder, "{newer = '1h', older = -1e300}"), "")
    unit.assertEquals(paths(folder, "{newer = '1h', project = glob 'acme/f*'}"), "b.0001.exr")
    unit.assertEquals(paths(folder, "{newer = files{}().mtime - 3600}"), all)
end

function M.test_a_loop_that_is_left_ends_the_search()
    local folder <close> = studio()
    for _ = 1, 200 do
        for file in require("autobackup.queries").files(folder.session, {}) do
            unit.assertEquals(rows.type_of(file), "file")
            if file.path then
                break
            end
        end
    end
    local open = require("core.fs").list("/proc/self/fd")
    unit.assertTrue(#open < 100, #open .. " files are open")
end

function M.test_words_without_wildcards_stand_anywhere()
    local folder <close> = studio()
    unit.assertStrContains(found(folder, {"find", "0003"}), "WORK/footage/acme/spot/shot/b.0003.exr")
    unit.assertStrContains(found(folder, {"find", "-i", "notes"}), "spot/Notes.txt")
    unit.assertStrContains(found(folder, {"find", "shot/b.0005"}), "b.0005.exr")
    unit.assertStrContains(found(folder, {"find", "shot", "--type", "directory"}), "directory")
    local nothing = fake.program(folder, {"find", "notes"})
    unit.assertEquals({nothing.status, nothing.out, nothing.err}, {0, "", "nothing found that matches 'notes'\n"})
end

function M.test_a_limit_is_said()
    local folder <close> = studio()
    local result = find.run({pattern = "b.", limit = 2}, folder.session)
    unit.assertEquals({#result, result.notes},
        {2, {"more than 2 match, the others are not shown; narrow it down, or --limit N"}})
    result = find.run({pattern = "b.", limit = 6}, folder.session)
    unit.assertEquals({#result, result.notes}, {6, nil})
end

function M.test_frames_are_one_line_on_a_terminal_only()
    local folder <close> = studio()
    local result, printed = find.run({pattern = "b."}, folder.session), {}
    local function show(tty)
        printed = {}
        find.show(result, out.new{tty = tty, width = tty and 200 or nil, color = "never",
            write = function(bytes) printed[#printed + 1] = bytes end})
        local _, lines = table.concat(printed):gsub("\n", "")
        return table.concat(printed), lines
    end
    local text, lines = show(true)
    unit.assertEquals(lines, 3)
    unit.assertStrContains(text, "15 B")
    unit.assertStrContains(text, "acme/spot/shot/b.0001-0005.exr (5 files)")
    unit.assertStrContains(text, "acme/film/b.0001.exr")
    unit.assertEquals(select(2, show(false)), 7)
end

function M.test_rows_by_project_and_path()
    local folder <close> = studio()
    local result = find.run({pattern = "exr"}, folder.session)
    unit.assertEquals({#result, result[1].project, result[2].project}, {6, "acme/film", "acme/spot"})
    local row = result[2]
    unit.assertEquals({row.type, row.client, row.name, row.category, row.database, row.online, row.kind, row.size},
        {"entry", "acme", "spot", "footage", "WORK", true, "file", 1})
    unit.assertEquals(row.path, folder.path .. "/WORK/footage/acme/spot/shot/b.0001.exr")
end

return M
