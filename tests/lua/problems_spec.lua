local unit = require("luaunit")
local out_view = require("autobackup.view.out")
local problems = require("autobackup.view.problems")

local M = {}

local function shown(list, verbose)
    local lines = {}
    local out = out_view.new{tty = false, write = function(text) lines[#lines + 1] = text:gsub("\n$", "") end}
    problems.show(list, out, verbose)
    return lines
end

function M.test_nothing_to_say()
    unit.assertEquals(shown({}), {})
    unit.assertEquals(shown(nil), {})
end

function M.test_a_path_is_said_once()
    unit.assertEquals(shown({{path = "/mnt/a/b", message = "EIO: Input/output error: a/b"}}),
        {"  /mnt/a/b: EIO: Input/output error"})
    unit.assertEquals(shown({{path = "/mnt/a/b", message = "a/b: newer at the destination"}}),
        {"  /mnt/a/b: newer at the destination"})
    unit.assertEquals(shown({{path = "/mnt/NAS", message = "NAS is offline: /mnt/NAS is not there: plug it in"}}),
        {"  NAS is offline: /mnt/NAS is not there: plug it in"})
    unit.assertEquals(shown({{path = "/mnt/NAS", message = "NAS is busy"}}), {"  /mnt/NAS: NAS is busy"})
end

function M.test_equal_reasons_stand_together_and_frames_are_folded()
    local list = {}
    for frame = 1, 30 do
        local name = ("b.%04d.exr"):format(frame)
        list[frame] = {path = "/mnt/a/" .. name, message = "EACCES: Permission denied: a/" .. name}
    end
    list[31] = list[30]
    unit.assertEquals(shown(list),
        {"  30 paths: EACCES: Permission denied", "    /mnt/a/b.0001-0030.exr (30 files)"})
end

function M.test_never_a_screen_full()
    local list = {}
    for i = 1, 50 do
        local name = string.char(64 + i % 26) .. ("x"):rep(i)
        list[i] = {path = "/mnt/" .. name, message = "EIO: Input/output error"}
    end
    local lines = shown(list)
    unit.assertEquals(#lines, 22)
    unit.assertEquals(lines[22], "    and 30 more")
    unit.assertEquals(#shown(list, true), 51)
end

return M
