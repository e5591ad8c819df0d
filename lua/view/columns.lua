--- Columns and lists of files that several commands show.
local sequence = require "autobackup.view.sequence"

local M = {}

--- A maker of columns of counts.
-- @param out the output they are for
-- @return function(key, title, options) -> column; options: {hide= (where it is empty), color= (its name, of what
--         is above 0), drop= (view/table.lua)}
function M.numbers(out)
    local function count(value)
        return value and out:count(value)
    end
    return function(key, title, options)
        local color = options and options.color
        return {key = key, title = title, align = "right", format = count, hide_empty = options and options.hide,
            drop = options and options.drop,
            color = color and function(value) return value and value > 0 and color or nil end}
    end
end

local function roots_of(session)
    local roots = {}
    for _, database in ipairs(session.catalog:databases()) do
        roots[database.database] = database.path
    end
    return roots
end

-- A path below a database's root.
local function below(root, path)
    local head = root and (root == "/" and root or root .. "/")
    return head and path:sub(1, #head) == head and path:sub(#head + 1) or path
end

--- Write files under headings, each heading once, in the order in which they come; sequences of frames are folded.
-- @param list of {path=, file_type=}
-- @param heading function(file) -> text, not cleaned
-- @param database_of function(file) -> the name of the database whose root is left out of its path
-- @param out the output
-- @param session the session
function M.files(list, heading, database_of, out, session)
    local groups, order, roots = {}, {}, #list > 0 and roots_of(session) or {}
    for _, file in ipairs(list) do
        local key = heading(file)
        if not groups[key] then
            groups[key] = {key = key}
            order[#order + 1] = groups[key]
        end
        local path = below(roots[database_of(file)], file.path)
        table.insert(groups[key], path .. (file.file_type == "directory" and "/" or ""))
    end
    for _, group in ipairs(order) do
        out:prose(out:clean(group.key))
        for _, entry in ipairs(sequence.fold(group)) do
            out:entry("  ", entry.text, sequence.about(entry))
        end
    end
end

return M
