local unit = require("luaunit")
local age = require("autobackup.view.age")
local base64 = require("autobackup.view.base64")
local clean = require("autobackup.view.clean").clean
local color = require("autobackup.view.color")
local lossy = require("autobackup.view.clean").lossy
local shorten = require("autobackup.view.shorten")
local size = require("autobackup.view.size")

local M = {}

function M.test_sizes_are_si_and_short()
    local cases = {
        [0] = "0 B", [999] = "999 B", [1000] = "1.0 kB", [1234] = "1.2 kB", [9949] = "9.9 kB", [9951] = "10 kB",
        [999499] = "999 kB", [999500] = "1.0 MB", [1200000000000] = "1.2 TB", [math.maxinteger] = "9.2 EB",
    }
    for bytes, text in pairs(cases) do
        unit.assertEquals(size.size(bytes), text)
    end
end

function M.test_counts()
    local cases = {[0] = "0", [999] = "999", [1000] = "1,000", [1234567] = "1,234,567", [-123456] = "-123,456"}
    for number, text in pairs(cases) do
        unit.assertEquals(size.count(number), text)
    end
    unit.assertEquals(size.plural(1, "file"), "1 file")
    unit.assertEquals(size.plural(1200, "entry", "entries"), "1,200 entries")
end

function M.test_durations()
    unit.assertEquals(size.duration(0.04), "40 ms")
    unit.assertEquals(size.duration(1.04), "1.0 s")
    unit.assertEquals(size.duration(9.96), "10 s")
    unit.assertEquals(size.duration(59.6), "1 min 0 s")
    unit.assertEquals(size.duration(3599.7), "1 h 0 min")
    unit.assertEquals(size.duration(90061), "1 day 1 h")
end

function M.test_ages()
    local now = 1000000000
    local cases = {
        [0] = "just now", [59] = "59 s ago", [60] = "1 min ago", [7199] = "1 h ago", [86400] = "1 day ago",
        [2 * 86400] = "2 days ago", [15 * 86400] = "2 weeks ago", [100 * 86400] = "3 months ago",
        [800 * 86400] = "2 years ago", [-5] = "just now", [-7200] = "in 2 h",
    }
    for seconds, text in pairs(cases) do
        unit.assertEquals(age.ago(now - seconds, now), text)
    end
    unit.assertEquals(age.ago(nil, now), "never")
end

function M.test_no_control_character_passes()
    for byte = 0, 255 do
        local text = clean("a" .. string.char(byte) .. "b")
        unit.assertNotNil(utf8.len(text))
        unit.assertNil(text:find("[%z\1-\31\127]"), byte)
    end
    for code = 0x80, 0x9F do
        unit.assertEquals(clean("x" .. utf8.char(code)), ("x\\u{%X}"):format(code))
    end
    unit.assertEquals(clean("\27[31m"), "\\e[31m")
    unit.assertEquals(clean("a\nb\tc\127"), "a\\nb\\tc\\x7F")
end

function M.test_what_hides_or_turns_text_is_shown()
    unit.assertEquals(clean("a\u{202E}gpj.exe"), "a\\u{202E}gpj.exe")
    unit.assertEquals(clean("a\u{200B}\u{FEFF}b"), "a\\u{200B}\\u{FEFF}b")
    for _, code in ipairs{0xAD, 0x34F, 0x61C, 0x115F, 0x180E, 0x3164, 0xFE00, 0xFFA0, 0xFFF9, 0x1D173, 0xE0001,
        0xE0041, 0xE01EF} do
        unit.assertEquals(clean("a" .. utf8.char(code) .. "b"), ("a\\u{%X}b"):format(code))
    end
    unit.assertEquals(clean("\u{200D}a\u{200D}b\u{FE0F}"), "\\u{200D}a\\u{200D}b\\u{FE0F}")
end

function M.test_names_in_any_script_stay()
    for _, name in ipairs({"plain", "Grün €", "映画", "👩‍🚀", "e\u{301}", "", "\u{2764}\u{FE0F}",
        "1\u{FE0F}\u{20E3}", "\u{645}\u{200C}\u{645}"}) do
        unit.assertEquals(clean(name), name)
    end
end

function M.test_broken_utf8()
    unit.assertEquals(clean("a\xff\xfeb\xc3"), "a\\xFF\\xFEb\\xC3")
    unit.assertEquals(clean("\xe6\x98é"), "\\xE6\\x98é")
    unit.assertEquals({lossy("a\xffé")}, {"a\u{FFFD}é", false})
    unit.assertEquals({lossy("né")}, {"né", true})
end

function M.test_base64()
    local cases = {[""] = "", f = "Zg==", fo = "Zm8=", foo = "Zm9v", foobar = "Zm9vYmFy", ["\xff\0\xfe"] = "/wD+"}
    for bytes, text in pairs(cases) do
        unit.assertEquals(base64.encode(bytes), text)
    end
end

function M.test_when_there_is_color()
    local function environment(values)
        return function(name) return values[name] end
    end
    unit.assertTrue(color.wanted("auto", true, environment({})))
    unit.assertFalse(color.wanted("auto", false, environment({})))
    unit.assertFalse(color.wanted("auto", true, environment({NO_COLOR = "1"})))
    unit.assertTrue(color.wanted("auto", true, environment({NO_COLOR = ""})))
    unit.assertFalse(color.wanted(nil, true, environment({TERM = "dumb"})))
    unit.assertTrue(color.wanted("always", false, environment({NO_COLOR = "1"})))
    unit.assertFalse(color.wanted("never", true, environment({})))
end

function M.test_shortening_keeps_both_ends()
    local columns = require("core.sys").string_width
    local function width(text)
        return utf8.len(text)
    end
    unit.assertEquals(shorten.middle("👩‍🎨👩‍🎨👩‍🎨👩‍🎨", 5, columns, "…"), "👩‍🎨…👩‍🎨")
    unit.assertEquals(shorten.middle("e\u{301}e\u{301}e\u{301}e\u{301}", 3, columns, "…"), "e\u{301}…e\u{301}")
    unit.assertEquals(shorten.middle("abcdefghij", 10, width, "…"), "abcdefghij")
    unit.assertEquals(shorten.middle("abcdefghij", 7, width, "…"), "abc…hij")
    unit.assertEquals(shorten.middle("abcdefghij", 6, width, "…"), "abc…ij")
    unit.assertEquals(shorten.middle("abcdefghij", 2, width, "…"), "ab")
    unit.assertEquals(shorten.middle("abcdefghij", 0, width, "…"), "")
end

function M.test_shortening_counts_columns()
    local width = require("core.sys").string_width
    unit.assertEquals(shorten.middle("映画映画映画", 7, width, "…"), "映…画")
    unit.assertEquals(width(shorten.middle("e\u{301}e\u{301}e\u{301}e\u{301}e\u{301}", 4, width, "…")), 4)
end

return M
