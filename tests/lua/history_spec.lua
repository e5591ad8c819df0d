-- What history shows on terminals of several widths: one line for each operation.
local unit = require("luaunit")
local core_sys = require("core.sys")
local history = require("autobackup.commands.history")
local outputs = require("autobackup.view.out")

local M = {}

local function operation(number, fields)
    local row = {type = "operation", operation = ("20310527T101112-%04x"):format(number), kind = "copy",
        project = "acme/spot-2031-directors-cut-international", category = "footage", from = "ARCHIVE-LTO-2001",
        to = ("ARCHIVE-LTO-20%02d"):format(number), state = "done", user = "anna", host = "edit-1", files = 1200,
        bytes = 8000000000, created = 1190, replaced = 10, seconds = 61,
        started_at = core_sys.now() // 1000000000 - 7200}
    for key, value in pairs(fields or {}) do
        row[key] = value
    end
    return row
end

local function shown(list, width)
    local parts = {}
    local out = outputs.new{write = function(bytes) parts[#parts + 1] = bytes end, width = width,
        tty = width ~= nil, color = "never"}
    history.show(list, out)
    local lines = {}
    for line in table.concat(parts):gmatch("[^\n]*") do
        lines[#lines + 1] = line ~= "" and line or nil
    end
    return lines
end

local function twelve()
    local list = {}
    for i = 1, 12 do
        list[i] = operation(i + 1, i == 3 and {undone_by = "20310527T101112-0009"}
            or i > 9 and {run = "20310527T101112-ffff"} or nil)
    end
    return list
end

function M.test_each_operation_is_one_line_at_60_80_and_120_columns()
    for _, width in ipairs{60, 80, 120} do
        local lines, count = shown(twelve(), width), 0
        for _, line in ipairs(lines) do
            unit.assertTrue(core_sys.string_width(line) <= width, line)
            count = count + (line:find("copy", 1, true) and 1 or 0)
        end
        unit.assertEquals(count, 10)
        unit.assertStrContains(lines[1], "OPERATION  WHEN")
        unit.assertStrContains(lines[2], "2 h ")
        unit.assertStrContains(lines[4], "undone")
        unit.assertStrContains(lines[11], "ffff (3)")
        unit.assertStrContains(lines[12], " = ARCHIVE-LTO-20")    -- what the short names mean
        unit.assertNotStrContains(lines[1], "WHO")
    end
end

function M.test_all_is_there_where_there_is_room_in_a_pipe_and_of_a_single_operation()
    unit.assertStrContains(shown(twelve(), 250)[2], "anna@edit-1")
    unit.assertStrContains(shown(twelve())[2], "anna@edit-1")
    unit.assertStrContains(shown(twelve())[1], "RUN")
    local one = {is_one = true, operation(2)}
    local text = table.concat(shown(one, 60), "\n")
    unit.assertStrContains(text, "anna@edit-1")
    unit.assertStrContains(text, "FROM ARCHIVE-LTO-2001")
    unit.assertStrContains(text, "CREATED 1,190")
end

return M
