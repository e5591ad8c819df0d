--- What a transfer's job tells while it is at work, by the type of the event (src/copy/transfer.h), and what becomes of it.
--
-- Each is called with the run of transfer.lua, the event, and the transfer's context: item, target (catalog row), key, line
-- (view/progress.lua) and recent (paths at work), which it changes.
local errors = require "autobackup.errors"
local locate = require "autobackup.locate"
local rows = require "autobackup.rows"

local M = {}

local RECENT = 64    -- names at work that are remembered: more than there are workers

--- What is to be done, by the engine's count.
function M.plan(run, event, context)
    context.plan = event
    run.total:plan(context.key, event.bytes)
    if event.same_filesystem then
        run:note(("%s and %s are on the same filesystem: this is no second copy, one broken disk takes both")
            :format(run.from.database, context.target.database))
    end
end

--- How far it is, and which names are at work.
function M.progress(run, event, context)
    context.line:show(event)
    run.total:progress(context.key, event)
    if event.path then
        context.turn = (context.turn or 0) % RECENT + 1
        context.recent[context.turn] = event.path
    end
end

--- What is wrong with one name, told of the disk that has it.
function M.problem(run, event, context)
    local root = event.at_target and context.target.path or run.from.path
    run:problem(locate.join(root, event.path or ""), event.code, event.message,
        {conflict = event.conflict or nil, database = context.target.database})
end

--- What is true of the destination as a whole.
function M.note(run, event, context)
    if event.code ~= "ESAMEFS" and event.code ~= "ENOSPC" then    -- the plan, and the check of the room, said it
        run:note(context.target.database .. ": " .. errors.plain(event.message, event.code))
    end
end

--- What would be done, of a dry run.
function M.action(run, event, context)
    run.actions:add(rows.row("action", {project = context.item.project, category = context.item.category,
        from = run.from.database, to = context.target.database, kind = event.kind,
        path = locate.join(context.target.path, event.path), file_type = event.file_type, size = event.size,
        code = event.code, removes = event.removes}))
end

return M
