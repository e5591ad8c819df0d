local unit = require("luaunit")
local sequence = require("autobackup.view.sequence")

local M = {}

local function described(names)
    local lines = {}
    for i, entry in ipairs(sequence.fold(names)) do
        lines[i] = sequence.describe(entry)
    end
    return lines
end

local function frames(format, first, last, skip)
    local names = {}
    for number = first, last do
        if not (skip and skip[number]) then
            names[#names + 1] = format:format(number)
        end
    end
    return names
end

function M.test_a_sequence_is_one_line()
    unit.assertEquals(described(frames("shot/beauty.%04d.exr", 1, 1440)),
        {"shot/beauty.0001-1440.exr (1440 files)"})
end

function M.test_gaps_are_named()
    unit.assertEquals(described(frames("b.%04d.exr", 1, 20, {[7] = true, [10] = true, [11] = true})),
        {"b.0001-0020.exr (17 files, 3 missing: 0007, 0010-0011)"})
end

function M.test_few_and_other_names_stay()
    local names = {"a.0001.exr", "notes.txt", "a.0002.exr", "v2", "A001.mov"}
    unit.assertEquals(described(names), names)
end

function M.test_padding_ends_where_numbers_outgrow_it()
    unit.assertEquals(described({"a.0998.exr", "a.0999.exr", "a.1000.exr"}), {"a.0998-1000.exr (3 files)"})
    unit.assertEquals(described({"f098", "f099", "f100", "f1000"}), {"f098-1000 (4 files, 899 missing: 101-999)"})
end

function M.test_unpadded_numbers()
    unit.assertEquals(described({"a8.tif", "a9.tif", "a10.tif"}), {"a8-10.tif (3 files)"})
end

function M.test_different_padding_is_different()
    local lines = described({"a.001.x", "a.002.x", "a.003.x", "a.0001.x", "a.0002.x", "a.0003.x"})
    unit.assertEquals(lines, {"a.001-003.x (3 files)", "a.0001-0003.x (3 files)"})
end

function M.test_folders_are_kept_apart()
    local names = frames("b/x.%02d.exr", 1, 3)
    table.move(frames("a/x.%02d.exr", 1, 3), 1, 3, 4, names)
    unit.assertEquals(described(names), {"b/x.01-03.exr (3 files)", "a/x.01-03.exr (3 files)"})
end

function M.test_numbers_too_long_to_be_frames()
    local names = {"1234567890123456", "1234567890123457", "1234567890123458"}
    unit.assertEquals(described(names), names)
end

return M
