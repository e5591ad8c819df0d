-- Differences in the browser: where they are marked, and how one goes from one to the next.
local unit = require("luaunit")
local differences = require("autobackup.browser.differences")
local leading = require("autobackup.browser.leading")
local lists = require("autobackup.browser.list")

local M = {}

local function replica(id, database, print)
    return {id = id, database = database, fingerprint = print, evidence = "e", errors = 0, files = 3,
        granularity = 1}
end

-- A comparer that says for each right replica what it is told to.
local function comparer_of(items, log)
    local rest
    local comparer = {}
    function comparer.start(_, request)
        log[#log + 1] = request.right
        rest = table.move(items[request.right] or {}, 1, 100, 1, {})
        return true
    end
    function comparer.next() return table.remove(rest, 1) or false end
    function comparer.close() log[#log + 1] = "closed" end
    return function() return comparer end
end

local HERE = {kind = "file"}

local function found_of(log)
    local items = {
        [2] = {{judgement = "size", path = "day_03/cam_a/clip.mov", left = HERE, right = HERE}, true,
            {judgement = "right", path = "day_04/lost.mov", right = HERE},
            {judgement = "unread", path = "notes.txt", left = HERE, right = HERE}},
        [3] = {{judgement = "left", path = "notes.txt", left = HERE}},
    }
    return differences.new(comparer_of(items, log or {}), replica(1, "WORK", "x"), {replica(2, "NAS", "y"),
        replica(4, "USB", "x"), replica(3, "TAPE", "z")})
end

function M.test_files_and_the_folders_that_lead_to_them_are_marked()
    local log = {}
    local found = found_of(log)
    unit.assertNil(found:of(""))
    unit.assertTrue(found:step(10))
    unit.assertEquals(log, {2, 3, "closed"})    -- what is plainly the same is not gone through
    unit.assertEquals(found:of(""), {day_03 = "differs", day_04 = "differs", ["notes.txt"] = "differs"})
    unit.assertEquals(found:of("day_03"), {cam_a = "differs"})
    unit.assertEquals(found:of("day_03/cam_a"), {["clip.mov"] = "differs"})
    unit.assertNil(found:of("day_04"))    -- what is missing here has no row
    unit.assertEquals(found:missing("day_04"), {count = 1, name = "lost.mov", database = "NAS"})
    unit.assertEquals(found.count, 4)
end

function M.test_what_digests_may_say_is_gone_through()
    local function compared(change)
        local here, there, log = replica(1, "WORK", "x"), replica(2, "NAS", "x"), {}
        change(here, there)
        differences.new(comparer_of({}, log), here, {there}):step(10)
        return #log > 0
    end
    local nothing = ("00"):rep(16)
    unit.assertFalse(compared(function() end))
    unit.assertFalse(compared(function(here) here.evidence = nothing end))    -- nothing speaks against it
    unit.assertTrue(compared(function(here) here.evidence = "f" end))
    unit.assertTrue(compared(function(here, there) here.evidence, there.evidence = "", "" end))    -- not added up
    unit.assertTrue(compared(function(_, there) there.open = 1 end))
    unit.assertTrue(compared(function(_, there) there.damaged = 1 end))
    unit.assertTrue(compared(function(_, there) there.errors = 1 end))
end

function M.test_comparing_goes_on_in_slices()
    local found = found_of()
    unit.assertFalse(found:step(0))
    found:close()
    unit.assertTrue(found.is_done and found.is_stopped)
    unit.assertTrue(found:step(0))
end

-- ---- from one to the next ----

local function folder(path)
    return {kind = "folder", database = "WORK", client = "acme", name = "spot", category = "footage", path = path}
end

local TREE = {
    [""] = {{name = "day_01", into = folder("day_01")},
        {name = "day_03", differs = "differs", into = folder("day_03")},
        {name = "day_04", differs = "differs", into = folder("day_04")}, {name = "z.txt", differs = "unknown"}},
    day_03 = {{name = "a.mov"}, {name = "cam_a", differs = "differs", into = folder("day_03/cam_a")}},
    ["day_03/cam_a"] = {{name = "1.mov"}, {name = "2.mov", differs = "differs"},
        {name = "3.mov", differs = "differs"}},
    day_04 = {{name = "other.mov"}},
    day_01 = {},
}

local function open(place)
    if place.kind == "project" then
        return lists.new{{name = "footage", into = folder(""), marks = {WORK = "differs", NAS = "differs"}}}
    elseif place.kind == "client" then
        return lists.new{{name = "spot"}}
    end
    return lists.new(TREE[place.path])
end

function M.test_n_goes_down_to_the_file_that_differs_on_and_up_again()
    local place, at, seen = {kind = "project", database = "WORK", client = "acme", name = "spot"}, 1, {}
    while true do
        local next_place, name = leading.next(place, open(place), at, open)
        if not next_place then
            break
        end
        place = next_place
        at = name and open(place):place(name) or 0
        seen[#seen + 1] = place.path .. ":" .. (name or "")
    end
    unit.assertEquals(seen, {"day_03/cam_a:2.mov", "day_03/cam_a:3.mov", "day_04:", ":z.txt"})
end

return M
