--- Adding categories: the folders that all databases share.
local core_text = require "core.text"
local consent = require "autobackup.consent"
local errors = require "autobackup.errors"
local locate = require "autobackup.locate"
local registering = require "autobackup.registering"
local size = require "autobackup.view.size"

local M = {}

--- A category's path as it may be registered. Pure.
-- @param typed text
-- @return the path without slashes at its ends, or nil and why not
function M.path(typed)
    if typed:sub(1, 1) == "/" or typed:sub(1, 1) == "~" then
        return nil, "it must be relative: the same folder below every database's root"
    end
    local path = locate.tidy(typed)
    if path == "" then
        return nil, "it must name a folder below the databases' roots"
    elseif ("/" .. path .. "/"):find("/../", 1, true) then
        return nil, "it must not contain '..'"
    elseif ("/" .. path):find("/.autobackup", 1, true) then
        return nil, "names that begin with .autobackup are the program's own"
    end
    return path
end

-- Where names fold, two that differ in the case of letters or the form of Unicode alone are one folder.
local function folded(path)
    return core_text.key(path, true)
end

local function check_category_nesting(session, name, path)
    local categories = {}
    for _, other in ipairs(session.catalog:categories()) do
        if other.category ~= name then
            categories[#categories + 1] = other
            if locate.overlap(other.path, path) then
                errors.raise("EINVAL", ("category path %s and that of %s (%s) lie one in the other: choose "
                    .. "another"):format(path, other.category, other.path))
            elseif locate.overlap(folded(other.path), folded(path)) then
                errors.raise("EINVAL", ("category path %s and that of %s (%s) are one folder, or lie one in the "
                    .. "other, where names fold: choose another"):format(path, other.category, other.path))
            end
        end
    end
    categories[#categories + 1] = {category = name, path = path}
    local databases = session.catalog:databases()
    for i, one in ipairs(databases) do
        one.real = registering.real(one.path)
        for j = 1, i - 1 do
            if locate.overlap(one.real, databases[j].real) then
                registering.refuse_collision(one, databases[j], categories)
            end
        end
    end
end

-- What verify found in its replicas, and the digests of their files, are known nowhere else.
local function ask_category(session, known, path, options)
    local count = #session.catalog:replicas{category = known.category}
    if count > 0 then
        consent.require(session, options, {
            what = ("add category %s %s --replace would forget what is known of %s in %s, digests and damage too")
                :format(known.category, path, size.plural(count, "replica"), known.path),
            question = ("Shall %s be %s from now on?"):format(known.category, path),
            kept = ("%s stays %s"):format(known.category, known.path),
        })
    end
end

--- Add a category, or find that it is there already.
-- @param session, name as databases are added
-- @param typed its path below every database's root
-- @param options {replace = whether a name that is taken may get another path, yes = whether that was agreed to}
-- @return its catalog row, "added", "changed" or "unchanged", and notes; raises
function M.add(session, name, typed, options)
    local path, reason = M.path(typed)
    if not path then
        errors.raise("EINVAL", ("category path '%s' cannot be used: %s"):format(typed, reason))
    end
    local known = session.catalog:category(name)
    if known and known.path == path then
        registering.note_choice(session, "category", name, path, path)
        return known, "unchanged", {}
    elseif known and not options.replace
        and registering.is_overruled(session, "category", name, path, known.path) then
        return known, "unchanged", {}
    elseif known and not options.replace then
        errors.raise("EEXIST", ("category %s is %s; '%s' changes it"):format(name, known.path,
            registering.replacing("category", name, path)))
    end
    check_category_nesting(session, name, path)
    if known and session.mode ~= "config" then
        ask_category(session, known, path, options)
    end
    if not known then
        local row = session.catalog:add_category(name, path)
        if not row then    -- another process added it just now
            return M.add(session, name, typed, options)
        end
        return row, "added", {}
    end
    session.catalog:set_category(name, path)
    registering.note_choice(session, "category", name, known.path, path)
    local notes = {}
    registering.warn(session, notes, ("what was known of %s is forgotten; 'load' reads it at its new place")
        :format(name))
    return session.catalog:category(name), "changed", notes
end

return M
