--- Problems for people: alike ones together, frame sequences folded, never a screen full.
local errors = require "autobackup.errors"
local sequence = require "autobackup.view.sequence"
local size = require "autobackup.view.size"

local M = {}

local LINES = 20    -- at most this many paths in all

-- A message without the path (or the end of it) that it begins or ends with, so that equal reasons are recognised
-- whatever they are about. Second result: whether there was one.
local function reason_of(problem)
    local message = errors.plain(problem.message or problem.code or "failed", problem.code)
    local path, start = problem.path or "", 1
    while start and path ~= "" do
        local part = path:sub(start)
        if part ~= "" and message:sub(-#part - 2) == ": " .. part then
            return message:sub(1, -#part - 3), true
        elseif part ~= "" and message:sub(1, #part + 2) == part .. ": " then
            return message:sub(#part + 3), true
        end
        local slash = path:find("/", start, true)
        start = slash and slash + 1
    end
    return message, false
end

local function grouped(problems)
    local groups, order = {}, {}
    for _, problem in ipairs(problems) do
        local reason = reason_of(problem)
        local key = reason .. "\0" .. tostring(problem.conflict)
        if not groups[key] then
            groups[key] = {reason = reason, first = problem, paths = {}, seen = {}}
            order[#order + 1] = groups[key]
        end
        local group, path = groups[key], problem.path or ""
        if not group.seen[path] then
            group.seen[path] = true
            table.insert(group.paths, path)
        end
    end
    return order
end

-- A sentence that names the thing in its middle needs no path before it.
local function one_line(problem)
    local reason, had_path = reason_of(problem)
    local path = problem.path or ""
    if path == "" or not had_path and reason:find(path, 1, true) then
        return reason
    end
    return path .. ": " .. reason
end

local function show_group(group, out, room)
    if #group.paths == 1 then
        out:prose(out:clean("  " .. one_line(group.first)), "red")
        return room - 1
    end
    out:prose(out:clean(("  %s: %s"):format(size.plural(#group.paths, "path"), group.reason)), "red")
    local folded = sequence.fold(group.paths)
    for i, entry in ipairs(folded) do
        if room <= 0 then
            out:line(("    and %s more"):format(size.count(#folded - i + 1)))
            break
        end
        out:entry("    ", entry.text, sequence.about(entry))
        room = room - 1
    end
    return room
end

--- Show problems.
-- @param problems rows with path, code, message, conflict
-- @param out output for people's eyes, as a rule session.err
-- @param verbose whether to show all of them
function M.show(problems, out, verbose)
    if not problems or #problems == 0 then
        return
    end
    local room = verbose and math.huge or LINES
    for _, group in ipairs(grouped(problems)) do
        if room <= 0 then
            out:line("  and others; -v or --json lists them all")
            break
        end
        room = show_group(group, out, room)
    end
end

return M
