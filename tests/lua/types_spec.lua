local unit = require("luaunit")
local glob = require("autobackup.glob")
local knowledge = require("autobackup.knowledge")
local rows = require("autobackup.rows")
local types = require("autobackup.types")
local units = require("autobackup.units")
local fake = require("fake")

local M = {}

local function check(kind, value, spec, typed)
    return types.get(kind).check(value, fake.session(), spec or {}, typed)
end

-- As a word of a shell, or one without quotes.
local function typed(kind, word, session)
    return types.get(kind).check(word, session or fake.session(), {}, {pattern = glob.typed(word)})
end

local function refused(kind, value, spec)
    local result, message, code = check(kind, value, spec)
    unit.assertNil(result)
    return message, code
end

function M.test_known_names_pass()
    unit.assertEquals({check("database", "NAS"), check("category", "all"), check("client", "acme")},
        {"NAS", "all", "acme"})
    unit.assertEquals({check("project", "acme/spot one"), check("client", "acme/")}, {"acme/spot one", "acme"})
    unit.assertEquals({check("which", "all"), check("which", "blue"), check("which", "blue/film")},
        {"all", "blue", "blue/film"})
end

function M.test_a_pattern_is_a_value_or_a_typed_word()
    local all = glob.new("acme/*")
    unit.assertEquals({check("project", all), check("which", all)}, {all, all})
    for _, word in ipairs{"acme/*", "acme/*/", "*/f?lm"} do
        unit.assertTrue(glob.is((typed("project", word))), word)
        unit.assertTrue(glob.is((typed("which", word))), word)
    end
    unit.assertTrue(glob.is((typed("client", "ac*"))))
    unit.assertEquals({refused("project", "acme/*")},
        {"no project 'acme/*'; a pattern is written glob \"acme/*\"", "ENONAME"})
    unit.assertEquals(select(2, check("project", "acme/*", {}, {literal = true})),
        "no project 'acme/*'; in quotes * and ? are plain characters, without them they are wildcards")
    unit.assertEquals({typed("project", "acme/zz*")}, {nil, "no project matches 'acme/zz*'", "ENONAME"})
    unit.assertEquals((refused("database", "N*")), "no database 'N*'; a pattern is written glob \"N*\"")
    unit.assertEquals((refused("database", glob.new("N*"))),
        "the pattern 'N*' may be several; one name stands there")
end

function M.test_a_name_that_is_known_is_itself()
    local session = fake.session()
    for _, row in ipairs{{"a*b", "x?"}, {"axb", "xy"}, {"all", "all"}} do
        table.insert(session.catalog.project_rows,
            {client = row[1], name = row[2], project = table.concat(row, "/")})
    end
    for _, name in ipairs{"a*b/x?", "axb/xy", "all/all"} do
        unit.assertEquals({typed("project", name, session), typed("which", name, session)}, {name, name})
    end
    unit.assertEquals((typed("client", "a*b", session)), "a*b")
    unit.assertEquals((typed("which", "all", session)), "all")
    local row = types.get("which").check(rows.row("client", {client = "all"}), session, {})
    unit.assertEquals(knowledge.filter_of(row), {client = "all"})
    unit.assertEquals(knowledge.filter_of(types.get("which").check("all", session, {}, {literal = true})),
        {client = "all"})
end

function M.test_unknown_names_name_the_nearest()
    unit.assertEquals({refused("database", "NSA")}, {"no database 'NSA'; did you mean 'NAS'?", "ENONAME"})
    unit.assertEquals((refused("project", "acme/spot-2032")),
        "no project 'acme/spot-2032'; did you mean 'acme/spot-2031'?")
    unit.assertEquals((refused("category", "xyz")), "no category 'xyz'; there are footage, render")
    unit.assertEquals(select(2, refused("project", "acme")), "EUSAGE")
end

function M.test_an_empty_catalog_says_what_to_type()
    local session = fake.session()
    session.catalog.database_rows, session.catalog.project_rows = {}, {}
    local _, message = types.get("database").check("NAS", session, {})
    unit.assertStrContains(message, "type: add database NAME PATH")
    _, message = types.get("project").check("a/b", session, {})
    unit.assertStrContains(message, "type: load")
end

function M.test_new_names()
    unit.assertEquals(check("name", "NAS-2.x_ü"), "NAS-2.x_ü")
    for _, bad in ipairs{"", "a b", "a/b", "-n", "all", "in", "a\n", "\xff", ("x"):rep(65), "a*"} do
        refused("name", bad)
    end
end

function M.test_numbers()
    unit.assertEquals({check("integer", "12"), check("integer", 3.0), check("number", "1.5")}, {12, 3, 1.5})
    unit.assertEquals((refused("integer", "1.5")), "'1.5' is not a whole number")
    unit.assertEquals((refused("integer", 0, {min = 1})), "0 is less than 1")
    refused("number", "nan")
    refused("number", math.huge)
end

function M.test_durations_are_seconds()
    unit.assertEquals({check("duration", "90s"), check("duration", "15m"), check("duration", "12h"),
        check("duration", "15min"),
        check("duration", "30d"), check("duration", "1.5h"), check("duration", 5)},
        {90, 900, 43200, 900, 2592000, 5400, 5})
    for _, bad in ipairs{"", "d", "5 d", "-1d", "5x"} do
        refused("duration", bad)
    end
end

function M.test_sizes_are_bytes()
    unit.assertEquals({check("size", "500GB"), check("size", "1.5k"), check("size", "4GiB"), check("size", 12),
        check("size", 5e6), check("size", "12B")}, {500000000000, 1500, 4 << 30, 12, 5000000, 12})
    for _, bad in ipairs{"", "GB", "1XB", "1iB", "1i", "-1", 1.5} do
        refused("size", bad)
    end
end

-- Fifty what? A bandwidth limit of 50 bytes a second is nobody's wish.
function M.test_a_size_in_words_names_its_unit()
    for _, bad in ipairs{"50", "0", "1.5"} do
        unit.assertEquals({refused("size", bad)},
            {("'%s' names no unit: write %sMB, or %sB for bytes"):format(bad, bad, bad), "EUSAGE"})
    end
end

function M.test_ages_are_seconds()
    unit.assertEquals({check("age", "90s"), check("age", "6min"), check("age", "12h"), check("age", "30d"),
        check("age", "2w"), check("age", "6mo"), check("age", "1y"), check("age", "1.5h"), check("age", "0s")},
        {90, 360, 43200, 2592000, 1209600, 15552000, 31536000, 5400, 0})
    for _, bad in ipairs{"", "d", "5 d", "-1d", "5x", "5M", "5H", true, {}} do
        unit.assertStrContains((refused("age", bad)), "is no age: write 30d, 2w, 6mo or 1y")
    end
end

-- What becomes ns or bytes fits an integer of 64 bits: prune --older 999y was an age below zero, and all was older.
function M.test_the_range_of_ages_waits_and_sizes()
    unit.assertEquals({check("age", "292y"), check("duration", "292y")}, {292 * 31536000, 292 * 31536000})
    for _, far in ipairs{"293y", "999y", "9999999w", ("9"):rep(30) .. "s", ("9"):rep(400) .. "d"} do
        unit.assertStrContains((refused("age", far)), "is more than 292 years: write 292y or less")
        unit.assertStrContains((refused("duration", far)), "is more than 292 years: write 292y or less")
        unit.assertStrContains((refused("moment", far)), "is more than 292 years: write 292y or less")
    end
    unit.assertStrContains((refused("duration", 1e300)), "is more than 292 years")
    for _, negative in ipairs{-1, -1e300, -0.5, -math.huge, 0 / 0} do
        unit.assertStrContains((refused("duration", negative)), "is below zero")
        unit.assertStrContains((refused("size", negative)), "is no size")
    end
    unit.assertEquals({check("size", "9223P"), check("size", math.maxinteger), check("size", "8191PiB")},
        {9223000000000000000, math.maxinteger, 8191 << 50})
    for _, huge in ipairs{"100000P", "9224P", "8192PiB", ("9"):rep(400) .. "B", 2.0 ^ 63, math.huge} do
        unit.assertStrContains((refused("size", huge)), "is more than a disk or a file can hold")
    end
    refused("moment", 0 / 0)
end

function M.test_seconds_as_ns_do_not_wrap()
    local ns = units.ns
    unit.assertEquals({ns(0), ns(1.5), ns(-1), ns(9223372036), ns(-9223372036)},
        {0, 1500000000, -1000000000, 9223372036000000000, -9223372036000000000})
    for _, far in ipairs{9223372037, 1e12, 1e300, math.huge, math.maxinteger} do
        unit.assertEquals({ns(far), ns(-far)}, {math.maxinteger, math.mininteger})
    end
end

-- Six minutes to a program, six months to who types it: prune --older 6m would remove all.
function M.test_an_age_that_is_read_in_two_ways_is_refused()
    unit.assertEquals({refused("age", "6m")}, {"'6m' may be minutes or months: write 6min or 6mo", "EUSAGE"})
    unit.assertEquals((refused("age", "30")),
        "'30' names no unit: write 30d (days), or one of s min h d w mo y behind it")
    for _, number in ipairs{30, 0, 2592000, 1.5} do
        unit.assertStrContains((refused("age", number)), "names no unit")
    end
    unit.assertEquals((refused("age", "5d", {min = 1 << 30})), "432000 is less than 1073741824")
end

function M.test_choices()
    local spec = {values = {"projects", "clients"}}
    unit.assertEquals(check("choice", "clients", spec), "clients")
    unit.assertEquals((refused("choice", "projcts", spec)), "no 'projcts'; did you mean 'projects'?")
    unit.assertEquals((refused("choice", "zzzzzz", spec)), "no 'zzzzzz'; it is one of projects, clients")
end

function M.test_completion_goes_through_clients_to_projects()
    local session = fake.session()
    unit.assertEquals(types.get("project").complete("a", session), {"acme/"})
    unit.assertEquals(types.get("project").complete("acme/spot", session), {"acme/spot-2031", "acme/spot one"})
    unit.assertEquals(types.get("which").complete("a", session), {"acme/", "all"})
    unit.assertEquals(types.get("database").complete("", session), {"WORK", "NAS", "STORAGE"})
end

function M.test_a_project_without_its_client_is_recognised()
    local session = fake.session()
    unit.assertEquals((types.get("project").check("film", session, {})), "blue/film")
    unit.assertEquals((types.get("which").check("film", session, {})), "blue/film")
    local _, message = types.get("project").check("spot", session, {})
    unit.assertEquals(message, "'spot' is no project; did you mean 'acme/spot-2031' or 'acme/spot one'?")
    _, message = types.get("project").check("nosuch", session, {})
    unit.assertEquals(message, "'nosuch' is no project: write CLIENT/PROJECT")
end

return M
