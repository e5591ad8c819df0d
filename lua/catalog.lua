--- The catalog as Lua sees it. All SQL of the Lua side stands here, that which only counts in figures.lua, and
-- that about what comparing came to in judged.lua. Rows come with the catalog's own values: times are nanoseconds
-- since 1970, client, project and path are bytes. Every method raises an error value when the catalog fails
-- (ECORRUPT, EBUSY, ECATALOG).
local core_catalog = require "core.catalog"
local core_find = require "core.find"
local core_sys = require "core.sys"
local errors = require "autobackup.errors"
local figures = require "autobackup.figures"
local judged = require "autobackup.judged"
local registered = require "autobackup.registered"
local remembered = require "autobackup.remembered"
local rows = require "autobackup.rows"
local where = require "autobackup.where"

local M = {}

local Catalog = {}
Catalog.__index = Catalog
for _, methods in ipairs{figures, judged, registered, remembered} do
    for name, method in pairs(methods) do
        Catalog[name] = method
    end
end

--- "client/project", as where.split splits it.
M.split = where.split

--- Open the catalog, making it when it is missing.
-- @param path of its file
-- @return the catalog; raises
function M.open(path)
    return setmetatable({handle = errors.check(core_catalog.open(path))}, Catalog)
end

function Catalog:close()
    self.handle:close()
end

Catalog.__close = Catalog.close

--- The path of its file, for jobs that open it themselves.
function Catalog:path()
    return self.handle:path()
end

local function bytes(value)
    return {blob = value}
end

function Catalog:rows(sql, params)
    return errors.check(self.handle:rows(sql, params))
end

function Catalog:exec(sql, params)
    return errors.check(self.handle:exec(sql, params))
end

-- All or nothing: what fn does, and an error or an interruption in it undoes.
function Catalog:transaction(fn)
    self:exec("BEGIN IMMEDIATE")
    local ok, err = pcall(fn)
    if ok then
        ok, err = pcall(self.exec, self, "COMMIT")
    end
    if not ok then
        self.handle:exec("ROLLBACK")
        error(err, 0)
    end
    return err
end

local CATEGORY = "SELECT id, name AS category, path FROM category"

--- All categories in the order in which they were added.
-- @return rows {id, category, path}
function Catalog:categories()
    return self:rows(CATEGORY .. " ORDER BY id")
end

--- One category by name.
-- @return row or nil
function Catalog:category(name)
    return self:rows(CATEGORY .. " WHERE name = ?", {name})[1]
end

local REPLICA = [[SELECT r.id, r.client, r.project AS name, r.client || '/' || r.project AS project,
    c.name AS category, c.path AS category_path, d.name AS database, d.id AS database_id, d.path AS root,
    k.granularity, k.oldest AS oldest_kept, k.newest AS newest_kept, k.keeps_times, k.early, k.measured,
    printf('%s %s %s %s %s %s %s', k.granularity, k.oldest, k.newest, k.keeps_times, k.link_times, k.early,
    k.measured) AS times,
    r.files, r.directories, r.bytes, r.newest, lower(hex(r.fingerprint)) AS fingerprint,
    r.errors, r.loaded_at, r.verified_at, c.id AS category_id, (SELECT COALESCE(SUM(damaged), 0) FROM directory
    WHERE replica = r.id AND damaged > 0) AS damaged, (SELECT COALESCE(SUM(open), 0) FROM directory
    WHERE replica = r.id AND open > 0) AS open, lower(hex(r.evidence)) AS evidence
    FROM told_replica r JOIN database d ON d.id = r.database JOIN category c ON c.id = r.category
    JOIN kept_times k ON k.database = d.id AND k.category = c.id]]

--- Replicas, sorted by client, project, category, database (the last two in the order they were added).
-- @param filter {client=, project="client/name", name=, database=, category=}: each a name, or a pattern
--        (glob.lua); category several names too
-- @return rows {id, client, project, name, category, category_path, database, database_id, root, granularity,
--         oldest_kept?, newest_kept?, keeps_times, measured (traits.lua), times (those in one text),
--         files, directories, bytes, newest?, fingerprint (hex), errors, loaded_at, verified_at?, category_id,
--         damaged (files known to be), open (files of which size and time say nothing: DIGEST_OPEN),
--         evidence (hex, of src/index/evidence.h; "" where an older version left none: that equals no other)}
function Catalog:replicas(filter)
    local conditions = where.new():filters(filter or {})
    local sql = REPLICA .. conditions:text() .. " ORDER BY r.client, r.project, c.id, d.id"
    return self:rows(sql, conditions.params)
end

--- One replica by its exact names: a folder's name may hold * and ? too.
-- @param database, category catalog ids, @param client, name folder names
-- @return row as of replicas, or nil
function Catalog:replica(database, category, client, name)
    local sql = REPLICA .. " WHERE r.client = ? AND r.project = ? AND r.category = ? AND r.database = ?"
    return self:rows(sql, {{blob = client}, {blob = name}, category, database})[1]
end

local PROJECT = [[SELECT r.client, r.project AS name, r.client || '/' || r.project AS project,
    SUM(r.files) AS files, CAST(TOTAL(r.bytes) AS INTEGER) AS bytes,
    group_concat(DISTINCT r.database) AS databases
    FROM replica r%s%s GROUP BY r.client, r.project ORDER BY r.client, r.project]]
local NAMED = " JOIN database d ON d.id = r.database JOIN category c ON c.id = r.category"

-- From "3,1" to names of databases, in the order in which those were added.
local function names_of(held, databases)
    local is_held, names = {}, {}
    for id in held:gmatch("%d+") do
        is_held[math.tointeger(id)] = true
    end
    for _, database in ipairs(databases) do
        names[#names + 1] = is_held[database.id] and database.database or nil
    end
    return names
end

--- Projects, sorted; files and bytes are those of all matching replicas.
-- @param filter as for replicas
-- @return rows {client, project, name, files, bytes, databases={names}}
function Catalog:projects(filter)
    filter = filter or {}
    local conditions, databases = where.new():filters(filter), self:databases()
    local named = (filter.database or filter.category) and NAMED or ""
    local list, known = self:rows(PROJECT:format(named, conditions:text()), conditions.params), {}
    for _, row in ipairs(list) do
        local held = row.databases
        known[held] = known[held] or names_of(held, databases)
        row.databases = table.move(known[held], 1, #known[held], 1, {})
    end
    return list
end

-- Client folders without any project count too; `r` is a client's folder in one category of one database.
local CLIENT = [[SELECT r.client, COUNT(DISTINCT r.project) AS projects, SUM(r.files) AS files,
    CAST(TOTAL(r.bytes) AS INTEGER) AS bytes
    FROM (SELECT database, category, name AS client, NULL AS project, 0 AS files, 0 AS bytes FROM client
          UNION ALL SELECT database, category, client, project, files, bytes FROM replica) r
    JOIN database d ON d.id = r.database JOIN category c ON c.id = r.category%s
    GROUP BY r.client ORDER BY r.client]]

--- Clients, sorted; empty client folders too.
-- @param filter {client=, database=, category=}
-- @return rows {client, projects, files, bytes}
function Catalog:clients(filter)
    filter = filter or {}
    local conditions = where.new():filters{client = filter.client, database = filter.database,
        category = filter.category}
    return self:rows(CLIENT:format(conditions:text()), conditions.params)
end

-- From one client to the next by the index: as quick with many projects as with few.
local CLIENT_NAMES = [[WITH RECURSIVE found (name) AS (SELECT MIN(client) FROM replica
        UNION ALL SELECT (SELECT MIN(client) FROM replica WHERE client > found.name) FROM found
        WHERE found.name IS NOT NULL)
    SELECT name FROM found WHERE name IS NOT NULL UNION SELECT name FROM client ORDER BY 1]]

--- The names of all clients, sorted; empty client folders too.
-- @return list of strings
function Catalog:client_names()
    local names = {}
    for i, row in ipairs(self:rows(CLIENT_NAMES)) do
        names[i] = row.name
    end
    return names
end

--- The names of all projects, in no order.
-- @param client only those of this one (optional)
-- @return list of "client/project"
function Catalog:project_names(client)
    local sql = "SELECT DISTINCT client || '/' || project AS project FROM replica"
    local list = client and self:rows(sql .. " WHERE client = ?", {bytes(client)}) or self:rows(sql)
    return rows.column(list, "project")
end

--- Projects by the beginning of their own name, sorted.
-- @param prefix of the project's folder name
-- @return list of "client/project"
function Catalog:projects_named(prefix)
    local names = {}
    local sql = [[SELECT DISTINCT client || '/' || project AS project FROM replica
        WHERE substr(project, 1, ?) = ? ORDER BY 1]]
    for i, row in ipairs(self:rows(sql, {#prefix, bytes(prefix)})) do
        names[i] = row.project
    end
    return names
end

--- Loose entries, sorted.
-- @param filter {database=, category=, ours = only names of our own pattern}
-- @return rows {database, category, path (relative to the category), kind, size}
function Catalog:loose(filter)
    filter = filter or {}
    local conditions = where.new():filters{database = filter.database, category = filter.category}
    if filter.ours then
        table.insert(conditions.conditions, "r.kind IN ('temp', 'replaced', 'reserved')")
    end
    return self:rows([[SELECT d.name AS database, c.name AS category, c.path AS category_path, d.path AS root,
        r.path, r.kind, r.size
        FROM loose r JOIN database d ON d.id = r.database JOIN category c ON c.id = r.category]]
        .. conditions:text() .. " ORDER BY d.id, c.id, r.path", conditions.params)
end

local GONE = [[SELECT r.client, r.project AS name, r.client || '/' || r.project AS project, c.id AS category_id,
    c.name AS category, c.path AS category_path, d.id AS database_id, d.name AS database, d.path AS root, r.files,
    r.bytes, r.seen_at FROM gone r JOIN database d ON d.id = r.database JOIN category c ON c.id = r.category]]
local NOWHERE = [[NOT EXISTS (SELECT 1 FROM replica h WHERE h.client = r.client AND h.project = r.project
    AND h.category = r.category AND (h.files > 0 OR h.errors > 0))]]

--- Where categories of projects were of which no file is on any database any more, sorted as replicas. A folder
-- that is empty holds nothing; one that could not be read may hold anything.
-- @param filter as for replicas
-- @return rows {client, project, name, category, category_id, category_path, database, database_id, root, files,
--         bytes, seen_at}, files and bytes as they were at seen_at
function Catalog:gone(filter)
    local conditions = where.new():filters(filter or {})
    table.insert(conditions.conditions, NOWHERE)
    return self:rows(GONE .. conditions:text() .. " ORDER BY r.client, r.project, c.id, d.id", conditions.params)
end

--- Forget that a project was somewhere where it is not.
-- @param client, name folder names
function Catalog:forget_gone(client, name)
    self:exec("DELETE FROM gone WHERE client = ? AND project = ?", {bytes(client), bytes(name)})
end

local MOST_PARAMETERS = 500    -- SQLite takes some more

local PLACE = [[SELECT r.id, r.client, r.project AS name, c.id AS category_id, c.name AS category,
    c.path AS category_path, d.id AS database_id, d.name AS database, d.path AS root FROM replica r]] .. NAMED

--- Where replicas lie.
-- @param ids list of catalog ids
-- @return table from id to {client, project, name, category, category_id, category_path, database, database_id,
--         root}; one that is gone is not in it
function Catalog:places(ids)
    local places = {}
    for from = 1, #ids, MOST_PARAMETERS do
        local some = table.move(ids, from, math.min(from + MOST_PARAMETERS - 1, #ids), 1, {})
        local sql = ("%s WHERE r.id IN (?%s)"):format(PLACE, (", ?"):rep(#some - 1))
        for _, row in ipairs(self:rows(sql, some)) do
            row.project = row.client .. "/" .. row.name
            places[row.id] = row
        end
    end
    return places
end

local REPLICA_ID = "SELECT r.id FROM replica r" .. NAMED

--- Look for entries in the listings.
-- @param filter of replicas, as for replicas
-- @param how what core.find takes besides: pattern, word, ignore_case, whole_path, kind, larger, newer and older
--        (ns), sorted, limit
-- @return handle of core.find; the `replica` of its rows is a catalog id
function Catalog:find(filter, how)
    local conditions, request = where.new():filters(filter), {catalog = self:path()}
    for key, value in pairs(how) do
        request[key] = value
    end
    if #conditions.conditions > 0 then
        request.replicas = {}
        for i, row in ipairs(self:rows(REPLICA_ID .. conditions:text(), conditions.params)) do
            request.replicas[i] = row.id
        end
    end
    return errors.check(core_find.start(request))
end

--- What filesystems were measured to keep: the databases', and those that categories have of their own there.
-- @param category id; nil: the databases'
-- @return table from a database's id to the row of the catalog's table traits
function Catalog:traits(category)
    local list = {}
    for _, row in ipairs(self:rows("SELECT * FROM traits WHERE category = ?", {category or 0})) do
        list[row.database] = row
    end
    return list
end

--- Register a category.
-- @return its row, or nil as above
function Catalog:add_category(name, path)
    local id = self:rows([[INSERT INTO category (name, path) VALUES (?, ?) ON CONFLICT (name) DO NOTHING
        RETURNING id]], {name, bytes(path)})[1]
    return id and self:category(name)
end

--- Change a category's path; what is known of it goes, as it lay elsewhere.
function Catalog:set_category(name, path)
    self:transaction(function()
        for _, place in ipairs{"replica", "client", "loose", "reading", "unread", "gone"} do
            self:exec("DELETE FROM " .. place .. " WHERE category = (SELECT id FROM category WHERE name = ?)",
                {name})
        end
        self:exec("UPDATE category SET path = ? WHERE name = ?", {bytes(path), name})
    end)
end

--- Forget a category and what is known of it.
function Catalog:remove_category(name)
    return self:exec("DELETE FROM category WHERE name = ?", {name})
end

--- The paths of files below a folder that the user trusted, sorted by bytes.
-- @param folder absolute path
-- @return list
function Catalog:trusted_below(folder)
    local prefix, paths = folder == "/" and "/" or folder .. "/", {}
    for i, row in ipairs(self:rows("SELECT path FROM trusted WHERE substr(path, 1, ?) = ? ORDER BY path",
        {#prefix, bytes(prefix)})) do
        paths[i] = row.path
    end
    return paths
end

--- The bytes of a startup file, or of a module that one requires, that the user trusted, or nil.
function Catalog:trusted(path)
    local row = self:rows("SELECT content FROM trusted WHERE path = ?", {bytes(path)})[1]
    return row and row.content
end

--- Remember the bytes of such a file as trusted.
function Catalog:trust(path, content)
    self:exec("INSERT OR REPLACE INTO trusted (path, content, trusted_at) VALUES (?, ?, ?)",
        {bytes(path), bytes(content), core_sys.now()})
end

--- Operations, newest first.
-- @param filter {id=, limit=}
-- @return rows of the operation table
function Catalog:operations(filter)
    filter = filter or {}
    if filter.id then
        return self:rows("SELECT * FROM operation WHERE id = ?", {filter.id})
    end
    return self:rows("SELECT * FROM operation ORDER BY started_at DESC LIMIT ?", {filter.limit or -1})
end

--- A new id of an operation, or of a run of several: UTC time plus random, unlike every one in the catalog.
function Catalog:new_operation()
    while true do
        local id = core_sys.format_time(core_sys.now(), "utc", "%Y%m%dT%H%M%SZ-") .. core_sys.random_hex(2)
        if not self:rows("SELECT 1 FROM operation WHERE id = ?1 OR run = ?1 LIMIT 1", {id})[1] then
            return id
        end
    end
end

return M
