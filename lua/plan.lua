--- From what was asked for to single transfers. Pure: tables in, tables out.
local lists = require "autobackup.lists"

local M = {}

local function by_project(replicas)
    local projects, order = {}, {}
    for _, replica in ipairs(replicas) do
        if not projects[replica.project] then
            projects[replica.project] = {}
            order[#order + 1] = replica.project
        end
        table.insert(projects[replica.project], replica)
    end
    return projects, order
end

local function transfer(replica, request)
    return {
        project = replica.project, client = replica.client, name = replica.name, category = replica.category,
        from = request.from, to = request.to,
    }
end

--- Expand a request into transfers, one for each category of each project.
-- @param request {category = a name, several (lists.several) or "all", from = database, to = list of databases}
-- @param replicas the source's replicas of the projects asked for, sorted by project
-- @return list of {project, client, name, category, from, to}, and list of skipped {project, category, reason}
function M.expand(request, replicas)
    local transfers, skipped = {}, {}
    local projects, order = by_project(replicas)
    for _, project in ipairs(order) do
        local found = false
        for _, replica in ipairs(projects[project]) do
            if lists.covers(request.category, replica.category) then
                found = true
                transfers[#transfers + 1] = transfer(replica, request)
            end
        end
        if not found then
            skipped[#skipped + 1] = {project = project, category = request.category,
                reason = ("%s has no %s of it"):format(request.from, request.category)}
        end
    end
    return transfers, skipped
end

--- The databases that hold a project, or a category of it, for a message: "it is on WORK and NAS".
-- @param replicas rows with `database`
-- @return text, "" when there are none
function M.places(replicas)
    local seen, names = {}, {}
    for _, replica in ipairs(replicas) do
        if not seen[replica.database] then
            seen[replica.database] = true
            names[#names + 1] = replica.database
        end
    end
    if #names < 2 then
        return names[1] or ""
    end
    return table.concat(names, ", ", 1, #names - 1) .. " and " .. names[#names]
end

return M
