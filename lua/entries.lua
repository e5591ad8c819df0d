--- Entries of replicas, from the listings in batches.
local errors = require "autobackup.errors"
local nanoseconds = require "autobackup.view.nanoseconds"

local M = {}

local BATCH = 512

local Entries = {}
Entries.__index = Entries

local function ns_of(seconds)
    return seconds and nanoseconds.of(seconds)
end

--- Look for entries.
-- @param catalog the catalog
-- @param filter of replicas: {client=, project=, database=, category=}, checked
-- @param how as for catalog:find, but newer and older in seconds since 1970
-- @return an object with the methods below, to be closed; raises
function M.open(catalog, filter, how)
    how.newer, how.older = ns_of(how.newer), ns_of(how.older)
    return setmetatable({catalog = catalog, places = {}, damaged = {}, handle = catalog:find({
        client = filter.client, project = filter.project, database = filter.database, category = filter.category,
    }, how)}, Entries)
end

-- What is not known yet of where found entries lie, asked for at once.
function Entries:learn(found)
    local new, seen = {}, {}
    for _, entry in ipairs(found) do
        local id = entry.replica
        if self.places[id] == nil and not seen[id] then
            seen[id] = true
            new[#new + 1] = id
        end
    end
    local places = self.catalog:places(new)
    for _, id in ipairs(new) do
        self.places[id] = places[id] or false
    end
end

--- Where the replica of an entry lies: a row of catalog:places.
function Entries:place(entry)
    return self.places[entry.replica]
end

--- The next entries.
-- @return list of {replica=, path= (in the replica), kind=, size=, mtime= (seconds since 1970), error=?}, without
--         those of replicas that a load has removed since; nil at the end. Folders whose listings are damaged are added
--         to self.damaged instead: {replica=, path=, place=}
function Entries:batch()
    local found = errors.check(self.handle:next(BATCH))
    if not found then
        return nil
    end
    self:learn(found)
    local kept = 0
    for i, entry in ipairs(found) do
        found[i] = nil
        local place = self:place(entry)
        if place and entry.damaged then
            table.insert(self.damaged, {replica = entry.replica, path = entry.path, place = place})
        elseif place then
            entry.mtime = nanoseconds.seconds(entry.mtime)
            kept = kept + 1
            found[kept] = entry
        end
    end
    return found
end

--- End the search.
function Entries:close()
    self.handle:close()
end

Entries.__close = Entries.close

return M
