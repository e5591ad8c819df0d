--- What the catalog's content comes to: methods of the catalog (catalog.lua) that count and add up.
local M = {}

-- Clients by database, empty client folders too.
local CLIENTS = [[SELECT database, COUNT(*) AS clients FROM (SELECT database, name FROM client
    UNION SELECT database, client FROM replica) GROUP BY database]]

-- Sums in one pass over the table: the index would be quicker for one database, and slower for all. A sparse file may
-- claim 8 EiB, and a SUM that is too large for an integer fails; a TOTAL is exact up to 9 PB and ends at the largest one.
local SUMS = [[SELECT +database AS database, COUNT(*) AS replicas, SUM(files) AS files,
    CAST(TOTAL(bytes) AS INTEGER) AS bytes, SUM(errors) AS errors FROM replica NOT INDEXED GROUP BY +database]]

-- In which databases projects are, as "1,3", and how many are in just these: the index alone tells.
local HELD = [[SELECT held, COUNT(*) AS projects FROM (SELECT group_concat(DISTINCT database) AS held FROM replica
    GROUP BY client, project) GROUP BY held]]

-- Categories, clients and projects that could not be read.
local UNREAD = "SELECT database, COUNT(*) AS errors FROM unread GROUP BY database"

local function none()
    return {projects = 0, replicas = 0, files = 0, bytes = 0, errors = 0}
end

--- What is known of each database's content.
-- @return table from database id to {clients, projects, replicas, files, bytes, errors (what could not be read)}
function M:totals()
    local totals = {}
    for _, row in ipairs(self:rows(SUMS)) do
        totals[row.database], row.projects = row, 0
    end
    for _, row in ipairs(self:rows(HELD)) do
        for id in row.held:gmatch("%d+") do
            local total = totals[math.tointeger(id)]
            total.projects = total.projects + row.projects
        end
    end
    for _, row in ipairs(self:rows(CLIENTS)) do
        totals[row.database] = totals[row.database] or none()
        totals[row.database].clients = row.clients
    end
    for _, row in ipairs(self:rows(UNREAD)) do
        local total = totals[row.database] or none()
        totals[row.database], total.errors = total, total.errors + row.errors
    end
    return totals
end

--- Of which databases anything is known.
-- @return set of database ids
function M:known()
    local known = {}
    local sql = [[SELECT id FROM database d WHERE EXISTS (SELECT 1 FROM replica WHERE database = d.id)
        OR EXISTS (SELECT 1 FROM client WHERE database = d.id)]]
    for _, row in ipairs(self:rows(sql)) do
        known[row.id] = true
    end
    return known
end

--- How many files are known of a database.
function M:files_of(database)
    return self:rows("SELECT COALESCE(SUM(files), 0) AS n FROM replica WHERE database = ?", {database})[1].n
end

--- How many loose entries a database has.
function M:loose_count(database)
    return self:rows("SELECT COUNT(*) AS n FROM loose WHERE database = ?", {database})[1].n
end

-- Every category of every project once, where it is largest.
local WHOLE = [[(SELECT client, project, category, MAX(files) AS files, MAX(bytes) AS bytes FROM replica
    GROUP BY client, project, category)]]

--- The projects of all databases together, what several have counted once.
-- @return {projects, files, bytes}
function M:whole()
    return self:rows([[SELECT COUNT(*) AS projects, COALESCE(SUM(files), 0) AS files,
        CAST(TOTAL(bytes) AS INTEGER) AS bytes FROM
        (SELECT SUM(files) AS files, CAST(TOTAL(bytes) AS INTEGER) AS bytes FROM ]] .. WHOLE
        .. " GROUP BY client, project)")[1]
end

--- Clients in all databases together, sorted; what several databases have is counted once.
-- @return rows {client, projects, files, bytes}
function M:whole_clients()
    return self:rows([[SELECT client, COUNT(DISTINCT project) AS projects, SUM(files) AS files,
        CAST(TOTAL(bytes) AS INTEGER) AS bytes FROM (SELECT client, project, files, bytes FROM ]] .. WHOLE .. [[
        UNION ALL SELECT name, NULL, 0, 0 FROM client) GROUP BY client ORDER BY client]])
end

local SUMMARY = [[SELECT (SELECT COUNT(*) FROM (SELECT DISTINCT client, project FROM replica)) AS projects,
    COALESCE(SUM(files), 0) AS files, CAST(TOTAL(bytes) AS INTEGER) AS bytes FROM replica]]

local SINGLE = [[SELECT c.name AS category, COUNT(*) AS count
    FROM (SELECT category FROM replica GROUP BY client, project, category HAVING COUNT(*) = 1) r
    JOIN category c ON c.id = r.category GROUP BY c.id]]

--- What is known in all, in few milliseconds.
-- @return {projects=, files=, bytes=, single = table from a category's name to how many of it exist only once}
function M:summary()
    local summary = self:rows(SUMMARY)[1]
    summary.single = {}
    for _, row in ipairs(self:rows(SINGLE)) do
        summary.single[row.category] = row.count
    end
    return summary
end

--- How many files are known to be damaged.
function M:damaged_files()
    return self:rows("SELECT COALESCE(SUM(damaged), 0) AS n FROM directory WHERE damaged > 0")[1].n
end

return M
