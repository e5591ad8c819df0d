--- What a name may mean that is none as it stands: a path on a disk, a project without its client, another case of
-- letters. Each function gives all that it may mean, so that the caller takes the only one or names them all.

local core_text = require "core.text"
local fs = require "core.fs"
local locate = require "autobackup.locate"
local rows = require "autobackup.rows"

local M = {}

local function add_once(list, value)
    for _, known in ipairs(list) do
        if known == value then
            return
        end
    end
    list[#list + 1] = value
end

local function same(name, names, letters)
    local found, key = {}, core_text.key(name, letters)
    for _, known in ipairs(names) do
        if core_text.key(known, letters) == key then
            add_once(found, known)
        end
    end
    return found
end

-- The names that are the same but for their form of Unicode; where there is none, but for the case of their letters too.
local function folded(name, names)
    local found = name:find("[\x80-\xFF]") and same(name, names, false) or {}
    return found[1] and found or same(name, names, true)
end

-- ---- paths ----

local function is_explicit(text)
    return text:find("^[/~]") ~= nil or text:find("^%.%.?/") ~= nil
end

-- Where the links of a path lead; what is not there any more lies below what is.
local function resolved(path)
    local found, parent, name = fs.realpath(path), path:match("^(.*)/([^/]+)$")
    return found or parent and parent ~= "" and locate.join(resolved(parent), name) or path
end

-- A path as it was typed and where its links lead.
local function forms_of(path)
    local forms = {path}
    add_once(forms, resolved(path))
    return forms
end

local function below(root, path)
    if not locate.contains(root, path) then
        return nil
    end
    return (path:sub(#root + 1):gsub("^/", ""))
end

-- Where an absolute path lies below databases: list of {database=, path= (relative to its root)}.
local function below_databases(session, typed)
    local found = {}
    for _, database in ipairs(session.catalog:databases()) do
        local path
        for _, root in ipairs(forms_of(database.path)) do
            for _, form in ipairs(forms_of(typed)) do
                path = path or below(root, form)
            end
        end
        if path then
            found[#found + 1] = {database = database.database, path = path}
        end
    end
    return found
end

-- Where a text may lie, as a path: below databases from the current folder, or below any database's root.
local function readings(session, text)
    local found = below_databases(session, locate.absolute(text, fs.getcwd()))
    if not is_explicit(text) then
        found[#found + 1] = {path = locate.tidy(text)}
    end
    return found
end

--- The places in categories that a text may mean, as a path.
-- @return list of {database=?, category=, client=?, name=?, rest=? (the path below the project)}
local function places_of(session, text)
    local found = {}
    for _, reading in ipairs(readings(session, text)) do
        for _, category in ipairs(session.catalog:categories()) do
            local path = below(category.path, reading.path)
            if path then
                local client, name, rest = path:match("^([^/]+)/?([^/]*)/?(.*)$")
                found[#found + 1] = {database = reading.database, category = category.category, client = client,
                    name = name ~= "" and name or nil, rest = rest ~= "" and rest or nil}
            end
        end
    end
    return found
end

M.places = places_of

--- Whether an absolute path lies on a database.
function M.is_on_database(session, path)
    return #below_databases(session, path) > 0
end

-- ---- each kind of name ----

--- Databases: the path of a root, or another case.
-- @return list of names
function M.database(session, text)
    local found = {}
    if text:find("/", 1, true) or text:find("^[.~]") then
        for _, reading in ipairs(below_databases(session, locate.absolute(text, fs.getcwd()))) do
            if reading.path == "" then
                add_once(found, reading.database)
            end
        end
    end
    return found[1] and found or folded(text, rows.column(session.catalog:databases(), "database"))
end

--- Categories: their path, or another case.
-- @return list of names
function M.category(session, text)
    local found = {}
    for _, place in ipairs(places_of(session, text)) do
        if not place.client then
            add_once(found, place.category)
        end
    end
    return found[1] and found or folded(text, rows.column(session.catalog:categories(), "category"))
end

--- Clients by the path of a client's folder.
-- @return name; nil when the path is none, or several
function M.client_at(session, text)
    local found = {}
    for _, place in ipairs(places_of(session, text)) do
        if place.client and not place.name and session.catalog:clients{client = place.client}[1] then
            add_once(found, place.client)
        end
    end
    return #found == 1 and found[1] or nil
end

--- Clients: the path of a folder, or another case.
-- @return list of names
function M.client(session, text)
    local at = text:find("/", 1, true) and M.client_at(session, text)
    return at and {at} or folded(text, session.catalog:client_names())
end

-- Whether a folder of that name lies in a category of a disk: made since the last load, perhaps.
local function is_on_disk(session, project)
    for _, database in ipairs(session.catalog:databases()) do
        for _, category in ipairs(session.catalog:categories()) do
            local stat = fs.lstat(locate.join(database.path, category.path, project))
            if stat and stat.kind == "directory" then
                return true
            end
        end
    end
    return false
end

--- Whether there is, or was, a project of just that name.
-- @param name "client/project"
-- @param spec of the argument: with `fresh` the disks are looked at too
function M.is_project(session, name, spec)
    if not name:find("^[^/]+/[^/]+$") then
        return false
    end
    return session.catalog:projects{project = name}[1] ~= nil or spec.fresh and is_on_disk(session, name)
        or session.catalog:gone{project = name}[1] ~= nil
end

-- The projects that a path leads to, what else it says, and what is wrong with one that leads into a project.
local function projects_at(session, text, spec)
    local found, at, complaint = {}, nil, nil
    for _, place in ipairs(places_of(session, text)) do
        local project = place.name and place.client .. "/" .. place.name
        if project and M.is_project(session, project, spec) then
            if place.rest then
                complaint = ("'%s' lies in the project '%s'; name the project"):format(text, project)
            else
                add_once(found, project)
                at = at and {} or place
            end
        elseif place.client and not place.name and session.catalog:clients{client = place.client}[1] then
            complaint = ("'%s' is the folder of the client '%s': write %s/* for all that it has"):format(text,
                place.client, place.client)
        end
    end
    return found, at and {category = at.category, database = at.database}, complaint
end

-- Projects whose own name it is.
local function named(session, text)
    return rows.column(session.catalog:projects{name = text}, "project")
end

-- Projects whose whole name, or own name, differs in its form of Unicode or the case of letters only.
local function folded_projects(session, text)
    local names, owners = {}, {}
    for _, row in ipairs(session.catalog:projects{}) do
        for _, name in ipairs{row.project, row.name} do
            owners[name] = owners[name] or {}
            add_once(owners[name], row.project)
            names[#names + 1] = name
        end
    end
    local found = {}
    for _, name in ipairs(folded(text, names)) do
        for _, project in ipairs(owners[name]) do
            add_once(found, project)
        end
    end
    return found
end

--- Projects: the path of a replica, a project's own name, or another case.
-- @param spec of the argument
-- @return list of "client/project"; what a path says besides, {category=?, database=?}, or nil; why a path is none
function M.project(session, text, spec)
    local found, also, complaint = projects_at(session, text, spec)
    if is_explicit(text) then
        return found, also, complaint or #found == 0 and ("'%s' is no folder of a project in any database")
            :format(text) or nil
    end
    if not text:find("/", 1, true) then
        for _, project in ipairs(named(session, text)) do
            add_once(found, project)
        end
    end
    if #found > 0 then
        -- A name alone is no path, also where a folder of that name lies in the current one.
        return found, #found == 1 and text:find("/", 1, true) and also or nil
    end
    return folded_projects(session, text), nil, complaint
end

--- A project that was given without its client, or by the beginning of its name.
-- @return "; did you mean 'acme/spot'?", nil when it is none, or one of many
function M.whose(session, name)
    local found = session.catalog:projects_named(name)
    if name == "" or name:find("/", 1, true) or #found == 0 or #found > 3 then
        return nil
    end
    return ("; did you mean '%s'?"):format(table.concat(found, "' or '"))
end

return M
