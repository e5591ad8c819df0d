--- What registering databases and categories have in common: which choice of path counts, and which folders may lie
-- one in the other.
local fs = require "core.fs"
local as_typed = require "autobackup.view.typed"
local errors = require "autobackup.errors"
local locate = require "autobackup.locate"

local M = {}

--- Tell of something that is no error: at once in the startup file, else with the result.
-- @param session the session, @param notes list that gets the text, @param text
function M.warn(session, notes, text)
    if session.mode == "config" then
        session:warn(text)
    else
        notes[#notes + 1] = text
    end
end

-- Two category folders of two databases that are one folder, or lie one in the other, would be counted twice and
-- copied into themselves.
local function collision(a, b, categories)
    for _, one in ipairs(categories) do
        for _, other in ipairs(categories) do
            if locate.overlap(locate.join(a.real, one.path), locate.join(b.real, other.path)) then
                return one.category, other.category
            end
        end
    end
end

--- A path without symlinks, as far as it is there.
function M.real(path)
    return fs.realpath(path) or path
end

--- Raise EINVAL where a category of one database would be the folder of one of another, or lie in it.
-- @param a, b rows of databases, with `real`: their paths without symlinks; @param categories rows
function M.refuse_collision(a, b, categories)
    local one, other = collision(a, b, categories)
    if one then
        errors.raise("EINVAL", ("%s of %s and %s of %s would be the same folder or lie one in the other: "
            .. "choose another root or category path"):format(one, a.database, other, b.database), {path = a.path})
    end
end

--- What is typed to give a name that is known another path.
function M.replacing(kind, name, path)
    return as_typed.line("add", kind, name, path) .. " --replace"
end

--- Whether a line of the startup file is one whose path a typed choice took the place of: the choice counts, until the
-- line changes. Warns.
function M.is_overruled(session, kind, name, path, known_path)
    if session.mode ~= "config" or not session.catalog:is_replaced(kind, name, path) then
        return false
    end
    session:warn(("%s says that %s is %s, but '%s' was said since, and counts: change that line"):format(
        session:place(), name, path, M.replacing(kind, name, known_path)))
    return true
end

--- Remember that a path was typed: the startup file's line with the one before does not take it back.
function M.note_choice(session, kind, name, old, new)
    if session.mode == "config" then
        session.catalog:forget_replaced(kind, name)
    elseif old ~= new then
        session.catalog:replace_path(kind, name, old, new)
    end
end

return M
