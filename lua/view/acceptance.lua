--- What was accepted, for people.
local problems_view = require "autobackup.view.problems"
local size = require "autobackup.view.size"
local typed = require "autobackup.view.typed"

local M = {}

local MANY = 5    -- files that are named

local function tell_renewed(row, out)
    for i = 1, math.min(#row.renewed, MANY) do
        out:entry("  ", row.renewed[i], "  had another content", "dim")
    end
    if #row.renewed > MANY then
        out:line(("  ... and %s more that had another content"):format(size.count(#row.renewed - MANY)))
    end
end

local function tell_others(row, out)
    for _, other in ipairs(row.differing) do
        out:prose(out:clean(("%s differs in %s; to bring it there (what it has is kept as versions), type:")
            :format(other.database, size.plural(other.files, "file"))))
        out:line("  " .. out:clean(typed.line("copy", row.project, row.category, row.database, other.database)))
    end
    if #row.differing == 0 then
        out:prose("no other disk is known to have another content of it")
    end
end

--- Show a result.
-- @param result of autobackup.accepting
-- @param out where results go, @param err where problems go, @param verbose whether to list all of them
function M.show(result, out, err, verbose)
    for _, row in ipairs(result) do
        local renewed = row.files_renewed > 0 and (", %s of them with another content than was known"):format(
            size.count(row.files_renewed)) or ""
        out:prose(out:clean(("%s (%s) of %s %s on %s accepted%s"):format(size.plural(row.files_accepted, "file"),
            size.size(row.bytes), row.project, row.category, row.database, renewed)))
        tell_renewed(row, out)
    end
    problems_view.show(result.problems, err, verbose)
    for _, row in ipairs(result) do
        tell_others(row, out)
    end
end

return M
