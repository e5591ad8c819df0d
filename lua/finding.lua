--- Entries as rows, by project, category and database and then by path: all at once where they are few, else
-- replica by replica, so that memory stays bounded however many there are.
local apart = require "autobackup.apart"
local entries = require "autobackup.entries"
local locate = require "autobackup.locate"
local rows = require "autobackup.rows"

local M = {}

local FEW = 10000      -- entries that are looked for at once
local CHUNK = 10000    -- entries of the replicas that are looked through together, and sorted

-- Groups of found entries, one for each replica.
local function grouped(found)
    local groups, last = {}, nil
    for batch in found.batch, found do
        for _, entry in ipairs(batch) do
            if not (last and last.replica == entry.replica) then
                last = {replica = entry.replica, place = found:place(entry)}
                groups[#groups + 1] = last
            end
            last[#last + 1] = entry
        end
    end
    return groups
end

local ORDER = {"client", "name", "category_id", "database_id"}

local function is_before(a, b)
    for _, key in ipairs(ORDER) do
        if a.place[key] ~= b.place[key] then
            return a.place[key] < b.place[key]
        end
    end
    return false
end

local Finding = {}
Finding.__index = Finding

-- The same table becomes the row: there may be a million.
function Finding:give(entry, place)
    if self.count == self.limit then
        self.is_cut = true
        return
    end
    self.count = self.count + 1
    entry.client, entry.project, entry.name = place.client, place.project, place.name
    entry.category, entry.database, entry.online = place.category, place.database, self.online(place)
    entry.inside = entry.path
    entry.path = locate.replica(place.root, place.category_path, place.client, place.name) .. "/" .. entry.path
    entry.replica = nil
    self.add(rows.row("entry", entry))
end

function Finding:give_groups(groups)
    table.sort(groups, is_before)
    for _, group in ipairs(groups) do
        for _, entry in ipairs(group) do
            self:give(entry, group.place)
        end
    end
end

-- What could not be looked through, each once.
function Finding:take_damaged(found)
    for _, folder in ipairs(found.damaged) do
        local key = folder.replica .. "/" .. folder.path
        if not self.damaged[key] then
            self.damaged[key] = true
            table.insert(self.damaged, folder)
        end
    end
end

function Finding:open(replicas, sorted, limit)
    local how = {replicas = replicas, sorted = sorted, limit = limit}
    for key, value in pairs(self.how) do
        how[key] = value
    end
    return entries.open(self.catalog, replicas and {} or self.filter, how)
end

-- One replica that is too large to be sorted: it comes folder by folder.
function Finding:stream(replica)
    local found <close> = self:open({replica.id}, false)
    for batch in found.batch, found do
        for _, entry in ipairs(batch) do
            self:give(entry, found:place(entry))
        end
        if self.is_cut then
            return
        end
    end
    self:take_damaged(found)
end

function Finding:sort(ids)
    if #ids > 0 then
        local found <close> = self:open(ids, true)
        self:give_groups(grouped(found))
        self:take_damaged(found)
    end
end

function Finding:by_replicas()
    local ids, size = {}, 0
    for _, replica in ipairs(self.catalog:replicas(self.filter)) do
        local count = replica.files + replica.directories
        if size + count > CHUNK then
            self:sort(ids)
            ids, size = {}, 0
        end
        if count > CHUNK then
            self:stream(replica)
        else
            ids[#ids + 1], size = replica.id, size + count
        end
        if self.is_cut then
            return
        end
    end
    self:sort(ids)
end

-- Whether the disk is online that a replica lies on.
local function onlines(catalog)
    local is_online, known = apart.prober(catalog), {}
    return function(place)
        local categories = known[place.database_id] or {}
        known[place.database_id] = categories
        if categories[place.category_id] == nil then
            local database = catalog:database(place.database_id)
            categories[place.category_id] = database ~= nil
                and is_online(database, {id = place.category_id, path = place.category_path}) == true
        end
        return categories[place.category_id]
    end
end

-- What is found when it is looked for at once; nil when it is more than that.
function Finding:few()
    local most = math.min(self.limit, FEW)
    local found <close> = self:open(nil, true, most + 1)
    local groups, count = grouped(found), 0
    for _, group in ipairs(groups) do
        count = count + #group
    end
    self:take_damaged(found)
    return (count <= most or most == self.limit) and groups or nil
end

--- Look for entries.
-- @param catalog the catalog
-- @param filter of replicas, as of catalog:replicas, checked
-- @param how as for entries.open, without sorted and limit
-- @param limit how many at most; math.maxinteger: all
-- @param add function(row of type "entry"), called for each
-- @return how many there were, whether there are more than the limit, and the folders whose listings are damaged, as
--         of entries; raises
function M.each(catalog, filter, how, limit, add)
    local self = setmetatable({catalog = catalog, filter = filter, how = how, limit = limit, add = add, count = 0,
        is_cut = false, damaged = {}, online = onlines(catalog)}, Finding)
    local groups = self:few()
    if groups then
        self:give_groups(groups)
    else
        self:by_replicas()
    end
    return self.count, self.is_cut, self.damaged
end

return M
