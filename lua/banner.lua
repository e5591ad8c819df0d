--- The lines that greet in the interactive mode: what is known, and one hint.
local age = require "autobackup.view.age"
local size = require "autobackup.view.size"

local M = {}

local OLD = 7 * 86400    -- seconds after which a reading is worth repeating

local function names_of(list, fits)
    local names = {}
    for _, database in ipairs(list) do
        if fits(database) then
            names[#names + 1] = database.database
        end
    end
    return names
end

local function and_more(names)
    if #names <= 3 then
        return table.concat(names, ", ")
    end
    return ("%s and %d more"):format(table.concat(names, ", ", 1, 2), #names - 2)
end

local function is_old(state)
    return function(database)
        return database.loaded_at and state.now - database.loaded_at > OLD
    end
end

-- The first of these that holds is the hint.
local hints = {
    function(state)
        return state.damaged > 0 and ("%s found damaged: fetch all marks where with !"):format(
            size.plural(state.damaged, "file"))
    end,
    function(state)
        return (state.differing or 0) > 0 and ("%s in content from %s on another disk: check tells where"):format(
            state.differing == 1 and "1 file differs" or size.count(state.differing) .. " files differ",
            state.differing == 1 and "that" or "those")
    end,
    function(state)
        return #state.databases == 0 and "name a disk by its root: add database WORK /mnt/WORK"
    end,
    function(state)
        return state.categories == 0 and "name a folder that every disk has: add category render scratch/render"
    end,
    function(state)
        local unread = names_of(state.databases, function(database) return not database.loaded_at end)
        return #unread == #state.databases and "read the disks: load"
            or #unread > 0 and ("never read as a whole: %s; type: load"):format(and_more(unread))
    end,
    function(state)
        local offline = names_of(state.databases, function(database) return not database.online end)
        return #offline > 0 and ("%s %s not plugged in; what is on %s stays listed: fetch all"):format(
            and_more(offline), #offline == 1 and "is" or "are", #offline == 1 and "it" or "them")
    end,
    function(state)
        local old = names_of(state.databases, is_old(state))
        return #old > 0 and ("%s %s read over a week ago; read again: load"):format(and_more(old),
            #old == 1 and "was" or "were")
    end,
    function(state)
        return state.single > 0 and ("%s only once, one broken disk from being lost: check tells which"):format(
            size.plural(state.single, "replica exists", "replicas exist"))
    end,
    function()
        return "see where every project is: fetch all   (Tab completes, help lists the commands)"
    end,
}

local function hint(state)
    for _, make in ipairs(hints) do
        local text = make(state)
        if text then
            return text
        end
    end
end

local function describe_databases(state)
    local offline = names_of(state.databases, function(database) return not database.online end)
    local online = #state.databases - #offline
    local text = ("%s online"):format(size.plural(online, "database"))
    return #offline > 0 and ("%s, %d offline"):format(text, #offline) or text
end

-- "read 3 min ago", "read 3 min to 2 days ago", "never read", "not all read yet"
local function describe_age(state)
    local oldest, newest, unread = math.maxinteger, math.mininteger, 0
    for _, database in ipairs(state.databases) do
        local read = database.loaded_at
        unread = unread + (read and 0 or 1)
        oldest, newest = math.min(oldest, read or oldest), math.max(newest, read or newest)
    end
    if unread > 0 then
        return unread == #state.databases and "never read" or "not all read yet"
    end
    local first, last = age.ago(newest, state.now), age.ago(oldest, state.now)
    if first == last or newest - oldest < 60 then
        return "read " .. last
    end
    return ("read %s to %s"):format(first:gsub(" ago$", ""), last)
end

--- The lines that greet.
-- @param state {version=, now = seconds since 1970, databases = list of {database=, online=, loaded_at= seconds},
--        categories = count, projects = count, files=, bytes=, damaged = files, differing = files, single =
--        replicas that exist only once and should not}
-- @return list of lines; the hint is the last
function M.lines(state)
    local parts = {"autobackup " .. state.version}
    if #state.databases > 0 then
        local content = ("%s, %s"):format(size.plural(state.files, "file"), size.size(state.bytes))
        table.move({describe_databases(state), size.plural(state.projects, "project"), content,
            describe_age(state)}, 1, 4, 2, parts)
    end
    return {table.concat(parts, " | "), hint(state)}
end

return M
