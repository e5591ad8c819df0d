--- What is said of a project that is not where it was asked for.
local errors = require "autobackup.errors"
local plan = require "autobackup.plan"
local types = require "autobackup.types"

local M = {}

--- Raise what a copy says whose source has nothing of what was asked for.
-- @param run of transfer.lua
function M.project(run)
    local request, catalog = run.request, run.session.catalog
    local known, hint, code = types.get("project").check(request.project, run.session, {})
    if not known then
        errors.raise(code, hint)
    end
    local elsewhere = catalog:replicas{project = request.project,
        category = request.category ~= "all" and request.category or nil}
    local what = request.category == "all" and tostring(request.project)
        or request.category .. " of " .. request.project
    local message = ("%s has no %s"):format(request.from, what)
    if #elsewhere > 0 then
        message = ("%s; it is on %s"):format(message, plan.places(elsewhere))
    else
        message = message .. "; 'fetch " .. request.project .. "' shows what is where"
    end
    errors.raise("ENONAME", message)
end

return M
