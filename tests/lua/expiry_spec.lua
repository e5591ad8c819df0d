local unit = require("luaunit")
local expiry = require("autobackup.expiry")

local M = {}

local DAY = 86400
local SECOND = 1000000000
local NOW = 1924992000 * SECOND    -- 2031-01-01

local function operation(id, days, replica, fields)
    local found = {operation = id, replica = replica or "r", started_at = NOW - days * DAY * SECOND,
        state = "done", has_versions = true, has_manifest = true}
    for key, value in pairs(fields or {}) do
        found[key] = value
    end
    return found
end

local LIST = {operation("a", 1), operation("b", 20), operation("c", 40), operation("d", 50, "other"),
    operation("e", 60, "r", {has_versions = false})}

function M.test_by_age()
    unit.assertEquals(expiry.expired(LIST, {older = 30 * DAY}, NOW), {"d", "c"})
    unit.assertEquals(expiry.expired(LIST, {older = 0}, NOW), {"d", "c", "b", "a"})
    unit.assertEquals(expiry.expired(LIST, {older = 100 * DAY}, NOW), {})
end

function M.test_what_no_number_holds_removes_nothing()
    for _, age in ipairs{999 * 365 * DAY, 293 * 365 * DAY, 1e12, 1e300, math.huge} do
        unit.assertEquals(expiry.expired(LIST, {older = age}, NOW), {})
    end
    unit.assertEquals(expiry.expired(LIST, {older = 292 * 365 * DAY}, NOW), {})
    local future = {operation("a", 0, "r", {started_at = math.maxinteger})}
    unit.assertEquals(expiry.expired(future, {older = 0}, NOW), {})
    unit.assertEquals(expiry.expired(future, {older = DAY}, -1), {})
end

function M.test_by_number_for_each_replica()
    unit.assertEquals(expiry.expired(LIST, {keep = 1}, NOW), {"c", "b"})
    unit.assertEquals(expiry.expired(LIST, {keep = 2}, NOW), {"c"})
    unit.assertEquals(expiry.expired(LIST, {keep = 0}, NOW), {"d", "c", "b", "a"})
end

function M.test_the_order_within_a_second()
    local list = {operation("a", 1), operation("b", 1)}
    list[1].started_at = list[1].started_at + 1
    unit.assertEquals(expiry.expired(list, {keep = 1}, NOW), {"b"})
end

function M.test_both_must_agree()
    unit.assertEquals(expiry.expired(LIST, {keep = 1, older = 30 * DAY}, NOW), {"c"})
end

function M.test_what_is_much()
    local list = {operation("a", 1), operation("b", 20), operation("c", 40), operation("d", 50),
        operation("e", 60, "other"),
        operation("f", 70, "other"), operation("g", 80, "other", {has_versions = false})}
    unit.assertNil(expiry.much(list, {}))
    unit.assertNil(expiry.much(list, {"f", "d", "c"}))
    unit.assertEquals(expiry.much(list, {"f", "d", "c", "b"}), "4 of 6 operations with versions")
    unit.assertEquals(expiry.much(list, {"f", "e"}), "all versions of other")
end

function M.test_what_did_not_end_stays()
    local list = {operation("a", 40)}
    list[1].state = nil
    unit.assertEquals(expiry.expired(list, {keep = 0}, NOW), {})
end

function M.test_versions_without_a_manifest_go_by_the_date_in_their_name()
    local lost = {operation = "20301101T000000Z-7f3a", has_versions = true, has_manifest = false}
    unit.assertEquals(expiry.expired({lost}, {older = 30 * DAY}, NOW), {"20301101T000000Z-7f3a"})
    unit.assertEquals(expiry.expired({lost}, {older = 90 * DAY}, NOW), {})
    local at = lost.operation
    unit.assertEquals(expiry.started_at(lost), 1919721600 * SECOND)
    unit.assertEquals(expiry.started_at{operation = at:gsub("T000000", "T235959")}, 1919807999 * SECOND)
    lost.operation = "abcdefgh"
    unit.assertEquals(expiry.expired({lost}, {older = 30 * DAY}, NOW), {})
end

return M
