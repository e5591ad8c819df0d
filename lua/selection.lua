--- The paths of a replica that a command is about: patterns of src/copy/only.h.
local core_content = require "core.content"
local core_copy = require "core.copy"
local errors = require "autobackup.errors"
local locate = require "autobackup.locate"
local plan = require "autobackup.plan"
local suggest = require "autobackup.suggest"

local M = {}

local SHOWN = 3         -- names of a folder that a message lists
local LISTED = 5000     -- entries of a folder that are looked through for a near name

local function names_in(reader, replica, path)
    local folder <close> = errors.check(reader:folder(replica, path))
    local names, kinds = {}, {}
    if not folder then
        return names, kinds
    end
    local count = folder:arrange("name")
    for _, row in ipairs(folder:rows(1, math.min(count, LISTED))) do
        names[#names + 1], kinds[row.name] = row.name, row.kind
    end
    return names, kinds
end

local function listed(names, path)
    local shown = table.move(names, 1, math.min(#names, SHOWN), 1, {})
    local text = table.concat(shown, ", ") .. (#names > SHOWN and ", ..." or "")
    local where = path == "" and "" or " in " .. path
    return #names > 0 and ("; there is %s%s"):format(text, where) or ("; nothing is known%s"):format(where)
end

-- The end of a message: the path that was meant perhaps, or what there is at the last folder that exists.
local function nearest(reader, replica, pattern)
    local at = ""
    for part, more in pattern:gmatch("([^/]+)(/*)") do
        local names, kinds = names_in(reader, replica, at)
        if part:find("[%*%?%[]") or #names == 0 then
            return listed(names, at)
        elseif not kinds[part] then
            local near = suggest.nearest(part, names)
            return near and ("; did you mean '%s'?"):format(locate.join(at, near)) or listed(names, at)
        elseif kinds[part] ~= "directory" then
            return more ~= "" and ("; %s is no folder"):format(locate.join(at, part)) or ""
        end
        at = locate.join(at, part)
    end
    return ""
end

--- How many names each pattern covers.
-- @param session the session
-- @param only list of patterns
-- @param source replica id, @param target replica id whose names count too, or nil
-- @return list of integers; raises for a pattern that is none
function M.matches(session, only, source, target)
    return errors.check(core_copy.matches{catalog = session.catalog:path(), only = only, source = source,
        target = target or 0})
end

local function has_path(reader, replica, path)
    local at, name = path:match("^(.*)/([^/]+)$")
    local folder <close> = errors.check(reader:folder(replica, at or ""))
    return folder and folder:place(name or path) ~= nil
end

-- The other databases that have this very path, as far as the catalog knows.
local function elsewhere(session, reader, pattern, place)
    local has = {}
    for _, replica in ipairs(session.catalog:replicas{project = place.project, category = place.category}) do
        if replica.database ~= place.database and has_path(reader, replica.id, pattern) then
            has[#has + 1] = replica
        end
    end
    return #has > 0 and ("; it is on %s"):format(plan.places(has)) or nil
end

--- What a pattern that covers nothing is told: where it is, or what was meant perhaps.
-- @param session the session
-- @param pattern that one, @param place {project=, category=, database=, replica = id}
-- @return a sentence
function M.refusal(session, pattern, place)
    local reader <close> = errors.check(core_content.open(session.catalog:path()))
    return ("%s of %s on %s has nothing that '%s' is or matches%s"):format(place.category, place.project,
        place.database, pattern, elsewhere(session, reader, pattern, place)
        or nearest(reader, place.replica, pattern))
end

-- The ids of the replicas of a mirror's destinations: what is to be removed there counts too.
local function ids_of(run, item)
    local ids = {}
    for _, target in ipairs(run.request.mirror and run:targets_left() or {}) do
        local replica = run:replica(item, target)
        ids[#ids + 1] = replica and replica.id
    end
    return ids
end

-- How many names of an item each of the paths covers; at the moment asked for, of a restore.
local function hits(run, item, origin, target)
    local past = run.request.past
    return past and past:hits(run, item, origin) or M.matches(run.session, run.request.only, origin.id, target)
end

--- Those of the items in which anything is what a copy is about. A path that is nowhere is a mistake, and nothing
-- is done then.
-- @param run of transfer.lua, @param items list of its transfers
-- @return list; raises ENONAME with what `refuse` of the request says
function M.narrow(run, items)
    local only, found, kept = run.request.only, {}, {}
    for _, item in ipairs(items) do
        local origin, targets = run:origin(item), ids_of(run, item)
        for i = 1, origin and math.max(#targets, 1) or 0 do
            for at, count in ipairs(hits(run, item, origin, targets[i])) do
                found[at] = found[at] or count > 0
                kept[#kept + 1] = count > 0 and kept[#kept] ~= item and item or nil
            end
        end
    end
    for at, pattern in ipairs(only) do
        local origin = items[1] and not found[at] and run:origin(items[1])
        if origin then
            local place = {project = items[1].project, category = items[1].category,
                database = run.from.database, replica = origin.id}
            errors.raise("ENONAME", run.request.refuse(run.session, pattern, place))
        end
    end
    return kept
end

return M
