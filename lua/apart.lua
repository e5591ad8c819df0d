--- Categories on a disk of their own below a database's root (src/index/apart.h): are those disks there?
local core_disk = require "core.disk"
local fs = require "core.fs"
local lazy = require "autobackup.lazy"
local errors = require "autobackup.errors"
local locate = require "autobackup.locate"
local size = require "autobackup.view.size"
local traits = lazy "autobackup.traits"

local M = {}

--- Whether a category of a database that is online can be used.
-- @param catalog the session's
-- @param database catalog row, online, @param category_path relative to it
-- @return true, or nil, message, code
function M.check(catalog, database, category_path)
    local ok, message, code = core_disk.category(catalog:path(), database.identity, database.path, category_path)
    if ok then
        return true
    end
    return nil, errors.plain(message, code), code
end

--- A memory for the time of one command: is a database there, and of a category on a disk of its own that disk? Each is
-- looked at once.
-- @param catalog the session's
-- @param tells as of locate.prober
-- @return function of catalog rows of a database and a category ({id, path}; nil: of none) -> true, or false; with tells
--         also message, code
function M.prober(catalog, tells)
    local is_online, known = locate.prober(tells), {}
    for _, row in ipairs(catalog:apart()) do
        known[row.database .. "/" .. row.category] = false
    end
    if not next(known) then
        return is_online
    end
    return function(database, category)
        local ok, message, code = is_online(database)
        local key = category and database.id .. "/" .. category.id
        if not ok or not category or known[key] == nil then
            return ok, message, code
        end
        known[key] = known[key] or {M.check(catalog, database, category.path)}
        return known[key][1] or false, known[key][2], known[key][3]
    end
end

--- The disks that categories have of their own: a database's figures are its root's.
-- @param catalog the session's
-- @return list of {database =, category =, path (absolute), online, bytes_total =, bytes_free = (nil: not known)} and the
--         fields of traits.fields
function M.disks(catalog)
    local is_there, list, databases, categories = M.prober(catalog), {}, {}, {}
    for _, database in ipairs(catalog:databases()) do
        databases[database.id] = database
    end
    for _, category in ipairs(catalog:categories()) do
        categories[category.id] = category
    end
    for i, row in ipairs(catalog:apart()) do
        local database, category = databases[row.database], categories[row.category]
        local path = locate.join(database.path, category.path)
        local online = is_there(database, category) == true
        local room = online and fs.statvfs(path)
        local is_known = room and room.bytes_total > 0
        list[i] = {database = database.database, category = category.category, path = path, online = online,
            bytes_total = is_known and room.bytes_total or nil, bytes_free = is_known and room.bytes_free or nil}
        for key, value in pairs(traits.fields(row, catalog:traits(row.category)[row.database])) do
            list[i][key] = value
        end
    end
    return list
end

--- Those disks as sentences.
-- @param disks as of M.disks
-- @return list of texts
function M.texts(disks)
    local texts = {}
    for i, disk in ipairs(disks) do
        local times = traits.text(disk)
        texts[i] = ("%s of %s is on a disk of its own: %s%s"):format(disk.category, disk.database, disk.bytes_total
            and ("%s free of %s"):format(size.size(disk.bytes_free), size.size(disk.bytes_total))
            or disk.online and "its room is not known" or "offline", times and "; times: " .. times or "")
    end
    return texts
end

--- Is the disk there that the category of a transfer lies on in a database, where that has one of its own? What is not
-- becomes a problem of the run, once.
-- @param run of transfer.lua: session, disks (a table), category, fail
-- @param item a transfer, @param database catalog row, online
function M.has_disk(run, item, database)
    local key = database.id .. "/" .. item.category
    if run.disks[key] == nil then
        local path = run:category(item).path
        local ok, message, code = M.check(run.session.catalog, database, path)
        run.disks[key] = ok or false
        if not ok then
            run:fail(locate.join(database.path, path), {code = code, message = message},
                {database = database.database, category = item.category})
        end
    end
    return run.disks[key]
end

--- See that it is known what the disks keep that the categories of transfers have of their own at a destination.
-- @param run as above, with request; a dry run writes nothing
-- @param items list of transfers, @param target catalog row, online
function M.measure(run, items, target)
    local seen = {}
    for _, item in ipairs(run.request.dry_run and {} or items) do
        if not seen[item.category] and M.has_disk(run, item, target) then
            traits.ensure(run.session, target, run:category(item))
        end
        seen[item.category] = true
    end
end

--- Those transfers of which the source's disk is there, and that of one of the destinations.
-- @param run as above, with from, to
-- @param items list of transfers
-- @return list
function M.with_disks(run, items)
    local list = {}
    for _, item in ipairs(items) do
        if M.has_disk(run, item, run.from) then
            local there = false
            for _, target in ipairs(run.to) do
                there = M.has_disk(run, item, target) or there
            end
            list[#list + 1] = there and item or nil
        end
    end
    return list
end

return M
