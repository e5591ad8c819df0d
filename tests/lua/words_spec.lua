local unit = require("luaunit")
local glob = require("autobackup.glob")
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

function M.test_escapes()
    unit.assertEquals(split([[a$'\e\x41\u{202E}\u202e\'\\\q'b $'' $ a$b]]),
        {"a\27A\u{202E}\u{202E}'\\\\qb", "", "$", "a$b"})
    unit.assertEquals({words.split("$'a")}, {nil, "the quote $' is not closed"})
end

function M.test_quote_is_the_inverse()
    for _, word in ipairs{"plain", "two words", [[a"b\c$d]], "it's", "", "\ttab", "a|b", ">", "$", "a$b", "$x",
        "esc\27[31m", "it's \u{202E}\\n", "\xff\u{9B}", "\u{E0041}", "a\u{AD}"} do
        local quoted = words.quote(word)
        unit.assertEquals(split("x " .. quoted), {"x", word})
        unit.assertNil(quoted:find("[%c\128-\255]"), quoted)
    end
end

return M
