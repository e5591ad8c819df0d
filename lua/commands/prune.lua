--- prune: remove old versions.
local columns_view = require "autobackup.view.columns"
local core_sys = require "core.sys"
local core_undo = require "core.undo"
local errors = require "autobackup.errors"
local expiry = require "autobackup.expiry"
local jobs = require "autobackup.jobs"
local knowledge = require "autobackup.knowledge"
local lists = require "autobackup.lists"
local locate = require "autobackup.locate"
local outcome = require "autobackup.outcome"
local problems_view = require "autobackup.view.problems"
local progress = require "autobackup.view.progress"
local rows = require "autobackup.rows"
local size = require "autobackup.view.size"
local statuses = require "autobackup.status"
local types = require "autobackup.types"
local waiting = require "autobackup.waiting"

local LEFTOVERS = 7 * 86400    -- seconds that a partial file is kept where no age is given

local function check_setting(session, key, kind, value)
    local checked, message = types.get(kind).check(value, session, {min = 0})
    if checked == nil then
        errors.usage("settings.versions: %s: %s", key, message)
    end
    return checked
end

local function from_settings(session)
    local policy, kinds = {}, {older = "duration", keep = "integer"}
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

local function chosen(args, session)
    local list = {}
    for _, database in ipairs(session.catalog:databases()) do
        if #args.database == 0 or lists.contains(args.database, database.database) then
            list[#list + 1] = database
        end
    end
    return list
end

local Run = outcome.class()

function Run:start(database, found)
    local session, args, tops = self.session, self.args, {}
    for i, category in ipairs(session.catalog:categories()) do
        tops[i] = category.path
    end
    local now = core_sys.now()
    return errors.check(core_undo.prune{
        catalog = session.catalog:path(), operation = session.catalog:new_operation(), root = database.path,
        identity = database.identity, database = database.database, lock_text = locate.holder("prune"),
        lock_wait = waiting.seconds(args, session), expired = expiry.expired(found, self.policy, now),
        tops = tops, leftovers_before = now - math.floor((self.policy.older or LEFTOVERS) * 1000000000),
        dry_run = args.dry_run,
    })
end

local COUNTS = {"operations", "files", "bytes", "leftovers", "leftover_bytes", "seconds"}

function Run:finish_one(database, final)
    if final.type == "failed" then
        self:fail(database.path, final, {database = database.database})
        return
    end
    local row = rows.row("prune", {database = database.database, dry_run = self.args.dry_run or false})
    for _, key in ipairs(COUNTS) do
        row[key] = final[key] or 0
    end
    table.insert(self.result, row)
end

function Run:on_event(event, database)
    if event.type == "progress" then
        self.live:show(event)
    elseif event.type == "operation" then
        event.type = nil
        event.database = database.database
        self.expired:add(rows.row("expired", event))
    elseif event.type == "problem" then
        self:problem(locate.join(database.path, event.path or ""), event.code, event.message,
            {database = database.database})
        self:worsen(statuses.PARTIAL)
    elseif event.type == "note" then
        self:note(database.database .. ": " .. event.message)
    end
end

function Run:prune(database)
    local found = errors.check(core_undo.operations{root = database.path, identity = database.identity})
    self.live:rename("prune " .. database.database)
    local final, interruption = jobs.drive(self:start(database, found), function(event)
        self:on_event(event, database)
    end)
    self.live:clear()
    if interruption then
        self.session:message("prune stopped; run it again to finish")
        errors.raise_told(interruption)
    end
    self:finish_one(database, final or {type = "failed", code = "EIO", message = "the prune ended early"})
end

-- One that is offline is a failure only when it was named.
function Run:try(database)
    local ok, message, code = locate.online(database)
    if ok then
        self:prune(database)
    elseif #self.args.database > 0 then
        self:problem(database.path, code, message, {database = database.database})
        self:worsen(statuses.UNAVAILABLE)
    else
        self:note(message)
    end
end

local function run(args, session)
    knowledge.require_setup(session)
    local self = outcome.new(Run, {session = session, args = args, policy = policy_of(args, session),
        expired = jobs.collector(), live = progress.new(session, "prune")})
    local closing <close> = self.live
    for _, database in ipairs(chosen(args, session)) do
        self:try(database)
    end
    return self:finish(self.expired)
end

local function total(list, key)
    local sum = 0
    for _, row in ipairs(list) do
        sum = sum + row[key]
    end
    return sum
end

local function summary(list)
    local files, bytes = total(list, "files"), total(list, "bytes")
    local leftovers = total(list, "leftovers")
    local more = leftovers > 0 and (" and %s of dead operations (%s)"):format(
        size.plural(leftovers, "temporary file"), size.size(total(list, "leftover_bytes"))) or ""
    if files + leftovers == 0 then
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
        .. "go too. What is removed here is gone for good.",
    examples = {"prune --older 30d --dry-run", "prune --older 90d --keep 5 NAS"},
    args = {{"database", "database", many = true, optional = true, help = "all when left out"}},
    options = {
        older = {type = "duration", min = 0, value = "DURATION", help = "only what is older, such as 30d"},
        keep = {type = "integer", min = 0, value = "N", help = "keep the newest N operations of each replica"},
        ["dry-run"] = {short = "n", help = "show what would be removed, do nothing"},
        ["lock-wait"] = {type = "duration", value = "DURATION", help = "wait while one is busy, such as 10m"},
    },
    accepts = {database = {database = "database"}},
    run = run,
    show = show,
}
