--- Typed rows and results.
--
-- A row is a plain table whose type ("replica", "database", ...) is in its metatable: `row.type` reads it,
-- `pairs` does not show it. A result is the table a command's `run` returned; its metatable remembers the
-- declaration, so that it can be shown later.
local size = require "autobackup.view.size"

local M = {}

local row_metatables = {}   -- by type
local row_types = {}        -- by metatable

local function metatable_of(kind)
    local metatable = row_metatables[kind]
    if not metatable then
        metatable = {__index = {type = kind}, __name = kind}
        row_metatables[kind] = metatable
        row_types[metatable] = kind
    end
    return metatable
end

--- Makes a table a row of a type.
-- @param kind string, as in the JSON key "type"
-- @param fields table, changed in place
-- @return the same table
function M.row(kind, fields)
    return setmetatable(fields, metatable_of(kind))
end

--- The type of a row.
-- @param value anything
-- @return string, nil when it is no row
function M.type_of(value)
    return type(value) == "table" and row_types[getmetatable(value)] or nil
end

--- Makes a list say what to write where it is called, as in `for p in projects() do`.
-- @param list without a metatable, @param name of the function that gave it
-- @return the same list
function M.list(list, name)
    return setmetatable(list, {__name = name .. " list", __call = function()
        require("autobackup.errors").usage("%s: it gives a list; write: for _, row in ipairs(%s(...)) do",
            name, name)
    end})
end

local result_declarations = setmetatable({}, {__mode = "k"})    -- by metatable

--- Makes a table the result of a command; one that has a metatable already keeps it.
-- @param declaration of the command, see command.lua
-- @param fields table that its `run` returned
-- @return the same table
function M.result(declaration, fields)
    if getmetatable(fields) == nil then
        local metatable = getmetatable(M.list({}, declaration.name))
        metatable.__name = declaration.name .. " result"
        result_declarations[metatable] = declaration
        setmetatable(fields, metatable)
    end
    return fields
end

--- The declaration of the command that made a result.
-- @param value anything
-- @return declaration, nil when the value is no result
function M.declaration_of(value)
    return type(value) == "table" and result_declarations[getmetatable(value)] or nil
end

--- Whether a table is a list whose elements are all rows (and holds at least one).
function M.is_list(value)
    if type(value) ~= "table" or M.type_of(value) or #value == 0 then
        return false
    end
    for _, element in ipairs(value) do
        if not M.type_of(element) then
            return false
        end
    end
    return true
end

--- What a field of rows comes to.
-- @param list of rows, @param key of a number; where a row has none it counts as 0
-- @return the sum, at most math.maxinteger
function M.sum(list, key)
    local sum = 0
    for _, row in ipairs(list) do
        sum = size.add(sum, row[key] or 0)
    end
    return sum
end

--- One field of all rows.
-- @param list of rows, each with the field, @param key
-- @return list of its values
function M.column(list, key)
    local values = {}
    for i, row in ipairs(list) do
        values[i] = row[key]
    end
    return values
end

--- Take apart a list of rows.
-- @param list of rows, @param name a type
-- @return the rows of that type, the others
function M.split(list, name)
    local of_type, others = {}, {}
    for _, row in ipairs(list) do
        table.insert(M.type_of(row) == name and of_type or others, row)
    end
    return of_type, others
end

return M
