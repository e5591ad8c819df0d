--- What another program's commit took from under a copy is begun again.
--
-- The engine reads the catalog folder by folder, and each of its commits may be followed by one of another program: a
-- load, a copy the other way, a mirror. Where a folder's row goes in between the engine takes nothing for absent, and
-- ends with ECHANGED. What the catalog knows is settled again by then, so the same question has an answer.
local errors = require "autobackup.errors"

local M = {}

local TRIES = 3    -- in all: who commits more often than that is at work there for long

--- Whether that was why something ended, and it may be tried again.
-- @param code the error's, nil when it ended well
-- @param tries how often it was tried by now
function M.is_due(code, tries)
    return code == "ECHANGED" and tries < TRIES
end

--- Call a function, again when that is due; it asks the catalog anew for all that it hands to the engine.
-- @param fn raises structured errors
-- @return what fn returns; raises what it raised last
function M.call(fn)
    local tries = 0
    while true do
        local result = table.pack(pcall(fn))
        tries = tries + 1
        if result[1] then
            return table.unpack(result, 2, result.n)
        elseif not (errors.is(result[2]) and M.is_due(result[2].code, tries)) then
            error(result[2], 0)
        end
    end
end

--- Copy those of an item again of which that is due; of what was done of them until then a row is told, and a note.
-- @param run of transfer.lua
-- @param item what is copied
-- @param list of contexts that ended and are settled, may be empty; tries = how often they were tried
function M.begin_again(run, item, list)
    local targets = {}
    for i, context in ipairs(list) do
        targets[i] = context.target
        if context.did then
            context.row.state, context.row.failed = "partial", 0    -- its other files are told of with the next row
            table.insert(run.result, context.row)
        end
    end
    if #targets > 0 then
        run:note(("%s %s was begun again: another program changed what is known of it"):format(item.project,
            item.category))
        run:copy_side_by_side(item, run:source_of(item), targets, list.tries)
    end
end

return M
