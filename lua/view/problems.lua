--- Problems for people: alike ones together, frame sequences folded, never a screen full.
local sequence = require "autobackup.view.sequence"
local size = require "autobackup.view.size"

local M = {}

local LINES = 20    -- at most this many paths in all

-- A message without the path at its end, so that equal reasons are recognised.
local function reason_of(problem)
    local message, path = problem.message or problem.code or "failed", problem.path or ""
    local tail = ": " .. path
    if path ~= "" and message:sub(-#tail) == tail then
        return message:sub(1, -#tail - 1)
    end
    for suffix in path:gmatch("()/") do
        tail = ": " .. path:sub(suffix + 1)
        if #tail > 2 and message:sub(-#tail) == tail then
            return message:sub(1, -#tail - 1)
        end
    end
    return message
end

local function grouped(problems)
    local groups, order = {}, {}
    for _, problem in ipairs(problems) do
        local reason = reason_of(problem)
        local key = reason .. "\0" .. tostring(problem.conflict)
        if not groups[key] then
            groups[key] = {reason = reason, conflict = problem.conflict, paths = {}}
            order[#order + 1] = groups[key]
        end
        table.insert(groups[key].paths, problem.path or "")
    end
    return order
end

local function show_group(group, out, room)
    local folded = sequence.fold(group.paths)
    if #group.paths == 1 then
        local separator = group.paths[1] ~= "" and ": " or ""
        -- A sentence that names the thing already needs no path after it.
        if group.reason:find(group.paths[1], 1, true) then
            out:line(out:clean("  " .. group.reason), "red")
        else
            out:line(out:clean("  " .. group.paths[1] .. separator .. group.reason), "red")
        end
        return room - 1
    end
    out:line(out:clean(("  %s: %s"):format(size.plural(#group.paths, "path"), group.reason)), "red")
    for i, entry in ipairs(folded) do
        if room <= 0 then
            out:line(("    and %s more"):format(size.count(#folded - i + 1)))
            break
        end
        out:line("    " .. out:clean(sequence.describe(entry)))
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
