-- What the browser shows: lines of a model at several sizes, aligned and never wider than the screen.
local unit = require("luaunit")
local list = require("autobackup.browser.list")
local marks = require("autobackup.browser.marks")
local models = require("autobackup.browser.model")
local out = require("autobackup.view.out")
local panels = require("autobackup.browser.panel")
local render = require("autobackup.browser.render")
local width_of = require("core.sys").string_width

local M = {}

local NOW = 1000000000
local DAY = 86400 * 1000000000

local DATABASES = {
    {database = "WORK", online = true, loaded_at = (NOW - 7200) * 1000000000},
    {database = "STORAGE", online = true, loaded_at = (NOW - 7200) * 1000000000},
    {database = "NAS", online = false, loaded_at = NOW * 1000000000 - 3 * DAY},
}

local function look(utf8)
    return {width_of = width_of, marks = utf8 and out.MARKS.utf8 or out.MARKS.ascii, utf8 = utf8, is_drawn = utf8,
        now = NOW}
end

local function projects()
    local function row(name, bytes, words)
        return {name = name, kind = "project", bytes = bytes, files = 12345, newest = NOW * 1000000000 - 2 * DAY,
            marks = words, into = {kind = "project", client = "acme", name = name}}
    end
    return list.new{
        row("spot-2031", 4600000000, {WORK = "same", STORAGE = "same", NAS = "same"}),
        row("映画プロジェクト", 2300000000, {WORK = "differs", STORAGE = "absent", NAS = "differs"}),
        row("evil\27[31m\rname\x9b", 5, {WORK = "only", STORAGE = "absent", NAS = "unknown"}),
    }
end

local function model(fields)
    local m = models.new{place = {kind = "client", client = "acme"}, list = projects(), databases = DATABASES,
        commands = function() return true end}
    for key, value in pairs(fields or {}) do
        m[key] = value
    end
    models.enter(m, m.place, m.list)
    return m
end

local function text_of(spans)
    local parts = {}
    for i = 1, #spans, 2 do
        parts[#parts + 1] = spans[i]
    end
    return table.concat(parts)
end

local function screen(m, width, height, utf8)
    local lines, line, column = render.lines(m, width, height, look(utf8 ~= false))
    unit.assertEquals(#lines, height)
    local texts = {}
    for i, spans in ipairs(lines) do
        texts[i] = text_of(spans)
        unit.assertTrue(width_of(texts[i]) <= width, ("%d columns: %s"):format(width, texts[i]))
        unit.assertNil(texts[i]:find("%c"))
        unit.assertNotNil(utf8 == false and true or _G.utf8.len(texts[i]))
    end
    return texts, line, column
end

function M.test_at_60_columns()
    local texts = screen(model(), 60, 10)
    unit.assertEquals(texts, {
        " autobackup › all databases › acme                1 offline ",
        "  SIZE            PROJECT                   WORK STORAGE NAS",
        "                  ..",
        "4.6 GB  ████████  spot-2031                 =    =       =? ",
        "2.3 GB  ████      映画プロジェクト          ≠    –       ≠? ",
        "   5 B  ▏         evil\\e[31m\\rname\\x9B      1    –       ?  ",
        "", "",
        " 3 entries, 6.9 GB, 37,035 files, largest first",
        " Enter open  / filter  c copy  ? keys  q leave  d compare  ",
    })
end

function M.test_at_80_and_200_columns_there_is_more_to_see()
    local texts = screen(model(), 80, 24)
    unit.assertStrContains(texts[2], "FILES")
    unit.assertStrContains(texts[4], "12,345")
    texts = screen(model(), 200, 24)
    unit.assertStrContains(texts[2], "NEWEST")
    unit.assertStrContains(texts[4], "2 days ago")
    unit.assertStrContains(texts[24], "s order")
    unit.assertEquals(width_of(texts[5]), 200)    -- wide characters do not push the columns
    unit.assertEquals(width_of(texts[4]), 200)
end

function M.test_ascii_only()
    local texts = screen(model(), 80, 12, false)
    for _, text in ipairs(texts) do
        unit.assertNil(text:find("[\x80-\xff]"), text)
    end
    unit.assertStrContains(texts[4], "############")
    unit.assertStrContains(texts[5], "????????")
    unit.assertStrContains(texts[5], "#    -       #?")
end

function M.test_plain_is_read_out()
    local plain = {width_of = width_of, marks = out.MARKS.ascii, utf8 = true, is_plain = true, now = NOW}
    local m = model()
    local lines, line, column = render.lines(m, 80, 10, plain)
    local texts = {}
    for i, spans in ipairs(lines) do
        texts[i] = text_of(spans)
    end
    unit.assertEquals({line, column}, {4, 1})
    unit.assertStrContains(texts[4], "4.6 GB    spot-2031")
    unit.assertStrContains(texts[5], "映画プロジェクト")
    unit.assertStrContains(texts[5], "#    -       #?")
    unit.assertNotStrContains(table.concat(texts), "█")
    unit.assertNotStrContains(table.concat(texts), "←")
    models.key(m, "down")
    unit.assertEquals(select(2, render.lines(m, 80, 10, plain)), 5)
end

function M.test_very_small_windows_do_not_break_it()
    for _, size in ipairs{{10, 4}, {20, 5}, {33, 3}, {1, 1}, {60, 2}} do
        local lines = render.lines(model(), size[1], size[2], look(true))
        unit.assertTrue(#lines >= size[2])
    end
end

function M.test_the_cursor_is_seen()
    local m = model()
    local function selected()
        for i, spans in ipairs(render.lines(m, 60, 10, look(true))) do
            if spans[2] == "selected" then
                return i, text_of(spans)
            end
        end
    end
    local line, text = selected()
    unit.assertEquals(line, 4)
    unit.assertStrContains(text, "spot-2031")
    models.key(m, "home")
    line, text = selected()
    unit.assertEquals(line, 3)
    unit.assertStrContains(text, "..")
end

function M.test_an_offline_database_and_its_age_are_on_top()
    local m = model{place = {kind = "client", client = "acme", database = "NAS"}}
    unit.assertEquals(screen(m, 60, 10)[1], " autobackup › NAS › acme           OFFLINE, read 3 days ago ")
end

function M.test_many_databases_get_narrow_columns()
    local many, words = {}, {}
    for i = 1, 8 do
        many[i] = {database = "DATABASE-" .. i, online = i % 2 == 0, loaded_at = 1}
        words["DATABASE-" .. i] = "same"
    end
    local m = model{databases = many, list = list.new{{name = "a", kind = "project", bytes = 1, marks = words}}}
    local texts = screen(m, 60, 8)
    unit.assertStrContains(texts[4], "=? =  =? =")
end

function M.test_typing_shows_a_cursor_behind_the_text()
    local m = model()
    models.key(m, "/")
    models.key(m, "映")
    local texts, line, column = screen(m, 60, 10)
    unit.assertStrContains(texts[9], "filter: 映")
    unit.assertEquals({line, column}, {9, 12})
    unit.assertStrContains(texts[10], "Esc")
    models.key(m, "enter")
    unit.assertStrContains(screen(m, 60, 10)[9], "1 of 3 entries")
end

function M.test_a_choice_fits_its_line()
    local m = model()
    models.key(m, "c")
    local texts = screen(m, 60, 10)
    unit.assertStrContains(texts[9], "copy spot-2031 from:  WORK  STORAGE  NAS (offline) ")
    models.key(m, "enter")
    models.key(m, " ")
    unit.assertStrContains(screen(m, 60, 10)[9], "[x]STORAGE")
    screen(m, 30, 10)
end

function M.test_what_is_not_added_up_yet()
    local rows = list.new{{name = "sub", kind = "directory", into = {}},
        {name = "f", kind = "file", bytes = 7, files = 1}}
    local where = {kind = "folder", database = "WORK", client = "a", name = "b", category = "c", path = ""}
    local m = model{place = where, list = rows, is_pending = true}
    local texts = screen(m, 60, 10)
    unit.assertStrContains(texts[5], "…")
    unit.assertStrContains(texts[5], "sub/")
    unit.assertStrContains(texts[9], "7 B and more")
end

function M.test_a_panel_shows_colours_and_scrolls()
    local panel = panels.new("compare", "\27[2mdim\27[0m rest\nsecond\n")
    unit.assertEquals(panels.spans(panel.lines[1]), {"dim", "dim", " rest", "plain"})
    unit.assertEquals(#panel.lines, 2)
    panels.add(panel, "thi")
    panels.add(panel, "rd\n\nfifth\n")
    unit.assertEquals(panel.lines[3], "third")
    unit.assertEquals(#panel.lines, 5)
    unit.assertNil(panels.key(panel, "end", 3))
    unit.assertEquals(panel.top, 3)
    unit.assertNil(panels.key(panel, "pageup", 3))
    unit.assertEquals(panel.top, 1)
    unit.assertTrue(panels.key(panel, "escape", 3))
    local texts = screen(model{panel = panel}, 60, 5)
    unit.assertEquals({texts[1]:match("%S+"), texts[2], texts[3]}, {"compare", "dim rest", "second"})
end

function M.test_help_fits_at_every_width()
    for _, width in ipairs{30, 60, 80, 200} do
        local m = model()
        models.key(m, "?")
        screen(m, width, 30)
        screen(m, width, 30, false)
    end
end

-- ---- the marks ----

local function replica(database, category, print, more)
    local row = {database = database, category = category, fingerprint = print, errors = 0, files = 1, bytes = 1,
        newest = 1, granularity = 1}
    for key, value in pairs(more or {}) do
        row[key] = value
    end
    return row
end

function M.test_marks_of_a_project()
    local covered = {gap = function(_, database) return database == 9 and "never" or nil end}
    local all = {replica("WORK", "a", "x"), replica("STORAGE", "a", "x"), replica("WORK", "b", "y"),
        replica("STORAGE", "b", "y")}
    unit.assertEquals(marks.project(all, DATABASES, covered), {WORK = "same", STORAGE = "same", NAS = "absent"})
    table.remove(all)    -- STORAGE lacks b
    unit.assertEquals(marks.project(all, DATABASES, covered), {WORK = "only", STORAGE = "differs", NAS = "absent"})
    all[4] = replica("NAS", "b", "z", {damaged = 1})
    unit.assertEquals(marks.project(all, DATABASES, covered), {WORK = "differs", STORAGE = "differs",
        NAS = "damaged"})
    unit.assertEquals(marks.project({}, DATABASES, covered), {})
    local databases = {{id = 1, database = "WORK"}, {id = 9, database = "NEW"}}
    -- What was never read may have it: nobody knows that it exists only once.
    unit.assertEquals(marks.category({all[1]}, databases, covered), {WORK = "unknown", NEW = "unknown"})
    unit.assertEquals(marks.project({all[1]}, databases, covered), {WORK = "unknown", NEW = "unknown"})
end

-- Twelve disks of one kind: their heads can be told apart.
function M.test_the_heads_of_many_disks_differ()
    local databases = {}
    for i = 1, 12 do
        databases[i] = {database = ("ARCHIVE_%02d"):format(i), online = true, loaded_at = NOW * 1000000000}
    end
    for _, width in ipairs{60, 80} do
        local texts = screen(model{databases = databases}, width, 20)
        local seen, count = {}, 0
        for head in texts[2]:match("%d%d.*$"):gmatch("%S+") do
            unit.assertNil(seen[head], texts[2])
            seen[head], count = true, count + 1
        end
        unit.assertEquals(count, 12)
    end
end

function M.test_a_head_stands_above_its_numbers()
    local m = model{place = {kind = "database"}, list = list.new{
        {name = "acme", kind = "client", bytes = 5, files = 12345, note = "2 projects", into = {kind = "client"}}}}
    local texts = screen(m, 100, 10)
    local function end_of(line, text)
        local _, last = line:find(text, 1, true)
        return width_of(line:sub(1, last))
    end
    unit.assertEquals(end_of(texts[2], "FILES"), end_of(texts[4], "12,345"))
end

function M.test_frames_come_by_name()
    local m = models.new{place = {kind = "folder", path = ""}, databases = DATABASES, list = list.new{
        {name = "a.2.exr", kind = "file", bytes = 9}, {name = "a.1.exr", kind = "file", bytes = 1},
        {name = "a.3.exr", kind = "file", bytes = 5},
        {name = "a.1-3.exr", kind = "sequence", pattern = "a.?.exr", bytes = 15}}}
    models.enter(m, m.place, m.list)
    m.at = m.list:place("a.1-3.exr")
    models.key(m, "enter")
    local names = {}
    for i, row in ipairs(m.list:rows(1, 3)) do
        names[i] = row.name
    end
    unit.assertEquals(names, {"a.1.exr", "a.2.exr", "a.3.exr"})
end

function M.test_what_differs_is_marked_before_its_name()
    local rows = list.new{{name = "day_03", kind = "directory", bytes = 9, into = {}, differs = "differs"},
        {name = "day_04", kind = "directory", bytes = 8, into = {}},
        {name = "clip.mov", kind = "file", bytes = 7, files = 1, differs = "unknown"}}
    rows.differences = {count = 2, known = 1, is_done = true}
    local where = {kind = "folder", database = "WORK", client = "a", name = "b", category = "c", path = ""}
    local texts = screen(model{place = where, list = rows}, 80, 10)
    unit.assertStrContains(texts[4], "  ≠ day_03/")
    unit.assertStrContains(texts[5], "    day_04/")
    unit.assertStrContains(texts[6], "  ? clip.mov")
    unit.assertEquals(width_of(texts[2]:match("^(.*)NAME")), width_of(texts[5]:match("^(.*)day_04")))
    unit.assertStrContains(texts[9], "2 differences")
    rows.differences.is_done = false
    unit.assertStrContains(screen(model{place = where, list = rows}, 80, 10)[9], "comparing")
end

return M
