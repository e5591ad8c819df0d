--- prune: remove old versions.
local age = require "autobackup.view.age"
local columns_view = require "autobackup.view.columns"
local consent = require "autobackup.consent"
local core_sys = require "core.sys"
local errors = require "autobackup.errors"
local gone = require "autobackup.gone"
local knowledge = require "autobackup.knowledge"
local problems_view = require "autobackup.view.problems"
local pruning = require "autobackup.pruning"
local room = require "autobackup.room"
local rows = require "autobackup.rows"
local size = require "autobackup.view.size"
local types = require "autobackup.types"
local waiting = require "autobackup.waiting"

local function check_setting(session, key, kind, value)
    local checked, message = types.get(kind).check(value, session, {min = 0})
    if checked == nil then
        errors.usage("settings.versions: %s: %s", key, message)
    end
    return checked
end

local function from_settings(session)
    local policy, kinds = {}, {older = "age", keep = "integer"}
    for key, value in pairs(session.settings.versions or {}) do
        if not kinds[key] then
            errors.usage("settings.versions: unknown key '%s'; it is {older = \"30d\", keep = 10}", tostring(key))
        end
        policy[key] = check_setting(session, key, kinds[key], value)
    end
    return policy
end

local function policy_of(args, session)
    local policy = {older = args.older, keep = args.keep}
    if not (policy.older or policy.keep) then
        policy = from_settings(session)
    end
    if not (policy.older or policy.keep) then
        errors.usage("prune: say which versions may go: --older 30d, --keep 10, or both; settings.versions = "
            .. "{older = \"30d\", keep = 10} in the startup file says it once and for all")
    end
    return policy
end

local function leftovers(row)
    return ("%s of dead operations (%s)"):format(size.plural(row.leftovers, "temporary file"),
        size.size(row.leftover_bytes))
end

-- What would go from one database.
local function at_stake(row, newest)
    local parts = {}
    if row.files > 0 then
        parts[1] = ("%s of %s (%s)"):format(size.plural(row.files, "old version"),
            size.plural(row.operations, "operation"), size.size(row.bytes))
        parts[2] = newest and "the newest from " .. age.ago(newest // 1000000000, core_sys.now() // 1000000000)
    end
    if row.leftovers > 0 then
        parts[#parts + 1] = leftovers(row)
    end
    return ("%s: %s"):format(row.database, table.concat(parts, ", "))
end

-- A yes that was said beforehand was not said to this clock.
local function ask_about_clock(session, plan)
    consent.require(session, {}, {what = "the clock may be wrong", lines = plan.doubts,
        question = "Is it right, and shall they go?", kept = "nothing was removed",
        advice = "look at the clock ('date') and load the disks; where it is right all the same, run prune at a "
            .. "terminal, or say --keep N alone, which asks no clock"})
end

-- Looks at all that would go before the first of it does, and asks once. What comes to be expired meanwhile stays.
local function ask(args, session, plan)
    if args.yes then
        return
    end
    local planned, lines = pruning.run(session, plan, true), {}
    for _, row in ipairs(planned) do
        if rows.type_of(row) == "prune" and row.files + row.leftovers > 0 then
            lines[#lines + 1] = at_stake(row, plan.newest[row.database])
        end
    end
    local losses = gone.losses(session, plan.expired)
    table.move(losses, 1, #losses, #lines + 1, lines)
    if #lines > 0 then
        consent.require(session, args, {what = "prune would remove for good what 'undo' needs", lines = lines,
            question = "Remove it?", kept = "nothing was removed"})
    end
end

local function run(args, session)
    knowledge.require_setup(session)
    local plan = pruning.plan(session, {policy = policy_of(args, session), databases = args.database,
        lock_wait = waiting.seconds(args, session)})
    if not args.dry_run then
        if #plan.doubts > 0 then
            ask_about_clock(session, plan)
        end
        ask(args, session, plan)
    end
    local changing <close> = room.changing(session)    -- luacheck: ignore 211
    local result = pruning.run(session, plan, args.dry_run)
    for _, doubt in ipairs(args.dry_run and plan.doubts or {}) do
        table.insert(result.notes, "the clock may be wrong: " .. doubt)
    end
    return result
end

local function summary(list)
    local files, bytes = rows.sum(list, "files"), rows.sum(list, "bytes")
    local left = {leftovers = rows.sum(list, "leftovers"), leftover_bytes = rows.sum(list, "leftover_bytes")}
    local more = left.leftovers > 0 and " and " .. leftovers(left) or ""
    if files + left.leftovers == 0 then
        return "nothing to prune"
    elseif list[1].dry_run then
        return ("nothing was removed: %s (%s)%s would go"):format(size.plural(files, "old version"),
            size.size(bytes),
            more)
    end
    return ("%s removed (%s)%s"):format(size.plural(files, "old version"), size.size(bytes), more)
end

local function show(result, out, session)
    local list = {}
    for _, row in ipairs(result) do
        if rows.type_of(row) == "prune" then
            list[#list + 1] = row
        elseif row.files > 0 and (session.verbose or result[1].dry_run) then
            out:line(out:clean(("%s: %s, %s (%s)"):format(row.database, row.operation,
                size.plural(row.files, "old version"), size.size(row.bytes))))
        end
    end
    local number = columns_view.numbers(out)
    if #list > 0 then
        out:table{rows = list, columns = {
            {key = "database", title = "DATABASE"},
            number("operations", "OPERATIONS"),
            number("files", list[1].dry_run and "TO REMOVE" or "REMOVED"),
            {key = "bytes", title = "SIZE", align = "right", format = size.size},
            number("leftovers", "LEFTOVERS", {hide = true}),
            {key = "seconds", title = "TIME", align = "right", format = size.duration},
        }}
    end
    problems_view.show(result.problems, session.err, session.verbose)
    if #list > 0 then
        out:prose(summary(list))
    end
end

return {
    name = "prune",
    group = "copy",
    summary = "remove old versions, and what dead operations left behind",
    details = "Versions are what copies and undos replaced or removed. With --older those of operations that "
        .. "began longer ago go, with --keep all but those of the N newest operations of each replica; with "
        .. "both, only what is both. Without either, settings.versions = {older = \"30d\", keep = 10} in the "
        .. "startup file says it. Partial files that no copy went on with for as long (7 days without --older) "
        .. "go too. What is removed here is gone for good, so it is shown and asked about first; a script says "
        .. "--yes. Where much would go and this machine's clock may be wrong (the newest load is dated in the "
        .. "future or decades ago) that is asked about all the same. An age names its unit, one of "
        .. "s min h d w mo y.",
    examples = {"prune --older 30d --dry-run", "prune --older 6mo --keep 5 NAS", "prune --older 90d --yes"},
    args = {{"database", "database", many = true, optional = true, help = "all when left out"}},
    options = {
        older = {type = "age", min = 0, value = "AGE", help = "only what is older, such as 30d or 6mo"},
        keep = {type = "integer", min = 0, value = "N", help = "keep the newest N operations of each replica"},
        ["dry-run"] = {short = "n", help = "show what would be removed, do nothing"},
        yes = consent.option(),
        ["lock-wait"] = {type = "duration", value = "DURATION", help = "wait while one is busy, such as 10m"},
    },
    accepts = {database = {database = "database"}},
    run = run,
    show = show,
}
