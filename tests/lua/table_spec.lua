local unit = require("luaunit")
local table_view = require("autobackup.view.table")
local width_of = require("core.sys").string_width

local M = {}

local function style(width, tty)
    return {
        width = width, tty = tty or width ~= nil, width_of = width_of, ellipsis = "…",
        paint = function(_, text) return text end,
    }
end

local spec = {
    columns = {
        {key = "name", title = "NAME"},
        {key = "size", title = "SIZE", align = "right"},
        {key = "path", title = "PATH"},
    },
    rows = {
        {name = "WORK", size = 5, path = "/mnt/WORK/scratch/render"},
        {name = "映画", size = 12345, path = "/x"},
    },
}

function M.test_columns_are_aligned_and_nothing_is_cut_on_a_pipe()
    unit.assertEquals(table_view.lines(spec, style(nil)), {
        "NAME   SIZE  PATH",
        "WORK      5  /mnt/WORK/scratch/render",
        "映画  12345  /x",
    })
end

function M.test_text_is_shortened_to_the_width()
    local lines = table_view.lines(spec, style(30))
    for _, line in ipairs(lines) do
        unit.assertTrue(width_of(line) <= 30, line)
    end
    unit.assertEquals(lines[2], "WORK      5  /mnt/WOR…h/render")
end

function M.test_too_narrow_rows_become_blocks()
    unit.assertEquals(table_view.lines(spec, style(18)), {
        "WORK", "  SIZE 5", "  PATH /mnt/…ender", "映画", "  SIZE 12345", "  PATH /x",
    })
end

function M.test_a_whole_column_that_does_not_fit_stands_on_a_line_of_its_own()
    local whole = {rows = spec.rows, columns = {spec.columns[1], spec.columns[2],
        {key = "path", title = "PATH", whole = true}}}
    unit.assertEquals(table_view.lines(whole, style(26)), {
        "NAME   SIZE  PATH", "WORK      5", "  /mnt/WORK/scratch/render", "映画  12345  /x",
    })
    unit.assertEquals(table_view.lines(whole, style(23))[3], "  /mnt/WORK/scratch/render")
    unit.assertEquals(table_view.lines(whole, style(12))[3], "  PATH /mnt/WORK/scratch/render")
    unit.assertEquals(table_view.lines(whole, style(nil))[2], "WORK      5  /mnt/WORK/scratch/render")
end

function M.test_columns_that_can_be_spared_go_first()
    local spared = {rows = {{a = "render", b = 1000, c = 20, d = 3}}, columns = {{key = "a", title = "A"},
        {key = "b", title = "B", align = "right", drop = 1}, {key = "c", title = "C", align = "right", drop = 2},
        {key = "d", title = "D", align = "right"}}}
    unit.assertEquals(table_view.lines(spared, style(19)), {"A          B   C  D", "render  1000  20  3"})
    unit.assertEquals(table_view.lines(spared, style(18)), {"A          B  D", "render  1000  3"})
    unit.assertEquals(table_view.lines(spared, style(14)), {"A       D", "render  3"})
    unit.assertEquals(table_view.lines(spared, style(8)), {"render", "  B 1000", "  C 20", "  D 3"})
end

function M.test_what_is_zero_is_not_said_in_a_block()
    local lines = table_view.lines({rows = {{a = "render", b = 0, c = 20}},
        columns = {{key = "a", title = "A"}, {key = "b", title = "BYTES COPIED", align = "right"},
            {key = "c", title = "C", align = "right"}}}, style(16))
    unit.assertEquals(lines, {"render", "  C 20"})
end

function M.test_the_terminal_is_told_the_place_behind_an_emoji_of_several_characters()
    local emoji = {rows = {{a = "👩‍🎨", b = "x"}, {a = "plain", b = "y"}},
        columns = {{key = "a", title = "A"}, {key = "b", title = "B"}}}
    local how = style(40)
    unit.assertEquals(table_view.lines(emoji, how)[2], "👩‍🎨     x")
    how.places = true
    unit.assertEquals(table_view.lines(emoji, how), {"A      B", "👩‍🎨     \27[8Gx", "plain  y"})
end

function M.test_heads_of_blocks()
    local lines = table_view.lines({
        columns = {
            {key = "a", title = "A", head = true}, {key = "b", title = "B", head = true},
            {key = "n", title = "NUMBERS", align = "right"}, {key = "m", title = "MORE", align = "right"},
        },
        rows = {{a = "acme/spot", b = "render", n = 1000000, m = ""}},
    }, style(20))
    unit.assertEquals(lines, {"acme/spot render", "  NUMBERS 1000000"})
end

function M.test_groups_are_said_once_on_a_terminal()
    local grouped = {
        columns = {{key = "p", title = "P", group = true}, {key = "c", title = "C"}},
        rows = {{p = "a", c = 1}, {p = "a", c = 2}, {p = "b", c = 3}},
    }
    unit.assertEquals(table_view.lines(grouped, style(80)), {"P  C", "a  1", "   2", "b  3"})
    unit.assertEquals(table_view.lines(grouped, style(nil)), {"P  C", "a  1", "a  2", "b  3"})
end

function M.test_empty_columns_go()
    local empty = {
        columns = {{key = "a", title = "A"}, {key = "n", title = "N", hide_empty = true}},
        rows = {{a = "x", n = 0}, {a = "y"}},
    }
    unit.assertEquals(table_view.lines(empty, style(80)), {"A", "x", "y"})
    unit.assertEquals(table_view.lines(empty, style(nil)), {"A", "x", "y"})
    empty.columns[2].format = function() return nil end    -- of which nothing is said, whatever it holds
    empty.rows[2].n = 3
    unit.assertEquals(table_view.lines(empty, style(nil)), {"A", "x", "y"})
    empty.columns[2].format = nil
    unit.assertEquals(table_view.lines(empty, style(nil)), {"A  N", "x  0", "y  3"})
end

function M.test_a_path_is_never_shortened()
    local path = "/mnt/NAS/footage/acme/spot/shot_010/a.mov"
    local paths = {rows = {{size = "1 MB", path = path}, {size = "2 MB", path = "/mnt/b"}},
        columns = {{key = "size", title = "SIZE"}, {key = "path", title = "PATH", min = 8, whole = true}}}
    unit.assertEquals(table_view.lines(paths, style(60))[2], "1 MB  " .. path)
    unit.assertEquals(table_view.lines(paths, style(20)), {"SIZE  PATH", "1 MB", "  " .. path, "2 MB  /mnt/b"})
end

function M.test_names_are_cleaned_and_colour_takes_no_room()
    local lines = table_view.lines({
        columns = {{key = "a", title = "A", color = function() return "red" end}, {key = "b", title = "B"}},
        rows = {{a = "x\27[2J", b = "1"}, {a = "long enough", b = "2"}},
    }, {
        width = nil, tty = false, width_of = width_of, ellipsis = "…",
        paint = function(name, text) return "<" .. name .. ">" .. text .. "</>" end,
    })
    unit.assertEquals(lines[2], "<red>x\\e[2J</>       1")
    unit.assertEquals(lines[3], "<red>long enough</>  2")
end

-- ---- many databases ----

local function disks(count)
    local names = {}
    for i = 1, count do
        names[i] = ("ARCHIVE-LTO-20%02d"):format(i)
    end
    return names
end

-- A row for each project: text by database, "-" is nothing.
local function grid(count, rows)
    local columns = {{key = "project", title = "PROJECT", head = true}}
    for _, name in ipairs(disks(count)) do
        columns[#columns + 1] = {key = name, name = name, align = "right",
            absent = function(text) return text == "-" end}
    end
    for _, row in ipairs(rows) do
        for i, name in ipairs(disks(count)) do
            row[name] = row[i] or "-"
        end
    end
    return {columns = columns, rows = rows}
end

function M.test_names_in_heads_are_shortened_with_a_legend_and_no_two_are_alike()
    local spec_of = grid(4, {{project = "acme/spot", "1 MB =", "1 MB =", "2 MB #", "1 MB ="}})
    unit.assertEquals(table_view.lines(spec_of, style(90))[1],
        "PROJECT    ARCHIVE-LTO-2001  ARCHIVE-LTO-2002  ARCHIVE-LTO-2003  ARCHIVE-LTO-2004")
    unit.assertEquals(table_view.lines(spec_of, style(46)), {
        "PROJECT      2001    2002    2003    2004",
        "acme/spot  1 MB =  1 MB =  2 MB #  1 MB =",
        "2001 = ARCHIVE-LTO-2001, likewise 2002, 2003,", "  2004",
    })
    unit.assertStrContains(table_view.lines(spec_of, style(nil))[1], "ARCHIVE-LTO-2004")
end

function M.test_heads_of_different_kinds_are_all_in_the_legend()
    local mixed = {rows = {{p = "acme/spot", a = "1", b = "2", c = "3"}}, columns = {
        {key = "p", title = "PROJECT"},
        {key = "a", name = "WORK"}, {key = "b", name = "PORTABLE-SSD-EDIT"},
        {key = "c", name = "OFFICE-NAS-TWO"}}}
    local lines = table_view.lines(mixed, style(44))
    unit.assertStrContains(lines[1], "WORK")
    local text = table.concat(lines, " ")
    unit.assertStrContains(text, " = PORTABLE-SSD-EDIT")
    unit.assertNotStrContains(text, " = WORK")
end

function M.test_what_is_nowhere_gives_way_and_is_named()
    local lines = table_view.lines(grid(4, {{project = "acme/spot", "1 MB =", "1 MB ="}}), style(50))
    unit.assertEquals(lines[1], "PROJECT    ARCHIVE-LTO-2001  ARCHIVE-LTO-2002")
    unit.assertEquals(lines[3], "- in every row: ARCHIVE-LTO-2003, ARCHIVE-LTO-2004")
end

function M.test_blocks_tell_databases_together_that_say_the_same()
    local rows = {{project = "acme/spot", "1 MB =", "1 MB =", "2 MB #"}, {project = "bmx/show"}}
    for i = 1, 12 do
        rows[2][i] = i > 3 and "3 MB" or "-"
    end
    unit.assertEquals(table_view.lines(grid(12, rows), style(60)), {
        "acme/spot",
        "  1 MB =  ARCHIVE-LTO-2001, ARCHIVE-LTO-2002",
        "  2 MB #  ARCHIVE-LTO-2003",
        "       -  the other 9",
        "bmx/show",
        "  3 MB  ARCHIVE-LTO-2004, ARCHIVE-LTO-2005,",
        "        ARCHIVE-LTO-2006, ARCHIVE-LTO-2007,",
        "        ARCHIVE-LTO-2008, ARCHIVE-LTO-2009,",
        "        ARCHIVE-LTO-2010, ARCHIVE-LTO-2011, ARCHIVE-LTO-2012",
        "     -  ARCHIVE-LTO-2001, ARCHIVE-LTO-2002, ARCHIVE-LTO-2003",
    })
end

function M.test_names_as_values_are_shortened_alike_or_stand_whole()
    local names = {rows = {{p = "acme/spot", on = disks(5)}, {p = "bmx/show", on = "ARCHIVE-LTO-2002"}},
        columns = {{key = "p", title = "PROJECT"}, {key = "on", title = "ON", names = true}}}
    unit.assertEquals(table_view.lines(names, style(40)), {
        "PROJECT    ON", "acme/spot  2001 2002 2003 2004 2005", "bmx/show   2002",
        "2001 = ARCHIVE-LTO-2001, likewise 2002,", "  2003, 2004, 2005",
    })
    unit.assertEquals(table_view.lines(names, style(nil))[3], "bmx/show   ARCHIVE-LTO-2002")
    unit.assertStrContains(table.concat(table_view.lines(names, style(18)), "\n"), "ARCHIVE-LTO-2005")
end

function M.test_short_forms_and_spare_columns_go_before_texts_are_cut()
    local project = "acme/spot-2031-directors-cut"
    local narrow = {rows = {{p = project, at = "3 min ago", who = "anna@edit-1"}}, columns = {
        {key = "p", title = "PROJECT", soft = 24},
        {key = "at", title = "WHEN", brief = function() return "3 min" end},
        {key = "who", title = "WHO", spare = 1}}}
    unit.assertEquals(table_view.lines(narrow, style(60))[2], project .. "  3 min ago  anna@edit-1")
    unit.assertEquals(table_view.lines(narrow, style(49))[2], project .. "  3 min  anna@edit-1")
    unit.assertEquals(table_view.lines(narrow, style(36))[2], project .. "  3 min")
    narrow.complete = true
    unit.assertStrContains(table.concat(table_view.lines(narrow, style(36)), "\n"), "anna@edit-1")
end

return M
