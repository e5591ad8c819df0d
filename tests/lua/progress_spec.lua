local unit = require("luaunit")
local out = require("autobackup.view.out")
local progress = require("autobackup.view.progress")
local sys = require("core.sys")

local M = {}

-- A session whose stderr is a pipe's file descriptor is never drawn on unless it is told to.
local function session(when)
    local err = out.new{fd = 2, tty = false, width = 84}
    err.utf8, err.marks = true, out.MARKS.utf8
    return {progress = when, quiet = false, settings = {}, err = err}
end

-- What is written to descriptor 2, and a clock that goes on by itself.
local function watch(fn)
    local written, clock = {}, 100
    local write, monotonic, takes_more = sys.write, sys.monotonic, sys.takes_more
    sys.write = function(_, bytes) written[#written + 1] = bytes end
    sys.monotonic = function() return clock end
    sys.takes_more = function() return not written.is_stuck end
    local ok, err = pcall(fn, function(seconds) clock = clock + seconds end, written)
    sys.write, sys.monotonic, sys.takes_more = write, monotonic, takes_more
    assert(ok, err)
    return written
end

local function plain(bytes)
    return (bytes:gsub("\27%[[%d;]*%a", ""):gsub("\r", ""))
end

function M.test_nothing_is_drawn_early_and_then_ten_times_a_second_at_most()
    local written = watch(function(pass)
        local line <close> = progress.new(session("always"), "load NAS")
        for i = 1, 40 do
            pass(0.05)
            line:show{files = i, bytes = i * 1000}
        end
    end)
    unit.assertTrue(#written >= 9 and #written <= 16, #written)
    unit.assertStrContains(plain(written[1]), "load NAS  ")
    unit.assertEquals(written[#written], "\r\27[J")    -- closing takes it away
end

function M.test_nothing_on_a_pipe()
    unit.assertEquals(watch(function(pass)
        local line <close> = progress.new(session("auto"), "load NAS")
        pass(5)
        line:show{files = 1, bytes = 1}
    end), {})
end

function M.test_a_line_for_each_thing_that_runs()
    local written = watch(function(pass)
        local board <close> = progress.board(session("always"))
        local nas, storage = board:line("copy to NAS"), board:line("copy to STORAGE")
        pass(1)
        nas:show{files = 1, files_total = 4, bytes = 1000, bytes_total = 4000}
        pass(1)
        storage:show{files = 2, files_total = 4, bytes = 2000, bytes_total = 4000, path = "a/b.exr"}
        pass(1)
        nas:remove()
        storage:show{files = 3, files_total = 4, bytes = 3000, bytes_total = 4000}
    end)
    unit.assertStrContains(plain(written[2]), "copy to NAS  ")
    unit.assertStrContains(plain(written[2]), "25 %  1.0 of 4.0 kB  1 of 4 files")
    unit.assertStrContains(plain(written[2]), "\ncopy to STORAGE  ")
    unit.assertStrContains(written[3], "\27[1A")
    unit.assertNotStrContains(plain(written[3]), "copy to NAS")
end

function M.test_every_line_fits_and_keeps_what_matters_most()
    for _, width in ipairs{30, 60, 80, 120, 200} do
        local written = watch(function(pass)
            local narrow = session("always")
            narrow.err.width = width
            local line <close> = progress.new(narrow, "copy acme/a project with a long name render to STORAGE")
            for i = 1, 3 do
                pass(1)
                line:show{files = i * 100, files_total = 1200, bytes = i * 1000000000, bytes_total = 12000000000,
                    path = "shot_010/beauty/beauty.0101.exr"}
            end
        end)
        local shown = plain(written[3])
        unit.assertTrue(sys.string_width(shown .. "^C") < width, shown)    -- a Ctrl-C stays in its row
        unit.assertStrContains(shown, "25 %")
        if width >= 60 then
            unit.assertStrContains(shown, " left")
        end
        if width >= 120 then
            unit.assertStrContains(shown, "0101.exr")
        end
    end
end

function M.test_what_is_shown_already_is_not_sent_again()
    local written = watch(function(pass)
        local line <close> = progress.new(session("always"), "load NAS")
        for _ = 1, 20 do
            pass(1)
            line:show{files = 1, bytes = 0}
        end
    end)
    unit.assertEquals(#written, 3)    -- the second one when the rate came to rest
end

function M.test_a_terminal_that_takes_nothing_keeps_no_work_waiting()
    local written = watch(function(pass, written)
        local board <close> = progress.board(session("always"))
        local line = board:line("copy to NAS")
        pass(1)
        line:show{files = 1, bytes = 1}
        written.is_stuck = true
        pass(1)
        line:show{files = 2, bytes = 2}
        line:remove()
        unit.assertEquals(#written, 1)
        written.is_stuck = false
    end)
    unit.assertEquals({#written, written[2]}, {2, "\r\27[J"})
end

function M.test_the_rest_is_not_guessed_from_next_to_nothing()
    local written = watch(function(pass)
        local line <close> = progress.new(session("always"), "copy to NAS")
        pass(1)
        line:show{files = 1, files_total = 3, bytes = 5, bytes_total = 21000000}
        pass(1)
        line:show{files = 2, files_total = 3, bytes = 2000000, bytes_total = 21000000}
    end)
    unit.assertNotStrContains(written[1], " left")
    unit.assertStrContains(written[2], " left")
end

function M.test_an_interruption_ends_the_drawing()
    local written = watch(function(pass)
        local line <close> = progress.new(session("always"), "load NAS")
        pass(1)
        line:show{files = 1, bytes = 1}
        progress.stop()
        pass(1)
        line:show{files = 2, bytes = 2}
        progress.idle()
        progress.idle()
    end)
    unit.assertEquals({#written, written[2]}, {3, "\r\27[J"})
    unit.assertStrContains(written[3], "Ctrl-C again")
end

return M
