--- Conditions of the catalog's queries, collected from filters: names, patterns (glob.lua), several names.
local glob = require "autobackup.glob"

local M = {}

local function bytes(value)
    return {blob = value}
end

--- Split "client/project".
-- @param project a name, or a pattern
-- @return client, project's own name, each a name or a pattern; the second nil when there is no slash
function M.split(project)
    if glob.is(project) then
        return project:split()
    end
    local client, name = project:match("^([^/]*)/(.*)$")
    if not client then
        return project, nil
    end
    return client, name
end

-- Conditions of a WHERE, collected.
local Where = {}
Where.__index = Where

--- One more condition, and the value of its question mark.
function Where:add(condition, value)
    table.insert(self.conditions, condition)
    table.insert(self.params, value)
end

function Where:pattern(column, pattern)
    local sql, text = pattern:sql(), "CAST(" .. column .. " AS TEXT)"
    if sql and sql:find("[\x80-\xFF?]") then    -- it may match a name in one of Unicode's forms and not in the other
        self:add(("(%s GLOB ? OR composed(%s) GLOB composed(?))"):format(text, text), sql)
        table.insert(self.params, sql)
    elseif sql then
        self:add(text .. " GLOB ?", sql)
    end
end

-- A name in a column of text, a pattern, or several names.
function Where:name(column, value)
    if glob.is(value) then
        self:pattern(column, value)
    elseif type(value) == "table" then
        table.insert(self.conditions, ("%s IN (?%s)"):format(column, (", ?"):rep(#value - 1)))
        table.move(value, 1, #value, #self.params + 1, self.params)
    elseif value ~= nil then
        self:add(column .. " = ?", value)
    end
end

-- A name in a column of bytes, or a pattern.
function Where:blob(column, value)
    if glob.is(value) then
        self:pattern(column, value)
    elseif value ~= nil then
        self:add(column .. " = ?", bytes(value))
    end
end

-- A part of a pattern: one without a wildcard too means a name in either of its forms.
function Where:part(column, value)
    if type(value) == "string" and value:find("[\x80-\xFF]") then
        self:add(("(%s = ? OR composed(CAST(%s AS TEXT)) = composed(?))"):format(column, column), bytes(value))
        table.insert(self.params, value)
    else
        self:blob(column, value)
    end
end

--- The filters that replicas, projects and clients share, as of catalog:replicas.
function Where:filters(filter)
    local client, name = filter.client, filter.name
    if filter.project then
        local project_client, project_name = M.split(filter.project)
        local add = glob.is(filter.project) and self.part or self.blob
        add(self, "r.client", project_client)
        add(self, "r.project", project_name)
    end
    self:blob("r.client", client)
    self:blob("r.project", name)
    self:name("d.name", filter.database)
    self:name("c.name", filter.category)
    return self
end

--- The WHERE, empty for no condition.
function Where:text()
    if #self.conditions == 0 then
        return ""
    end
    return " WHERE " .. table.concat(self.conditions, " AND ")
end

--- None yet.
-- @return the conditions: filters, add, text; `params` are the values for its question marks
function M.new()
    return setmetatable({conditions = {}, params = {}}, Where)
end

return M
