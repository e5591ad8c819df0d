--- undo: take an operation back.
local columns_view = require "autobackup.view.columns"
local consent = require "autobackup.consent"
local problems_view = require "autobackup.view.problems"
local room = require "autobackup.room"
local rows = require "autobackup.rows"
local size = require "autobackup.view.size"
local waiting = require "autobackup.waiting"

local function run(args, session, sink)
    local changing <close> = room.changing(session)    -- luacheck: ignore 211
    return require("autobackup.undoing").run(session, {operation = args.operation, database = args.database,
        dry_run = args.dry_run, yes = args.yes, lock_wait = waiting.seconds(args, session), sink = sink})
end

local WORDS = {remove = "take away (created by it)", restore = "put back the old version of",
    ["return"] = "put back", correct = "put rights and times back", make = "make again",
    unmake = "remove (made by it)"}

local function heading(action)
    return ("%s: %s"):format(action.database, WORDS[action.kind] or action.kind)
end

local function show_actions(actions, out, session)
    columns_view.files(actions, heading, function(action) return action.database end, out, session)
end

local function columns(out)
    local number, rare = columns_view.numbers(out), {hide = true}
    local alarm = {hide = true, color = "yellow"}
    return {
        {key = "project", title = "PROJECT", head = true, min = 12},
        {key = "category", title = "CATEGORY", head = true},
        {key = "database", title = "DATABASE", head = true, names = true},
        {key = "undoes", title = "UNDOES", format = function(id) return out.tty and id:match("[^-]*$") or id end},
        number("files_restored", "RESTORED"), number("files_returned", "RETURNED", rare),
        {key = "bytes_restored", title = "SIZE", align = "right", format = size.size},
        number("files_removed", "TAKEN AWAY"), number("metadata_only", "RIGHTS/TIMES", rare),
        number("unchanged", "UNCHANGED", rare), number("conflicts", "CONFLICTS", alarm),
        number("failed", "FAILED", alarm),
        {key = "seconds", title = "TIME", align = "right", format = size.duration},
    }
end

local function did_something(row)
    return row.files_restored + row.files_returned + row.files_removed + row.metadata_only + row.directories_made
        + row.directories_removed > 0
end

-- What stayed as it is though it was to be undone, or nil.
local function left_text(undos)
    local conflicts, failed, operations = 0, 0, 0
    for _, row in ipairs(undos) do
        conflicts, failed = conflicts + row.conflicts, failed + row.failed
        operations = operations + (row.state == "failed" and 1 or 0)
    end
    local parts = {}
    parts[1] = conflicts > 0 and size.plural(conflicts, "conflict")
        .. (conflicts == 1 and " left as it is now" or " left as they are now") or nil
    parts[#parts + 1] = failed > 0 and size.count(failed) .. " failed" or nil
    parts[#parts + 1] = operations > 0 and ("%s of %s failed"):format(size.count(operations),
        size.plural(#undos, "operation")) or nil
    return #parts > 0 and table.concat(parts, ", ") or nil
end

local function would_do_something(undos)
    for _, row in ipairs(undos) do
        if did_something(row) then
            return true
        end
    end
    return false
end

local function plan_ending(undos)
    local left = left_text(undos)
    if would_do_something(undos) then
        return "nothing was undone: this is the plan"
    end
    return left and "nothing would be undone: " .. left
        or "nothing to undo: everything is as it was before"
end

-- Did an operation end before it came to any of its files?
local function ended_early(undos)
    for _, row in ipairs(undos) do
        if row.state == "failed" and row.conflicts + row.failed == 0 then
            return true
        end
    end
    return false
end

-- What they left, and whether another undo may do better.
local function part_text(undos, left)
    local is_final = rows.sum(undos, "conflicts") + rows.sum(undos, "failed") == rows.sum(undos, "gone")
        and not ended_early(undos)
    return is_final and ("undone as far as possible: %s, whose old versions are gone; "):format(left)
        or ("undone in part: %s ('undo' tries that again); "):format(left)
end

--- What undos came to, in a sentence that is true of every mix of them.
-- @param undos rows of type "undo", at least one
local function ending(undos)
    if undos[1].dry_run then
        return plan_ending(undos)
    end
    local done, left = {}, left_text(undos)
    for _, row in ipairs(undos) do
        if did_something(row) and row.operation then
            done[#done + 1] = row
        end
    end
    if #done == 0 and left then
        return "nothing was undone: " .. left
    elseif #done == 0 then
        return "nothing to undo: everything is as it was before"
    end
    local id = #done > 1 and done[1].run or done[1].operation
    return ("%swhat was taken away is kept; 'undo %s' takes this back"):format(
        left and part_text(undos, left) or "", id:match("[^-]*$"))
end

local function show(result, out, session)
    local actions, undos = rows.split(result, "undo_action")
    show_actions(actions, out, session)
    if #undos > 0 then
        out:table{rows = undos, columns = columns(out)}
    end
    problems_view.show(result.problems, session.err, session.verbose)
    if #undos > 0 then
        out:prose(out:clean(ending(undos)))
    end
end

return {
    name = "undo",
    group = "copy",
    summary = "take an operation back: what it replaced or removed returns, what it created goes",
    details = "Without an OPERATION the last run of this workstation that changed something, is no undo, "
        .. "and was not undone as a whole. A run is all that one command did (a copy of several categories or "
        .. "projects, or to several databases): its operations are taken back together, the newest "
        .. "first. 'undo OPERATION' takes back one, 'undo RUN' a run. An id may be shortened to its "
        .. "beginning or end (7f3a); 'last' is the newest run, of undos too, so 'undo last' after an "
        .. "undo takes that back. A file that changed since is left alone and reported. What is taken "
        .. "away is kept as versions of the undo. Interrupted, the same command does what is left. "
        .. "An undo that takes away what no other database holds now asks first. Exit status 3: some "
        .. "files were left alone.",
    examples = {"undo --dry-run", "undo 7f3a", "undo last"},
    args = {{"operation", "operation", optional = true, help = "which one, or a run; 'history' lists them"}},
    options = {
        ["dry-run"] = {short = "n", help = "show what would be done, do nothing"},
        database = {type = "database", help = "only on this one"},
        yes = consent.option(),
        ["lock-wait"] = {type = "duration", value = "DURATION", help = "wait while the database is busy, such "
            .. "as 10m"},
    },
    accepts = {operation = {operation = "operation"}, copy = {operation = "operation"},
        undo = {operation = "operation"}},
    run = run,
    show = show,
    flow = show_actions,
}
