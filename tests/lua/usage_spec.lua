local unit = require("luaunit")
local command = require("autobackup.command")
local usage = require("autobackup.usage")

local M = {}

local declaration = command.check{
    name = "move", summary = "move a project", details = "It moves.", run = function() end,
    examples = {"move acme/spot WORK"},
    args = {{"project", "project", help = "what to move"}, {"to", "database", many = true},
        {"client", "client", keyword = "in"}, {"database", "database", keyword = "in"}},
    options = {["dry-run"] = {short = "n", help = "only show the plan"},
        older = {type = "age", default = "30d", help = "what is older"},
        verify = {type = "choice", values = {"readback", "none"}}},
}

function M.test_the_usage_line()
    unit.assertEquals(usage.line(declaration), "move CLIENT/PROJECT TO... [in CLIENT] [in DATABASE] [OPTIONS]")
    unit.assertEquals(usage.line(command.check{name = "x", run = print, args = {{"a", "text", optional = true}}}),
        "x [A]")
end

function M.test_the_whole_help()
    unit.assertEquals(table.concat(usage.lines(declaration), "\n"), [[
usage: move CLIENT/PROJECT TO... [in CLIENT] [in DATABASE] [OPTIONS]

move a project

It moves.

arguments:
  CLIENT/PROJECT  what to move

options:
  -n, --dry-run           only show the plan
  --older AGE             what is older (default 30d)
  --verify readback|none
  --json                  print the result as JSON, one object per line
  --help                  print this help

examples:
  move acme/spot WORK]])
end

function M.test_wrapping()
    unit.assertEquals(usage.wrap("one two three four five six", 20), {"one two three four", "five six"})
    unit.assertEquals(usage.wrap("", 80), {""})
    unit.assertEquals(usage.wrap("a\nb", 80), {"a", "b"})
end

function M.test_the_overview_goes_by_group()
    local registry = command.registry(nil, {"autobackup.commands.list", "autobackup.commands.exit"})
    registry:declare{name = "mine", summary = "own", run = print}
    local groups = {}
    for i, group in ipairs(usage.overview(registry)) do
        groups[i] = group.group .. ":" .. group.commands[1].name
    end
    unit.assertEquals(groups, {"look:list", "session:exit", "your own:mine"})
end

return M
