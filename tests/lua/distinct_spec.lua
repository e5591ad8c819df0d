local unit = require("luaunit")
local sys = require("core.sys")
local distinct = require("autobackup.view.distinct")

local M = {}

local function names(list, width)
    return distinct.names(list, width, sys.string_width, "…")
end

function M.test_what_fits_stays()
    unit.assertEquals({names({"WORK", "NAS"}, 4)}, {{"WORK", "NAS"}, true})
    unit.assertEquals({names({}, 4)}, {{}, true})
    unit.assertEquals(names({"ARCHIVE"}, 4), {"AR…E"})
end

function M.test_names_are_told_apart_by_what_they_do_not_share()
    unit.assertEquals({names({"ARCHIVE_01", "ARCHIVE_02", "ARCHIVE_12"}, 2)}, {{"01", "02", "12"}, true})
    unit.assertEquals({names({"ARCHIVE_A", "ARCHIVE_B", "NAS", "WORK"}, 2)}, {{"AA", "AB", "NS", "WK"}, true})
    unit.assertEquals(names({"ARCHIVE_01", "ARCHIVE_02"}, 6), {"01", "02"})
end

function M.test_twelve_disks_in_two_columns()
    local list = {}
    for i = 1, 12 do
        list[i] = ("ARCHIVE_%02d"):format(i)
    end
    local cut, are_distinct = names(list, 2)
    local seen = {}
    for _, name in ipairs(cut) do
        unit.assertTrue(sys.string_width(name) <= 2)
        unit.assertNil(seen[name])
        seen[name] = true
    end
    unit.assertTrue(are_distinct)
end

function M.test_what_cannot_be_told_apart_is_said()
    unit.assertFalse(select(2, names({"ax1", "bx1", "cx1", "ay1"}, 1)))
    unit.assertEquals(names({"映画A", "映画B"}, 2), {"A", "B"})
end

return M
