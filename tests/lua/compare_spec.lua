local unit = require("luaunit")
local arguments = require("autobackup.arguments")
local command = require("autobackup.command")
local comparison = require("autobackup.view.comparison")
local decisions = require("autobackup.compare")
local fake = require("fake")
local out_module = require("autobackup.view.out")
local rows = require("autobackup.rows")

local M = {}

local function replica(project, category, database, fields)
    local client, name = project:match("(.*)/(.*)")
    local row = {project = project, client = client, name = name, category = category, database = database,
        errors = 0, files = 3, bytes = 30, newest = 5, fingerprint = database}
    for key, value in pairs(fields or {}) do
        row[key] = value
    end
    return row
end

function M.test_the_newest_is_the_reference()
    local function newest(...)
        return decisions.newest({...}).database
    end
    local old, new = replica("a/b", "r", "OLD"), replica("a/b", "r", "NEW", {newest = 6})
    unit.assertEquals(newest(old, new), "NEW")
    unit.assertEquals(newest(old, replica("a/b", "r", "MORE", {files = 4})), "MORE")
    unit.assertEquals(newest(old, replica("a/b", "r", "BIGGER", {bytes = 31})), "BIGGER")
    unit.assertEquals(newest(old, replica("a/b", "r", "TWIN")), "OLD")
    unit.assertEquals(newest(replica("a/b", "r", "MORE", {files = 4}), old, replica("a/b", "r", "TWIN",
        {fingerprint = "OLD"})), "OLD")
    unit.assertEquals(newest(replica("a/b", "r", "HALF", {newest = 9, errors = 1}), old), "OLD")
    unit.assertEquals(newest(replica("a/b", "r", "EMPTY", {newest = false}), old), "OLD")
end

local DATABASES = {"WORK", "STORAGE", "NAS"}

local function pairs_of(replicas, named, category)
    local list = {}
    for i, pair in ipairs(decisions.pairs(replicas, DATABASES, named, category)) do
        list[i] = ("%s %s %s%s:%s%s"):format(pair.project, pair.category, pair.reference,
            pair.left and "" or "(-)", pair.database or "", pair.right and "" or "(-)")
    end
    return list
end

local REPLICAS = {
    replica("a/b", "footage", "WORK"), replica("a/b", "footage", "NAS", {newest = 7}),
    replica("a/b", "render", "WORK"),
    replica("a/c", "render", "STORAGE"),
}

function M.test_what_is_compared_with_what()
    unit.assertEquals(pairs_of(REPLICAS, {}),
        {"a/b footage NAS:WORK", "a/b render WORK:NAS(-)", "a/c render STORAGE:(-)"})
    unit.assertEquals(pairs_of(REPLICAS, {"WORK"}),
        {"a/b footage WORK:NAS", "a/b render WORK:NAS(-)", "a/c render WORK(-):STORAGE"})
    unit.assertEquals(pairs_of(REPLICAS, {"NAS", "WORK"}), {"a/b footage NAS:WORK", "a/b render NAS(-):WORK"})
    unit.assertEquals(pairs_of(REPLICAS, {"WORK", "STORAGE", "NAS"}, "render"),
        {"a/b render WORK:STORAGE(-)", "a/b render WORK:NAS(-)", "a/c render WORK(-):STORAGE",
            "a/c render WORK(-):NAS(-)"})
    unit.assertEquals(pairs_of(REPLICAS, {"NAS", "STORAGE"}, "footage"), {"a/b footage NAS:STORAGE(-)"})
    unit.assertEquals(pairs_of({}, {}), {})
end

local function counts(fields)
    local all = {found_left = true, found_right = true, directories_left = 0, directories_right = 0,
        errors_left = 0, errors_right = 0, other_time = 0, newer_left = 0, newer_right = 0}
    for _, key in ipairs{"same", "only_left", "only_right", "different", "unread", "doubt"} do
        all[key] = {files = 0, bytes = 0, others = 0}
    end
    for key, value in pairs(fields) do
        all[key] = value
    end
    return all
end

function M.test_states()
    local one, link = {files = 1, bytes = 1, others = 0}, {files = 0, bytes = 0, others = 1}
    local function state(fields)
        return decisions.state(counts(fields))
    end
    unit.assertEquals(state{}, "same")
    unit.assertEquals(state{same = one, other_time = 1}, "same")
    unit.assertEquals(state{found_right = false, only_left = one}, "absent")
    for _, key in ipairs{"only_left", "only_right", "different"} do
        unit.assertEquals(state{[key] = one}, "differs")
        unit.assertEquals(state{[key] = link}, "differs")
        unit.assertEquals(state{[key] = one, errors_left = 1}, "differs")
    end
    unit.assertEquals(state{directories_right = 1}, "differs")
    unit.assertEquals(state{errors_left = 1}, "incomplete")
    unit.assertEquals(state{errors_right = 1, same = one}, "incomplete")
    unit.assertEquals(state{unread = link}, "incomplete")
    unit.assertEquals(state{doubt = one}, "incomplete")
    unit.assertEquals(state{doubt = one, different = one}, "differs")
    unit.assertEquals({decisions.status("same"), decisions.status("incomplete"), decisions.status("differs"),
        decisions.status("absent"), decisions.status("only")}, {0, 3, 4, 4, 4})
end

function M.test_signs()
    local signs = {}
    for judgement in ("same time left right unread doubt size age content target type")
        :gmatch("%a+") do
        signs[#signs + 1] = decisions.sign(judgement) .. (decisions.reason(judgement) or "")
    end
    unit.assertEquals(signs, {"=", "=time", "+", "-", "!", "?doubt",
        "*size", "*time", "*content", "*target", "*type"})
end

-- ---- how it looks ----

local function compared(fields)
    local row = {project = "a/b", category = "render", reference = "WORK", database = "NAS", state = "differs",
        files = 9, bytes = 900, files_same = 5, bytes_same = 500, files_only_reference = 4,
        bytes_only_reference = 400, files_only_database = 0, bytes_only_database = 0, files_different = 0,
        bytes_different = 0, unread = 0, newer_reference = 0, newer_database = 0, other_time = 0,
        others_only_reference = 0, others_only_database = 0, others_different = 0}
    for key, value in pairs(fields or {}) do
        row[key] = value
    end
    return rows.row("compare", row)
end

local function shown(names, ...)
    local parts, result = {}, {...}
    local out = out_module.new{tty = false, write = function(bytes) parts[#parts + 1] = bytes end}
    out.utf8, out.marks = true, out_module.new{write = print, color = "never"}.marks
    result.databases = {}
    for i, name in ipairs(names) do
        result.databases[i] = {database = name, online = true}
    end
    comparison.show(result, out)
    return table.concat(parts)
end

local function difference(status, path, fields)
    local row = {status = status, inside = path, path = "/x/" .. path,
        kind = "file", database = "NAS", reference = "WORK",
        project = "a/b", category = "render"}
    for key, value in pairs(fields or {}) do
        row[key] = value
    end
    return rows.row("difference", row)
end

function M.test_differences_are_folded_and_gaps_said()
    local list = {compared()}
    for frame = 1, 12 do
        if frame ~= 4 and frame ~= 7 and frame ~= 8 then
            list[#list + 1] = difference("+", ("x/b.%04d.exr"):format(frame))
        end
    end
    list[#list + 1] = difference("*", "notes", {why = "size", newer = "NAS"})
    list[#list + 1] = difference("-", "new\nfolder", {kind = "directory"})
    local text = shown({"WORK", "NAS"}, table.unpack(list))
    unit.assertStrContains(text, "a/b render, NAS compared with WORK:\n")
    unit.assertStrContains(text, "  + x/b.0001-0012.exr (9 files, without 0004, 0007-0008)\n")
    unit.assertStrContains(text, "  * notes  another size, newer on NAS\n")
    unit.assertStrContains(text, "  - new\\nfolder/\n")
    unit.assertStrContains(text, "+ only on WORK, - only on NAS, * different\n")
end

function M.test_two_databases_have_their_columns_whichever_is_the_reference()
    local text = shown({"NAS", "WORK"}, compared(), compared{category = "footage", reference = "NAS",
        database = "WORK", files_only_reference = 0, files_only_database = 1, bytes_only_database = 7})
    local lines = {}
    for line in text:gmatch("[^\n]+") do
        lines[#lines + 1] = line:gsub("  +", "|")
    end
    unit.assertStrContains(lines[1], "SAME|ONLY ON NAS|ONLY ON WORK|DIFFERENT")
    unit.assertStrContains(lines[2], "a/b|render|differs|5|0|4 (400 B)|0")
    unit.assertStrContains(lines[3], "a/b|footage|differs|5|0|1 (7 B)|0")
end

function M.test_how_files_differ_is_said_in_words()
    local text = shown({"WORK", "NAS"}, compared{files_different = 9, newer_reference = 2, newer_database = 3,
        files_other_content = 1, others_different = 1, unread = 4, files_doubtful = 5, other_time = 6})
    unit.assertStrContains(text, "3 newer on NAS, 2 newer on WORK, 1 with another content, "
        .. "3 of another size, kind or content, 1 link or folder, 4 not readable, 5 to be read to know, "
        .. "6 the same but for the time")
    unit.assertStrContains(shown({"WORK", "NAS"}, compared{state = "incomplete"}), "not known")
end

function M.test_more_databases_are_columns()
    local text = shown({"WORK", "STORAGE", "NAS"},
        compared{database = "STORAGE", state = "absent", absent = "STORAGE"},
        compared{files_different = 3, newer_database = 2, files_only_database = 1})
    unit.assertStrMatches(text, "PROJECT +CATEGORY +WORK +STORAGE +NAS\n"
        .. "a/b +render +900 B +absent +4 missing, 1 more, 2 newer, 1 different\n.*")
    unit.assertStrContains(text, "missing: not there; more: only there; newer, older: there, than the reference")
    text = shown({"WORK", "STORAGE", "NAS"}, compared{database = "STORAGE", state = "same"},
        compared{state = "absent", absent = "WORK", files_only_database = 7})
    unit.assertStrContains(text, "7 more")
    unit.assertStrContains(text, "same")
end

function M.test_a_lone_replica()
    unit.assertStrContains(shown({"WORK"}, compared{database = false, state = "only"}), "WORK")
end

-- ---- as typed ----

function M.test_the_category_may_be_left_out_before_databases()
    local session = fake.session()
    local declaration = command.check(require("autobackup.commands.compare"))
    local function parse(...)
        local args = arguments.from_words(declaration, session, {"acme/spot one", ...}).args
        return {args.category or "-", table.concat(args.databases, " ")}
    end
    unit.assertEquals(parse(), {"-", ""})
    unit.assertEquals(parse("render"), {"render", ""})
    unit.assertEquals(parse("WORK", "NAS"), {"-", "WORK NAS"})
    unit.assertEquals(parse("render", "WORK", "NAS"), {"render", "WORK NAS"})
    unit.assertEquals(parse("all", "WORK"), {"all", "WORK"})
    local err = fake.raised(parse, "WROK")
    unit.assertEquals({err.code, err.message}, {"ENONAME", "no database 'WROK'; did you mean 'WORK'?"})
    err = fake.raised(parse, "rendr")
    unit.assertEquals(err.message, "no category 'rendr'; did you mean 'render'?")
    local expected = arguments.expected(declaration, session, {"acme/spot one"})
    unit.assertEquals({expected[1].name, expected[2].name}, {"category", "databases"})
end

return M
