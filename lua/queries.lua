--- The queries of the session environment: lists of plain rows from the catalog, and the iterator `files`.
-- Times in rows are seconds since 1970. A query's filters are checked as a command's arguments are.

local errors = require "autobackup.errors"
local rows = require "autobackup.rows"

local M = {}

local NS = 1000000000

local function seconds(ns)
    return ns and ns // NS
end

local filters = {
    databases = {},
    categories = {},
    clients = {client = "client", database = "database", category = "category"},
    projects = {client = "client", project = "project", database = "database", category = "category"},
    replicas = {client = "client", project = "project", database = "database", category = "category"},
    files = {client = "client", project = "project", database = "database", category = "category", name = "text"},
}

-- What a row says about a filter: the key of the same name.
local function plain(value, key)
    return rows.type_of(value) and value[key] or value
end

local function check_filter(session, query, filter)
    if filter == nil then
        return {}
    elseif type(filter) ~= "table" then
        errors.usage("%s: it takes a table of filters, such as %s{client = \"acme\"}", query, query)
    end
    local known, checked = filters[query], {}
    for key, value in pairs(filter) do
        if not known[key] then
            local names = {}
            for name in pairs(known) do
                names[#names + 1] = name
            end
            errors.usage("%s: no filter '%s'%s", query, tostring(key),
                require("autobackup.suggest").hint(tostring(key), names))
        end
        local kind = require("autobackup.types").get(known[key])
        local result, message, code = kind.check(plain(value, key), session, {})
        if result == nil then
            errors.raise(code or "EUSAGE", message)
        end
        checked[key] = result ~= "all" and result or nil
    end
    return checked
end

function M.databases(session, filter)
    check_filter(session, "databases", filter)
    local catalog = session.catalog
    local totals, is_online, list = catalog:totals(), require("autobackup.locate").prober(), {}
    for i, row in ipairs(catalog:databases()) do
        local total = totals[row.id] or {files = 0, bytes = 0}
        list[i] = rows.row("database", {
            database = row.database, path = row.path, online = is_online(row), files = total.files,
            bytes = total.bytes, loaded_at = seconds(row.loaded_at),
        })
    end
    return list
end

function M.categories(session, filter)
    check_filter(session, "categories", filter)
    local list = {}
    for i, row in ipairs(session.catalog:categories()) do
        list[i] = rows.row("category", {category = row.category, path = row.path})
    end
    return list
end

local function typed(list, kind)
    for _, row in ipairs(list) do
        rows.row(kind, row)
    end
    return list
end

function M.clients(session, filter)
    return typed(session.catalog:clients(check_filter(session, "clients", filter)), "client")
end

function M.projects(session, filter)
    return typed(session.catalog:projects(check_filter(session, "projects", filter)), "project")
end

function M.replicas(session, filter)
    local is_online, list, databases = require("autobackup.locate").prober(), {}, {}
    local join = require("autobackup.locate").join
    for _, database in ipairs(session.catalog:databases()) do
        databases[database.id] = database
    end
    for i, row in ipairs(session.catalog:replicas(check_filter(session, "replicas", filter))) do
        list[i] = rows.row("replica", {
            client = row.client, project = row.project, name = row.name, category = row.category,
            database = row.database, state = "present", online = is_online(databases[row.database_id]),
            files = row.files, bytes = row.bytes, newest = seconds(row.newest),
            path = join(row.root, row.category_path, row.client, row.name),
            loaded_at = seconds(row.loaded_at), verified_at = seconds(row.verified_at),
        })
    end
    return list
end

local function file_row(replica, entry)
    return rows.row("file", {
        client = replica.client, project = replica.project, category = replica.category,
        database = replica.database, path = entry.path, size = entry.size, mtime = seconds(entry.mtime),
    })
end

--- The regular files of replicas, one by one.
-- @return iterator of rows {client, project, category, database, path (in the replica), size, mtime}
function M.files(session, filter)
    filter = check_filter(session, "files", filter)
    local name = filter.name
    filter.name = nil
    local catalog = session.catalog
    local replicas = catalog:replicas(filter)
    return coroutine.wrap(function()
        for _, replica in ipairs(replicas) do
            for entry in catalog:entries(replica.id, {name = name}) do
                if entry.kind == "file" then
                    coroutine.yield(file_row(replica, entry))
                end
            end
        end
    end)
end

return M
