--- The databases that are registered: methods of the catalog (catalog.lua).
local core_catalog = require "core.catalog"
local core_sys = require "core.sys"
local errors = require "autobackup.errors"

local M = {}

local function bytes(value)
    return {blob = value}
end

local function optional(value)
    if value == nil then
        return core_catalog.null
    end
    return value
end

local function place_of(seen)
    return seen.place and bytes(seen.place) or core_catalog.null
end

local DATABASE = [[SELECT id, name AS database, path, home, identity, place, fs_type, k.granularity, added_at,
    loaded_at, space_total, space_free, space_at, k.oldest AS oldest_kept, k.newest AS newest_kept, k.keeps_times,
    k.early, k.measured FROM database JOIN kept_times k ON k.database = id AND k.category = 0]]

--- All databases in the order in which they were added.
-- @return rows {id, database, path, home? (where it was added, when its disk is mounted elsewhere now), identity?
--         (index/identity.h), place? (the root's path in its filesystem), fs_type?, granularity, added_at, loaded_at?,
--         space_total?, space_free?, space_at?, oldest_kept?, newest_kept?, keeps_times, measured (traits.lua)}
function M:databases()
    return self:rows(DATABASE .. " ORDER BY id")
end

--- One database, by name or by its catalog id.
-- @return row or nil
function M:database(name)
    local key = math.type(name) == "integer" and "id" or "name"
    return self:rows(DATABASE .. " WHERE " .. key .. " = ?", {name})[1]
end

--- The databases of some names, each once.
-- @param names list
-- @return rows, in the order of the names; raises ENONAME where there is none of a name
function M:databases_named(names)
    local list, seen = {}, {}
    for _, name in ipairs(names) do
        if not seen[name] then
            seen[name] = true
            list[#list + 1] = self:database(name)
                or errors.raise("ENONAME", ("no database '%s': 'list databases' tells which there are")
                    :format(name))
        end
    end
    return list
end

--- The database whose disk has the same marker as an identity, be it on another filesystem; without a marker, the same
-- filesystem and folder.
-- @return row or nil
function M:database_of_identity(identity)
    return self:rows(DATABASE .. " WHERE substr(identity, 1, instr(identity || '@', '@') - 1) = ?",
        {identity:match("^[^@]*")})[1]
end

--- Register a database.
-- @param fields name, path; identity, place, fs_type, granularity when they are known
-- @return its row, or nil when there is one of that name, or of that disk, by now, which another process added
function M:add_database(fields)
    local id = self:rows([[INSERT INTO database (name, path, identity, place, fs_type, granularity, added_at)
        VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING RETURNING id]], {fields.name, bytes(fields.path),
        optional(fields.identity), place_of(fields), optional(fields.fs_type), fields.granularity or 0,
        core_sys.now()})[1]
    return id and self:database(fields.name)
end

--- Change where a database was added and which disk it is.
-- @param id its catalog id, @param fields path, identity, place, fs_type, granularity
-- @param forget whether what is known of its content goes too: it was another disk's
-- @return true, or false when another database got that disk by now
function M:set_database(id, fields, forget)
    local done
    self:transaction(function()
        done = self:exec([[UPDATE OR IGNORE database SET path = ?, home = NULL, identity = ?, place = ?,
            fs_type = ?, granularity = ? WHERE id = ?]], {bytes(fields.path), optional(fields.identity),
            place_of(fields), optional(fields.fs_type), fields.granularity or 0, id})
        if done == 0 and self:database(id) then
            return
        end
        if forget then
            for _, name in ipairs{"replica", "client", "loose", "reading", "unread", "outside", "held",
                "held_seen", "refused", "apart", "traits"} do
                self:exec("DELETE FROM " .. name .. " WHERE database = ?", {id})
            end
            self:exec("DELETE FROM compared WHERE ? IN (target, source)", {id})
            self:exec("UPDATE database SET loaded_at = NULL WHERE id = ?", {id})
        end
    end)
    return done ~= 0
end

--- Note which disk a database is, where it is.
-- @param id its catalog id, @param seen what core.disk.identity says of its root
-- @return true, or raises EEXIST when another database got that disk by now
function M:identify(id, seen)
    local done = self:exec([[UPDATE OR IGNORE database SET identity = ?, place = ?, fs_type = ?, granularity = ?
        WHERE id = ?]], {optional(seen.id), place_of(seen), optional(seen.fs_type), seen.granularity or 0, id})
    if done == 0 then
        errors.raise("EEXIST", "another database was given this disk just now, in another window: "
            .. "'list databases' tells which")
    end
    return true
end

--- Note where a database's disk is mounted now; the path that it was added with is kept as its home.
-- @param id its catalog id, @param path its home, or another one
function M:move_database(id, path)
    self:exec("UPDATE database SET home = NULLIF(COALESCE(home, path), ?1), path = ?1 WHERE id = ?2",
        {bytes(path), id})
end

--- Forget a database and what is known of it.
function M:remove_database(name)
    return self:exec("DELETE FROM database WHERE name = ?", {name})
end

return M
