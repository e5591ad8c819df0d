--- check: what is below policy.
local knowledge = require "autobackup.knowledge"
local policy = require "autobackup.policy"
local rows = require "autobackup.rows"
local sameness = require "autobackup.sameness"
local statuses = require "autobackup.status"
local size = require "autobackup.view.size"
local core_sys = require "core.sys"

local function run(args, session)
    knowledge.require_setup(session)
    local replicas = sameness.replicas(session.catalog, knowledge.filter_of(args.which))
    local below, judged = policy.below(session.policies, replicas, core_sys.now())
    for i, shortfall in ipairs(below) do
        below[i] = rows.row("check", shortfall)
    end
    below.status = #below > 0 and statuses.BELOW_POLICY or statuses.DONE
    below.judged = judged
    below.notes = {knowledge.missing(session)}
    return below
end

local function show(result, out)
    if #result == 0 then
        out:line(result.judged == 0 and "nothing to check" or "all is as its policies ask")
        return
    end
    out:table{rows = result, columns = {
        {key = "project", title = "PROJECT", group = true, head = true, min = 12},
        {key = "category", title = "CATEGORY", head = true},
        {key = "bytes", title = "SIZE", align = "right", format = size.size},
        {key = "databases", title = "ON", format = function(list) return table.concat(list, " ") end, min = 10},
        {key = "reasons", title = "WHY", format = function(list) return table.concat(list, "; ") end, min = 20,
            color = function() return "yellow" end},
    }}
    out:line("")
    out:line(("%d of %s below policy"):format(#result, size.count(result.judged)))
end

return {
    name = "check",
    group = "look",
    summary = "show what is below policy, or exists only once",
    details = "Compares what the catalog knows with the policies of the startup file. A category without a "
        .. "policy must have two replicas of its newest content. Exit status 10 when something is below.",
    examples = {"check", "check acme"},
    args = {{"which", "which", optional = true, help = "all when left out"}},
    accepts = {project = {project = "which"}, client = {client = "which"}, replica = {project = "which"}},
    run = run,
    show = show,
}
