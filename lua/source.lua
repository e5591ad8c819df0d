--- What of a project lies on a database's disk right now, whatever the catalog knows: it may have been made since; and
-- what is told where it cannot be read.
local fs = require "core.fs"
local glob = require "autobackup.glob"
local locate = require "autobackup.locate"
local statuses = require "autobackup.status"

local M = {}

local NOT_THERE = {ENOENT = true, ENOTDIR = true}

-- What lies in one that was found is told with it.
local function add_unread(unread, path, message, code)
    if not message or NOT_THERE[code] then
        return
    end
    for _, folder in ipairs(unread) do
        if path == folder.path or path:sub(1, #folder.path + 1) == folder.path .. "/" then
            return
        end
    end
    unread[#unread + 1] = {path = path, message = message, code = code}
end

-- The folders in a folder that match; a name is taken as it is. unread: gets what cannot be listed, or not be entered.
local function folders(path, wanted, unread)
    if not glob.is(wanted) then
        local own = locate.join(path, wanted)
        local stat, message, code = fs.lstat(own)
        add_unread(unread, path, not stat and message:sub(1, -#own - 1) .. path, code)    -- the folder is to blame
        return {wanted}
    end
    local matches, found = glob.matcher(wanted), {}
    local names, message, code = fs.list(path)
    add_unread(unread, path, not names and message, code)
    for _, name in ipairs(names or {}) do
        local stat = matches(name) and fs.lstat(locate.join(path, name))
        if stat and stat.kind == "directory" and name ~= ".autobackup" then
            found[#found + 1] = name
        end
    end
    return found
end

local function add(list, seen, category, client, project)
    local key = table.concat({category, client, project}, "/")
    if not seen[key] then
        seen[key] = true
        list[#list + 1] = {category = category, client = client, project = project}
    end
end

--- What `load` has to read so that projects are known afresh.
-- @param root of the database, @param categories catalog rows
-- @param client, name of the project: folder names or patterns
-- @param known catalog rows of the replicas that were there before: what is gone is noticed too
-- @return list for core.load's `only`, and a list of {path =, message =, code =}: folders that cannot be read, of which nobody
--         knows what is in them
function M.scope(root, categories, client, name, known)
    local list, seen, ids, unread = {}, {}, {}, {}
    for _, category in ipairs(categories) do
        ids[category.category] = category.id
        local top = locate.join(root, category.path)
        for _, folder in ipairs(folders(top, client, unread)) do
            for _, project in ipairs(folders(locate.join(top, folder), name, unread)) do
                add(list, seen, category.id, folder, project)
            end
        end
    end
    for _, replica in ipairs(known) do
        if ids[replica.category] then
            add(list, seen, ids[replica.category], replica.client, replica.name)
        end
    end
    return list, unread
end

--- Tell of a folder of the source that cannot be listed or entered, once; one in it is told with it.
-- @param run of transfer.lua, with a table `shut`
-- @param path absolute, @param code, message why
function M.unread_folder(run, path, code, message)
    run:worsen(statuses.PARTIAL)
    for _, told in ipairs(run.shut) do
        if path == told or path:sub(1, #told + 1) == told .. "/" then
            return
        end
    end
    table.insert(run.shut, path)
    run:problem(path, code, message .. ": what is in there was not copied", {database = run.from.database})
end

--- Tell that something of the source was not read, while of all that is known of it nothing is wrong.
-- @param run as above, @param row of the transfer, @param path of its replica, relative to the database
function M.unread(run, row, path)
    row.state = "partial"
    run:worsen(statuses.PARTIAL)
    run:problem(locate.join(run.from.path, path), "EINCOMPLETE", ("%s of %s could not be read wholly on %s: "
        .. "what was not read was not compared ('load %s' names it)"):format(row.category, row.project, row.from,
        row.from), {database = row.from})
end

return M
