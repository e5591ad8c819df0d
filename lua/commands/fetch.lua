--- fetch: where every project is, whole, partial or not at all.
local lazy = require "autobackup.lazy"
local coverage = require "autobackup.coverage"
local databases_view = require "autobackup.view.databases"
local freshness = require "autobackup.freshness"
local gone = require "autobackup.gone"
local knowledge = require "autobackup.knowledge"
local lookalike = require "autobackup.lookalike"
local problems_view = lazy "autobackup.view.problems"
local size = require "autobackup.view.size"
local soundness = require "autobackup.soundness"
local statuses = require "autobackup.status"
local typed = lazy "autobackup.view.typed"

local function filter_of(args)
    if args.project then
        return {project = args.project}
    elseif args.client then
        return {client = args.client}
    end
    return knowledge.filter_of(args.which)
end

local function empty_note(args)
    local client = filter_of(args).client
    if client then
        return ("%s has no projects, only a client's folder; 'list loose' shows what lies beside projects")
            :format(client)
    end
    return "no project is known; 'list loose' shows what lies beside projects"
end

local function notes_of(result, args, session)
    local missing = knowledge.missing(session)
    if missing then
        return {missing}
    end
    local notes = coverage.notes(session.catalog, filter_of(args))
    for _, texts in ipairs{gone.texts(session, gone.cells(session, filter_of(args))),
        lookalike.projects(session.catalog, result, not next(filter_of(args)))} do
        table.move(texts, 1, #texts, #notes + 1, notes)
    end
    if #result == 0 and #notes == 0 then
        notes[1] = empty_note(args)
    end
    return notes
end

local function run(args, session)
    local filter = filter_of(args)
    local fresh = freshness.read(session, args, filter)
    local result = knowledge.cells(session, filter)
    result.problems = soundness.met(result)
    local is_partial = result.problems[1] or coverage.unread(session.catalog, filter)[1]
    result.status = is_partial and statuses.worst(fresh or 0, statuses.PARTIAL) or fresh
    result.notes = notes_of(result, args, session)
    result.paths = args.paths or nil
    return result
end

local function mark_of(cell, out)
    if cell.state == "unknown" then
        return out:mark("unknown"), " "
    end
    local unknown = (not cell.online or not cell.loaded_at) and out:mark("unknown") or " "
    if cell.state == "absent" then
        return out:mark("absent"), unknown
    end
    local mark = out:mark(cell.compared or "only")
    return mark, unknown
end

local function cell_text(cell, out)
    if cell.state == "gone" then
        return "gone  "
    end
    local mark, unknown = mark_of(cell, out)
    local text = cell.state == "present" and size.size(cell.bytes) or ""
    return ("%s %s%s"):format(text, mark, unknown)
end

local COLORS = {differs = "yellow", only = "yellow", unknown = "yellow", damaged = "red"}

local function cell_color(cell)
    if cell.state == "gone" then
        return "yellow"
    elseif cell.state ~= "present" or not cell.online then
        return "dim"
    end
    return COLORS[cell.compared]
end

-- From cells to one row for each category of each project; categories that are nowhere are left out.
local function grid(cells)
    local lines, databases, seen, last = {}, {}, {}, nil
    for _, cell in ipairs(cells) do
        if not seen[cell.database] then
            seen[cell.database] = true
            databases[#databases + 1] = cell
        end
        if not (last and last.project == cell.project and last.category == cell.category) then
            last = {project = cell.project, category = cell.category}
        end
        last[cell.database] = cell
        if (cell.state == "present" or cell.state == "gone") and not last.listed then
            last.listed = true
            lines[#lines + 1] = last
        end
    end
    return lines, databases
end

local function show_grid(lines, databases, out)
    local columns = {
        {key = "project", title = "PROJECT", group = true, head = true, min = 12},
        {key = "category", title = "CATEGORY", head = true},
    }
    for _, database in ipairs(databases) do
        columns[#columns + 1] = {
            key = database.database, name = database.database, after = "  ", align = "right",
            absent = function(cell) return cell.state == "absent" end,
            format = function(cell) return cell_text(cell, out) end, color = cell_color,
        }
    end
    out:table{rows = lines, columns = columns}
end

local function show_paths(cells, out)
    local present = {}
    for _, cell in ipairs(cells) do
        if cell.state == "present" then
            present[#present + 1] = cell
        end
    end
    out:table{rows = present, columns = {
        {key = "project", title = "PROJECT", group = true, head = true, min = 12},
        {key = "category", title = "CATEGORY", group = true, head = true},
        {key = "database", title = "DATABASE", head = true, names = true},
        {key = "files", title = "FILES", align = "right", format = function(n) return out:count(n) end, drop = 2},
        {key = "bytes", title = "SIZE", align = "right", format = size.size},
        {key = "newest", title = "NEWEST", format = function(value) return value and out:age(value) end, min = 12,
            drop = 1},
        {key = "path", title = "PATH", whole = true},
    }}
end

local function counted(cells)
    local counts = {}
    for _, cell in ipairs(cells) do
        local word = cell.state == "present" and cell.compared or cell.state
        counts[word] = (counts[word] or 0) + 1
    end
    return counts
end

local function has_unknown(cells)
    for _, cell in ipairs(cells) do
        if not cell.online or not cell.loaded_at then
            return true
        end
    end
    return false
end

-- Files counted in a field of each replica: of each category once, as its replicas have them all. And the last such cell.
local function most_of(cells, field)
    local count, most, last = 0, {}, nil
    for _, cell in ipairs(cells) do
        local files = cell[field] or 0
        local key = files > 0 and cell.project .. "\0" .. cell.category
        if key and files > (most[key] or 0) then
            count, most[key], last = count + files - (most[key] or 0), files, cell
        end
    end
    return count, last
end

-- What sizes and times do not tell.
local function content_texts(cells)
    local texts = {}
    local function add(field, one, many, sentence, option)
        local count, last = most_of(cells, field)
        if count > 0 then
            texts[#texts + 1] = ("%s %s%s: '%s %s'"):format(size.plural(count, "file"), count == 1 and one or many,
                sentence, typed.line("compare", last.project, last.category), option)
        end
    end
    add("differing", "differs", "differ", " in content though not in size and time", "--files")
    add("doubtful", "has", "have", " to be read to know", "--read")
    return texts
end

local function legend(cells, out)
    local counts, parts = counted(cells), {}
    local function explain(word, text)
        if counts[word] then
            parts[#parts + 1] = out:mark(word) .. " " .. text
        end
    end
    explain("same", "same")
    explain("similar", "same as far as its coarse file times tell")
    explain("differs", "differs")
    explain("absent", "absent")
    explain("damaged", "damaged: 'verify PROJECT' tells which files")
    if counts.unknown then
        parts[#parts + 1] = out:mark("unknown") .. (most_of(cells, "doubtful") > 0 and " not known"
            or " not known: never or not wholly read")
    elseif has_unknown(cells) then
        parts[#parts + 1] = out:mark("unknown") .. " offline or never read"
    end
    if counts.only then
        parts[#parts + 1] = size.plural(counts.only, "replica") .. (counts.only == 1 and " exists" or " exist")
            .. " only once"
    end
    return table.concat(parts, ", ")
end

-- Which databases are there, and of those the categories that are not: on a disk of its own, each once.
local function presence(cells)
    local there, apart, seen = {}, {}, {}
    for _, cell in ipairs(cells) do
        there[cell.database] = there[cell.database] or cell.online
    end
    for _, cell in ipairs(cells) do
        local key = cell.database .. "\0" .. cell.category
        if there[cell.database] and not cell.online and not seen[key] then
            seen[key], apart[#apart + 1] = true, cell
        end
    end
    return there, apart
end

-- How old the knowledge of each database is.
local function show_states(cells, databases, out, session)
    local list, known = {}, session.catalog:known()
    local there, apart = presence(cells)
    for i, cell in ipairs(databases) do
        local database = session.catalog:database(cell.database)
        list[i] = {database = cell.database, online = there[cell.database],
            partly = database and known[database.id] or false,
            loaded_at = database and knowledge.seconds(database.loaded_at)}
    end
    for _, cell in ipairs(apart) do
        list[#list + 1] = {database = cell.category .. " of " .. cell.database, online = false,
            loaded_at = cell.loaded_at}
    end
    databases_view.show(list, out)
end

local function show(result, out, session)
    if #result == 0 then
        return
    end
    local lines, databases = grid(result)
    if result.paths then
        show_paths(result, out)
    else
        show_grid(lines, databases, out)
    end
    out:line("")
    for _, text in ipairs(content_texts(result)) do
        out:prose(out:clean(text), "yellow")
    end
    local text = legend(result, out)
    if text ~= "" and not result.paths then
        out:prose(text, "dim")
    end
    show_states(result, databases, out, session)
    problems_view.show(result.problems, session.err, session.verbose)
end

return {
    name = "fetch",
    startup = "looks",
    group = "look",
    summary = "show where projects are: the size of each category in every database, what is absent, what differs",
    details = "From the catalog, so unplugged disks count too. The mark after a size: = the same as the others, "
        .. "≠ (or #) differs from them, ! damaged (verify found it), – absent, ? not known: offline, never or not "
        .. "wholly read, or its files have to be read to know. It ends with 3 where something could not be read; "
        .. "'check' does where anything is not known. In "
        .. "names * and ? are wildcards, unless they are quoted or there is a thing of just that name.",
    examples = {"fetch all", "fetch acme", "fetch acme/spot-2031", "fetch acme/* --paths", "fetch client acme"},
    args = {
        {"which", "which", optional = true, help = "all when left out"},
        {"client", "client", keyword = "client"},
        {"project", "project", keyword = "project"},
    },
    options = {fresh = freshness.option(), paths = {help = "show where each replica lies"}},
    accepts = {project = {project = "project"}, client = {client = "client"}, replica = {project = "project"},
        copy = {project = "project"}},
    run = run,
    show = show,
}
