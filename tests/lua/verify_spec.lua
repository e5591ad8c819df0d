local unit = require("luaunit")
local conclusion_module = require("autobackup.conclusion")
local verify = require("autobackup.verify")
local verification = require("autobackup.view.verification")

local M = {}

local function age(minute, bytes)
    return {minute = minute, files = 1, bytes = bytes}
end

function M.test_a_limit_is_shared_by_age_and_not_by_replica()
    local ages = {{age(0, 10), age(5, 100)}, {age(0, 20)}, {age(3, 7), age(9, 50)}, {}}
    unit.assertEquals(verify.share(ages, 1000), {110, 20, 57, 0})
    unit.assertEquals(verify.share(ages, 25), {10, 15, 0, 0})
    unit.assertEquals(verify.share(ages, 35), {10, 20, 5, 0})
    unit.assertEquals(verify.share(ages, 40), {13, 20, 7, 0})
    unit.assertEquals(verify.share(ages, 1), {1, 0, 0, 0})
    unit.assertEquals(verify.share({{age(0, 0)}, {age(0, 5)}}, 5), {1, 4})    -- empty files are read too
    unit.assertEquals(verify.share({}, 5), {})
end

function M.test_what_is_said_of_a_file()
    local damaged = {state = "damaged", certain = true, good_on = {"NAS", "WORK"}}
    unit.assertEquals(verify.describe(damaged),
        "damaged: its content changed, its size and times did not; good on NAS, WORK")
    damaged.certain = false
    unit.assertStrContains(verify.describe(damaged), "'accept' takes it as it is")
    damaged.known, damaged.good_on = true, {}
    unit.assertEquals(verify.describe(damaged, "2031-05-27"),
        "damaged, found on 2031-05-27; no other disk is known to have its content")
    damaged.errno = "EIO"
    unit.assertStrContains(verify.describe(damaged), "cannot be read any more (EIO)")
    unit.assertStrContains(verify.describe{state = "changed"}, "load")
    unit.assertEquals(verify.describe({state = "renewed", good_on = {"NAS"}}, "2031-05-27"),
        "written on 2031-05-27 with its time put back: what was read is its content from now on; "
            .. "the former one is on NAS")
    unit.assertEquals(verify.describe{state = "unread", message = "EACCES: no"}, "EACCES: no")
end

local function row(fields)
    local result = {files_ok = 1, files_damaged = 0, files_differing = 0, files_repaired = 0,
        files_renewed = 0, files_changed = 0, files_missing = 0,
        files_unread = 0, files_new = 0, files_left = 0, files = 0,
        bytes_left = 0, bytes = 0, seconds = 1, project = "a/b",
        category = "render", database = "NAS"}
    for key, value in pairs(fields) do
        result[key] = value
    end
    return result
end

function M.test_the_exit_status()
    unit.assertEquals(verify.status(row{files_new = 3, files_left = 2}), 0)
    unit.assertEquals(verify.status(row{files_damaged = 1, files_unread = 1}), 11)
    unit.assertEquals(verify.status(row{files_differing = 1}), 11)
    unit.assertEquals(verify.status(row{files_unread = 1}), 3)
    unit.assertEquals(verify.status(row{files_changed = 1}), 3)
    unit.assertEquals(verify.status(row{files_renewed = 1}), 3)
    unit.assertEquals(verify.status(row{files_missing = 1}), 3)
end

function M.test_who_stands_alone()
    unit.assertEquals(verify.suspect({{"A", "B"}, {"B", "C"}}, 3), "B")
    unit.assertEquals(verify.suspect({{"A", "C"}, {"B", "C"}}, 3), "C")
    unit.assertNil(verify.suspect({{"A", "B"}}, 2))
    unit.assertNil(verify.suspect({{"A", "B"}, {"A", "C"}, {"B", "C"}}, 3))
    unit.assertNil(verify.suspect({{"A", "B"}}, 3))    -- of C nothing is known
    unit.assertEquals(verify.against({{"A", "B"}, {"B", "C"}, {"A", "D"}}, "B"), {"A", "C"})
end

function M.test_names()
    unit.assertEquals(verify.names_in("NAS, big disk"), {"NAS", "big disk"})
    unit.assertEquals(verify.names_in(""), {})
    unit.assertEquals(verify.names_in(nil), {})
    unit.assertEquals(verify.still_good({"A", "B"}, function(name) return name == "A" end), {"B"})
    unit.assertEquals(verify.still_good(nil, function() return false end), {})
end

-- What the view writes: to where results go, and to where problems go.
local function shown(result)
    local texts = {}
    local function output(i)
        texts[i] = {}
        local function add(_, text)
            table.insert(texts[i], text)
        end
        return {line = add, prose = add, clean = function(_, text) return text end,
            table = function(_, spec) table.insert(texts[i], #spec.rows .. " rows") end}
    end
    result.conclusion = conclusion_module.text(result)
    verification.show(result, output(1), output(2), false)
    return table.concat(texts[1], "\n"), table.concat(texts[2], "\n")
end

function M.test_damage_comes_with_what_to_type()
    local problem = {state = "damaged", path = "/n/f", message = "damaged; good on WORK", good_on = {"WORK"},
        project = "a/it's b", category = "render", database = "NAS"}
    local out, err = shown{row{files_damaged = 1}, problems = {problem}}
    unit.assertEquals(out, "1 rows\ndamaged: 1 file on NAS\nthe good bytes are on another disk; type:\n"
        .. "  verify \"a/it's b\" render NAS --repair")
    unit.assertStrContains(err, "/n/f: damaged; good on WORK")
    problem.repaired_from = "WORK"
    unit.assertEquals(shown{row{files_damaged = 1, files_repaired = 1}, problems = {problem}},
        "1 rows\nrepaired: 1 file on NAS")
    problem.repaired_from, problem.good_on = nil, {}
    unit.assertStrContains(shown{row{files_damaged = 1}, problems = {problem}}, "put it back from elsewhere")
end

function M.test_what_an_old_catalog_explains_is_counted_and_not_listed()
    local problems = {{state = "changed", path = "/n/f", message = "changed"}}
    local out, err = shown{row{files_changed = 1}, problems = problems}
    unit.assertStrContains(out, "1 file changed and 0 files gone since the last load were not compared")
    unit.assertEquals(err, "")
    out, err = shown{row{files_changed = 1}, problems = problems, files = true}
    unit.assertEquals(out, "1 rows")
    unit.assertStrContains(err, "/n/f: changed")
    out = shown{row{files = 1, bytes = 10, files_left = 2, bytes_left = 3000}, problems = {}}
    unit.assertEquals(out, "1 rows\n1 file on NAS is good; read: 1 file (10 B), left: 2 files (3.0 kB), "
        .. "the same command goes on with the oldest")
    out = shown{row{files = 0}, problems = {}, older = 86400}
    unit.assertEquals(out, "1 rows\nnothing is due: all of it was verified since then")
    unit.assertEquals(shown{row{files = 1}, problems = {}, older = 86400}, "1 rows\n1 file on NAS is good")
end

local function conclusion(...)
    local result = {...}
    local more = table.remove(result)
    for key, value in pairs(more) do
        result[key] = value
    end
    result.problems = result.problems or {}
    return conclusion_module.text(result)
end

function M.test_one_sentence_concludes()
    local work = row{database = "WORK", files = 3, files_ok = 0, files_new = 3, identical = true}
    local nas = row{files = 3, files_ok = 0, files_new = 3, identical = true}
    local usb = row{database = "USB", files = 3, files_ok = 0, files_new = 3, identical = true}
    unit.assertEquals(conclusion(work, nas, usb, {}),
        "identical on WORK, NAS and USB, 9 files now have digests")
    unit.assertEquals(conclusion(work, nas, {cached = true}),
        "identical on WORK and NAS (in memory; no disk was verified), 6 files now have digests")
    usb.identical = nil    -- not all of it was read, or it is another
    unit.assertStrContains(conclusion(work, nas, usb, {}), "the replicas are not the same: 'compare a/b render'")
    usb.files_left, usb.bytes_left = 1, 5
    unit.assertEquals(conclusion(usb, {}), "3 files on USB are good, 3 files now have digests; "
        .. "read: 3 files (0 B), left: 1 file (5 B), the same command goes on with the oldest")
    unit.assertNil(conclusion({}))
end

function M.test_what_is_wrong_is_the_conclusion()
    local differs = {state = "differs", database = "WORK", others = {"NAS"}}
    unit.assertEquals(conclusion(row{files = 9, files_damaged = 3, files_repaired = 1, files_unread = 2},
        row{database = "WORK", files = 4, files_damaged = 1}, {problems = {differs}}),
        "damaged: 2 files on NAS, 1 on WORK; repaired: 1 file on NAS; 1 file differs between WORK and NAS; "
        .. "could not be read: 2 files on NAS")
end

function M.test_who_differs_comes_with_what_to_type()
    local problem = {state = "differs", path = "/w/f x", inside = "f x", message = "differs", others = {"NAS"},
        project = "a/b", category = "render", database = "WORK"}
    local out = shown{row{files = 1, files_differing = 1}, problems = {problem}}
    unit.assertStrContains(out, "  accept a/b render WORK \"f x\"\n  accept a/b render NAS \"f x\"")
    problem.accepted = "NAS"
    out = shown{row{files = 1, files_differing = 1}, problems = {problem}}
    unit.assertStrContains(out, "one was accepted as the right one; type:\n  copy a/b render NAS WORK")
end

return M
