local unit = require("luaunit")
local complete = require("autobackup.complete")
local fake = require("fake")

local M = {}

local function new_session()
    local session = fake.session()
    session.commands:declare{
        name = "copy", run = function() end,
        args = {{"project", "project"}, {"category", "category"}, {"from", "database"},
            {"to", "database", many = true}},
        options = {["dry-run"] = {}, verify = {type = "choice", values = {"readback", "none"}, short = "y"}},
    }
    return session
end

-- Completes at the end of a line as the editor does; `|` marks where the editor's word begins.
local function candidates(text, is_lua)
    local start = text:find("|", 1, true)
    local line = text:gsub("|", "")
    return complete.candidates(new_session(), line, start, #line, is_lua)
end

function M.test_the_first_word()
    local found = candidates("|co")
    unit.assertItemsEquals(found, {"copy", "collectgarbage", "command", "coroutine"})
    unit.assertEquals({candidates("|cop")}, {{"copy"}, " "})
end

function M.test_arguments_by_place()
    unit.assertEquals({candidates("copy |b")}, {{"blue/"}, ""})
    unit.assertEquals({candidates("copy |blue/")}, {{"blue/film"}, " "})
    unit.assertEquals(candidates("copy blue/film |"), {"footage", "render", "all"})
    unit.assertEquals(candidates("copy blue/film render WORK |ST"), {"STORAGE"})
    unit.assertEquals(candidates("copy -n nosuch/x render |"), {"WORK", "NAS", "STORAGE"})
end

function M.test_in_another_form_of_unicode()
    local lists = require("autobackup.lists")
    local composed, decomposed = "Caf\xC3\xA9", "Cafe\xCC\x81"
    unit.assertEquals(lists.starting_with(composed, {"Cafe", decomposed .. " 1", "Cafx"}), {decomposed .. " 1"})
    unit.assertEquals(lists.starting_with(decomposed, {composed .. "/"}), {composed .. "/"})
    unit.assertEquals(lists.starting_with(composed, {decomposed, composed}), {composed})    -- the very bytes first
    unit.assertEquals(lists.starting_with("CAF\xC3\x89", {decomposed, "CAFE"}), {decomposed})
    unit.assertEquals(lists.starting_with("Caf\xE9", {composed, decomposed}), {})    -- no UTF-8: bytes
end

function M.test_in_another_case()
    unit.assertEquals({candidates("copy blue/film render |wo")}, {{"WORK"}, " "})
    unit.assertEquals(candidates("copy |BL"), {"blue/"})
    unit.assertEquals(candidates("copy |A"), {"acme/"})
end

function M.test_a_project_by_its_own_name()
    unit.assertEquals({candidates("copy |film")}, {{"blue/film"}, " "})
    unit.assertEquals(candidates("copy |spot"), {"acme/spot-2031", "acme/spot one"})
end

function M.test_fields_of_rows_and_settings()
    local session = new_session()
    session.env._ = {{project = "a/b", bytes = 1}, {name = {inner = 1}}}
    local function after(line, start)
        return complete.candidates(session, line, start, #line, false)
    end
    unit.assertEquals(after("x = _[1].pr", 9), {".project"})
    unit.assertEquals(after("_[2].name.in", 5), {".name.inner"})
    unit.assertEquals(after("copy(_[1].", 10), {".bytes", ".project"})
    unit.assertEquals(candidates("|settings.pa"), {"settings.pager"})
end

function M.test_names_with_blanks_are_quoted()
    unit.assertEquals(candidates("copy |acme/spot o"), {})    -- the editor's word would begin behind the blank
    unit.assertEquals(candidates('copy "|acme/spot o'), {"acme/spot one"})
end

local function with_projects(names, text)
    local session = new_session()
    session.catalog.project_rows = {}
    for i, name in ipairs(names) do
        local client, own = name:match("^([^/]*)/(.*)$")
        session.catalog.project_rows[i] = {client = client, name = own, project = name}
    end
    local start = text:find("|", 1, true)
    local line = text:gsub("|", "")
    return complete.candidates(session, line, start, #line)
end

function M.test_a_quote_is_not_typed_alone()
    local names = {"acme/a b", "acme/x", "dune/c d"}
    unit.assertEquals(with_projects(names, "copy |acme/"), {"acme/a b", "acme/x"})
    unit.assertEquals(with_projects({"acme/a bc", "acme/a bd"}, "copy |acme/"), {'"acme/a bc"', '"acme/a bd"'})
    unit.assertEquals({with_projects(names, "copy |acme/a")}, {{'"acme/a b"'}, " "})
    unit.assertEquals({with_projects({"a b/one"}, "copy |a")}, {{'"a b/'}, ""})
    unit.assertEquals(with_projects({"a b/one", "c d/two"}, "copy |"), {"a b/", "c d/"})
end

function M.test_what_cannot_be_seen_is_written_with_escapes()
    local names = {"acme/zz\u{202E}gpj.exe", "acme/z\u{9B}31m", "acme/it's\27"}
    unit.assertEquals(with_projects(names, "copy |acme/zz"), {"$'acme/zz\\u{202E}gpj.exe'"})
    unit.assertEquals(with_projects(names, "copy |acme/i"), {"$'acme/it\\'s\\e'"})
    unit.assertEquals(with_projects(names, 'copy "|acme/zz'), {})
    unit.assertEquals(with_projects(names, 'copy("|acme/zz'), {"acme/zz\\u{202E}gpj.exe"})
    for _, found in ipairs(with_projects(names, "copy |acme/")) do
        unit.assertNil(found:find("[%c\128-\255]"), found)
    end
end

function M.test_options_and_their_values()
    unit.assertEquals(candidates("copy |--"), {"--dry-run", "--help", "--json", "--verify="})
    unit.assertEquals(candidates("copy --verify=|r"), {"readback"})
    unit.assertEquals(candidates("copy --verify |"), {"readback", "none"})
    unit.assertEquals(candidates("copy -y |n"), {"none"})
    unit.assertEquals(candidates("copy -y none |b"), {"blue/"})
end

function M.test_keywords()
    unit.assertEquals(candidates("list projects |"), {"in"})
    unit.assertEquals(candidates("list projects in |"), {"acme", "blue", "WORK", "NAS", "STORAGE"})
    unit.assertEquals(candidates("help |li"), {"list"})
end

function M.test_lua_names_and_fields()
    unit.assertEquals({candidates("x = |string.fo")}, {{"string.format"}, ""})
    unit.assertEquals(candidates("for _, p in |ipa"), {"ipairs"})
    unit.assertEquals(candidates("x(|proj"), {"projects"})
    unit.assertEquals(candidates("|func", true), {"function"})
    unit.assertEquals(candidates("x = |nosuch.a"), {})
    unit.assertEquals(candidates('copy("|NA'), {"NAS"})
end

return M
