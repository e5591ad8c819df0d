--- check: what is below policy.
local beside = require "autobackup.beside"
local coverage = require "autobackup.coverage"
local databases_view = require "autobackup.view.databases"
local freshness = require "autobackup.freshness"
local gone = require "autobackup.gone"
local knowledge = require "autobackup.knowledge"
local litter = require "autobackup.litter"
local lookalike = require "autobackup.lookalike"
local policy = require "autobackup.policy"
local rows = require "autobackup.rows"
local sameness = require "autobackup.sameness"
local statuses = require "autobackup.status"
local size = require "autobackup.view.size"
local core_sys = require "core.sys"

-- The databases that were not read for a replica's category and project.
local function unread_of(databases, covered)
    return function(replica)
        local names = {}
        for _, database in ipairs(databases) do
            if covered:gap(database.id, replica.category_id, replica.client, replica.name) then
                names[#names + 1] = database.database
            end
        end
        return names
    end
end

-- What nobody knows gets its reasons: what was not read may be all that is missing.
local function explain(verdict, covered, session)
    local category = session.catalog:category(verdict.category)
    for _, name in ipairs(verdict.state == "unknown" and verdict.unread or {}) do
        local why = covered:gap(session.catalog:database(name).id, category.id, verdict.client, verdict.name)
        table.insert(verdict.reasons, coverage.reason{why = why, database = name, category = verdict.category})
    end
end

local function count(verdicts)
    local counts = {ok = 0, below = 0, unknown = 0, gone = 0}
    for _, verdict in ipairs(verdicts) do
        counts[verdict.state] = counts[verdict.state] + 1
    end
    return counts
end

local function status_of(counts, gaps)
    if counts.below + counts.gone > 0 then
        return statuses.BELOW_POLICY
    end
    return (counts.unknown > 0 or #gaps > 0) and statuses.PARTIAL or statuses.DONE
end

-- Once, with the largest that is known first: what no policy looks after.
local function outside_note(session)
    local list, parts = beside.list(session), {}
    if #list == 0 then
        return nil
    end
    table.sort(list, function(a, b) return (a.size or math.huge) > (b.size or math.huge) end)
    for i = 1, math.min(#list, 3) do
        parts[i] = ("%s (%s)"):format(list[i].path, list[i].size and beside.size_text(list[i], session.err)
            or "size not known")
    end
    local more = #list > 3 and (" and %d more"):format(#list - 3) or ""
    return ("in no category, so in no backup: %s%s; 'list loose' shows them, a category takes them in, 'ignore' "
        .. "leaves them out"):format(table.concat(parts, ", "), more)
end

local function notes_of(session, lost)
    local missing = knowledge.missing(session)
    if missing then
        return {missing}
    end
    local notes = gone.texts(session, lost)
    table.insert(notes, outside_note(session))
    local left = litter.texts(session)
    table.move(left, 1, #left, #notes + 1, notes)
    return notes
end

-- The replicas but for the empty folders of what is gone.
local function without(replicas, lost)
    local is_lost, list = {}, {}
    for _, cell in ipairs(lost) do
        is_lost[cell.project .. "\0" .. cell.category] = true
    end
    for _, replica in ipairs(replicas) do
        list[#list + 1] = not is_lost[replica.project .. "\0" .. replica.category] and replica or nil
    end
    return list
end

-- What is gone is judged too, unless its policy asks for nothing.
local function add_gone(verdicts, lost, session)
    for _, cell in ipairs(lost) do
        local wanted = policy.wanted(session.policies, cell.category)
        verdicts[#verdicts + 1] = wanted > 0 and {project = cell.project, client = cell.client, name = cell.name,
            category = cell.category, files = cell.files, bytes = cell.bytes, databases = {}, current = {},
            replicas = 0, wanted = wanted,
            reasons = {"gone: it was on " .. table.concat(gone.databases(cell), " ")},
            lacks = {}, state = "gone", seen_at = cell.seen_at} or nil
    end
end

local function run(args, session)
    knowledge.require_setup(session)
    local filter = knowledge.filter_of(args.which)
    local fresh = freshness.read(session, args, filter)
    local covered, databases = coverage.new(session.catalog), session.catalog:databases()
    local lost = gone.cells(session, filter)
    local replicas = sameness.replicas(session.catalog, filter)
    local verdicts = policy.judge(session.policies, without(replicas, lost),
        core_sys.now(), unread_of(databases, covered))
    add_gone(verdicts, lost, session)
    local gaps = covered:gaps(databases, session.catalog:categories(), filter, replicas)
    local counts, result = count(verdicts), {open = {}}
    for _, verdict in ipairs(verdicts) do
        result.open[verdict] = verdict.state == "unknown" and #verdict.reasons > 0 or nil
        explain(verdict, covered, session)
        if args.all or verdict.state ~= "ok" then
            result[#result + 1] = rows.row("check", verdict)
        end
    end
    result.status = statuses.worst(status_of(counts, gaps), fresh)
    result.judged, result.counts, result.gaps = #verdicts, counts, gaps
    result.databases = freshness.ages(session)
    result.notes = notes_of(session, lost)
    local alike = lookalike.projects(session.catalog, verdicts, not next(filter))
    table.move(alike, 1, #alike, #result.notes + 1, result.notes)
    return result
end

-- Of what is not known only that which reading settles: what was not read is told in sentences, not row by row.
local function shown(result, all)
    local list = {}
    for _, row in ipairs(result) do
        list[#list + 1] = (all or row.state == "below" or row.state == "gone" or result.open[row]) and row or nil
    end
    return list
end

local function show_rows(list, out)
    out:table{rows = list, columns = {
        {key = "project", title = "PROJECT", group = true, head = true, min = 12},
        {key = "category", title = "CATEGORY", head = true},
        {key = "bytes", title = "SIZE", align = "right", format = size.size},
        {key = "databases", title = "ON", names = true, spare = 1},
        {key = "reasons", title = "WHY", min = 20, soft = 60, color = function() return "yellow" end,
            format = function(reasons) return table.concat(reasons, "; ") end},
    }}
    out:line("")
end

local function show_sum(result, out)
    local counts = result.counts
    if counts.below + counts.gone > 0 then
        out:line(("%s of %s below policy%s"):format(size.count(counts.below + counts.gone),
            size.count(result.judged),
            counts.gone > 0 and (", %s of them gone"):format(size.count(counts.gone)) or ""))
    elseif counts.unknown == 0 and #result.gaps == 0 then
        out:line(result.judged == 0 and "nothing to check" or "all is as its policies ask")
    elseif counts.ok > 0 then
        out:line(("%s of %s as %s ask, as far as is known"):format(size.count(counts.ok),
            size.count(result.judged),
            counts.ok == 1 and "its policies" or "their policies"))
    end
end

local function show(result, out)
    local list = shown(result, result.counts.ok > 0 and #result == result.judged)
    if #list > 0 then
        show_rows(list, out)
    end
    show_sum(result, out)
    for i, text in ipairs(coverage.texts(result.gaps)) do
        local how_many = i == 1 and result.counts.unknown > 0 and size.count(result.counts.unknown)
            .. " not known: "
            or "not known: "
        out:prose(out:clean(how_many .. text), "yellow")
    end
    databases_view.show(result.databases, out)
end

return {
    name = "check",
    group = "look",
    summary = "show what is below policy, or exists only once",
    details = "Compares what the catalog knows with the policies of the startup file. A category without a "
        .. "policy must have two replicas of its newest content. What a database was never read for is not known, "
        .. "and said. Exit status 10 when something is below, 3 when something is not known.",
    examples = {"check", "check acme", "check --fresh"},
    args = {{"which", "which", optional = true, help = "all when left out"}},
    options = {fresh = freshness.option(), all = {help = "list also what is as its policy asks"}},
    accepts = {project = {project = "which"}, client = {client = "which"}, replica = {project = "which"}},
    run = run,
    show = show,
}
