--- Names of our own pattern that no operation knows: loose entries of which it is said what to do about them.
local locate = require "autobackup.locate"
local size = require "autobackup.view.size"

local M = {}

local WHAT = {
    temp = {"temp of a copy", "temps of copies",
        "no operation knows of it: remove it by hand, or leave it to 'prune'"},
    replaced = {"replaced file", "replaced files", "it could not be moved to the versions, and no operation knows "
        .. "of it: put it back under its name if it is missed, else remove it by hand"},
    reserved = {"folder with a name that is reserved for temps", "folders with names that are reserved for temps",
        "nothing in it is copied or compared: rename it"},
}

local function add(found, order, row, path)
    local key = row.database .. "\0" .. row.kind
    if not found[key] then
        found[key] = {database = row.database, kind = row.kind, path = path, count = 0, size = 0}
        order[#order + 1] = found[key]
    end
    found[key].count = found[key].count + 1
    found[key].size = size.add(found[key].size, row.size or 0)
end

local function text_of(group)
    local one, many, advice = table.unpack(WHAT[group.kind])
    local first = group.count > 1 and "the first is " or ""
    local bytes = group.kind ~= "reserved" and (" (%s)"):format(size.size(group.size)) or ""
    return ("%s: %d %s%s, %s%s: %s"):format(group.database, group.count, group.count > 1 and many or one, bytes,
        first, group.path, advice)
end

--- Sentences, one for each database and kind of such names.
-- @param session the session, @param only set of names of databases, or nil: all
-- @return list of texts
function M.texts(session, only)
    local found, order = {}, {}
    for _, row in ipairs(session.catalog:loose{ours = true}) do
        if not only or only[row.database] then
            add(found, order, row, locate.join(row.root, row.category_path, row.path))
        end
    end
    for i, group in ipairs(order) do
        order[i] = text_of(group)
    end
    return order
end

return M
