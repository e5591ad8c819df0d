--- Names that a destination, on which names fold, spells otherwise than the source: before a copy they get the
-- source's spelling there (src/copy/respell.h).
local core_copy = require "core.copy"
local doubts = require "autobackup.doubts"
local errors = require "autobackup.errors"
local loading = require "autobackup.loading"
local locate = require "autobackup.locate"
local size = require "autobackup.view.size"

local M = {}

local DEEPEST = 1000    -- folders in each other that are all spelled otherwise: more is an endless loop

-- In a folder that was called otherwise, names may be, which shows only when it is not any more. One round.
local function respell(run, item, origin, target)
    local replica = run:replica(item, target)
    if not replica then
        return {}
    end
    return errors.check(core_copy.respell{
        catalog = run.session.catalog:path(), operation = run.session.catalog:new_operation(), run = run.run,
        path = locate.replica("", origin.category_path, item.client, item.name),
        source_identity = run.from.identity, target_root = target.path, target_identity = target.identity,
        target_name = target.database, source = origin.id, target = replica.id, only = run.request.only,
    })
end

local function tell(run, target, done)
    local first, more = done[1], #done - 1
    run:note(("%s: '%s' is called '%s' there now, as at the source%s; nothing in it was copied for that"):format(
        target.database, locate.join(first.dir, first.from), locate.join(first.dir, first.to),
        more > 0 and (", and so with %s"):format(size.plural(more, "more name")) or ""))
end

-- All rounds at one destination.
local function settle(run, item, origin, target)
    local all = {}
    for _ = 1, DEEPEST do
        local count = 0
        for _, one in ipairs(respell(run, item, origin, target)) do
            if not one.kept then
                all[#all + 1], count = one, count + 1
            end
        end
        if count == 0 then
            break
        end
        loading.refresh(run.session, target, {run:only(item)}, "read " .. target.database)
    end
    if #all == 0 then
        return
    end
    tell(run, target, all)
    doubts.settle(run, {item}, item.project)    -- a new name moves the ctime
end

--- Before a transfer is begun: give its destinations the spellings of the source. Not in a dry run, whose plan says it.
-- @param run of transfer.lua, with the destinations' locks
-- @param item one of its transfers, @param origin its row at the source, @param targets list of catalog rows
function M.settle(run, item, origin, targets)
    if run.request.dry_run or run.request.past then
        return
    end
    for _, target in ipairs(targets) do
        run:try(item, target.path, target, function()
            settle(run, item, origin, target)
        end)
    end
end

return M
