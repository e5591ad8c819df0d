--- What is handed to a command together: a row gives several of its arguments, a path too. Pure: tables in and
-- out.
local glob = require "autobackup.glob"
local rows = require "autobackup.rows"

local M = {}

local KEYS = {project = "project", which = "project", client = "client", category = "category",
    database = "database", operation = "operation"}

-- A row of a project's, or of a part of one, must not act on more than that because a command asks for less.
local function takes_project(declaration)
    for _, arg in ipairs(declaration.args) do
        if arg.type == "project" or arg.type == "which" then
            return true
        end
    end
    return false
end

local function takes_paths(declaration)
    for _, arg in ipairs(declaration.args) do
        if arg.inside then
            return true
        end
    end
    return declaration.options.only ~= nil
end

local function may_take(declaration, row)
    if declaration.group == "copy" and row.inside and not takes_paths(declaration) then
        return false
    end
    return declaration.group ~= "set up" and (row.project == nil or takes_project(declaration))
end

--- What `accepts` does not say is taken by type: a project's name for a project, and so on.
-- @param arg of the declaration, @param row a row
-- @return value, nil when the row has none
function M.by_type(arg, row)
    local key = KEYS[arg.type]
    if arg.type == "which" and row.project == nil and rows.type_of(row) == "client" then
        return row
    end
    return key and row[key]
end

local function mapped(map, arg, row)
    for key, name in pairs(map) do
        if name == arg.name then
            -- A client that is called "all" is no word.
            return arg.type == "which" and key == "client" and rows.type_of(row) == "client" and row or row[key]
        end
    end
end

--- What a row gives to an argument.
-- @param declaration of the command, @param arg of it, @param row a row
-- @return value, nil when there is none
function M.value(declaration, arg, row)
    local map = (declaration.accepts or {})[rows.type_of(row)]
    if arg.inside and row.inside then
        return row.inside
    elseif map then
        return mapped(map, arg, row)
    elseif not arg.keyword and may_take(declaration, row) then
        return M.by_type(arg, row)
    end
end

--- Whether a row may give something beside what was given already. Of several rows those of one project go
-- together, where the command says what it does with them.
-- @param declaration of the command, @param row a row
-- @param given the project that was given, or nil, @param is_further whether it is a further row of a list
function M.goes_with(declaration, row, given, is_further)
    return row.project == nil or (given == nil or given == row.project)
        and not (is_further and not (declaration.accepts or {})[rows.type_of(row)])
end

--- Whether a value is a table of arguments and options by name, and no row, result, pattern or list.
function M.is_named(value)
    if type(value) ~= "table" or rows.type_of(value) or rows.declaration_of(value) or glob.is(value) then
        return false
    end
    if next(value) == nil then
        return true
    end
    for key in pairs(value) do
        if type(key) == "string" then
            return true
        end
    end
    return false
end

--- The paths in a replica that a row is about, for a command with the option `only`: an entry is just itself. A
-- command that acts and takes no paths takes nothing from such a row.
-- @return list, nil when it is about all
function M.only(declaration, row)
    return declaration.options.only and row.inside and {row.inside} or nil
end

return M
