-- The difference between two texts: patch(1) makes the new text of the old one with it, diff(1) knows none shorter.
local unit = require("luaunit")
local helper = require("helper")
local fs = require("core.fs")
local sys = require("core.sys")
local difference = require("autobackup.view.difference")

local M = {}

local function sh(folder, command)
    return assert(sys.run{"sh", "-c", 'cd "$1" && ' .. command, "sh", folder.path})
end

local function count(lines, sign)
    local found = 0
    for _, line in ipairs(lines) do
        found = found + (line:sub(1, 1) == sign and 1 or 0)
    end
    return found
end

-- Applies the difference with patch(1); returns its lines.
local function check(folder, before, after)
    local lines, is_shortest = difference.unified(before, after)
    folder:file("old", before)
    folder:file("new", after)
    folder:file("p", #lines > 0 and "--- old\n+++ new\n" .. table.concat(lines, "\n") .. "\n" or "")
    local applied = #lines == 0 and sh(folder, "cp old got") or sh(folder, "patch -s --fuzz=0 -o got old p")
    unit.assertEquals(applied, 0)
    unit.assertEquals(sh(folder, "cmp -s got new"), 0)
    return lines, is_shortest
end

local function numbers(from, to)
    local list = {}
    for i = from, to do
        list[#list + 1] = "line " .. i .. "\n"
    end
    return table.concat(list)
end

function M.test_a_hunk_as_people_know_it()
    unit.assertEquals(difference.unified(numbers(1, 9), (numbers(1, 9):gsub("line 5", "other"))), {
        "@@ -2,7 +2,7 @@",
        " line 2", " line 3", " line 4", "-line 5", "+other", " line 6", " line 7", " line 8"})
    unit.assertEquals(difference.unified("a\n", "a\n"), {})
    -- A line that stands twice, of which one goes: marks by lines alone would show nothing.
    unit.assertEquals(difference.unified("x\na\nx\n", "a\nx\n"), {"@@ -1,3 +1,2 @@", "-x", " a", " x"})
end

function M.test_the_edges()
    local folder <close> = helper.folder()
    for _, pair in ipairs{{"", "a\n"}, {"a\n", ""}, {"a", "a\n"}, {"a\n", "a"}, {"a\nb", "a\nc"}, {"", ""},
        {"a\0b\r\n\27[31m\n", "a\0c\r\n\27[32m\n"}, {numbers(1, 20), numbers(0, 21)},
        {numbers(1, 3), numbers(5, 7)},
        {numbers(1, 40), "x\n" .. numbers(1, 12) .. numbers(14, 30) .. "y\n" .. numbers(31, 40)}} do
        check(folder, pair[1], pair[2])
    end
end

-- The same numbers at every run.
local function random_text(state)
    local list = {}
    for i = 1, state() % 30 do
        list[i] = string.char(97 + state() % 4) .. "\n"
    end
    return table.concat(list)
end

function M.test_random_texts_against_patch_and_diff()
    local folder <close> = helper.folder()
    local seed = 7
    local function state()
        seed = (seed * 1103515245 + 12345) % 2147483648
        return seed >> 8
    end
    for _ = 1, 60 do
        local lines = check(folder, random_text(state), random_text(state))
        sh(folder, [[diff -d old new | grep -c '^[<>]' >least; true]])
        local least = tonumber((assert(fs.read(folder.path .. "/least", 99))))
        unit.assertEquals(count(lines, "+") + count(lines, "-"), least)
    end
end

function M.test_texts_that_differ_everywhere_are_told_so()
    local folder <close> = helper.folder()
    local before, after = numbers(1, 10000), "same\n" .. numbers(20000, 29000) .. "line 5000\n"
    local lines, is_shortest = check(folder, "same\n" .. before, after)
    unit.assertFalse(is_shortest)
    unit.assertEquals(lines[2], " same")
    unit.assertTrue(select(2, difference.unified(before, before .. "x\n")))
end

return M
