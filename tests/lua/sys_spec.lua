local unit = require("luaunit")
local helper = require("helper")
local fs = require("core.fs")
local sys = require("core.sys")

local M = {}

function M.test_run_gives_the_exit_status()
    unit.assertEquals(sys.run({"true"}), 0)
    unit.assertEquals(sys.run({"sh", "-c", "exit 5"}), 5)
    unit.assertEquals(sys.run({"sh", "-c", "kill -9 $$"}), 137)
end

function M.test_arguments_are_passed_as_they_are()
    unit.assertEquals(sys.run({"sh", "-c", 'test "$1" = "a b; \'c"', "sh", "a b; 'c"}), 0)
end

function M.test_a_program_that_is_not_there()
    local status, message, code = sys.run({"no-such-program"})
    unit.assertNil(status)
    unit.assertEquals(message, "ENOENT: No such file or directory: no-such-program")
    unit.assertEquals(code, "ENOENT")
    unit.assertEquals(select(3, sys.spawn({"no-such-program"})), "ENOENT")
    unit.assertEquals(select(3, sys.spawn({"/etc"}, {detach = true})), "EACCES")
end

function M.test_misuse_raises()
    unit.assertError(sys.run)
    unit.assertError(sys.run, {})
    unit.assertError(sys.run, {"sh", 1})
    unit.assertError(sys.run, {"a\0b"})
    unit.assertError(sys.random_hex, 0)
    unit.assertError(sys.format_time, 0, "mars", "%Y")
end

function M.test_run_gives_bytes_nothing_or_our_own()
    local folder <close> = helper.folder()
    local file = folder.path .. "/out"
    local bytes = ("x"):rep(300000)
    unit.assertEquals(sys.run({"sh", "-c", 'cat >"$1"', "sh", file}, bytes), 0)
    unit.assertEquals(fs.read(file, 1000000), bytes)
    unit.assertEquals(sys.run({"sh", "-c", "exit 2"}, bytes), 2)
    unit.assertEquals(sys.run({"sh", "-c", "! read line"}, ""), 0)
    unit.assertEquals(sys.run({"sh", "-c", 'test "$(readlink /proc/self/fd/0)" = /dev/null'}, false), 0)
end

function M.test_spawn_goes_on_at_once()
    local before = sys.monotonic()
    unit.assertTrue(sys.spawn({"sleep", "3"}))
    unit.assertTrue(sys.monotonic() - before < 2)
end

function M.test_which()
    unit.assertStrMatches(sys.which("sh"), "/.*/sh")
    unit.assertNil(sys.which("no-such-program"))
end

function M.test_format_time()
    unit.assertEquals(sys.format_time(0, "utc", "%Y-%m-%dT%H:%M:%SZ"), "1970-01-01T00:00:00Z")
    unit.assertEquals(sys.format_time(-1, "utc", "%Y"), "1969")
    unit.assertEquals(sys.format_time(1951099200 * 1000000000, "utc", "%F"), "2031-10-30")
    unit.assertEquals(sys.format_time(0, "local", "%H"), "00")
end

function M.test_clock()
    unit.assertEquals(math.type(sys.now()), "integer")
    unit.assertTrue(math.abs(sys.now() // 1000000000 - os.time()) <= 1)
end

function M.test_random_hex()
    unit.assertStrMatches(sys.random_hex(4), "%x%x%x%x%x%x%x%x")
    unit.assertNotEquals(sys.random_hex(16), sys.random_hex(16))
end

function M.test_string_width()
    unit.assertEquals(sys.string_width("plain"), 5)
    unit.assertEquals(sys.string_width(""), 0)
    unit.assertEquals(sys.string_width("a\0\n\27"), 4)
    unit.assertEquals(sys.string_width("\xff\xfe"), 2)
    if sys.locale_utf8() then
        unit.assertEquals(sys.string_width("é"), 1)
        unit.assertEquals(sys.string_width("e\u{301}"), 1)
        unit.assertEquals(sys.string_width("日本"), 4)
        for text, width in pairs{["👩‍👩‍👧‍👦"] = 2, ["❤\u{FE0F}"] = 2, ["❤"] = 1, ["1\u{FE0F}\u{20E3}"] = 2,
            ["👍🏽"] = 2, ["🏃‍♂\u{FE0F}x"] = 3, ["क्\u{200D}ष"] = 2, ["a\u{FE0F}b"] = 2} do
            unit.assertEquals(sys.string_width(text), width, text)
        end
        unit.assertEquals(sys.string_width("\xe6\x97"), 2)
    end
end

function M.test_write_reports_a_full_disk()
    unit.assertTrue(sys.write(2, ""))
    unit.assertEquals(select(3, sys.write(99, "x")), "EBADF")
end

function M.test_the_user_and_the_machine()
    unit.assertEquals(sys.user_home(), os.getenv("HOME"))
    unit.assertEquals(sys.getenv("HOME"), os.getenv("HOME"))
    unit.assertNil(sys.getenv("NO_SUCH_VARIABLE"))
    unit.assertTrue(#sys.hostname() > 0)
    unit.assertTrue(sys.getpid() > 1)
end

return M
