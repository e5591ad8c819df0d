--- The places that can be looked at, and how they lie in each other. Pure.
--
-- A place: {kind = "root"}: the databases; "database": its clients; "client": its projects; "project": its
-- categories; "category": the replicas of one; "folder": what a folder of a replica holds. Other fields say where:
-- database (nil: in all of them together), client, name (the project's own), category, path (in the replica, ""
-- for its top), from_all (a folder that was come to through "all databases").
local M = {}

--- What stands for all databases together.
M.ALL = "all databases"

local above = {}

function above.database()
    return {kind = "root"}
end

function above.client(place)
    return {kind = "database", database = place.database}
end

function above.project(place)
    return {kind = "client", database = place.database, client = place.client}
end

function above.category(place)
    return {kind = "project", client = place.client, name = place.name}
end

function above.folder(place)
    local up = {kind = "folder", database = place.database, client = place.client, name = place.name,
        category = place.category, from_all = place.from_all}
    if place.path ~= "" then
        up.path = place.path:match("^(.*)/[^/]*$") or ""
    elseif place.from_all then
        up.kind, up.database, up.from_all = "category", nil, nil
    else
        up.kind, up.category = "project", nil
    end
    return up
end

--- The place above another one, nil for the root.
function M.parent(place)
    return above[place.kind] and above[place.kind](place)
end

--- The name that a place has in the list of the one above it.
function M.name_of(place)
    if place.kind == "folder" and place.path ~= "" then
        return place.path:match("[^/]*$")
    elseif place.kind == "folder" then
        return place.from_all and place.database or place.category
    elseif place.kind == "database" then
        return place.database or M.ALL
    end
    return place.category or place.name or place.client
end

--- The names from the root to a place, for people.
-- @return list
function M.names(place)
    local names = {}
    while place and place.kind ~= "root" do
        table.insert(names, 1, M.name_of(place))
        place = M.parent(place)
    end
    return names
end

return M
