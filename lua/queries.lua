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
    files = {client = "client", project = "project", database = "database", category = "category", name = "text",
        larger = "size", newer = "moment", older = "moment"},
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

--- The regular files of replicas, one by one.
-- @param filter {client=, project=, database=, category=, name= (* ? and [a-z] are wildcards), larger=, newer=,
--        older=}
-- @return iterator of rows {client, project, category, database, path (in the replica), size, mtime}, directory by
--         directory; two nils and what ends the search when a loop is left early
function M.files(session, filter)
    filter = check_filter(session, "files", filter)
    local found = require("autobackup.entries").open(session.catalog, filter, {
        pattern = filter.name, kind = "file", larger = filter.larger, newer = filter.newer, older = filter.older,
    })
    local batch, at = {}, 0
    local function next_file()
        while at == #batch do
            batch, at = found:batch(), 0
            if not batch then
                batch = {}
                return nil
            end
        end
        at = at + 1
        local place, entry = found:place(batch[at]), batch[at]
        return rows.row("file", {
            client = place.client, project = place.project, category = place.category, database = place.database,
            path = entry.path, size = entry.size, mtime = entry.mtime,
        })
    end
    return next_file, nil, nil, found
end

return M
