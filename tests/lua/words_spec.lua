local unit = require("luaunit")
local glob = require("autobackup.glob")
local typed = require("autobackup.view.typed")
local words = require("autobackup.words")

local M = {}

local function split(line)
    return (words.split(line))
end

function M.test_blanks_separate()
    unit.assertEquals(split("  copy\tacme/x   render "), {"copy", "acme/x", "render"})
    unit.assertEquals(split(""), {})
end

function M.test_quotes_and_backslash()
    unit.assertEquals(split([[copy "acme/spot one" foo\ bar 'a "b" \c']]),
        {"copy", "acme/spot one", "foo bar", [[a "b" \c]]})
    unit.assertEquals(split([["a\"b\\c\d" '' x'y'z]]), {[[a"b\c\d]], "", "xyz"})
end

function M.test_a_quoted_beginning_is_literal()
    local _, literal = words.split([["in" in --x="a b" \-n]])
    unit.assertEquals(literal, {[1] = true, [4] = true})
end

function M.test_a_wildcard_outside_of_quotes_makes_a_pattern()
    local _, _, patterns = words.split([[acme/* "acme/*" acme/\* "a*"/x? a"b c"* plain]])
    local matches = {}
    for i, name in pairs({[1] = "acme/b", [4] = "a*/xy", [5] = "ab cd"}) do
        matches[i] = glob.matcher(patterns[i])(name)
    end
    unit.assertEquals(matches, {[1] = true, [4] = true, [5] = true})
    unit.assertEquals({patterns[2], patterns[3], patterns[6]}, {})
    unit.assertFalse(glob.matcher(patterns[4])("ab/xy"))
    unit.assertEquals(tostring(patterns[5]), "ab c*")
end

function M.test_unclosed_quotes()
    unit.assertEquals({words.split([[copy 'a b]])}, {nil, "the quote ' is not closed"})
    unit.assertEquals({words.split([[copy "a]])}, {nil, 'the quote " is not closed'})
    unit.assertEquals({words.split("copy a\\")}, {nil, "the line ends in a backslash"})
end

function M.test_the_word_under_the_cursor()
    unit.assertEquals({words.partial([[fetch "acme/spot o]])}, {{"fetch"}, "acme/spot o", '"', 7})
    unit.assertEquals({words.partial("fetch ")}, {{"fetch"}, "", nil, 7})
    unit.assertEquals({words.partial("fe")}, {{}, "fe", nil, 1})
end

function M.test_a_line_that_leads_into_programs_and_a_file()
    local function parsed(line)
        local found = words.pipeline(line)
        return {found.words, found.programs, found.file and {found.file.path, found.file.append}}
    end
    unit.assertEquals(parsed("fetch all"), {{"fetch", "all"}, {}})
    unit.assertEquals(parsed("fetch all | less -R"), {{"fetch", "all"}, {{"less", "-R"}}})
    unit.assertEquals(parsed("fetch|sort -r|head>list.txt"),
        {{"fetch"}, {{"sort", "-r"}, {"head"}}, {"list.txt", false}})
    unit.assertEquals(parsed([[find '*.mov' >> "a list"]]), {{"find", "*.mov"}, {}, {"a list", true}})
    unit.assertEquals(parsed([[find 'a|b' "c>d" e\|f $'g>h' | grep '|']]),
        {{"find", "a|b", "c>d", "e|f", "g>h"}, {{"grep", "|"}}})
    local found = words.pipeline("find 'a' * | grep 'b' *")
    unit.assertEquals({found.literal, found.patterns[3] ~= nil, found.patterns[6]}, {{[2] = true}, true})
end

function M.test_lines_that_lead_nowhere()
    for line, said in pairs{
        ["a |"] = "no program", ["a | | b"] = "no program", ["a | ''"] = "no program", ["a >"] = "one file",
        ["a > b c"] = "not 2 words", ["a > ''"] = "an empty name", ["a > b | c"] = "behind the file 'b'",
        ["a > b > c"] = "behind the file 'b'", ["a 2>b"] = "a shell", ["a &> b"] = "a shell",
        ["a >| b"] = "a shell", ["a || b"] = "a shell", ["a | b 'c"] = "not closed", ["a >& b"] = "a shell",
    } do
        local found, message = words.pipeline(line)
        unit.assertNil(found, line)
        unit.assertStrContains(message, said)
    end
    unit.assertEquals(words.pipeline("a b2>c").words, {"a", "b2"})
    unit.assertEquals(words.pipeline("a 2 >c").words, {"a", "2"})
end

function M.test_what_the_word_under_the_cursor_belongs_to()
    unit.assertEquals({words.partial("fetch all > li")}, {{}, "li", nil, 13, ">"})
    unit.assertEquals({words.partial("fetch all|gr")}, {{}, "gr", nil, 11, "|"})
    unit.assertEquals({words.partial("fetch all | grep x ")}, {{"grep", "x"}, "", nil, 20, "|"})
    unit.assertEquals({words.partial("fetch 'a > b")}, {{"fetch"}, "a > b", "'", 7})
end

function M.test_escapes()
    unit.assertEquals(split([[a$'\e\x41\u{202E}\u202e\'\\\q'b $'' $ a$b]]),
        {"a\27A\u{202E}\u{202E}'\\\\qb", "", "$", "a$b"})
    unit.assertEquals({words.split("$'a")}, {nil, "the quote $' is not closed"})
end

function M.test_a_typed_word_is_the_inverse()
    for _, word in ipairs{"plain", "two words", [[a"b\c$d]], "it's", "", "\ttab", "a|b", ">", "$", "a$b", "$x",
        "esc\27[31m", "wow!", "it's wow!", "~/a", "-n", "a(b)", "a*b?", "#1", "{a,b}",
        "it's \u{202E}\\n", "\xff\u{9B}", "\u{E0041}", "a\u{AD}"} do
        local quoted = typed.word(word)
        unit.assertEquals(split("x " .. quoted), {"x", word})
        unit.assertNil(quoted:find("[%c\128-\255]"), quoted)
    end
end

return M
