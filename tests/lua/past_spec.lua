local unit = require("luaunit")
local past = require("autobackup.past")

local M = {}

local CATEGORIES = {{category = "render", path = "scratch/render"}, {category = "all of it", path = "pictures"}}
local DATABASES = {{database = "WORK", identity = "W"}, {database = "NAS", identity = "N"}}
local SECOND = 1000000000

local function manifest(id, fields)
    local found = {operation = id, kind = "copy", replica = "scratch/render/acme/spot", source = "W", target = "N",
        host = "h", pid = 1, started_at = 100 * SECOND, finished_at = 102 * SECOND, state = "done", files = 1,
        bytes = 2, created = 1, replaced = 0, removed = 0, touched = 0, directories = 0, has_manifest = true,
        has_versions = false}
    for key, value in pairs(fields or {}) do
        found[key] = value
    end
    return found
end

local function row(id, fields)
    local catalog = {id = id, kind = "copy", state = "done", project = "acme/spot", category = "render",
        source = "WORK", target = "NAS", host = "h", pid = 1, started_at = 100 * SECOND,
        finished_at = 101 * SECOND, files = 1, bytes = 2}
    for key, value in pairs(fields or {}) do
        catalog[key] = value
    end
    return catalog
end

local function merge(rows, found, alive)
    return past.merge(rows, {{database = "NAS", operations = found}}, {categories = CATEGORIES,
        databases = DATABASES, is_alive = function() return alive end})
end

local function ids(list)
    local found = {}
    for i, entry in ipairs(list) do
        found[i] = entry.operation
    end
    return found
end

-- copy 1, undo 2 of it, undo 3 of the undo
local function chain(last)
    local rows, found = {}, {}
    for i = 1, last do
        local fields = {started_at = (100 + i) * SECOND, kind = i > 1 and "undo" or "copy",
            source = i > 1 and tostring(i - 1) or nil}
        rows[i], found[i] = row(tostring(i), fields), manifest(tostring(i), fields)
    end
    return merge(rows, found)
end

function M.test_counts_of_an_offline_disk_are_the_catalogs()
    local fields = {created = 3, replaced = 4, removed = 5, touched = 6, directories = 7}
    local entry = merge({row("1", fields)}, {})[1]
    unit.assertEquals({entry.created, entry.replaced, entry.removed, entry.corrected, entry.directories},
        {3, 4, 5, 6, 7})
    unit.assertNil(merge({row("1")}, {})[1].replaced)
    unit.assertEquals(merge({row("1", fields)}, {manifest("1")})[1].created, 1)
end

function M.test_a_replicas_path()
    local category, client, name = past.place("scratch/render/acme/spot", CATEGORIES)
    unit.assertEquals({category.category, client, name}, {"render", "acme", "spot"})
    for _, path in ipairs{"scratch/render/acme", "scratch/render/a/b/c", "private", "", "scratch/renderer/a/b"} do
        unit.assertNil(past.place(path, CATEGORIES), path)
    end
    unit.assertEquals(past.place("pictures/x/y", CATEGORIES).category, "all of it")
end

function M.test_catalog_and_disk_make_one_entry()
    local list = merge({row("a1")}, {manifest("a1", {replaced = 4, has_versions = true})})
    unit.assertEquals(#list, 1)
    local entry = list[1]
    unit.assertEquals({entry.from, entry.to, entry.project, entry.replaced, entry.versions, entry.known},
        {"WORK", "NAS", "acme/spot", 4, true, true})
    unit.assertEquals(entry.seconds, 1.0)
end

function M.test_what_another_workstation_did()
    local list = merge({}, {manifest("a1", {host = "elsewhere"}), manifest("b2", {replica = "private"})})
    unit.assertEquals(ids(list), {"b2", "a1"})
    unit.assertEquals({list[2].project, list[2].category, list[2].from, list[2].host, list[2].known},
        {"acme/spot", "render", "WORK", "elsewhere", nil})
    unit.assertNil(list[1].project)
    unit.assertNil(past.last_to_undo(list))
end

function M.test_what_never_ended()
    local open = manifest("a1", {})
    open.state, open.finished_at = nil, nil
    unit.assertEquals(merge({row("a1", {state = "running"})}, {open}, false)[1].state, "unfinished")
    unit.assertEquals(merge({row("a1", {state = "running"})}, {open}, true)[1].state, "running")
    unit.assertEquals(merge({}, {open}, false)[1].state, "unfinished")
    unit.assertEquals(merge({row("a1", {state = "running"})}, {manifest("a1")})[1].state, "done")
end

function M.test_an_operation_by_its_beginning_or_end()
    local list = merge({}, {manifest("20310101T000000Z-7f3a"), manifest("20310102T000000Z-7f3b",
        {started_at = 200 * SECOND})})
    unit.assertEquals(ids(past.resolve(list, "7f3a")), {"20310101T000000Z-7f3a"})
    unit.assertEquals(ids(past.resolve(list, "20310102")), {"20310102T000000Z-7f3b"})
    unit.assertEquals(ids(past.resolve(list, "last")), {"20310102T000000Z-7f3b"})
    local found, message = past.resolve(list, "2031")
    unit.assertNil(found)
    unit.assertStrContains(message, "2 operations")
    unit.assertStrContains(select(2, past.resolve(list, "9")), "no operation '9'")
    unit.assertNil(past.resolve({}, "last"))
end

function M.test_undone_and_done_again()
    local list = chain(1)
    unit.assertEquals(ids(past.last_to_undo(list)), {"1"})
    list = chain(2)
    unit.assertEquals({list[2].undone_by, list[2].redone_by}, {"2", nil})
    unit.assertNil(past.last_to_undo(list))
    list = chain(3)
    unit.assertEquals({list[3].undone_by, list[3].redone_by, list[2].undone_by}, {nil, "3", "3"})
    local entry = past.last_to_undo(list)[1]
    unit.assertEquals(past.in_effect(list, entry).operation, "3")
    list = chain(4)
    unit.assertEquals(list[4].undone_by, "2")
    unit.assertNil(past.last_to_undo(list))
    list = chain(5)
    unit.assertEquals(past.in_effect(list, list[5]).operation, "5")
end

function M.test_an_undo_that_failed_undid_nothing_for_sure()
    local fields = {kind = "undo", source = "1", state = "failed", started_at = 200 * SECOND}
    local list = merge({row("1"), row("2", fields)}, {manifest("1"), manifest("2", fields)})
    unit.assertNil(list[2].undone_by)
    unit.assertEquals(ids(past.last_to_undo(list)), {"1"})
end

-- What an undo left is offered again, and not what an older operation did.
function M.test_an_undo_that_left_something_is_offered_again()
    local first, last = {kind = "undo", source = "2", state = "partial", started_at = 300 * SECOND},
        {kind = "undo", source = "2", started_at = 400 * SECOND}
    local copies = {row("1"), row("2", {started_at = 200 * SECOND}), row("3", first)}
    local found = {manifest("1"), manifest("2", {started_at = 200 * SECOND}), manifest("3", first)}
    local list = merge(copies, found)
    unit.assertEquals({list[2].undone_by, list[2].undone_in_part}, {"3", true})
    unit.assertEquals(ids(past.last_to_undo(list)), {"2"})
    unit.assertEquals(ids(past.last_to_undo(list, function() return true end)), {"1"})    -- nothing is left of it
    copies[4], found[4] = row("4", last), manifest("4", last)
    list = merge(copies, found)
    unit.assertEquals({list[3].undone_by, list[3].undone_in_part}, {"4"})
    unit.assertEquals(ids(past.last_to_undo(list)), {"1"})
end

-- A copy that was killed early announced more than it did.
function M.test_what_came_to_nothing_is_passed_over()
    local later = {started_at = 200 * SECOND, state = "failed"}
    local list = merge({row("1"), row("2", later)}, {manifest("1"), manifest("2", later)})
    local asked = {}
    local function is_void(entry)
        asked[#asked + 1] = entry.operation
        return true
    end
    unit.assertEquals(ids(past.last_to_undo(list)), {"2"})
    unit.assertEquals(ids(past.last_to_undo(list, is_void)), {"1"})
    unit.assertEquals(asked, {"2"})    -- what is done is not asked about
end

function M.test_the_last_is_one_that_changed_something()
    local later = {started_at = 200 * SECOND, files = 0}
    unit.assertEquals(ids(past.that_changed(merge({row("1"), row("2", later)}, {manifest("1")}))), {"1"})
    later.kind = "accept"
    unit.assertEquals(ids(past.that_changed(merge({row("1"), row("2", later)}, {manifest("1")}))), {"2", "1"})
    unit.assertEquals(ids(past.that_changed(merge({row("1")}, {}))), {"1"})    -- its disk is away: not known
end

function M.test_what_changed_nothing_is_not_undone()
    unit.assertNil(past.last_to_undo(merge({row("1")}, {manifest("1", {created = 0})})))
    unit.assertNil(past.last_to_undo(merge({row("1")}, {})))
    unit.assertNil(past.last_to_undo(merge({row("1", {kind = "prune"})}, {manifest("1", {kind = "prune"})})))
end

function M.test_short_names()
    local names = past.short_names(merge({}, {manifest("20310101T000000Z-7f3a"), manifest("20310102T000000Z-7f3a"),
        manifest("20310102T000000Z-1111")}))
    unit.assertEquals(names["20310102T000000Z-1111"], "1111")
    unit.assertEquals(names["20310101T000000Z-7f3a"], "20310101T000000Z-7f3a")
end

-- Three copies of one command, on two databases, then one of its own.
local function run_of_three()
    local function of(at, fields)
        fields = fields or {}
        fields.started_at, fields.run = (100 + at) * SECOND, fields.run or "20310101T000000Z-aaaa"
        return fields
    end
    local rows = {row("a1", of(1)), row("a2", of(2, {target = "WORK"})), row("a3", of(3)),
        row("b1", {started_at = 200 * SECOND, run = "20310101T000009Z-bbbb"})}
    local disks = {{database = "NAS", operations = {manifest("a1", of(1)), manifest("a3", of(3)),
        manifest("b1", {started_at = 200 * SECOND})}},
        {database = "WORK", operations = {manifest("a2", of(2))}}}
    return rows, disks
end

local function merged(rows, disks)
    return past.merge(rows, disks, {categories = CATEGORIES, databases = DATABASES,
        is_alive = function() return false end})
end

function M.test_a_run_is_meant_by_its_id_and_undone_as_a_whole()
    local rows, disks = run_of_three()
    local list = merged(rows, disks)
    unit.assertEquals(ids(past.resolve(list, "20310101T000000Z-aaaa")), {"a3", "a2", "a1"})
    unit.assertEquals(ids(past.resolve(list, "aaaa")), {"a3", "a2", "a1"})
    unit.assertEquals(ids(past.resolve(list, "a2")), {"a2"})
    -- a run of one operation is none: its id is not another word for it
    unit.assertEquals(ids(past.last_to_undo(list)), {"b1"})
    unit.assertNil(past.resolve(list, "zzzz"))
    unit.assertEquals(past.short_names(list)["20310101T000000Z-aaaa"], "aaaa")
    table.remove(rows, 4)
    table.remove(disks[1].operations, 3)
    list = merged(rows, disks)
    unit.assertEquals(ids(past.last_to_undo(list)), {"a3", "a2", "a1"})
    unit.assertEquals(ids(past.resolve(list, "last")), {"a3", "a2", "a1"})
end

function M.test_the_run_stands_in_the_manifest_for_who_has_no_row_of_it()
    local _, disks = run_of_three()
    unit.assertEquals(ids(past.resolve(merged({}, disks), "aaaa")), {"a3", "a2", "a1"})
end

-- Its process cannot be asked for: neither running nor dead.
function M.test_what_runs_elsewhere_is_unknown()
    local fields = {state = "running"}
    unit.assertEquals(merge({row("1", fields)}, {}, true)[1].state, "running")
    unit.assertEquals(merge({row("1", fields)}, {}, false)[1].state, "unfinished")
    unit.assertEquals(merge({row("1", fields)}, {}, nil)[1].state, "unknown")
    unit.assertEquals(merge({row("1", {state = "done"})}, {}, nil)[1].state, "done")
end

return M
