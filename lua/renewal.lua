--- What another program's commit took from under a copy is begun again.
--
-- The engine reads the catalog folder by folder, and each of its commits may be followed by one of another program: a
-- load, a copy the other way, a mirror. Where a folder's row goes in between the engine takes nothing for absent, and
-- ends with ECHANGED. Both sides are read once more then: the first try may have changed the destination, and ids that were
-- handed out since (a category that was removed and added again) have nothing below them yet.
--
-- A database that was removed and added again is another one: that is said, and it is left out.
local apart = require "autobackup.apart"
local doubts = require "autobackup.doubts"
local errors = require "autobackup.errors"
local loading = require "autobackup.loading"

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

--- That a database is still the one that a run began with, or what is so instead.
-- @param run of transfer.lua
-- @param database catalog row that it began with
-- @return true; or false and an error, ECHANGED
function M.is_known(run, database)
    local now = run.session.catalog:database(database.database)
    if now and now.id == database.id then
        return true
    end
    return false, errors.new("ECHANGED", ("%s was removed from the catalog%s meanwhile: run it again"):format(
        database.database, now and " and added again" or ""), {path = database.path})
end

--- The same, raised.
function M.check(run, database)
    local is_known, err = M.is_known(run, database)
    if not is_known then
        error(err, 0)
    end
end

--- What really failed: where a database is not the one any more that the run began with, that. It is left alone then.
-- @param run of transfer.lua
-- @param database catalog row that it failed with, @param err the error, or an event "failed": code, message
-- @return err, or what is so instead; nil when that was told already
function M.reason(run, database, err)
    for _, known in ipairs{run.from, database} do
        local is_known, why = M.is_known(run, known)
        if not is_known then
            local is_told = run.given_up[known.id]
            run:abandon(known)
            return not is_told and why or nil
        end
    end
    return err
end

-- Read an item on both sides, as before the run began.
-- @return those of the destinations that could be read
local function read_again(run, item, targets)
    M.check(run, run.from)
    local only, left = run:only(item), {}
    loading.refresh(run.session, run.from, {only}, "read " .. run.from.database)
    for _, target in ipairs(targets) do
        run:try(item, target.path, target, function()
            loading.refresh(run.session, target, {only}, "read " .. target.database)
            apart.measure(run, {item}, target)
            left[#left + 1] = target
        end)
    end
    item.category_id = only.category
    doubts.settle(run, {item}, item.project)
    return left
end

--- Before an item is copied: where its category was removed and added again since both sides were read, they are
-- read once more. Raises what keeps the source from it.
-- @param run of transfer.lua
-- @param item one of its transfers: category_id as it was read
function M.settle(run, item)
    if run:category(item).id ~= item.category_id then
        read_again(run, item, run:targets_left(item))
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
    if #targets == 0 then
        return
    end
    run.settling:flush()
    targets = read_again(run, item, targets)
    if #targets > 0 then
        run:note(("%s %s was begun again: another program changed what is known of it"):format(item.project,
            item.category))
        run:copy_side_by_side(item, run:source_of(item), targets, list.tries)
    end
end

return M
