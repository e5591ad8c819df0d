--- What is wrong right now: databases that are not there, and what verifications found.
local core_sys = require "core.sys"
local locate = require "autobackup.locate"

local M = {}

local SLOW = 0.2       -- seconds that a look at the disks may take to be worth repeating at once
local PATIENCE = 30    -- seconds until a slow one is repeated

local Health = {}
Health.__index = Health

--- Make a watcher of a session's databases.
-- @param session the session
function M.new(session)
    return setmetatable({session = session, ready = 0}, Health)
end

local function look(session)
    local is_online, offline = locate.prober(), {}
    local databases = session.catalog:databases()
    for _, database in ipairs(databases) do
        if not is_online(database) then
            offline[#offline + 1] = database.database
        end
    end
    return {databases = #databases, offline = offline, damaged = session.catalog:damaged_files(),
        differing = session.catalog:differing_files()}
end

--- How things are. A disk that is slow to answer is not asked again for half a minute.
-- @return {databases = how many are known, offline = list of names, damaged = files found damaged,
--         differing = files that were found to differ on two disks, though their sizes and times do not}
function Health:now()
    local began = core_sys.monotonic()
    if not self.state or began >= self.ready then
        self.state = look(self.session)
        local ended = core_sys.monotonic()
        self.ready = ended - began > SLOW and ended + PATIENCE or ended
    end
    return self.state
end

return M
