-- What a mirror may take without a question.
local unit = require("luaunit")
local mirror = require("autobackup.mirror")

local M = {}

local function plan(fields)
    local made = {project = "acme/spot", category = "render", to = "NAS", extra = 0, files = 1000,
        source_files = 900}
    for key, value in pairs(fields) do
        made[key] = value
    end
    return made
end

local function is_asked(fields)
    return mirror.judge(plan(fields)) ~= nil
end

function M.test_a_quarter_and_a_hundred_are_the_border()
    unit.assertFalse(is_asked{extra = 250})
    unit.assertTrue(is_asked{extra = 251})
    unit.assertFalse(is_asked{extra = 99, files = 99})
    unit.assertTrue(is_asked{extra = 100, files = 399})
    unit.assertFalse(is_asked{extra = 100, files = 400})
    unit.assertFalse(is_asked{})
end

function M.test_an_empty_source_is_asked_about_however_little_goes()
    unit.assertTrue(is_asked{extra = 1, source_files = 0})
    unit.assertFalse(is_asked{extra = 0, source_files = 0})
end

function M.test_what_goes_from_a_half_read_source_is_asked_about_however_little()
    unit.assertFalse(is_asked{incomplete = true, extra = 0})
    unit.assertTrue(is_asked{incomplete = true, extra = 1})
    unit.assertStrContains(mirror.judge(plan{extra = 1, incomplete = true}),
        "1 file would be removed, and the source could not")
end

function M.test_every_destination_is_told()
    unit.assertEquals(mirror.lines{plan{extra = 300}, plan{extra = 10, to = "USB"},
        plan{extra = 7, source_files = 0, to = "USB", category = "cache"}}, {
        "acme/spot render to NAS: 300 of 1,000 files would be removed",
        "acme/spot cache to USB: all 7 files would be removed: the source has none"})
end

-- Fifty projects that lose ninety files each are many files all the same.
function M.test_many_small_losses_add_up()
    local plans = {}
    for i = 1, 50 do
        plans[i] = plan{project = "acme/p" .. i, extra = 90, files = 100, source_files = 10}
    end
    unit.assertEquals(mirror.lines(plans), {"NAS in all: 4,500 of 5,000 files would be removed"})
    plans[51] = plan{project = "acme/large", files = 100000, extra = 0}
    unit.assertEquals(mirror.lines(plans), {})
end

return M
