local unit = require("luaunit")
local states = require("autobackup.states")

local M = {}

local function replica(database, fingerprint, more)
    local row = {database = database, fingerprint = fingerprint, errors = 0, files = 1, bytes = 10,
        newest = 5 * 10 ^ 9, granularity = 1}
    for key, value in pairs(more or {}) do
        row[key] = value
    end
    return row
end

function M.test_alone_same_and_different()
    unit.assertEquals(states.compare({replica("A", "x")}), {A = "only"})
    unit.assertEquals(states.compare({replica("A", "x"), replica("B", "x")}), {A = "same", B = "same"})
    unit.assertEquals(states.compare({replica("A", "x"), replica("B", "y")}), {A = "differs", B = "differs"})
    unit.assertEquals(states.compare({}), {})
end

function M.test_the_majority_is_right()
    unit.assertEquals(states.compare({replica("A", "y"), replica("B", "x"), replica("C", "x")}),
        {A = "differs", B = "same", C = "same"})
end

function M.test_what_was_not_read_wholly_proves_nothing()
    unit.assertEquals(states.compare({replica("A", "x"), replica("B", "x", {errors = 1})}),
        {A = "unknown", B = "unknown"})
    unit.assertEquals(states.compare({replica("A", "x"), replica("B", "x"), replica("C", "x", {errors = 2})}),
        {A = "same", B = "same", C = "unknown"})
end

-- Replicas A, B, ... and what going through the files of pairs came to: {AB = "same", ...}; "content": their
-- digests differ.
local function judged(fingerprints, answers, more)
    local list = {}
    for i, fingerprint in ipairs(fingerprints) do
        local name = string.char(64 + i)
        list[i] = replica(name, fingerprint, more and more[name])
        list[i].id, list[i].against = i, {}
    end
    for pair, word in pairs(answers) do
        local a, b = pair:byte(1) - 64, pair:byte(2) - 64
        local answer = {state = word == "content" and "differs" or word, content = word == "content" and 1 or 0,
            doubtful = word == "unknown" and 1 or 0}
        list[a].against[b], list[b].against[a] = answer, answer
    end
    return list
end

function M.test_coarse_times_are_gone_through()
    local vfat = {B = {granularity = 2 * 10 ^ 9}}
    unit.assertEquals(states.compare(judged({"x", "y"}, {AB = "same"}, vfat)), {A = "same", B = "similar"})
    unit.assertEquals(states.compare(judged({"x", "y"}, {AB = "differs"}, vfat)), {A = "differs", B = "differs"})
    unit.assertEquals(states.compare(judged({"x", "y"}, {}, vfat)), {A = "differs", B = "differs"})
    unit.assertEquals(states.compare(judged({"x", "y"}, {AB = "same"})), {A = "same", B = "same"})    -- by digests
end

function M.test_digests_speak_against_size_and_time()
    unit.assertEquals(states.compare(judged({"x", "x"}, {AB = "content"})), {A = "differs", B = "differs"})
    unit.assertEquals(states.compare(judged({"x", "x", "x"}, {AC = "content", BC = "content"})),
        {A = "same", B = "same", C = "differs"})
    unit.assertEquals(states.differing(judged({"x", "x"}, {AB = "content"})[1]), 1)
    unit.assertEquals(states.differing(replica("A", "x")), 0)
end

function M.test_what_may_be_like_either_of_two_is_unknown()
    for _, answers in ipairs{{AC = "content"}, {AB = "content"}, {BC = "content"}} do
        local words = states.compare(judged({"x", "x", "x"}, answers))
        local pair = next(answers)
        for name, word in pairs(words) do
            unit.assertEquals(word, pair:find(name) and "differs" or "unknown", pair .. " " .. name)
        end
    end
end

function M.test_differs_is_only_what_differs_from_something()
    -- B is the same as all others as far as its coarse times tell, and A is not the same as C and D
    local answers = {AB = "same", AC = "differs", AD = "differs", BC = "same", BD = "same", CD = "same"}
    unit.assertEquals(states.compare(judged({"x", "y", "z", "z"}, answers, {B = {granularity = 10 ^ 9}})),
        {A = "differs", B = "similar", C = "differs", D = "differs"})
    answers = {AB = "content", AC = "same", BD = "same", BC = "content", AD = "unknown", CD = "unknown"}
    unit.assertEquals(states.compare(judged({"x", "x", "x", "x"}, answers)),
        {A = "differs", B = "differs", C = "differs", D = "unknown"})
end

function M.test_what_has_to_be_read_is_unknown()
    unit.assertEquals(states.compare(judged({"x", "x"}, {AB = "unknown"})), {A = "unknown", B = "unknown"})
    unit.assertEquals(states.compare(judged({"x", "x", "x"}, {AC = "unknown", BC = "unknown"})),
        {A = "same", B = "same", C = "unknown"})
end

function M.test_what_is_damaged_is_like_nothing()
    unit.assertEquals(states.compare({replica("A", "x"), replica("B", "x", {damaged = 1})}),
        {A = "differs", B = "unknown"})
    unit.assertEquals(states.compare({replica("A", "x"), replica("B", "x"), replica("C", "x", {damaged = 1})}),
        {A = "same", B = "same", C = "unknown"})
end

return M
