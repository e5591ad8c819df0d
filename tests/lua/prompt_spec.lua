local unit = require("luaunit")
local fake = require("fake")
local prompt = require("autobackup.prompt")

local M = {}

local function state(offline, damaged)
    return {databases = 4, offline = offline or {}, damaged = damaged or 0}
end

local function text(setting, how)
    return prompt.text(setting, ">>> ", how or state(), fake.session().out)
end

function M.test_what_is_wrong_stands_before_a_text()
    unit.assertEquals(text(">>> "), ">>> ")
    unit.assertEquals(text(">>> ", state{"NAS"}), "[NAS offline] >>> ")
    unit.assertEquals(text("studio: ", state{"NAS", "SHELF"}), "[NAS, SHELF offline] studio: ")
    unit.assertEquals(text(">>> ", state{"A", "B", "C"}), "[3 offline] >>> ")
    unit.assertEquals(text(">>> ", state({"A"}, 7)), "[A offline, 7 damaged] >>> ")
    local found = state()
    found.differing = 1
    unit.assertEquals(text(">>> ", found), "[1 differs] >>> ")
end

function M.test_a_function_gets_the_state_and_returns_all_of_it()
    local function mine(given)
        return ("%d/%d %s> "):format(given.databases - #given.offline, given.databases, given.trouble)
    end
    unit.assertEquals(text(mine, state({"A"}, 1)), "3/4 A offline, 1 damaged> ")
end

function M.test_colours_take_no_room()
    unit.assertEquals(text("\27[32mgo\27[0m> "), "\1\27[32m\2go\1\27[0m\2> ")
end

function M.test_a_function_that_fails_gives_way_to_the_default()
    local shown, problem = text(function() error("mine", 0) end, state{"NAS"})
    unit.assertEquals({shown, problem}, {"[NAS offline] >>> ", "mine"})
    shown, problem = text(function() return {} end)
    unit.assertEquals({shown, problem}, {">>> ", "it returned a table, not a string"})
end

return M
