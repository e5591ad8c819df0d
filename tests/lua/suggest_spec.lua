local unit = require("luaunit")
local suggest = require("autobackup.suggest")

local M = {}

function M.test_swapped_missing_and_wrong_letters()
    local names = {"WORK", "STORAGE", "NAS"}
    unit.assertEquals(suggest.nearest("NSA", names), "NAS")
    unit.assertEquals(suggest.nearest("work", names), "WORK")
    unit.assertEquals(suggest.nearest("STORGE", names), "STORAGE")
    unit.assertEquals(suggest.nearest("fech", {"list", "fetch"}), "fetch")
    unit.assertNil(suggest.nearest("xyz", names))
end

function M.test_a_beginning_is_near()
    unit.assertEquals(suggest.nearest("STOR", {"WORK", "STORAGE"}), "STORAGE")
    unit.assertNil(suggest.nearest("x", {"xylophone"}))
end

function M.test_unlike_names_of_one_length_are_not_near()
    unit.assertNil(suggest.nearest("ab", {"cd"}))
    unit.assertNil(suggest.nearest("a", {"b"}))
end

function M.test_the_hint_is_the_end_of_a_message()
    unit.assertEquals(suggest.hint("NSA", {"NAS"}), "; did you mean 'NAS'?")
    unit.assertEquals(suggest.hint("NSA", {}), "")
end

return M
