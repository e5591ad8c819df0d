--- The queries of the session environment: lists of plain rows from the catalog, and the iterator `files`.
-- Times in rows are seconds since 1970. A query's filters are checked as a command's arguments are.

local errors = require "autobackup.errors"
local rows = require "autobackup.rows"

local M = {}

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

for name in pairs(filters) do
    M[name] = function(session, filter)
        return require("autobackup.knowledge")[name](session, check_filter(session, name, filter))
    end
end

local function file_row(replica, entry)
    return rows.row("file", {
        client = replica.client, project = replica.project, category = replica.category,
        database = replica.database, path = entry.path, size = entry.size, mtime = entry.mtime // 1000000000,
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
