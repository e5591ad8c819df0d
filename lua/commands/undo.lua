--- undo: take an operation back.
local columns_view = require "autobackup.view.columns"
local problems_view = require "autobackup.view.problems"
local rows = require "autobackup.rows"
local size = require "autobackup.view.size"
local waiting = require "autobackup.waiting"

local function run(args, session)
    return require("autobackup.undoing").run(session, {operation = args.operation, database = args.database,
        dry_run = args.dry_run, lock_wait = waiting.seconds(args, session)})
end

local WORDS = {remove = "take away (created by it)", restore = "put back the old version of",
    ["return"] = "put back", correct = "put metadata back"}

local function heading(action)
    return ("%s: %s"):format(action.database, WORDS[action.kind] or action.kind)
end

local function columns(out)
    local number, rare = columns_view.numbers(out), {hide = true}
    local alarm = {hide = true, color = "yellow"}
    return {
        {key = "project", title = "PROJECT", head = true, min = 12},
        {key = "category", title = "CATEGORY", head = true}, {key = "database", title = "DATABASE", head = true},
        {key = "undoes", title = "UNDOES", format = function(id) return out.tty and id:match("[^-]*$") or id end},
        number("files_restored", "RESTORED"), number("files_returned", "RETURNED", rare),
        {key = "bytes_restored", title = "SIZE", align = "right", format = size.size},
        number("files_removed", "TAKEN AWAY"), number("metadata_only", "CORRECTED", rare),
        number("unchanged", "UNCHANGED", rare), number("conflicts", "CONFLICTS", alarm),
        number("failed", "FAILED", alarm),
        {key = "seconds", title = "TIME", align = "right", format = size.duration},
    }
end

local function did_something(row)
    return row.files_restored + row.files_returned + row.files_removed + row.metadata_only + row.directories_made
        + row.directories_removed > 0
end

local function ending(undos)
    if undos[1].dry_run then
        return "nothing was undone: this is the plan"
    end
    local done = {}
    for _, row in ipairs(undos) do
        if did_something(row) and row.operation then
            done[#done + 1] = row
        end
    end
    if #done == 0 then
        return "nothing to undo: everything is as it was before"
    elseif #done == 1 then
        return ("what was taken away is kept; 'undo %s' takes this back"):format(done[1].operation:match("[^-]*$"))
    end
    return "what was taken away is kept; 'history' lists the undos, which can be undone too"
end

local function show(result, out, session)
    local actions, undos = rows.split(result, "undo_action")
    columns_view.files(actions, heading, out)
    if #undos > 0 then
        out:table{rows = undos, columns = columns(out)}
    end
    problems_view.show(result.problems, session.err, session.verbose)
    if #undos > 0 and (result.status == 0 or result.status == 3) then
        out:prose(out:clean(ending(undos)))
    end
end

return {
    name = "undo",
    group = "copy",
    summary = "take an operation back: what it replaced or removed returns, what it created goes",
    details = "Without an OPERATION the last one of this workstation that changed something, is no undo, and "
        .. "was not undone. An id may be shortened to its beginning or end (7f3a); 'last' is the newest one, "
        .. "an undo too, so 'undo last' after an undo takes that back. A file that changed since is left alone "
        .. "and reported. What is taken away is kept as versions of the undo. Interrupted, the same command "
        .. "does what is left. Exit status 3: some files were left alone.",
    examples = {"undo --dry-run", "undo 7f3a", "undo last"},
    args = {{"operation", "operation", optional = true, help = "which one; 'history' lists them"}},
    options = {
        ["dry-run"] = {short = "n", help = "show what would be done, do nothing"},
        database = {type = "database", help = "only on this one"},
        ["lock-wait"] = {type = "duration", value = "DURATION", help = "wait while the database is busy, such "
            .. "as 10m"},
    },
    accepts = {operation = {operation = "operation"}, copy = {operation = "operation"},
        undo = {operation = "operation"}},
    run = run,
    show = show,
}
