--- What a mirror would remove, found out before anything is copied: by a plan of each transfer, on freshly read
-- replicas.
--
-- A mirror of a source that lost its files takes them from every destination. So it is asked about when it would
-- remove much of a destination, or when the source has nothing. Nothing goes for what could not be read of the source;
-- but what goes may lie there under another name, so that is asked about too. While a long run goes on the source may
-- change: each transfer is planned again before it begins, and what was not agreed to is not done.
local consent = require "autobackup.consent"
local errors = require "autobackup.errors"
local jobs = require "autobackup.jobs"
local renewal = require "autobackup.renewal"
local size = require "autobackup.view.size"
local statuses = require "autobackup.status"

local M = {}

local MANY, PART = 100, 4    -- files, and one in so many of a destination's: what may go without a question

local function is_much(extra, files)
    return extra >= MANY and extra * PART > files
end

--- What is questionable about one transfer. Pure.
-- @param plan {extra = files that would be removed, files = that the destination's replica has, source_files =,
--        incomplete = the source was not read wholly}
-- @return a clause that says why, nil when nothing is
function M.judge(plan)
    if plan.extra > 0 and plan.source_files == 0 then
        return ("all %s would be removed: the source has none"):format(size.plural(plan.extra, "file"))
    elseif is_much(plan.extra, plan.files) then
        return ("%s of %s would be removed"):format(size.count(plan.extra), size.plural(plan.files, "file"))
    elseif plan.extra > 0 and plan.incomplete then
        return ("%s would be removed, and the source could not be read wholly: what goes may be there still, "
            .. "under another name"):format(size.plural(plan.extra, "file"))
    end
end

-- Of many projects that lose a little each, all that one destination loses.
local function judge_sums(plans)
    local sums, order, lines = {}, {}, {}
    for _, plan in ipairs(plans) do
        local sum = sums[plan.to] or {extra = 0, files = 0}
        if not sums[plan.to] then
            sums[plan.to], order[#order + 1] = sum, plan.to
        end
        sum.extra, sum.files = sum.extra + plan.extra, sum.files + plan.files
        sum.transfers = (sum.transfers or 0) + 1
    end
    for _, name in ipairs(order) do
        if sums[name].transfers > 1 and is_much(sums[name].extra, sums[name].files) then
            lines[#lines + 1] = ("%s in all: %s of %s would be removed"):format(name,
                size.count(sums[name].extra), size.plural(sums[name].files, "file"))
        end
    end
    return lines
end

--- The lines about all transfers of a command. Pure.
-- @param plans list as of judge, each with project, category and to (the destination's name)
-- @return list, empty when nothing is to be asked
function M.lines(plans)
    local lines = {}
    for _, plan in ipairs(plans) do
        local why = M.judge(plan)
        if why then
            lines[#lines + 1] = ("%s %s to %s: %s"):format(plan.project, plan.category, plan.to, why)
        end
    end
    local sums = judge_sums(plans)
    return table.move(sums, 1, #sums, #lines + 1, lines)
end

-- Only the plan is wanted of the job, not its actions.
local function planned(job)
    local found
    local final, interruption = jobs.drive(job, function(event)
        if event.type == "plan" then
            found = event
            job:cancel()
        end
    end)
    if interruption then
        error(interruption, 0)
    end
    return found or errors.raise(final and final.code or "EIO", final and final.message or "the plan ended early")
end

-- One transfer, planned.
local function plan_of(run, item, origin, target)
    local event = renewal.call(function()
        return planned(run:start(item, origin, target, run.session.catalog:new_operation(), nil, true))
    end)
    local replica = run:replica(item, target)
    local is_part = #run.request.only > 0
    local there = event.files_changed + event.files_unchanged + event.conflicts
    return {project = item.project, category = item.category, to = target.database, extra = event.files_extra,
        files = is_part and there + event.files_extra or replica and replica.files or 0,
        source_files = is_part and there + event.files_new or origin.files,
        incomplete = event.source_incomplete or origin.errors > 0}
end

local function key_of(item, target)
    return ("%s\0%s\0%s"):format(item.project, item.category, target.database)
end

local function plan_item(run, item, plans)
    local origin = run:source_of(item)
    for _, target in ipairs(run:targets_left(item)) do
        local plan = plan_of(run, item, origin, target)
        plans[#plans + 1] = plan
        run.agreed[key_of(item, target)] = plan
    end
end

-- All transfers of a run, planned: the lines about what is to be asked. What cannot be planned fails in its turn.
local function plan_all(run, items)
    local plans = {}
    run.agreed = {}
    for _, item in ipairs(items) do
        local ok, err = pcall(plan_item, run, item, plans)
        if not ok and (errors.is_interrupt(err) or not errors.is(err)) then
            error(err, 0)
        end
    end
    return M.lines(plans)
end

--- In a dry run: say what the copy would ask about, or where nobody can be asked be refused for.
-- @param run, items as of ask
function M.tell(run, items)
    local lines, interactive = plan_all(run, items), run.session.interactive
    run.agreed = nil    -- nothing begins that could be checked against it
    for _, line in ipairs(lines) do
        run:note(("%s: %s"):format(interactive and "the copy itself would ask first"
            or "the copy itself would be refused without --yes", line))
    end
    if #lines > 0 and not interactive then
        run:worsen(statuses.FAILED)
    end
end

--- Plan all transfers of a run, and ask where a mirror would take too much.
-- @param run of transfer.lua, its destinations locked and read; `agreed` is set
-- @param items list of its transfers
function M.ask(run, items)
    local lines = plan_all(run, items)
    if #lines > 0 then
        run.board:clear()
        consent.require(run.session, run.request, {what = "copy --mirror takes from a destination what the source "
            .. "does not have, and this is much of it or in doubt (kept as versions there)", lines = lines,
            question = "Mirror it all the same?", kept = "nothing was copied or removed"})
    end
end

--- Before one transfer begins: is it still what was agreed to?
-- Raises ECONFIRM when it is not: it would take more, from a source that changed since.
function M.check(run, item, origin, target)
    local agreed, plan = run.agreed[key_of(item, target)], plan_of(run, item, origin, target)
    local why = M.judge(plan)
    local is_agreed = agreed and M.judge(agreed) and plan.extra <= agreed.extra
    if why and not is_agreed then
        errors.raise("ECONFIRM", ("%s %s was not copied to %s: the source changed since it was planned; %s; "
            .. "run it again"):format(plan.project, plan.category, plan.to, why))
    end
end

return M
