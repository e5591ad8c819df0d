--- The versions that the disks keep: of a replica, of some of its paths, of all. Read from the manifests of the
-- disks that are there, one operation after the other.
local core_undo = require "core.undo"
local errors = require "autobackup.errors"
local fs = require "core.fs"
local glob = require "autobackup.glob"
local guess = require "autobackup.guess"
local jobs = require "autobackup.jobs"
local locate = require "autobackup.locate"
local nanoseconds = require "autobackup.view.nanoseconds"
local past = require "autobackup.past"
local suggest = require "autobackup.suggest"
local typed = require "autobackup.view.typed"

local M = {}

-- The place that a path on a disk means.
local function place_of_path(session, path)
    for _, place in ipairs(guess.places(session, path)) do
        if place.name then
            return {project = place.client .. "/" .. place.name, category = place.category,
                only = place.rest and {glob.literal(place.rest)} or nil}
        end
    end
    errors.raise("ENONAME", (guess.is_on_database(session, path)
        and "%s is in no project of a category; 'list categories' shows where they are"
        or "%s is on no database; 'list databases' shows where they are"):format(path))
end

-- As `find` takes a name: without a wildcard it may stand anywhere in one.
local function pattern_of_name(name)
    if name:find("[%*%?%[]") or name:find("/", 1, true) then
        return {"**/" .. name}
    end
    return {"**/*" .. name .. "*"}
end

-- What a file that nobody knows could have meant.
local function nearest_project(session)
    return function(file)
        local names, projects, is_whole = {}, {}, file:find("/", 1, true)
        for i, row in ipairs(session.catalog:projects{}) do
            names[i] = is_whole and row.project or row.name
            projects[names[i]] = row.project
        end
        local found = suggest.nearest(file, names)
        return found and ("; did you mean '%s'?"):format(projects[found]) or ""
    end
end

--- What was asked for.
-- @param session the session
-- @param file an absolute path (or one that begins with ~ or .), client/project, or a name
-- @param category name or nil, @param path in the replica, or nil
-- @return {project=?, category=?, only = patterns or nil, hint = function(file) -> the end of a message, where file
--         is no project that is known}; raises
function M.place(session, file, category, path)
    if file:find("^[/~]") or file:find("^%.%.?/") then
        return place_of_path(session, locate.absolute(file, errors.check(fs.getcwd())))
    end
    local is_project = session.catalog:projects{project = file}[1] or session.catalog:gone{project = file}[1]
    if category or is_project then
        return {project = file, category = category ~= "all" and category or nil, only = path and {path} or nil,
            hint = not is_project and nearest_project(session) or nil}
    end
    return {only = pattern_of_name(file), hint = nearest_project(session)}
end

local function is_of(found, place, categories)
    local category, client, name = past.place(found.replica or "", categories)
    local project = category and client .. "/" .. name
    if not category or place.project and place.project ~= project
        or place.category and place.category ~= category.category then
        return nil
    end
    return {category = category, project = project}
end

-- A path as it has to be given to mean itself: a shell takes the quotes off one that begins like an option.
local function as_pattern(inside)
    return inside:find("^%-") and "[-]" .. glob.literal(inside:sub(2)) or inside
end

--- How a version is brought back, as typed. It may overwrite what is there now: that is kept as well.
-- @param row {project, category, inside, database, operation}
function M.command(row)
    return typed.line("restore", row.project, row.category, as_pattern(row.inside))
        .. typed.line(" --from", row.database) .. typed.line(" --to", row.database)
        .. typed.line(" --as-of", row.operation) .. " --newer=overwrite"
end

local function row_of(event, found, where, database)
    local prefix = #(found.replica .. "/")
    local replaced = event.verb == "replace"
    local row = {
        database = database.database, project = where.project, category = where.category.category,
        inside = event.path:sub(prefix + 1), path = locate.join(database.path, event.path),
        version = locate.join(database.path, event.version), kept = event.kept, operation = found.operation,
        verb = replaced and "replaced" or "removed", by = found.kind,
        happened_at = found.started_at and found.started_at // 1000000000,
        size = replaced and event.old_size or event.size, file_type = event.file_type,
        mtime = nanoseconds.seconds(replaced and event.old_mtime or event.mtime),
    }
    row.restore = M.command(row)
    return row
end

local function read_operation(database, found, where, place, each)
    local job = errors.check(core_undo.files{root = database.path, identity = database.identity,
        operation = found.operation, only = place.only})
    local final, interruption = jobs.drive(job, function(event)
        if event.type == "file" and event.version and event.kept then
            each(row_of(event, found, where, database))
        end
    end)
    if interruption then
        error(interruption, 0)
    elseif not final or final.type == "failed" then
        return final and final.message or "the listing ended early"
    end
end

local function newest_first(a, b)
    if (a.started_at or 0) ~= (b.started_at or 0) then
        return (a.started_at or 0) > (b.started_at or 0)
    end
    return a.operation > b.operation
end

--- Go through what is kept on one disk, the newest operation first. One operation's manifest is read at a time.
-- @param session the session
-- @param database catalog row, online
-- @param place of M.place
-- @param each function(row) of {database, project, category, inside (the replica), path (where it lay), version
--        (where it lies), operation, verb ("replaced", "removed"), by (kind of the operation), happened_at
--        (seconds), size, mtime, file_type, restore (what brings it back)}
-- @param note function(text) for what could not be read
function M.each(session, database, place, each, note)
    local list = errors.check(core_undo.operations{root = database.path, identity = database.identity})
    local categories = session.catalog:categories()
    table.sort(list, newest_first)
    for _, found in ipairs(list) do
        local where = found.has_versions and found.has_manifest and is_of(found, place, categories)
        local why = where and read_operation(database, found, where, place, each)
        if why then
            note(("%s: the manifest of %s cannot be read: %s"):format(database.database, found.operation, why))
        elseif found.unread then
            note(("%s: the manifest of %s cannot be read: %s"):format(database.database, found.operation,
                found.unread))
        elseif found.has_versions and not found.has_manifest then
            note(("%s: operation %s has versions and no manifest: look into .autobackup/versions/%s"):format(
                database.database, found.operation, found.operation))
        end
    end
end

return M
