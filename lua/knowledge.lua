--- What the catalog knows, as rows for users: times in seconds since 1970, `online` as it is now.
-- Filters are checked already: {client=, project=, name=, database=, category=}, as the catalog takes them.
local lazy = require "autobackup.lazy"
local apart = require "autobackup.apart"
local beside = lazy "autobackup.beside"
local coverage = require "autobackup.coverage"
local errors = require "autobackup.errors"
local gone = require "autobackup.gone"
local locate = require "autobackup.locate"
local room = lazy "autobackup.room"
local nanoseconds = require "autobackup.view.nanoseconds"
local rows = require "autobackup.rows"
local sameness = require "autobackup.sameness"
local states = require "autobackup.states"
local traits = lazy "autobackup.traits"

local M = {}

--- Nanoseconds to seconds, nil to nil.
function M.seconds(ns)
    return ns and nanoseconds.seconds(ns)
end

--- Databases, in the order in which they were added.
-- @return rows of type "database"
function M.databases(session)
    local totals, is_online, list = session.catalog:totals(), locate.prober(), {}
    room.count(session, is_online)
    local held, measured = session.catalog:held(), session.catalog:traits()
    for i, database in ipairs(session.catalog:databases()) do
        local total = totals[database.id] or {}
        local row = room.fields(database, is_online(database) == true, held[database.id])
        list[i] = rows.row("database", row)
        for key, value in pairs{
            database = database.database, path = database.path, online = is_online(database) == true,
            clients = total.clients or 0, projects = total.projects or 0, replicas = total.replicas or 0,
            files = total.files or 0, bytes = total.bytes or 0, errors = total.errors or 0,
            loaded_at = M.seconds(database.loaded_at), filesystem = database.fs_type, identity = database.identity,
        } do
            row[key] = value
        end
        for key, value in pairs(traits.fields(database, measured[database.id])) do
            row[key] = value
        end
    end
    return list
end

--- Categories, in the order in which they were added.
-- @return rows of type "category"
function M.categories(session)
    local list = {}
    for i, category in ipairs(session.catalog:categories()) do
        list[i] = rows.row("category", {category = category.category, path = category.path})
    end
    return list
end

--- Clients, sorted.
-- @return rows of type "client"
function M.clients(session, filter)
    local list = session.catalog:clients(filter)
    for _, client in ipairs(list) do
        rows.row("client", client)
    end
    return list
end

--- Projects, sorted. files and bytes are those of all their replicas that match.
-- @return rows of type "project"
function M.projects(session, filter)
    local list = session.catalog:projects(filter)
    for _, project in ipairs(list) do
        rows.row("project", project)
    end
    return list
end

-- What keeps a replica from being compared: damage in the catalog itself.
local function corrupt_of(replica)
    if replica.against then
        for _, answer in pairs(replica.against) do
            if answer.corrupt then
                return answer.corrupt
            end
        end
    end
end

local function replica_row(replica, online, compared)
    return rows.row("replica", {
        client = replica.client, project = replica.project, name = replica.name, category = replica.category,
        database = replica.database, state = "present", online = online, files = replica.files,
        bytes = replica.bytes, newest = M.seconds(replica.newest), loaded_at = M.seconds(replica.loaded_at),
        path = locate.replica(replica.root, replica.category_path, replica.client, replica.name),
        directories = replica.directories, errors = replica.errors, verified_at = M.seconds(replica.verified_at),
        fingerprint = replica.fingerprint, damaged = replica.damaged, corrupt = corrupt_of(replica),
        differing = compared and states.differing(replica) or nil,
        doubtful = compared and states.doubtful(replica) or nil,
        compared = compared and (replica.damaged or 0) > 0 and "damaged" or compared,
    })
end

-- Where nothing is known to be: nothing, or what was never read and may be anything.
local function absent_row(project, category, database, online, covered)
    local gap = covered:gap(database.id, category.id, project.client, project.name)
    return rows.row("replica", {
        client = project.client, project = project.project, name = project.name, category = category.category,
        database = database.database, state = gap and "unknown" or "absent", online = online,
        files = not gap and 0 or nil, bytes = not gap and 0 or nil,
        loaded_at = M.seconds(covered:read_at(database.id, category.id)),
        path = locate.replica(database.path, category.path, project.client, project.name),
    })
end

local function category_of(replica)
    return {id = replica.category_id, path = replica.category_path}
end

--- Replicas that exist, sorted by project and category.
-- @return rows of type "replica"
function M.replicas(session, filter)
    local databases, is_online, list = {}, apart.prober(session.catalog), {}
    for _, database in ipairs(session.catalog:databases()) do
        databases[database.id] = database
    end
    for i, replica in ipairs(session.catalog:replicas(filter)) do
        list[i] = replica_row(replica, is_online(databases[replica.database_id], category_of(replica)) == true)
    end
    return list
end

-- From the catalog's rows, which are sorted, to a list of projects with their replicas by category.
local function nest(replicas)
    local order, last = {}, nil
    for _, replica in ipairs(replicas) do
        if not (last and last.project == replica.project) then
            last = {client = replica.client, name = replica.name, project = replica.project, categories = {}}
            order[#order + 1] = last
        end
        last.categories[replica.category] = last.categories[replica.category] or {}
        table.insert(last.categories[replica.category], replica)
    end
    return order
end

-- A replica exists only once when all other disks are known to lack it.
local function is_alone(project, category, databases, covered)
    for _, database in ipairs(databases) do
        if covered:gap(database.id, category.id, project.client, project.name) then
            return false
        end
    end
    return true
end

local function gone_row(row, online)
    return rows.row("replica", {
        client = row.client, project = row.project, name = row.name, category = row.category,
        database = row.database, state = "gone",
        online = online, files = row.files, bytes = row.bytes, loaded_at = M.seconds(row.seen_at),
        path = locate.replica(row.root, row.category_path, row.client, row.name),
    })
end

-- The cells of what is nowhere any more.
local function add_gone(list, cell, category, databases, is_online, covered)
    local was = {}
    for _, row in ipairs(cell.replicas) do
        was[row.database] = row
    end
    for _, database in ipairs(databases) do
        local row, online = was[database.database], is_online(database, category) == true
        list[#list + 1] = row and gone_row(row, online) or absent_row(cell, category, database, online, covered)
    end
end

local function add_cells(list, project, category, databases, is_online, covered)
    local present = project.categories[category.category] or {}
    local words, by_database = states.compare(present), {}
    for _, replica in ipairs(present) do
        by_database[replica.database] = replica
    end
    if #present == 1 and not is_alone(project, category, databases, covered) then
        words[present[1].database] = "unknown"
    end
    for _, database in ipairs(databases) do
        local replica, online = by_database[database.database], is_online(database, category) == true
        list[#list + 1] = replica and replica_row(replica, online, words[database.database])
            or absent_row(project, category, database, online, covered)
    end
end

--- Every cell of the projects asked for: each of their categories in each database, absent ones too.
-- @return rows of type "replica", sorted by project, then category and database in the order they were added;
--         `compared` is a word of states.compare, "damaged" where damage is known, nil without a replica;
--         `differing`: how many of its files have another content elsewhere at the same size and time, `doubtful`:
--         how many have to be read to know whether they have; `state` is
--         "present", "absent", "unknown" (files and bytes are nil): that was never read; or "gone": it was there,
--         and is nowhere now (files and bytes are those of then). What is gone follows the rest
function M.cells(session, filter)
    local databases, categories = session.catalog:databases(), session.catalog:categories()
    local is_online, list, covered = apart.prober(session.catalog), {}, coverage.new(session.catalog)
    local lost, is_gone = gone.cells(session, filter), {}
    for _, cell in ipairs(lost) do
        is_gone[cell.project .. "\0" .. cell.category] = true
    end
    for _, project in ipairs(nest(sameness.replicas(session.catalog, filter))) do
        for _, category in ipairs(categories) do
            if not is_gone[project.project .. "\0" .. category.category] then
                add_cells(list, project, category, databases, is_online, covered)
            end
        end
    end
    for _, cell in ipairs(lost) do
        add_gone(list, cell, session.catalog:category(cell.category), databases, is_online, covered)
    end
    return list
end

--- Loose entries: what is in no project of a category, then what lies beside the categories.
-- @return rows of type "loose"; those beside the categories have no `category`
function M.loose(session, filter)
    local list = {}
    for i, entry in ipairs(session.catalog:loose(filter)) do
        list[i] = rows.row("loose", {database = entry.database, category = entry.category, kind = entry.kind,
            size = entry.size, path = locate.join(entry.root, entry.category_path, entry.path)})
    end
    for _, row in ipairs(filter and filter.category and {} or beside.list(session, filter)) do
        list[#list + 1] = row
    end
    return list
end

local NOTHING = [[
nothing is set up yet; name your disks, then the folders that they share, then read them:
  add database WORK /mnt/WORK           for each disk
  add category render scratch/render    for each folder, then: load]]

--- What has to be set up before there is anything to show.
-- @return text saying what to type, or nil when all is there
function M.missing(session)
    local databases = session.catalog:databases()
    if #databases == 0 then
        return NOTHING
    elseif #session.catalog:categories() == 0 then
        return "no category is known yet; type: add category NAME PATH   (such as: add category footage footage)"
    end
    for _, database in ipairs(databases) do
        if database.loaded_at then
            return nil
        end
    end
    -- A copy reads what it needs by itself.
    return next(session.catalog:known()) == nil and "nothing is loaded yet; type: load" or nil
end

--- Raise when no database or no category is known.
function M.require_setup(session)
    if #session.catalog:databases() == 0 or #session.catalog:categories() == 0 then
        errors.raise("ESETUP", M.missing(session))
    end
end

--- The filter that a value of type "which" asks for: all, CLIENT or CLIENT/PROJECT.
-- @param which a name, a pattern, the row of a client, or nil (all)
-- @return filter
function M.filter_of(which)
    if not which or which == "all" then
        return {}
    elseif rows.type_of(which) then
        return {client = which.client}
    elseif tostring(which):find("/", 1, true) then
        return {project = which}
    end
    return {client = which}
end

return M
