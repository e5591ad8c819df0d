--- ignore: what beside the categories nobody wants to hear of.
local errors = require "autobackup.errors"
local locate = require "autobackup.locate"
local rows = require "autobackup.rows"

local function row_of(path, database, action)
    return rows.row("ignored", {path = path, database = database, action = action})
end

local function list(session)
    local result = {}
    for _, source in ipairs{session.catalog:ignored(), session.ignored} do
        for _, one in ipairs(source) do
            result[#result + 1] = row_of(one.path, one.database)
        end
    end
    result.notes = #result == 0 and {"nothing is ignored"} or nil
    return result
end

local function tidy(typed)
    local path = locate.tidy(typed)
    if path:sub(1, 1) == "/" or path == "" or ("/" .. path .. "/"):find("/../", 1, true) then
        errors.raise("EINVAL", ("ignore: '%s' must be a path below a database's root, such as deliver or "
            .. "scratch/old")
            :format(typed))
    end
    return path
end

-- The startup file says it at every start; what is typed is remembered.
local function remember(session, path, database)
    if session.mode == "config" then
        table.insert(session.ignored, {path = path, database = database})
        return "ignored"
    end
    return session.catalog:ignore(path, database) and "ignored" or "unchanged"
end

local function forget(session, path, database)
    if not session.catalog:heed(path, database) then
        errors.raise("ENONAME",
            ("'%s' was not ignored%s by typing it; 'ignore' lists what is ignored"):format(path,
            database and " in " .. database or ""))
    end
    return "heeded"
end

local function run(args, session)
    if not args.path then
        return list(session)
    end
    local path = tidy(args.path)
    local action = args.stop and forget(session, path, args.database) or remember(session, path, args.database)
    return {row_of(path, args.database, action)}
end

local WORDS = {ignored = "ignored from now on: ", unchanged = "ignored already: ", heeded = "told again: "}

local function show(result, out)
    if result[1] and not result[1].action then
        out:table{rows = result, columns = {
            {key = "database", title = "DATABASE", format = function(name) return name or "all" end},
            {key = "path", title = "PATH", whole = true},
        }}
        return
    end
    for _, row in ipairs(result) do
        out:prose(out:clean(("%s%s%s"):format(WORDS[row.action], row.path,
            row.database and " in " .. row.database or "")))
    end
end

return {
    name = "ignore",
    group = "set up",
    summary = "say that a folder or file beside the categories needs no backup",
    details = "What lies on a disk beside every category is in no backup; load counts it, 'list loose' "
        .. "shows it and "
        .. "check says so, until it is ignored or becomes a category. A path below the database's root, * and ? "
        .. "allowed; what is in an ignored folder is ignored too. Without a PATH it lists what is ignored.",
    examples = {"ignore deliver", "ignore '*.tmp' in WORK"},
    args = {
        {"path", "path", optional = true, help = "relative to a database's root"},
        {"database", "database", keyword = "in", help = "only there"},
    },
    options = {stop = {help = "tell of it again"}},
    run = run,
    show = show,
}
