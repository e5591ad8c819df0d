-- What is final is done only with somebody's yes, however it was asked for.
local unit = require("luaunit")
local consent = require("autobackup.consent")
local fake = require("fake")

local M = {}

local ASKED = {what = "prune would remove 12 old versions (3 GB) for good",
    lines = {"WORK: 8 (2 GB)", "NAS: 4 (1 GB)"}, question = "Remove them?", kept = "nothing was removed"}

-- A session on a terminal where somebody answers; `questions` fills with what was asked.
local function answering(answer, questions)
    return fake.session{interactive = true, confirm = function(_, question, lines)
        questions[#questions + 1] = {question, lines}
        return answer
    end}
end

function M.test_a_yes_that_was_said_before_is_not_asked_for_again()
    local questions = {}
    consent.require(answering(false, questions), {yes = true}, ASKED)
    unit.assertEquals(questions, {})
end

function M.test_a_yes_goes_on_after_what_is_at_stake_was_shown()
    local questions = {}
    consent.require(answering(true, questions), {}, ASKED)
    unit.assertEquals(questions, {{"Remove them?", {"prune would remove 12 old versions (3 GB) for good:",
        "    WORK: 8 (2 GB)", "    NAS: 4 (1 GB)"}}})
end

function M.test_a_no_says_what_stays_and_fails_without_a_second_word()
    local session = answering(false, {})
    local err = fake.raised(consent.require, session, {}, ASKED)
    unit.assertEquals({err.code, require("autobackup.errors").exit_status(err)}, {"ECANCELED", 1})
    session:report(err)
    unit.assertEquals(session.complained(), "nothing was removed\n")
end

function M.test_where_nobody_can_be_asked_it_is_refused_with_the_numbers()
    local err = fake.raised(consent.require, fake.session(), {}, ASKED)
    unit.assertEquals({err.code, require("autobackup.errors").exit_status(err)}, {"ECONFIRM", 1})
    unit.assertEquals(err.message, "prune would remove 12 old versions (3 GB) for good; WORK: 8 (2 GB); "
        .. "NAS: 4 (1 GB); say --yes to do it (yes = true in Lua)")
end

function M.test_names_in_it_reach_no_terminal_raw()
    local session, asked = fake.session{interactive = true}, {}
    local stdin, readline = io.stdin, package.loaded["core.readline"]
    rawset(io, "stdin", {read = function() return "y" end})
    package.loaded["core.readline"] = {readline = function(question) asked[1] = question return "y" end}
    local ok, answer = pcall(session.confirm, session, "Remove a\27[2J\nb?", {"a\27[2J\nb"})
    rawset(io, "stdin", stdin)
    package.loaded["core.readline"] = readline
    unit.assertEquals({ok, answer}, {true, true})
    unit.assertEquals(session.complained() .. (asked[1] or ""), "a\\e[2J\\nb\nRemove a\\e[2J\\nb? [y/N] ")
end

function M.test_on_the_full_screen_only_y_is_a_yes()
    local panels = require("autobackup.browser.panel")
    local lines = panels.wrapped({"prune would remove 12 old versions", "    a\27[2J"}, 20, string.len)
    unit.assertEquals(lines, {"prune would remove", "  12 old versions", "    a\\e[2J"})
    local panel = panels.question("Remove them?", lines)
    for key, answer in pairs{enter = false, escape = false, n = false, ["C-c"] = false, y = true, Y = true} do
        unit.assertEquals({key, panels.answer(panel, key, 2)}, {key, answer})
    end
    unit.assertNil(panels.answer(panel, "down", 2))
    unit.assertEquals(panel.top, 2)
end

return M
