--- What is at the places that can be looked at (place.lua), from the catalog.
local apart = require "autobackup.apart"
local content = require "core.content"
local core_compare = require "core.compare"
local coverage = require "autobackup.coverage"
local differences = require "autobackup.browser.differences"
local errors = require "autobackup.errors"
local folders = require "autobackup.browser.folder"
local list = require "autobackup.browser.list"
local marks = require "autobackup.browser.marks"
local place_module = require "autobackup.browser.place"
local sameness = require "autobackup.sameness"
local states = require "autobackup.states"
local size = require "autobackup.view.size"

local M = {}

local Places = {}
Places.__index = Places

local SUMS_KEPT = 4    -- replicas whose sums are remembered

--- Open the catalog for looking around.
-- @param session the session
-- @return the places, to be closed
function M.new(session)
    local places = setmetatable({catalog = session.catalog, sums = {}, recent = {}}, Places)
    places.reader = errors.check(content.open(session.catalog:path()))
    places:refresh()
    return places
end

--- Look anew at what there is: something was loaded or copied.
function Places:refresh()
    self.databases, self.by_name = self.catalog:databases(), {}
    self.covered = coverage.new(self.catalog)
    self.is_online = apart.prober(self.catalog)
    for _, database in ipairs(self.databases) do
        database.online = self.is_online(database) == true
        self.by_name[database.database] = database
    end
    for _, sums in pairs(self.sums) do
        sums:close()
    end
    self.sums, self.recent = {}, {}
    self:forget_differences()
end

function Places:close()
    self:forget_differences()
    for _, sums in pairs(self.sums) do
        sums:close()
    end
    self.reader:close()
end

Places.__close = Places.close

-- ---- rows of each kind of place ----

local rows = {}

local function state_note(database, age)
    local text = database.loaded_at and "read " .. age(database.loaded_at) or "never read"
    return database.online and text or "offline, " .. text
end

function rows.root(self, _, age)
    local totals, found = self.catalog:totals(), {}
    local all = self.catalog:whole()
    found[1] = {name = place_module.ALL, kind = "all", pinned = true, bytes = all.bytes, files = all.files,
        note = size.plural(all.projects, "project") .. ", each counted once", into = {kind = "database"}}
    for _, database in ipairs(self.databases) do
        local total = totals[database.id] or {}
        found[#found + 1] = {name = database.database, kind = "database", bytes = total.bytes or 0,
            files = total.files or 0, note = state_note(database, age), dim = not database.online,
            into = {kind = "database", database = database.database}}
    end
    return found
end

function rows.database(self, place)
    local clients = place.database and self.catalog:clients{database = place.database}
        or self.catalog:whole_clients()
    for _, row in ipairs(clients) do
        row.name, row.kind = row.client, "client"
        row.note = size.plural(row.projects, "project")
        row.into = {kind = "client", database = place.database, client = row.client}
    end
    return clients
end

local function replicas_of(self, place)
    return sameness.replicas(self.catalog,
        {client = place.client, name = place.name, category = place.category})
end

-- Bytes and files of replicas: those in one database, or each category once, where it is largest.
local function measure(row, replicas, database)
    row.bytes, row.files = 0, 0
    for _, group in ipairs(marks.by_category(replicas)) do
        local bytes, files = 0, 0
        for _, replica in ipairs(group) do
            if not database or replica.database == database then
                bytes, files = math.max(bytes, replica.bytes), math.max(files, replica.files)
                row.newest = math.max(row.newest or replica.newest or math.mininteger,
                    replica.newest or math.mininteger)
                row.is_here = true
            end
        end
        row.bytes, row.files = size.add(row.bytes, bytes), row.files + files
    end
    row.newest = row.newest ~= math.mininteger and row.newest or nil
    return row
end

local function group_by(replicas, key)
    local order, groups = {}, {}
    for _, replica in ipairs(replicas) do
        local value = replica[key]
        if not groups[value] then
            groups[value] = {value = value}
            order[#order + 1] = groups[value]
        end
        table.insert(groups[value], replica)
    end
    return order
end

function rows.client(self, place)
    local found = {}
    for _, group in ipairs(group_by(replicas_of(self, place), "name")) do
        local row = measure({name = group.value, kind = "project", marks = marks.project(group, self.databases,
            self.covered),
            into = {kind = "project", database = place.database, client = place.client, name = group.value}},
            group, place.database)
        found[#found + 1] = row.is_here and row or nil
    end
    return found
end

function rows.project(self, place)
    local found = {}
    for _, group in ipairs(marks.by_category(replicas_of(self, place))) do
        local category = group[1].category
        local into = {kind = place.database and "folder" or "category", database = place.database,
            client = place.client, name = place.name, category = category, path = place.database and "" or nil}
        local row = measure({name = category, kind = "category", marks = marks.category(group, self.databases,
            self.covered),
            into = into}, group, place.database)
        found[#found + 1] = row.is_here and row or nil
    end
    return found
end

local function replica_note(replica, online, age)
    local parts = {state_note({online = online, loaded_at = replica.loaded_at}, age)}
    if replica.errors > 0 then
        parts[#parts + 1] = size.count(replica.errors) .. " unreadable"
    end
    local differing = states.differing(replica)
    if differing > 0 then
        parts[#parts + 1] = size.count(differing) .. " with another content"
    end
    local doubtful = states.doubtful(replica)
    if doubtful > 0 then
        parts[#parts + 1] = size.count(doubtful) .. " to be read to know"
    end
    if replica.verified_at then
        parts[#parts + 1] = "verified " .. age(replica.verified_at)
    end
    return table.concat(parts, ", ")
end

function rows.category(self, place, age)
    local found = {}
    local replicas = replicas_of(self, place)
    local words = marks.category(replicas, self.databases, self.covered)
    for i, replica in ipairs(replicas) do
        local online = self.is_online(self.by_name[replica.database],
            {id = replica.category_id, path = replica.category_path}) == true
        found[i] = {name = replica.database, kind = "replica", bytes = replica.bytes, files = replica.files,
            newest = replica.newest, word = words[replica.database], dim = not online,
            note = replica_note(replica, online, age),
            into = {kind = "folder", database = replica.database, client = place.client, name = place.name,
                category = place.category, path = "", from_all = true}}
    end
    return found
end

-- ---- folders ----

-- The sums of a replica, started when they are first asked for; a few are kept.
function Places:sums_of(replica)
    if not self.sums[replica] then
        self.sums[replica] = errors.check(self.reader:sums(replica))
        table.insert(self.recent, replica)
        if #self.recent > SUMS_KEPT then
            local oldest = table.remove(self.recent, 1)
            self.sums[oldest]:close()
            self.sums[oldest] = nil
        end
    end
    return self.sums[replica]
end

--- Stop comparing: it reads in a transaction, which is not to be held while a command runs.
function Places:forget_differences()
    for _, found in pairs(self.compared or {}) do
        found:close()
    end
    self.compared, self.compared_last = {}, {}
end

-- Where a replica differs from those in other databases; of the last few that were looked at it is remembered.
function Places:differences_of(replica, place)
    local kept = self.compared[replica.id]
    if kept then
        return kept
    end
    local others, this = {}, replica
    for _, row in ipairs(self.catalog:replicas{client = place.client, name = place.name,
        category = place.category}) do
        if row.id == replica.id then
            this = row
        else
            others[#others + 1] = row
        end
    end
    local found = differences.new(function() return core_compare.open(self.catalog:path()) end, this, others)
    self.compared[replica.id] = found
    table.insert(self.compared_last, replica.id)
    if #self.compared_last > SUMS_KEPT then
        local oldest = table.remove(self.compared_last, 1)
        self.compared[oldest]:close()
        self.compared[oldest] = nil
    end
    return found
end

--- The replica that a folder lies in.
-- @return catalog row, nil when it is no longer there
function Places:replica(place)
    local database, category = self.by_name[place.database], self.catalog:category(place.category)
    return database and category and self.catalog:replica(database.id, category.id, place.client, place.name)
end

function Places:folder(place)
    local replica = self:replica(place)
    if not replica then
        errors.raise("ENONAME", ("%s has no %s of %s/%s any more"):format(place.database, place.category,
            place.client, place.name))
    end
    local folder = errors.check(self.reader:folder(replica.id, place.path))
    if not folder then
        return list.new{}
    end
    return folders.new(folder, place, self:sums_of(replica.id), self:differences_of(replica, place))
end

--- What is at a place.
-- @param place see above
-- @param age function(ns) -> text: how long ago
-- @return a list (list.lua), to be closed; raises when the catalog fails or the replica is gone
function Places:open(place, age)
    if place.kind == "folder" then
        return self:folder(place)
    end
    return list.new(rows[place.kind](self, place, age))
end

return M
