--- find: entries by name in all that the catalog knows.
local coverage = require "autobackup.coverage"
local finding = require "autobackup.finding"
local knowledge = require "autobackup.knowledge"
local problems_view = require "autobackup.view.problems"
local sequence = require "autobackup.view.sequence"
local nanoseconds = require "autobackup.view.nanoseconds"
local size = require "autobackup.view.size"
local soundness = require "autobackup.soundness"
local statuses = require "autobackup.status"
local core_sys = require "core.sys"

local function gone_note(session)
    local lost = session.catalog:gone{}
    return #lost > 0 and "what is gone ('fetch all' tells) is not searched; 'versions NAME' looks into what is "
        .. "kept" or nil
end

local function notes_of(count, is_cut, args, session, filter, unread)
    local missing = knowledge.missing(session)
    if count == 0 and missing then
        return {missing}
    elseif count == 0 then
        local notes = coverage.notes(session.catalog, filter)
        table.insert(notes, 1, ("nothing found that matches '%s'"):format(args.pattern))
        table.insert(notes, gone_note(session))
        return notes
    end
    local notes = table.move(unread, 1, #unread, 1, {})
    if is_cut then
        table.insert(notes, 1, ("more than %d match, the others are not shown; narrow it down, or --limit N")
            :format(count))
    end
    return notes[1] and notes or nil
end

local LIMIT = 10000    -- what can be read, and be held as a list; files{} is for more

local function named(value)
    return value ~= "all" and value or nil
end

local function run(args, session, sink)
    local limit = args.limit or sink and math.maxinteger or LIMIT
    local result = {}
    local filter = {database = args.database, category = named(args.category), client = args.client,
        project = args.project}
    local count, is_cut, damaged = finding.each(session.catalog, filter, {
        pattern = args.pattern, word = true, whole_path = args.pattern:find("/", 1, true) ~= nil,
        ignore_case = args.ignore_case, kind = args.type, larger = args.larger, newer = args.newer,
        older = args.older,
    }, limit, function(row)
        if sink then
            sink:add(row)
        else
            result[#result + 1] = row
        end
    end)
    result.status = is_cut and not args.limit and statuses.PARTIAL or nil
    local unread = coverage.unread(session.catalog, filter)
    result.notes = notes_of(count, is_cut, args, session, filter, unread)
    result.problems = soundness.problems(session, damaged)
    result.status = (#damaged > 0 or #unread > 0) and statuses.PARTIAL or result.status
    return result
end

-- One line for the frames of a sequence. A gap is said nowhere: it may be there and not match.
local function folded_row(folded, files)
    local first, bytes, newest = files[folded.members[1]], 0, math.mininteger
    for _, member in ipairs(folded.members) do
        bytes, newest = size.add(bytes, files[member].size), math.max(newest, files[member].mtime)
    end
    return {size = bytes, mtime = newest, database = first.database, online = first.online,
        path = ("%s (%s)"):format(folded.text, size.plural(folded.count, "file"))}
end

-- The rows from first to last, which are one replica's: files folded, everything else as it is.
local function fold_rows(lines, result, first, last)
    local paths, files = {}, {}
    for i = first, last do
        local row = result[i]
        if row.kind == "file" then
            paths[#paths + 1], files[#files + 1] = row.path, row
        else
            lines[#lines + 1] = row
        end
    end
    for _, folded in ipairs(sequence.fold(paths)) do
        lines[#lines + 1] = folded.count > 1 and folded_row(folded, files) or files[folded.members[1]]
    end
end

local function is_same_replica(a, b)
    return b and a.database == b.database and a.category == b.category and a.project == b.project
end

local function folded_lines(result)
    local lines, first = {}, 1
    for i, row in ipairs(result) do
        if not is_same_replica(row, result[i + 1]) then
            fold_rows(lines, result, first, i)
            first = i + 1
        end
    end
    return lines
end

local function date(seconds)
    return core_sys.format_time(nanoseconds.of(seconds), "local", "%Y-%m-%d %H:%M")
end

local COLUMNS = {
    {key = "size", title = "SIZE", align = "right", format = function(bytes, row)
        return row.kind and row.kind ~= "file" and row.kind or size.size(bytes)
    end},
    {key = "mtime", title = "DATE", format = date, min = 16, drop = 2},
    {key = "database", title = "DATABASE", min = 8},
    {key = "online", title = "STATE", drop = 1,
        format = function(value) return value and "online" or "offline" end,
        color = function(value) return value and "green" or "yellow" end},
    {key = "path", title = "PATH", min = 24, whole = true},
}

local function show(result, out, session)
    if #result > 0 then
        out:table{rows = out.tty and folded_lines(result) or result, columns = COLUMNS}
    end
    if result.problems and result.problems[1] then
        problems_view.show(result.problems, session.err, session.verbose)
    end
end

local function flow(list, out, _, state)
    out:table({rows = list, columns = COLUMNS}, state)
end

return {
    name = "find",
    startup = "looks",
    group = "look",
    summary = "find files and folders by name on all disks, also on unplugged ones",
    details = "From the catalog, as of the last load. A word without wildcards may stand anywhere in a name. A "
        .. "pattern must be the whole name: * is any text, ? one character, [a-z] one of a set; a name that is "
        .. "spelled like the pattern is found too. With a / in it, "
        .. "either is for the path below the project instead, and * goes across folders. What lies beside the "
        .. "projects is not searched; 'list loose' shows it.",
    examples = {"find beauty.0101", "find '*.mov' --larger 10GB --older 1y",
        "find 'shot_010/*.exr' --database NAS", "find notes -i --client acme",
        "find '*' --newer 2031-05-27 --project acme/spot-2031"},
    args = {{"pattern", "word", help = "a name, a part of one, or a pattern"}},
    options = {
        database = {type = "database", help = "only in this one"},
        category = {type = "category", several = true, help = "only in this one"},
        client = {type = "client", help = "only of this one, or of those that match"},
        project = {type = "project", help = "only of this one, or of those that match"},
        ["ignore-case"] = {short = "i", help = "upper and lower case are the same"},
        larger = {type = "size", help = "only files above this size, such as 2GB"},
        newer = {type = "moment", help = "only what was changed since then: 2031-05-27, or 30d ago"},
        older = {type = "moment", help = "only what was last changed before then"},
        type = {type = "choice", values = {"file", "directory", "symlink"}, help = "only these"},
        limit = {type = "integer", min = 1, value = "N",
            help = "stop after that many (default 10000 on a terminal)"},
    },
    run = run,
    show = show,
    flow = flow,
}
