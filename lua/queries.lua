--- The queries of the session environment: lists of plain rows from the catalog, and the iterator `files`.
-- Times in rows are seconds since 1970. A query's filters are checked as a command's arguments are.

local errors = require "autobackup.errors"
local glob = require "autobackup.glob"
local locate = require "autobackup.locate"
local rows = require "autobackup.rows"
local soundness = require "autobackup.soundness"

local M = {}

local filters = {
    databases = {},
    categories = {},
    clients = {client = "client", database = "database", category = "category"},
    projects = {client = "client", project = "project", database = "database", category = "category"},
    replicas = {client = "client", project = "project", database = "database", category = "category"},
    files = {client = "client", project = "project", database = "database", category = "category",
        name = "file_name", larger = "size", newer = "moment", older = "moment"},
}

-- "all" is a word of the prompt: here it is a name like any other.
local FILTER = {filter = true, patterns = true, several = true}

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
        local result, message, code = kind.check(plain(value, key), session, FILTER)
        if result == nil then
            local place = code == "ENONAME" and query or query .. ": " .. key
            errors.raise(code or "EUSAGE", place .. ": " .. message)
        end
        checked[key] = result
    end
    return checked
end

for name in pairs(filters) do
    M[name] = function(session, filter)
        return rows.list(require("autobackup.knowledge")[name](session, check_filter(session, name, filter)), name)
    end
end

-- A pattern that was written as a plain text finds nothing, and nobody would know why.
local function refuse_pattern(name, is_none)
    if is_none and type(name) == "string" and glob.looks(name) then
        errors.usage("files: no file is called '%s'; a pattern is written glob \"%s\"", name, name)
    end
end

--- The regular files of replicas, one by one.
-- @param filter {client=, project=, database=, category=, name= (a name, or a pattern in which [a-z] is one of a
--        set), larger=, newer=, older=}
-- @return iterator of rows {client, project, name, category, database, inside (path in the replica), path, size,
--         mtime}, directory by directory; two nils and what ends the search when a loop is left early
function M.files(session, filter)
    filter = check_filter(session, "files", filter)
    local found = require("autobackup.entries").open(session.catalog, filter, {
        pattern = filter.name and glob.for_find(filter.name), kind = "file", larger = filter.larger,
        newer = filter.newer, older = filter.older,
    })
    local batch, at, is_none = {}, 0, true
    local function next_file()
        while at == #batch do
            batch, at = found:batch(), 0
            if not batch and found.damaged[1] then    -- a loop over what is not all must not end as if it were
                local folder = found.damaged[1]
                errors.raise("ECORRUPT", soundness.problems(session, {folder})[1].message, {path = folder.path})
            elseif not batch then
                batch = {}
                refuse_pattern(filter.name, is_none)
                return nil
            end
        end
        at, is_none = at + 1, false
        local place, entry = found:place(batch[at]), batch[at]
        return rows.row("file", {
            client = place.client, project = place.project, name = place.name, category = place.category,
            database = place.database, inside = entry.path,
            path = locate.join(locate.replica(place.root, place.category_path, place.client, place.name),
                entry.path),
            size = entry.size, mtime = entry.mtime,
        })
    end
    return next_file, nil, nil, found
end

return M
