--- What exists nowhere else: the files that an undo would take away and that no other database holds.
--
-- The catalog may be older than a loss, so it is the disks that are asked: another database holds a file when one
-- of that size and time lies at the same place on it now, and nothing is known against its content. Where nothing
-- can be looked at nothing is known, and that counts as not held.
local fs = require "core.fs"
local age = require "autobackup.view.age"
local core_sys = require "core.sys"
local locate = require "autobackup.locate"
local sameness = require "autobackup.sameness"
local size = require "autobackup.view.size"

local M = {}

local COARSE = 1000    -- ns that the times of core.fs may be off

local Watch = {}
Watch.__index = Watch


-- The databases whose replica is known to be damaged, or to hold another content at the same size and time than
-- that of the database: size and time do not tell that they hold a file of it.
local function doubtful(session, database, place)
    local set, own = {}, nil
    local replicas = sameness.replicas(session.catalog, {client = place.client, name = place.name,
        category = place.category.category})
    for _, replica in ipairs(replicas) do
        own = replica.database_id == database.id and replica or own
    end
    for _, replica in ipairs(replicas) do
        local answer = own and (own.against or {})[replica.id]
        if replica.damaged > 0 or answer and (answer.content > 0 or answer.doubtful > 0) then
            set[replica.database] = true
        end
    end
    return set
end

-- Those that can be looked at, and those that had the replica when they were last read and cannot be asked now.
local function others(session, database, place, excluded, spoiled)
    local online, offline = {}, {}
    for _, other in ipairs(session.catalog:databases()) do
        if other.id ~= database.id and not excluded[other.database] and not spoiled[other.database] then
            if locate.online(other) then
                online[#online + 1] = other
            elseif session.catalog:replica(other.id, place.category.id, place.client, place.name) then
                offline[#offline + 1] = other
            end
        end
    end
    return online, offline
end

--- Begin to look at what is taken away from one replica.
-- @param session the session
-- @param database row of the catalog, where it is taken away
-- @param place {category = row, client=, name=, project=} of the replica
-- @param excluded set of the names of databases that lose the same replica's files too
-- @return an object for add and lines
function M.watch(session, database, place, excluded)
    local spoiled = doubtful(session, database, place)
    local online, offline = others(session, database, place, excluded, spoiled)
    return setmetatable({database = database, place = place, online = online, offline = offline, files = 0,
        bytes = 0, unseen = {}, spoiled = spoiled, catalog = session.catalog, steps = {}}, Watch)
end

local function is_same(watch, other, here, there)
    if there.kind ~= here.kind or there.size ~= here.size or there.dev == here.dev and there.ino == here.ino then
        return false
    end
    local between = math.abs(there.mtime - here.mtime) * 1000000000
    return here.kind == "symlink" or between <= COARSE or between < math.max(watch:step(watch.database),
        watch:step(other))
end

-- Where it was not measured a file is held only if the times are equal.
function Watch:step(database)
    self.steps[database.id] = self.steps[database.id]
        or self.catalog:measured_step(database.id, self.place.category.id) or 1
    return self.steps[database.id]
end

local function is_held(watch, path, here)
    for _, other in ipairs(watch.online) do
        local there, message, code = fs.lstat(locate.join(other.path, path))
        if there and is_same(watch, other, here, there) then
            return true
        elseif not there and code ~= "ENOENT" and code ~= "ENOTDIR" then
            watch.unseen[other.database] = message
        end
    end
    return false
end

--- Count a file that is to go from its place, unless another database holds it.
-- @param path relative to the database
function Watch:add(path)
    local here = fs.lstat(locate.join(self.database.path, path))
    if here and (here.kind == "file" or here.kind == "symlink") and not is_held(self, path, here) then
        self.files = self.files + 1
        self.bytes = size.add(self.bytes, here.kind == "file" and here.size or 0)
    end
end

--- What is at stake, for people.
-- @return list of lines, empty when all that goes is held elsewhere
function Watch:lines()
    if self.files == 0 then
        return {}
    end
    local place = ("%s %s"):format(self.place.project, self.place.category.category)
    local lines = {("%s on %s: %s (%s)"):format(place, self.database.database, size.plural(self.files, "file"),
        size.size(self.bytes))}
    for _, other in ipairs(self.offline) do
        local read = other.loaded_at and age.ago(other.loaded_at // 1000000000, core_sys.now() // 1000000000)
        lines[#lines + 1] = ("%s had %s when it was read %s, but is offline: whether it still has them is not "
            .. "known; plug it in, and it is looked at"):format(other.database, place, read or "at some time")
    end
    for name in pairs(self.spoiled) do
        if name ~= self.database.database then
            lines[#lines + 1] = ("what %s has of %s is damaged or of another content, so it does not count")
                :format(name, place)
        end
    end
    for name, message in pairs(self.unseen) do
        lines[#lines + 1] = ("%s could not be looked at wholly: %s"):format(name, message)
    end
    return lines
end

return M
