local unit = require("luaunit")
local dkjson = require("dkjson")
local json = require("autobackup.view.json")
local rows = require("autobackup.rows")

local M = {}

local function decode(text)
    local value, _, message = dkjson.decode(text)
    unit.assertNil(message)
    return value
end

function M.test_type_comes_first_and_keys_keep_their_order()
    local row = rows.row("category", {path = "scratch/render", category = "render", zebra = 1, action = "added"})
    unit.assertEquals(json.encode(row),
        '{"type":"category","category":"render","path":"scratch/render","action":"added","zebra":1}')
end

function M.test_every_key_of_a_type_is_there()
    unit.assertEquals(json.encode(rows.row("problem", {path = "/a", code = "EIO"})),
        '{"type":"problem","path":"/a","code":"EIO","message":null}')
end

function M.test_integers_are_exact_and_times_are_utc()
    local object = decode(json.encode(rows.row("replica", {bytes = 9007199254740993, newest = 0,
        loaded_at = 1951099200, files = 0, online = false})))
    unit.assertEquals(object.bytes, 9007199254740993)
    unit.assertEquals(object.newest, "1970-01-01T00:00:00Z")
    unit.assertEquals(object.loaded_at, "2031-10-30T04:00:00Z")
    unit.assertFalse(object.online)
end

function M.test_bytes_that_are_no_text()
    local object = decode(json.encode(rows.row("problem", {path = "/a/\xff", code = "x", message = "m\n"})))
    unit.assertEquals(object.path, "/a/\u{FFFD}")
    unit.assertEquals(object.path_bytes, "L2Ev/w==")
    unit.assertEquals(object.message, "m\n")
    unit.assertNil(object.message_bytes)
end

function M.test_a_result_is_its_rows_then_its_problems()
    local result = {rows.row("client", {client = "a\nb"}), status = 3, notes = {"not here"},
        problems = {{path = "p", code = "EIO", message = "m"}}}
    local lines = {}
    for line in json.encode_rows(result):gmatch("([^\n]*)\n") do
        lines[#lines + 1] = decode(line)
    end
    unit.assertEquals(#lines, 2)
    unit.assertEquals({lines[1].type, lines[1].client}, {"client", "a\nb"})
    unit.assertEquals(lines[2].type, "problem")
end

function M.test_what_is_no_row()
    unit.assertEquals(json.encode_rows({}), "")
    unit.assertEquals(json.encode_rows(nil), "")
    unit.assertEquals(json.encode_rows("text"), '{"type":"value","value":"text"}\n')
    unit.assertEquals(json.encode_rows({1, "b"}), '{"type":"value","value":1}\n{"type":"value","value":"b"}\n')
    unit.assertEquals(json.encode_rows({a = 1}), '{"type":"row","a":1}\n')
    local loop = {name = "x"}
    loop.itself = loop
    unit.assertEquals(decode(json.encode(loop)).name, "x")
    unit.assertEquals(type(decode(json.encode({f = print})).f), "string")
end

return M
