local unit = require("luaunit")
local capacity = require("autobackup.capacity")

local M = {}

local MB = 1000000

local function want(category, bytes, inodes, database)
    return {item = {project = "acme/spot", category = category}, target = {database = database or "NAS"},
        bytes = bytes * MB, inodes = inodes or 1}
end

local function disk(free, ...)
    return {wants = {...}, names = {"NAS"}, bytes_free = free * MB, inodes_free = 1000}
end

local function categories(wants)
    local list = {}
    for i, one in ipairs(wants) do
        list[i] = one.item.category
    end
    return table.concat(list, " ")
end

-- Each of them fits, all three do not.
function M.test_what_fits_one_by_one_need_not_fit_together()
    local three = disk(296, want("footage", 120), want("render", 100), want("grade", 102))
    unit.assertFalse(capacity.has_room(three))
    unit.assertTrue(capacity.has_room(disk(322, table.unpack(three.wants))))
    local chosen, left = capacity.choose(three)
    unit.assertEquals({categories(chosen), categories(left)}, {"footage render", "grade"})
end

function M.test_a_smaller_one_behind_fits()
    local chosen, left = capacity.choose(disk(100, want("a", 60), want("b", 50), want("c", 40)))
    unit.assertEquals({categories(chosen), categories(left)}, {"a c", "b"})
end

-- Two sparse files may claim more than a number holds.
function M.test_what_is_beyond_all_numbers_has_no_room()
    local huge = disk(100, want("a", 0), want("b", 0), want("c", 1))
    huge.wants[1].bytes, huge.wants[2].bytes = 7 << 60, 7 << 60
    unit.assertFalse(capacity.has_room(huge))
    local chosen, left = capacity.choose(huge)
    unit.assertEquals({categories(chosen), categories(left)}, {"c", "a b"})
    unit.assertEquals(capacity.sentence(huge),
        "NAS has no room: 9.2 EB needed in all, 100 MB free; what fits, in order: acme/spot c (1.0 MB); "
        .. "what does not: acme/spot a, acme/spot b (9.2 EB)")
end

function M.test_inodes_count_too()
    local many = disk(100, want("a", 1, 600), want("b", 1, 600))
    unit.assertFalse(capacity.has_room(many))
    unit.assertEquals(capacity.sentence(many),
        "NAS has no room for so many files: 1,200 to make, 1,000 free; what "
        .. "fits, in order: acme/spot a (1.0 MB); what does not: acme/spot b (1.0 MB)")
end

function M.test_a_filesystem_that_does_not_count_them_has_room()
    local uncounted = disk(1, want("a", 500, 10000))
    uncounted.bytes_free, uncounted.inodes_free = nil, nil
    unit.assertTrue(capacity.has_room(uncounted))
end

function M.test_the_sentence()
    local three = disk(296, want("same", 0, 0), want("footage", 120), want("render", 100), want("grade", 102))
    unit.assertEquals(capacity.sentence(three), "NAS has no room: 322 MB needed in all, 296 MB free; what fits, "
        .. "in order: acme/spot footage, acme/spot render (220 MB); what does not: acme/spot grade (102 MB)")
    unit.assertEquals(capacity.sentence(disk(1, want("same", 0, 0), want("a", 5))),
        "NAS has no room: 5.0 MB needed in all, 1.0 MB free; none of it fits")
    local shared = disk(1, want("a", 5, 1, "NAS"), want("a", 5, 1, "USB"))
    shared.names, shared.is_bound = {"NAS", "USB"}, true
    unit.assertEquals(capacity.sentence(shared), "NAS and USB have (on one disk) no room: up to 10 MB needed in "
        .. "all, 1.0 MB free; none of it fits")
end

return M
