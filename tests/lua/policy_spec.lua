local unit = require("luaunit")
local policy = require("autobackup.policy")

local M = {}

local NS = 1000000000
local DAY = 86400

local function replica(database, more)
    local row = {project = "acme/spot", client = "acme", name = "spot", category = "render", database = database,
        fingerprint = "x", errors = 0, files = 3, bytes = 30, newest = 100 * NS, granularity = 1}
    for key, value in pairs(more or {}) do
        row[key] = value
    end
    return row
end

local function reasons(policies, replicas, now)
    local below = policy.below(policies, replicas, now or 0)
    return below[1] and below[1].reasons or {}
end

function M.test_one_replica_is_too_few_without_a_policy()
    unit.assertEquals(reasons({}, {replica("WORK")}), {"only on WORK"})
    unit.assertEquals(reasons({}, {replica("WORK"), replica("NAS")}), {})
end

function M.test_a_policy_can_ask_for_less_and_for_more()
    unit.assertEquals(reasons({{category = "render", replicas = 1}}, {replica("WORK")}), {})
    unit.assertEquals(reasons({{category = "render", replicas = 3}}, {replica("WORK"), replica("NAS")}),
        {"2 replicas, 3 are asked for"})
    unit.assertEquals(reasons({{category = "cache", replicas = 3}}, {replica("WORK"), replica("NAS")}), {})
end

function M.test_the_last_policy_of_a_category_counts()
    unit.assertEquals(reasons({{category = "render", replicas = 3}, {category = "render", replicas = 1}},
        {replica("WORK")}), {})
end

function M.test_known_damage_is_below_any_policy()
    unit.assertEquals(reasons({}, {replica("WORK"), replica("NAS", {damaged = 2})}), {"2 damaged on NAS"})
    unit.assertEquals(reasons({}, {replica("WORK", {damaged = 0}), replica("NAS", {damaged = 0})}), {})
end

-- Two replicas of one size and time that digests tell apart.
local function apart(a, b, answer)
    a.id, b.id = 1, 2
    a.against, b.against = {[2] = answer}, {[1] = answer}
    return {a, b}
end

function M.test_what_verify_found_to_differ_is_below_any_policy()
    local differs = {state = "differs", content = 2, doubtful = 0}
    unit.assertEquals(reasons({{category = "render", on = {"WORK", "NAS"}}},
        apart(replica("WORK"), replica("NAS"), differs)),
        {"2 files on WORK and NAS differ in content, though not in size and time"})
    local below = policy.below({}, apart(replica("WORK"), replica("NAS"), differs), 0)
    unit.assertEquals(below[1].current, {})    -- nobody knows which is right
    local unknown = {state = "unknown", content = 0, doubtful = 1}
    local doubt = {"verify has to read whether 1 file on WORK and NAS are the same"}
    for _, policies in ipairs{{}, {{category = "render", on = {"NAS"}}}} do
        local verdict = policy.judge(policies, apart(replica("WORK"), replica("NAS"), unknown), 0)[1]
        unit.assertEquals({verdict.state, verdict.reasons}, {"unknown", doubt})
    end
    local enough = policy.judge({{category = "render", replicas = 1}},
        apart(replica("WORK"), replica("NAS"), unknown), 0)[1]
    unit.assertEquals({enough.state, enough.reasons}, {"ok", {}})
end

function M.test_what_differs_anyway_is_no_doubt()
    local answer = {state = "differs", content = 0, doubtful = 1}
    local old = replica("NAS", {fingerprint = "y", newest = 50 * NS})
    for _, policies in ipairs{{}, {{category = "render", on = {"NAS"}}}} do
        unit.assertEquals(policy.judge(policies, apart(replica("WORK"), old, answer), 0)[1].state, "below")
    end
end

function M.test_what_the_catalog_lost_is_said()
    local answer = {state = "unknown", content = 0, doubtful = 0, corrupt = "a listing is damaged"}
    local verdict = policy.judge({}, apart(replica("WORK"), replica("NAS", {fingerprint = "y"}), answer), 0)[1]
    unit.assertEquals({verdict.state, verdict.reasons}, {"unknown", {"a listing is damaged"}})
end

-- WORK and NAS with newest files of one time, of which the fingerprints differ.
local function tied(answer)
    local work, nas = replica("WORK"), replica("NAS", {fingerprint = "y"})
    answer.state, answer.content, answer.doubtful = "differs", 0, 0
    return apart(work, nas, answer)
end

function M.test_of_two_contents_of_one_time_none_is_the_newest()
    local below = policy.below({}, tied{}, 0)
    unit.assertEquals(below[1].reasons, {"WORK and NAS differ, neither is newer"})
    unit.assertEquals(below[1].current, {})
    unit.assertEquals(reasons({{category = "render", replicas = 1}}, tied{}), {})    -- it is there, whichever it is
    below = policy.below({}, tied{ahead = 2}, 0)
    unit.assertEquals({below[1].reasons, below[1].current}, {{"1 of 2 replicas has the newest files"}, {"NAS"}})
    unit.assertEquals(reasons({{category = "render", replicas = 1, on = {"WORK"}}}, tied{ahead = 2}),
        {"WORK is not up to date"})
    unit.assertEquals(policy.below({}, tied{ahead = 1}, 0)[1].current, {"WORK"})
end

-- Times that a disk rounds, or does not keep, are less than what is known of the files.
function M.test_what_the_files_tell_is_more_than_the_newest_times()
    local function rounded(answer)
        local work = replica("WORK", {newest = 103 * NS + 5})
        local nas = replica("NAS", {fingerprint = "y", newest = 102 * NS, granularity = 0, measured = 0})
        answer.state, answer.doubtful = "differs", 0
        return policy.below({}, apart(work, nas, answer), 0)[1]
    end
    unit.assertEquals(rounded{content = 0, ahead = 2}.current, {"NAS"})
    unit.assertEquals(rounded{content = 1}.current, {})
    unit.assertEquals(rounded{content = 0}.current, {"WORK"})
end

function M.test_an_old_copy_is_no_copy()
    local old = replica("NAS", {fingerprint = "y", newest = 50 * NS})
    unit.assertEquals(reasons({}, {replica("WORK"), old}), {"1 of 2 replicas has the newest files"})
    unit.assertEquals(reasons({{category = "render", on = {"NAS", "TAPE"}}}, {replica("WORK"), old}),
        {"NAS is not up to date", "not on TAPE"})
end

function M.test_what_could_not_be_read_is_not_known()
    local function judged(policies, replicas)
        local verdict = policy.judge(policies, replicas, 0)[1]
        return {verdict.state, table.unpack(verdict.reasons)}
    end
    local work, half_read = "WORK could not be read completely", replica("WORK", {errors = 1})
    unit.assertEquals(judged({}, {half_read, replica("NAS", {errors = 1})}),
        {"unknown", work, "NAS could not be read completely"})
    unit.assertEquals(judged({}, {half_read, replica("NAS"), replica("STORAGE")}),
        {"unknown", work})    -- it may be newer
    unit.assertEquals(judged({{category = "render", on = {"WORK"}}}, {half_read, replica("NAS")}),
        {"unknown", work})
    unit.assertEquals(judged({}, {half_read, replica("NAS")}), {"unknown", work})
    unit.assertEquals(judged({{category = "render", replicas = 3}}, {half_read, replica("NAS")}),
        {"below", "1 of 2 replicas has the newest files, 3 are asked for", work})
    unit.assertEquals(judged({{category = "render", on = {"TAPE"}}}, {half_read, replica("NAS")}),
        {"below", "not on TAPE", work})
end

function M.test_verification_has_an_age()
    local policies = {{category = "render", replicas = 1, verified = 90 * DAY}}
    local now = 1000 * DAY * NS
    unit.assertEquals(reasons(policies, {replica("WORK")}, now), {"not verified on WORK"})
    unit.assertEquals(reasons(policies, {replica("WORK", {verified_at = 990 * DAY * NS})}, now), {})
    unit.assertEquals(reasons(policies, {replica("WORK", {verified_at = 900 * DAY * NS})}, now),
        {"verified on WORK 3 months ago"})
end

function M.test_empty_projects_need_no_copy()
    local below, judged = policy.below({}, {replica("WORK", {files = 0})}, 0)
    unit.assertEquals({#below, judged}, {0, 0})
end

function M.test_what_a_shortfall_says()
    local below, judged = policy.below({}, {replica("WORK"), replica("WORK", {category = "cache", bytes = 7})}, 0)
    unit.assertEquals({#below, judged}, {2, 2})
    unit.assertEquals(below[2], {project = "acme/spot", client = "acme", name = "spot", category = "cache",
        files = 3, bytes = 7, databases = {"WORK"}, current = {"WORK"}, replicas = 1, wanted = 2,
        lacks = {}, unread = {}, state = "below", reasons = {"only on WORK"}})
end

return M
