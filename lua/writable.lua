--- Can a destination be written to? Looked at before anything is planned, so that a plan says what the copy would
-- (src/copy/writable.h).
local core_copy = require "core.copy"
local errors = require "autobackup.errors"
local locate = require "autobackup.locate"

local M = {}

--- A destination itself. Raises with why it cannot be. A run that writes need not ask: its lock tells.
-- @param target catalog row, online
function M.check(target)
    errors.check(core_copy.writable{root = target.path, identity = target.identity, what = target.database})
end

--- The disk that a category has of its own there, where it has one. What cannot be becomes a problem of the run, once.
-- @param run of transfer.lua: session, unwritten (a table), category, fail
-- @param item a transfer, @param target catalog row, online
-- @return whether it can be
function M.has_disk(run, item, target)
    local key = target.id .. "/" .. item.category
    if run.unwritten[key] == nil then
        local path = run:category(item).path
        local ok, message, code = core_copy.writable{root = target.path, identity = target.identity,
            category = path, what = item.category .. " of " .. target.database}
        run.unwritten[key] = not ok
        if not ok then
            run:fail(locate.join(target.path, path), {code = code, message = message},
                {database = target.database, category = item.category})
        end
    end
    return not run.unwritten[key]
end

return M
