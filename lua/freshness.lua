--- How old knowledge may be before a claim that somebody acts on: said, and read anew when that is asked for.
local lazy = require "autobackup.lazy"
local catalogs = require "autobackup.catalog"
local glob = require "autobackup.glob"
local knowledge = require "autobackup.knowledge"
local lists = require "autobackup.lists"
local locate = require "autobackup.locate"
local source = lazy "autobackup.source"
local statuses = require "autobackup.status"
local core_sys = require "core.sys"

local M = {}

--- The declaration of the option `fresh`, for a command's `options`.
-- @return table
function M.option()
    return {help = "read the databases that are plugged in first (settings.fresh = \"1h\": when older)"}
end

-- Seconds that knowledge may be old, or nil when any age will do.
local function allowed(session, args)
    if args.fresh then
        return 0
    end
    local setting = session.settings.fresh
    if setting == nil then
        return nil
    end
    return require("autobackup.units").age(setting)
end

local function is_older(time, seconds)
    return not time or (core_sys.now() - time) // 1000000000 >= seconds
end

local function plugged_in(session, names)
    local is_online, list = locate.prober(), {}
    for _, database in ipairs(session.catalog:databases()) do
        if (not names or names[database.database]) and is_online(database) then
            list[#list + 1] = database
        end
    end
    return list
end

-- What is asked for as it lies on the disk now, and what is known of it there: what came is found, what went too.
local function parts_of(session, database, filter)
    local categories, client, name = {}, filter.client, glob.new("*")
    for _, category in ipairs(session.catalog:categories()) do
        categories[#categories + 1] = lists.covers(filter.category, category.category) and category or nil
    end
    if filter.project then
        client, name = catalogs.split(filter.project)
    end
    return source.scope(database.path, categories, client, name, session.catalog:replicas{
        project = filter.project, client = filter.client, category = filter.category,
        database = database.database})
end

local function oldest_part(session, database, parts)
    local oldest = math.maxinteger
    for _, part in ipairs(parts) do
        local replica = session.catalog:replica(database.id, part.category, part.client, part.project)
        oldest = math.min(oldest, replica and replica.loaded_at or database.loaded_at or 0)
    end
    return oldest
end

local function read_part(session, database, seconds, filter)
    local parts, unread = parts_of(session, database, filter)
    for _, folder in ipairs(unread) do
        session:warn(folder.message:gsub("^%u+: ", "") .. ": what is in there is not known")
    end
    if #parts > 0 and is_older(oldest_part(session, database, parts), seconds) then
        return require("autobackup.loading").read(session, database, {only = parts, confirmed = true,
            label = "read " .. database.database}), #unread > 0
    end
    return nil, #unread > 0
end

local function read_parts(session, databases, seconds, filter)
    local finals, is_partial = {}, false
    for _, database in ipairs(databases) do
        local final, is_unread = read_part(session, database, seconds, filter)
        finals[database.database], is_partial = final, is_partial or is_unread
    end
    return finals, is_partial
end

local function read_whole(session, databases, seconds)
    local list = {}
    for _, database in ipairs(databases) do
        list[#list + 1] = is_older(database.loaded_at, seconds) and database or nil
    end
    return #list > 0 and require("autobackup.loading").read_all(session, list, {}) or {}
end

-- What could not be read is said; the claim rests on what was known then.
local function warn_failed(session, finals)
    local status = statuses.DONE
    for _, database in ipairs(session.catalog:databases()) do
        local final = finals[database.database]
        if final and final.type == "failed" then
            session:warn(("%s could not be read, so what follows is what was known of it: %s"):format(
                database.database, final.message))
            status = statuses.PARTIAL
        end
    end
    return status
end

--- Read what a claim rests on, when --fresh or settings.fresh asks for it; what is unplugged cannot be.
-- @param session the session
-- @param args of the command: `fresh`
-- @param filter {project=, client=, category=} of what the claim is about; empty: everything
-- @param names list of the databases it is about (optional; all)
-- @return exit status: that of a part that is not known where something could not be read, which is said; and the last
--         event of each database's reading by its name, of those that were read (loading.lua)
function M.read(session, args, filter, names)
    local seconds = allowed(session, args)
    if not seconds then
        return statuses.DONE, {}
    end
    local set = names and #names > 0 and {} or nil
    for _, name in ipairs(set and names or {}) do
        set[name] = true
    end
    local databases = plugged_in(session, set)
    local read = (filter.project or filter.client) and read_parts or read_whole
    local finals, is_partial = read(session, databases, seconds, filter)
    return statuses.worst(warn_failed(session, finals), is_partial and statuses.PARTIAL or statuses.DONE), finals
end

--- What view/databases.lua says of the age of all knowledge.
-- @return list of {database=, online=, loaded_at=, partly=}
function M.ages(session)
    local list, known, is_online = {}, session.catalog:known(), locate.prober()
    for i, database in ipairs(session.catalog:databases()) do
        list[i] = {database = database.database, online = is_online(database) == true,
            partly = known[database.id] or false, loaded_at = knowledge.seconds(database.loaded_at)}
    end
    return list
end

return M
