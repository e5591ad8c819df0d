--- Damage of the catalog itself: what was met is marked, so that the next load reads it anew, and told with the rest.
local errors = require "autobackup.errors"
local locate = require "autobackup.locate"
local rows = require "autobackup.rows"
local size = require "autobackup.view.size"
local core_sys = require "core.sys"

local M = {}

local OFTEN = 24 * 3600 * 1000000000    -- ns between two checks of all of it

--- Mark a listing as damaged. A catalog that is busy or cannot be written only stays as it is.
-- @param session the session, @param replica catalog id, @param path of the folder in the replica
function M.distrust(session, replica, path)
    local ok, err = pcall(session.catalog.distrust, session.catalog, replica, path)
    if not ok and (errors.is_interrupt(err) or not errors.is(err)) then
        error(err, 0)
    end
end

--- The problem of a listing that was met.
-- @param place row of catalog:places, @param path as above
-- @return row of type "problem"
function M.problem(place, path)
    return rows.row("problem", {path = path, code = "ECORRUPT", database = place.database,
        message = ("the catalog's listing of a folder of %s %s on %s is damaged: it was left out; 'load %s' "
            .. "reads it anew"):format(place.project, place.category, place.database, place.database)})
end

--- Mark folders whose listings were met as damaged.
-- @param folders list of {replica = catalog id, path = in the replica, place = row of catalog:places}
-- @return rows of type "problem"
function M.problems(session, folders)
    local list = {}
    for i, folder in ipairs(folders) do
        local place = folder.place
        M.distrust(session, folder.replica, folder.path)
        list[i] = M.problem(place, locate.join(locate.replica(place.root, place.category_path, place.client,
            place.name), folder.path))
    end
    return list
end

--- What a table of replicas met of it.
-- @param cells rows of type "replica", some of them with `corrupt`
-- @return rows of type "problem", each once
function M.met(cells)
    local list, said = {}, {}
    for _, cell in ipairs(cells) do
        if cell.corrupt and not said[cell.corrupt] then
            said[cell.corrupt] = true
            list[#list + 1] = rows.row("problem", {path = cell.path, code = "ECORRUPT", message = cell.corrupt})
        end
    end
    return list
end

--- Call fn; when it fails because a listing is damaged, that is a problem and no end.
-- @return what fn returns, or nil and the error value
function M.guarded(fn, ...)
    local results = table.pack(pcall(fn, ...))
    if results[1] then
        return table.unpack(results, 2, results.n)
    elseif errors.is(results[2]) and results[2].code == "ECORRUPT" then
        return nil, results[2]
    end
    error(results[2], 0)
end

--- Before a load, once a day: is the catalog sound? A listing that is not is read anew by that load.
-- @return a note, or nil; raises ECORRUPT when more than that is damaged
function M.check(session)
    local catalog, now = session.catalog, core_sys.now()
    local last = catalog:checked_at()
    if last and now - last < OFTEN and now >= last then
        return nil
    end
    local count = catalog:check()
    catalog:note_checked(now)
    return count > 0 and ("the catalog's %s damaged: read anew"):format(count == 1 and "listing of a folder was"
        or "listings of " .. size.plural(count, "folder") .. " were") or nil
end

return M
