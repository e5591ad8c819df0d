--- How old knowledge may be before a claim that somebody acts on: said, and read anew when that is asked for.
local knowledge = require "autobackup.knowledge"
local loading = require "autobackup.loading"
local locate = require "autobackup.locate"
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

-- Every category of the projects that are known: what appeared on a disk meanwhile is found too.
local function parts_of(session, filter)
    local list = {}
    for _, project in ipairs(session.catalog:projects{project = filter.project, client = filter.client}) do
        for _, category in ipairs(session.catalog:categories()) do
            if not filter.category or filter.category == category.category then
                list[#list + 1] = {category = category.id, client = project.client, project = project.name}
            end
        end
    end
    return list
end

local function oldest_part(session, database, parts)
    local oldest = math.maxinteger
    for _, part in ipairs(parts) do
        local replica = session.catalog:replica(database.id, part.category, part.client, part.project)
        oldest = math.min(oldest, replica and replica.loaded_at or database.loaded_at or 0)
    end
    return oldest
end

local function read_parts(session, databases, seconds, filter)
    local parts = parts_of(session, filter)
    for _, database in ipairs(databases) do
        if #parts > 0 and is_older(oldest_part(session, database, parts), seconds) then
            loading.refresh(session, database, parts, "read " .. database.database)
        end
    end
end

local function read_whole(session, databases, seconds)
    local list = {}
    for _, database in ipairs(databases) do
        list[#list + 1] = is_older(database.loaded_at, seconds) and database or nil
    end
    for name, final in pairs(#list > 0 and loading.read_all(session, list, {}) or {}) do
        if final.type == "failed" then
            session:warn(("%s could not be read: %s"):format(name, final.message))
        end
    end
end

--- Read what a claim rests on, when --fresh or settings.fresh asks for it; what is unplugged cannot be.
-- @param session the session
-- @param args of the command: `fresh`
-- @param filter {project=, client=, category=} of what the claim is about; empty: everything
-- @param names list of the databases it is about (optional; all)
-- Raises when a part cannot be read.
function M.read(session, args, filter, names)
    local seconds = allowed(session, args)
    if not seconds then
        return
    end
    local set = names and #names > 0 and {} or nil
    for _, name in ipairs(set and names or {}) do
        set[name] = true
    end
    local databases = plugged_in(session, set)
    if filter.project or filter.client then
        read_parts(session, databases, seconds, filter)
    else
        read_whole(session, databases, seconds)
    end
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
