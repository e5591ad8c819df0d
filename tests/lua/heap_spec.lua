-- The memory that the program gives to Lua (src/host/heap.c): every size keeps what is in it, also while it is moved.
local unit = require("luaunit")

local M = {}

-- A text of a length that says itself all over.
local function text_of(length)
    return (tostring(length) .. "."):rep(length // #tostring(length) + 1):sub(1, length)
end

function M.test_every_size_keeps_its_content()
    local texts = {}
    for length = 1, 1200 do
        texts[length] = text_of(length)
    end
    for length = 1250, 70000, 531 do
        texts[length] = text_of(length)
    end
    collectgarbage()
    for length, text in pairs(texts) do
        unit.assertEquals(text == text_of(length), true, length)
    end
end

-- Lua moves a table's part to a block of twice the size, and to a smaller one when it shrinks.
function M.test_what_grows_and_shrinks_is_moved_whole()
    for count = 1, 9000, 211 do
        local list, map = {}, {}
        for i = 1, count do
            list[i], map["key " .. i] = i, -i
        end
        for i = 1, count do
            unit.assertEquals(list[i], i)
            unit.assertEquals(map["key " .. i], -i)
        end
        for i = count, 2, -1 do
            list[i], map["key " .. i] = nil, nil
        end
        collectgarbage()
        map.one = 1    -- it is made anew, and smaller
        unit.assertEquals(list[1], 1)
        unit.assertEquals(map["key 1"], -1)
    end
end

-- A sanitizer has a heap of its own, which keeps what was freed for a while.
local function is_sanitized()
    local maps <close> = assert(io.open("/proc/self/maps"))
    return maps:read("a"):find("lib[at]san") ~= nil
end

function M.test_what_was_freed_is_taken_again()
    if is_sanitized() then
        return unit.skip("under a sanitizer")
    end
    local function use()
        local list = {}
        for i = 1, 20000 do
            list[i] = {i, tostring(i)}
        end
        return #list
    end
    unit.assertEquals(use(), 20000)
    collectgarbage()
    local function resident()
        local file <close> = assert(io.open("/proc/self/statm"))
        return tonumber(file:read("a"):match("^%d+ (%d+)"))
    end
    local before = resident()
    for _ = 1, 10 do
        use()
        collectgarbage()
    end
    unit.assertTrue(resident() - before < 2000, "pages more than before")
end

return M
