--- list: databases, categories, clients, projects, loose entries.
local apart = require "autobackup.apart"
local beside = require "autobackup.beside"
local coverage = require "autobackup.coverage"
local gone = require "autobackup.gone"
local knowledge = require "autobackup.knowledge"
local litter = require "autobackup.litter"
local lookalike = require "autobackup.lookalike"
local rows = require "autobackup.rows"
local statuses = require "autobackup.status"
local size = require "autobackup.view.size"
local traits = require "autobackup.traits"

local function by_name(list, key)
    table.sort(list, function(a, b) return a[key] < b[key] end)
    return list
end

-- Those that are nowhere any more follow.
local function projects(session, filter)
    local list = knowledge.projects(session, filter)
    local here, last = {}, nil
    for _, row in ipairs(list) do
        here[row.project] = row
    end
    for _, cell in ipairs(filter.database and {} or gone.cells(session, filter)) do
        local row = here[cell.project]
        if row and row.files == 0 then    -- its folder is there, and empty
            row.state, row.seen_at = "gone", cell.seen_at
        elseif not row and not (last and last.project == cell.project) then
            last = rows.row("project", {client = cell.client, project = cell.project, name = cell.name, files = 0,
                bytes = 0, databases = {}, state = "gone", seen_at = cell.seen_at})
            list[#list + 1] = last
        end
    end
    return list
end

local reads = {
    databases = function(session) return by_name(knowledge.databases(session), "database") end,
    categories = function(session) return by_name(knowledge.categories(session), "category") end,
    clients = knowledge.clients,
    projects = projects,
    loose = knowledge.loose,
}

local NOUNS = {loose = "loose entries"}

-- The disks that categories have of their own, with their database.
local function add_disks(databases, disks)
    local rows_of = {}
    for _, row in ipairs(databases) do
        rows_of[row.database] = row
    end
    for _, disk in ipairs(disks) do
        local row = rows_of[disk.database]
        row.apart, disk.database = row.apart or {}, nil
        table.insert(row.apart, disk)
    end
end

local function run(args, session)
    local result = reads[args.what](session, {client = args.client, database = args.database})
    if #result == 0 then
        local where = args.database and " in " .. args.database or ""
        result.notes = {knowledge.missing(session) or ("no %s%s"):format(NOUNS[args.what] or args.what, where)}
    end
    if args.what == "loose" and #result > 0 then
        result.notes = litter.texts(session, args.database and {[args.database] = true})
    end
    if args.what == "databases" and #result > 0 then
        local disks = apart.disks(session.catalog)
        result.notes = apart.texts(disks)
        add_disks(result, disks)
    end
    local is_named = args.what == "clients" or args.what == "projects"
    if is_named then
        local is_all = not (args.client or args.database)
        result.notes = result.notes or lookalike[args.what](session.catalog, result, is_all)
    end
    if is_named or args.what == "loose" then
        local unread = coverage.unread(session.catalog, {client = args.client, database = args.database,
            outside = args.what == "loose"})
        result.notes = table.move(unread, 1, #unread, #(result.notes or {}) + 1, result.notes or {})
        result.status = #unread > 0 and statuses.PARTIAL or nil
    end
    return result
end

local function amounts(out)
    return {key = "files", title = "FILES", align = "right", drop = 1,
        format = function(n) return out:count(n) end},
        {key = "bytes", title = "SIZE", align = "right", format = size.size}
end

local function number(out, key, title)
    return {key = key, title = title, align = "right", format = function(n) return out:count(n) end, drop = 2}
end

-- What nobody has seen is not none.
local function room_text(amount)
    return amount and size.size(amount) or "?"
end

local tables = {}

function tables.database(out)
    local files, bytes = amounts(out)
    return {
        {key = "database", title = "DATABASE"},
        {key = "online", title = "STATE", format = function(value) return value and "online" or "offline" end,
            color = function(value) return value and "green" or "yellow" end},
        number(out, "projects", "PROJECTS"), files, bytes,
        {key = "bytes_free", title = "FREE", align = "right", format = room_text},
        {key = "bytes_total", title = "OF", align = "right", format = room_text, drop = 2},
        {key = "versions_bytes", title = "VERSIONS", align = "right", drop = 1, format = function(held, row)
            return (row.versions_at_least and "> " or "") .. room_text(held)
        end},
        {key = "loaded_at", title = "READ", format = function(_, row) return out:age(row.loaded_at) end, min = 12},
        {key = "filesystem", title = "TIMES", hide_empty = true,
            format = function(_, row) return traits.text(row) end},
        {key = "path", title = "PATH", whole = true},
    }
end

function tables.category()
    return {{key = "category", title = "CATEGORY"}, {key = "path", title = "PATH", whole = true}}
end

function tables.client(out)
    local files, bytes = amounts(out)
    return {{key = "client", title = "CLIENT"}, number(out, "projects", "PROJECTS"), files, bytes}
end

function tables.project(out)
    local files, bytes = amounts(out)
    return {{key = "project", title = "PROJECT", min = 16}, files, bytes,
        {key = "databases", title = "DATABASES", names = true},
        {key = "state", title = "STATE", hide_empty = true}}
end

function tables.loose(out)
    return {
        {key = "database", title = "DATABASE"},
        {key = "category", title = "CATEGORY", format = function(name) return name or "(none)" end},
        {key = "kind", title = "KIND"},
        {key = "files", title = "FILES", align = "right", format = function(n) return n and out:count(n) or "" end,
            hide_empty = true, drop = 1},
        {key = "size", title = "SIZE", align = "right", format = function(_, row) return beside.size_text(row,
            out) end},
        {key = "path", title = "PATH", whole = true},
    }
end

local function show(result, out)
    if result[1] then
        out:table{rows = result, columns = tables[result[1].type](out)}
    end
end

return {
    name = "list",
    startup = "looks",
    group = "look",
    summary = "list databases, categories, clients, projects or loose entries",
    details = "From the catalog, so unplugged disks are listed too. FREE and VERSIONS of an "
        .. "unplugged one are those of its last load. FILES and SIZE of a client or project are "
        .. "those of all its replicas together, or of those in one database with 'in DATABASE'.",
    examples = {"list projects", "list projects in acme in NAS", "list clients in NAS", "list loose"},
    args = {
        {"what", "choice", values = {"databases", "categories", "clients", "projects", "loose"},
            default = "projects"},
        {"client", "client", keyword = "in", when = {what = {"projects"}}},
        {"database", "database", keyword = "in", when = {what = {"clients", "projects", "loose"}}},
    },
    accepts = {client = {client = "client"}, database = {database = "database"}},
    run = run,
    show = show,
}
