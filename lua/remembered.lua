--- What loads remember besides replicas, and what people chose: methods of the catalog (catalog.lua).
local core_catalog = require "core.catalog"
local errors = require "autobackup.errors"

local M = {}

local function bytes(value)
    return {blob = value}
end

--- When each category was last read wholly in each database.
-- @return rows {database, category (catalog ids), read_at (ns)}
function M:readings()
    return self:rows("SELECT database, category, read_at FROM reading")
end

--- What the last whole loads could not read.
-- @return rows {database, category (ids), client ("": the whole category), name ("": the whole client)}
function M:unread()
    return self:rows("SELECT database, category, client, project AS name FROM unread")
end

--- Which categories lie on a mount of their own below a database's root.
-- @return rows {database, category (catalog ids), volume? (src/index/volume.h), place?, granularity (ns; as its type has it)}
function M:apart()
    return self:rows("SELECT database, category, volume, place, granularity FROM apart")
end

--- Does a category lie on a mount of its own there?
-- @param database, category catalog ids
function M:is_apart(database, category)
    return self:rows("SELECT 1 FROM apart WHERE database = ? AND category = ?", {database, category})[1] ~= nil
end

--- How far apart the times of files in a category of a database are at least, where that was measured.
-- @param database, category catalog ids
-- @return ns, or nil
function M:measured_step(database, category)
    local row = self:rows("SELECT granularity FROM kept_times WHERE database = ? AND category = ? AND measured",
        {database, category})[1]
    return row and row.granularity
end

-- What was found out on the disk that a category lay on says nothing of another one: contents, refusals, traits.
local FORGOTTEN = {
    [[UPDATE directory SET digests = NULL, verified = NULL, damaged = 0, open = 0
        WHERE replica IN (SELECT id FROM replica WHERE database = ?1 AND category = ?2)]],
    "UPDATE replica SET evidence = zeroblob(16), verified_at = NULL WHERE database = ?1 AND category = ?2",
    "DELETE FROM traits WHERE database = ?1 AND category = ?2",
    [[DELETE FROM refused WHERE database = ?1 AND replica >= (SELECT CAST(path || '/' AS BLOB) FROM category
        WHERE id = ?2) AND replica < (SELECT CAST(path || '0' AS BLOB) FROM category WHERE id = ?2)]],
    [[DELETE FROM compared WHERE ?1 IN (target, source) AND replica >= (SELECT CAST(path || '/' AS BLOB)
        FROM category WHERE id = ?2) AND replica < (SELECT CAST(path || '0' AS BLOB) FROM category
        WHERE id = ?2)]],
    "INSERT OR REPLACE INTO apart (database, category, granularity) VALUES (?1, ?2, 0)",
}

--- A category moved to another disk, or to the database's own: the next load takes it as it lies there.
-- @param database, category catalog ids
function M:category_moved(database, category)
    self:transaction(function()
        for _, sql in ipairs(FORGOTTEN) do
            self:exec(sql, {database, category})
        end
    end)
end

--- The same with names, and the replicas in which something could not be read, by category and database.
-- @return rows {database, category (names), client, name}, "" as above
function M:unread_places()
    return self:rows([[SELECT d.name AS database, c.name AS category, p.client, p.project AS name FROM
        (SELECT database, category, client, project FROM unread
         UNION SELECT database, category, client, project FROM replica WHERE errors > 0) p
        JOIN database d ON d.id = p.database JOIN category c ON c.id = p.category
        ORDER BY c.id, d.id, p.client, p.project]])
end

--- What lies beside the categories, sorted.
-- @param filter {database = name?}
-- @return rows {database, database_id, root, path (relative to it), kind, files?, bytes?, whole (0: at least
--        so much)}
function M:outside(filter)
    local name = filter and filter.database
    return self:rows([[SELECT d.name AS database, d.id AS database_id, d.path AS root, o.path, o.kind, o.files,
        o.bytes,
        o.whole FROM outside o JOIN database d ON d.id = o.database]] .. (name and " WHERE d.name = ?" or "")
        .. " ORDER BY d.id, o.path", {name})
end

--- Look through all of it. A listing that is damaged is marked: the next load reads its folder anew.
-- @return how many are; raises ECORRUPT when more than that is damaged
function M:check()
    return errors.check(self.handle:check())
end

--- Mark a listing as damaged.
-- @param replica catalog id, @param path of the folder in it
function M:distrust(replica, path)
    return self:exec("UPDATE directory SET sum = 0 WHERE replica = ? AND path = ?", {replica, bytes(path)})
end

--- When it was last looked through (ns), or nil.
function M:checked_at()
    local row = self:rows("SELECT at FROM checked")[1]
    return row and row.at
end

--- Remember that it was.
function M:note_checked(now)
    self:transaction(function()
        self:exec("DELETE FROM checked")
        self:exec("INSERT INTO checked VALUES (?)", {now})
    end)
end

--- What somebody typed to be ignored.
-- @return rows {path, database? (name)}, in the order in which they were typed
function M:ignored()
    return self:rows([[SELECT i.path, d.name AS database FROM ignored i LEFT JOIN database d ON d.id = i.database
        ORDER BY i.rowid]])
end

local SAME = " path = ? AND COALESCE(database, 0) = COALESCE((SELECT id FROM database WHERE name = ?), 0)"

--- Ignore a path from now on.
-- @param path relative to a database, may hold * and ?, @param database its name, or nil for all
-- @return whether that is new
function M:ignore(path, database)
    return self:exec("INSERT OR IGNORE INTO ignored (path, database) VALUES (?, (SELECT id FROM database "
        .. "WHERE name = ?))",
        {bytes(path), database or core_catalog.null}) > 0
end

--- Take that back.
-- @return whether it was ignored
function M:heed(path, database)
    return self:exec("DELETE FROM ignored WHERE" .. SAME, {bytes(path), database or core_catalog.null}) > 0
end

--- The versions that were counted, added up for each database.
-- @return table from database id to {operations = how many were counted, files, bytes, whole (0: at least so
--        much)}
function M:held()
    local held = {}
    for _, row in ipairs(self:rows([[SELECT database, COUNT(*) AS operations, SUM(files) AS files,
        CAST(TOTAL(bytes) AS INTEGER) AS bytes,
            MIN(whole) AS whole FROM held GROUP BY database]])) do
        held[row.database] = row
    end
    return held
end

--- Forget what versions hold where something is about to change in them.
-- @param database catalog id
function M:forget_held(database)
    self:exec("DELETE FROM held WHERE database = ?", {database})
end

--- Whether a typed choice took the place of a path.
-- @param kind "database" or "category", @param name, @param path
function M:is_replaced(kind, name, path)
    return self:rows("SELECT 1 AS n FROM replaced WHERE kind = ? AND name = ? AND path = ?",
        {kind, name, bytes(path)})[1] ~= nil
end

--- Remember that a typed choice took the place of a path; what it chose is no longer one that was replaced.
-- @param old the path that was, @param new the one chosen
function M:replace_path(kind, name, old, new)
    self:exec("INSERT OR IGNORE INTO replaced (kind, name, path) VALUES (?, ?, ?)", {kind, name, bytes(old)})
    self:exec("DELETE FROM replaced WHERE kind = ? AND name = ? AND path = ?", {kind, name, bytes(new)})
end

--- Forget which paths typed choices replaced: the startup file and the catalog agree again.
function M:forget_replaced(kind, name)
    if self:rows("SELECT 1 AS n FROM replaced WHERE kind = ? AND name = ? LIMIT 1", {kind, name})[1] then
        self:exec("DELETE FROM replaced WHERE kind = ? AND name = ?", {kind, name})
    end
end

return M
