local unit = require("luaunit")
local folders = require("autobackup.browser.folder")
local models = require("autobackup.browser.model")

local M = {}

-- What core.content gives for a folder, by name.
local function content(entries)
    local folder, shown = {}, entries
    function folder.arrange(_, _, filter)
        shown = {}
        local pattern = filter and filter:gsub("[%.%-]", "%%%0"):gsub("%*", ".*")
        for _, entry in ipairs(entries) do
            if not pattern or entry.name:find(pattern) then
                shown[#shown + 1] = entry
            end
        end
        return #shown
    end
    function folder.rows(_, first, last) return table.move(shown, first, math.min(last, #shown), 1, {}) end
    function folder.place(_, name)
        for i, entry in ipairs(shown) do
            if entry.name == name then
                return i
            end
        end
    end
    function folder.totals() return {count = #entries, bytes = 1, files = 1, largest = 9} end
    function folder.add_sums() entries[#entries].bytes = 500 end
    function folder.close() end
    return folder
end

local function shot()
    local entries = {}
    for _, frame in ipairs{1, 2, 3, 5, 8} do
        entries[#entries + 1] = {name = ("a.%04d.exr"):format(frame), kind = "file", bytes = 10, files = 1,
            newest = frame, errors = 0}
    end
    entries[#entries + 1] = {name = "notes.txt", kind = "file", bytes = 7, files = 1, newest = 1, errors = 0}
    entries[#entries + 1] = {name = "z", kind = "directory", errors = 0}
    return folders.new(content(entries), {kind = "folder", database = "NAS", client = "c", name = "p",
        category = "render", path = ""}, {ready = function() return true end})
end

local function names(list)
    local found = {}
    for i, row in ipairs(list:rows(1, list:count())) do
        found[i] = row.name
    end
    return found
end

function M.test_frames_are_folded_and_their_gaps_said()
    local list = shot()
    unit.assertEquals(names(list), {"a.0001-0008.exr", "notes.txt", "z"})
    local row = list:rows(1, 1)[1]
    unit.assertEquals({row.kind, row.bytes, row.files, row.newest, row.missing, row.pattern},
        {"sequence", 50, 5, 8, 3, "a.*.exr"})
    unit.assertEquals(row.note, "3 missing: 0004, 0006-0007")
    unit.assertEquals(row.frames, {"a.[0-9][0-9][0-9][0-9].exr"})
    unit.assertEquals({list:totals().count, list:totals().largest}, {7, 50})
    unit.assertEquals(list:place("a.0005.exr"), 1)
    unit.assertEquals(list:rows(3, 3)[1].into.path, "z")
end

function M.test_a_filter_shows_single_files()
    local list = shot()
    unit.assertEquals(list:arrange("name", "a.000*"), 5)
    unit.assertEquals(names(list)[4], "a.0005.exr")
    unit.assertEquals(list:arrange("name", ""), 3)
end

function M.test_folders_get_their_sums()
    local list = shot()
    list:arrange("size")
    unit.assertFalse(list:is_pending(0))
    unit.assertEquals(names(list), {"z", "a.0001-0008.exr", "notes.txt"})
end

function M.test_a_sequence_is_opened_and_left()
    local list = shot()
    local m = models.new{place = {kind = "folder", database = "NAS", client = "c", name = "p", category = "render",
        path = ""}, list = list, databases = {}, commands = function() return true end}
    models.enter(m, m.place, list, "a.0001-0008.exr")
    unit.assertNil(models.key(m, "enter"))
    unit.assertEquals({m.filter, list:count(), models.row(m).name}, {"a.*.exr", 5, "a.0001.exr"})
    models.key(m, "down")
    unit.assertNil(models.key(m, "left"))
    unit.assertEquals({m.filter, list:count(), models.row(m).name}, {nil, 3, "a.0001-0008.exr"})
    unit.assertEquals(models.key(m, "left").kind, "open")
end

return M
