--- What is on no database any more: which categories of which projects, and what is kept of them.
local core_undo = require "core.undo"
local lazy = require "autobackup.lazy"
local errors = require "autobackup.errors"
local lists = require "autobackup.lists"
local locate = require "autobackup.locate"
local size = require "autobackup.view.size"
local typed = lazy "autobackup.view.typed"

local M = {}

local SHOWN = 3    -- that are told one by one

local function named(set)
    return table.concat(lists.keys(set), ", ")
end

--- The same as Catalog:gone, those of one category of one project together.
-- @param session the session, @param filter as for the catalog's replicas
-- @return list of {project, client, name, category, category_path, files, bytes (of the largest), seen_at (seconds,
--         the latest), replicas = rows of Catalog:gone}
function M.cells(session, filter)
    local list, last = {}, nil
    for _, row in ipairs(session.catalog:gone(filter)) do
        if not (last and last.project == row.project and last.category == row.category) then
            last = {project = row.project, client = row.client, name = row.name, category = row.category,
                category_path = row.category_path, files = 0, bytes = 0, seen_at = 0, replicas = {}}
            list[#list + 1] = last
        end
        table.insert(last.replicas, row)
        last.files, last.bytes = math.max(last.files, row.files), math.max(last.bytes, row.bytes)
        last.seen_at = math.max(last.seen_at, row.seen_at // 1000000000)
    end
    return list
end

--- The databases on which it was seen last.
-- @param cell of M.cells, @return list of names
function M.databases(cell)
    local names = {}
    for i, row in ipairs(cell.replicas) do
        names[i] = row.database
    end
    return names
end

-- All operations with versions on the disks that are there, and the names of those that are not.
local function read_disks(session)
    local found, away = {}, {}
    for _, database in ipairs(session.catalog:databases()) do
        local list = locate.online(database) and core_undo.operations{root = database.path,
            identity = database.identity}
        for _, operation in ipairs(list or {}) do
            if operation.has_versions then
                found[#found + 1] = {database = database.database, id = operation.operation,
                    replica = operation.replica, at = operation.started_at or 0}
            end
        end
        away[database.database] = not list or nil
    end
    table.sort(found, function(a, b) return a.at > b.at end)
    return found, away
end

local function command(...)
    return "'" .. typed.line(...) .. "'"
end

local function kept_text(cell, found, away)
    local path, on, newest = locate.replica("", cell.category_path, cell.client, cell.name), {}, nil
    for _, operation in ipairs(found) do
        if operation.replica == path then
            on[operation.database] = true
            newest = newest or operation
        end
    end
    local unknown = next(away) and ("; what %s keeps is not known: not there now"):format(named(away)) or ""
    if not newest then
        return "no version of it is kept on what is there" .. unknown
    end
    return ("versions of it are kept on %s: %s lists them, %s takes the last operation back%s"):format(named(on),
        command("versions", cell.project, cell.category), command("undo", newest.id:match("[^-]*$")),
        unknown)
end

--- What to say of them, one line each.
-- @param session the session, @param cells of M.cells
-- @return list of texts
function M.texts(session, cells)
    if #cells == 0 then
        return {}
    end
    local texts, found, away = {}, read_disks(session)
    for i = 1, math.min(#cells, SHOWN) do
        local cell = cells[i]
        texts[i] = ("%s %s is gone: it was on %s (%s, %s); %s; %s forgets it"):format(cell.project, cell.category,
            table.concat(M.databases(cell), ", "), size.plural(cell.files, "file"), size.size(cell.bytes),
            kept_text(cell, found, away), command("remove", "project", cell.project))
    end
    if #cells > SHOWN then
        texts[#texts + 1] = ("%s more are gone; 'list projects' and 'fetch --json' list them"):format(
            size.count(#cells - SHOWN))
    end
    return texts
end

--- Of what is gone, that of which versions would go.
-- @param session the session, @param expired table from a database's name to the ids of operations whose versions go
-- @return list of texts
function M.losses(session, expired)
    local cells, texts, goes = M.cells(session), {}, {}
    for database, ids in pairs(expired) do
        for _, id in ipairs(ids) do
            goes[database .. "\0" .. id] = true
        end
    end
    local found = #cells > 0 and read_disks(session) or {}
    for _, cell in ipairs(cells) do
        local path, on = locate.replica("", cell.category_path, cell.client, cell.name), {}
        for _, operation in ipairs(found) do
            if operation.replica == path and goes[operation.database .. "\0" .. operation.id] then
                on[operation.database] = true
            end
        end
        texts[#texts + 1] = next(on) and ("%s %s is on no database any more: this is what is kept of it on %s")
            :format(cell.project, cell.category, named(on)) or nil
    end
    return texts
end

--- Forget a project that is nowhere. Raises when it is somewhere, or was never known.
-- @param session the session, @param project client/project
function M.forget(session, project)
    local client, name = require("autobackup.catalog").split(project)
    local replicas = session.catalog:replicas{project = project}
    if #session.catalog:gone{project = project} == 0 then
        errors.raise("ENONAME", #replicas == 0 and ("no project '%s' is known to be gone"):format(project)
            or ("%s is on %s; only what is gone can be forgotten"):format(project,
                require("autobackup.plan").places(replicas)))
    end
    session.catalog:forget_gone(client, name)
end

return M
