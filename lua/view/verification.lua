--- What a verification found, for people.
local columns_view = require "autobackup.view.columns"
local problems_view = require "autobackup.view.problems"
local size = require "autobackup.view.size"
local typed = require "autobackup.view.typed"
local sum = require("autobackup.rows").sum

local M = {}

local function columns(out)
    local number = columns_view.numbers(out)
    local function rare(color)
        return {hide = true, color = color}
    end
    return {
        {key = "project", title = "PROJECT", group = true, head = true, min = 12},
        {key = "category", title = "CATEGORY", group = true, head = true},
        {key = "database", title = "DATABASE", head = true, names = true},
        number("files_ok", "OK"), number("files_damaged", "DAMAGED", {color = "red"}),
        number("files_repaired", "REPAIRED", rare("green")), number("files_differing", "DIFFERING", rare("red")),
        number("files_renewed", "RENEWED", rare("yellow")), number("files_changed", "CHANGED", rare("yellow")),
        number("files_new", "NEW", rare("dim")),
        number("files_missing", "MISSING", rare("yellow")), number("files_unread", "UNREAD", rare("red")),
        number("files_left", "NOT READ", rare("dim")),
        {key = "bytes", title = "SIZE", align = "right", format = size.size},
        {key = "bytes", title = "RATE", align = "right",
            format = function(value, row) return value > 0 and size.rate(value, row.seconds) or nil end},
        {key = "seconds", title = "TIME", align = "right", format = size.duration},
    }
end

local function select(problems, wanted)
    local list = {}
    for _, problem in ipairs(problems) do
        if wanted(problem) then
            list[#list + 1] = problem
        end
    end
    return list
end

local QUIET = {changed = true, missing = true}    -- they say that the catalog is old, not that something is wrong

-- What to type so that damage which another disk can mend is mended: a line for each replica.
local function repairs(problems)
    local lines, seen = {}, {}
    for _, problem in ipairs(problems) do
        if problem.state == "damaged" and not problem.repaired_from and #(problem.good_on or {}) > 0 then
            local line = typed.line("verify", problem.project, problem.category, problem.database) .. " --repair"
            if not seen[line] then
                seen[line] = true
                lines[#lines + 1] = line
            end
        end
    end
    return lines
end

local function has_lost(problems)
    return #select(problems, function(p) return p.state == "damaged" and p.good_on and #p.good_on == 0 end) > 0
end

-- Of two that differ only a person can say which is right; where that was said, a copy does the rest.
local function settlements(problems)
    local copies, accepts, seen = {}, {}, {}
    local function add(list, line)
        if not seen[line] then
            seen[line], list[#list + 1] = true, line
        end
    end
    local files = select(problems, function(problem) return problem.state == "differs" end)
    for _, problem in ipairs(files) do
        local project, category = problem.project, problem.category
        if problem.accepted then
            add(copies, typed.line("copy", project, category, problem.accepted, problem.database))
        else
            local path = #files == 1 and typed.word(problem.inside) or "PATH..."
            for _, name in ipairs{problem.database, table.unpack(problem.others)} do
                add(accepts, typed.line("accept", project, category, name) .. " " .. path)
            end
        end
    end
    return copies, accepts
end

local function tell_lines(heading, lines, out)
    if #lines > 0 then
        out:prose(heading)
    end
    for _, line in ipairs(lines) do
        out:line("  " .. out:clean(line))
    end
end

local function advise(result, out)
    local copies, accepts = settlements(result.problems)
    tell_lines("which one is right only you can say; look at them, then type one of:", accepts, out)
    tell_lines("one was accepted as the right one; type:", copies, out)
    tell_lines("the good bytes are on another disk; type:", repairs(result.problems), out)
    if has_lost(result.problems) then
        out:prose("what no disk here is known to have: put it back from elsewhere, then load and verify again")
    end
end

local function tell_quiet(result, out)
    local changed, missing = sum(result, "files_changed"), sum(result, "files_missing")
    if changed + missing > 0 and not result.files then
        out:prose(("%s changed and %s gone since the last load were not compared (--files lists them); type: load")
            :format(size.plural(changed, "file"), size.plural(missing, "file")))
    end
end

--- Show a result.
-- @param result of autobackup.verification; `files` set: list all exceptions; `conclusion`: a sentence
-- @param out where results go, @param err where problems go, @param verbose whether to list all of them
function M.show(result, out, err, verbose)
    if #result > 0 then
        out:table{rows = result, columns = columns(out)}
    end
    problems_view.show(select(result.problems, function(problem)
        return result.files or not QUIET[problem.state]
    end), err, verbose or result.files)
    tell_quiet(result, out)
    if result.conclusion then
        out:prose(out:clean(result.conclusion))
    end
    advise(result, out)
end

return M
