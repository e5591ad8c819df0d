--- What has been read: of which categories in which databases anything can be said. What was never read, or
-- could not
-- be, is unknown there, never absent.
local catalogs = require "autobackup.catalog"
local glob = require "autobackup.glob"
local lists = require "autobackup.lists"

local M = {}

local Coverage = {}
Coverage.__index = Coverage

local function key(database, category, client, name)
    return ("%d/%d/%s/%s"):format(database, category, client or "", name or "")
end

--- What a catalog's loads have read.
-- @param catalog
-- @return a coverage
function M.new(catalog)
    local coverage = setmetatable({read = {}, unread = {}, parts = catalog:unread()}, Coverage)
    for _, row in ipairs(catalog:readings()) do
        coverage.read[key(row.database, row.category)] = row.read_at
    end
    for _, row in ipairs(coverage.parts) do
        coverage.unread[key(row.database, row.category, row.client, row.name)] = true
    end
    return coverage
end

--- When a category was last read wholly in a database.
-- @param database, category catalog ids
-- @return ns since 1970, or nil: never
function Coverage:read_at(database, category)
    return self.read[key(database, category)]
end

--- Why nothing can be said of a place where no replica is known.
-- @param database, category catalog ids, @param client, name folder names; nil: the category as a whole
-- @return nil when it was read, so that nothing is there; "never" or "unreadable"
function Coverage:gap(database, category, client, name)
    if not self.read[key(database, category)] and not self.unread[key(database, category)] then
        return "never"
    elseif self.unread[key(database, category)] or client and (self.unread[key(database, category, client)]
        or self.unread[key(database, category, client, name)]) then
        return "unreadable"
    end
end

-- Whether a client's folder, or a project's, is among those that a filter asks for.
local function asks_for(filter)
    local client, name = filter.client, filter.name
    if filter.project then
        client, name = catalogs.split(filter.project)
    end
    local is_client, is_name = client and glob.matcher(client), name and glob.matcher(name)
    return function(part)
        return (part.client == "" or not is_client or is_client(part.client))
            and (part.name == "" or not is_name or is_name(part.name))
    end
end

-- Where one project is asked for: the places in which a copy, say, has read it, whatever else was read there.
local function places_of(replicas, filter)
    local places = {}
    for _, replica in ipairs(filter and filter.project and not glob.is(filter.project) and replicas or {}) do
        places[key(replica.database_id, replica.category_id)] = replica.errors == 0 or nil
    end
    return places
end

-- The clients and projects that could not be read where their category could.
function Coverage:add_parts(list, database, category, is_asked)
    for _, part in ipairs(self.parts) do
        if part.database == database.id and part.category == category.id and is_asked(part) then
            list[#list + 1] = {database = database.database, category = category.category, why = "unreadable",
                within = part.client .. (part.name ~= "" and "/" .. part.name or "")}
        end
    end
end

--- What was not read: categories as a whole, and clients and projects in them.
-- @param databases, categories catalog rows
-- @param filter of replicas, as of catalog:replicas: of which clients and projects; nil: all
-- @param replicas those of the filter that are known (optional)
-- @return list of {database =, category = names, within = nil (all of it), "client" or "client/project", why =}, by
--         category, then database
function Coverage:gaps(databases, categories, filter, replicas)
    local list, is_asked, known = {}, asks_for(filter or {}), places_of(replicas, filter)
    for _, category in ipairs(categories) do
        for _, database in ipairs(databases) do
            local why = self:gap(database.id, category.id)
            if why and not known[key(database.id, category.id)] then
                list[#list + 1] = {database = database.database, category = category.category, why = why}
            elseif not why then
                self:add_parts(list, database, category, is_asked)
            end
        end
    end
    return list
end

local REASONS = {never = "%s was never read for %s", unreadable = "%s could not be read for %s"}

local function place_of(gap)
    return gap.category .. (gap.within and "/" .. gap.within or "")
end

--- One gap as a reason: "NAS was never read for footage".
-- @param gap {database=, category=, within=, why=}
function M.reason(gap)
    return REASONS[gap.why]:format(gap.database, place_of(gap))
end

local function names(list)
    return #list == 1 and list[1] or table.concat(list, ", ", 1, #list - 1) .. " and " .. list[#list]
end

-- Gaps for one reason, put together: {databases = {...}, categories = {...}}.
local function bundles(gaps, why)
    local by_database, order, bundled, list = {}, {}, {}, {}
    for _, gap in ipairs(gaps) do
        if gap.why == why then
            if not by_database[gap.database] then
                by_database[gap.database] = {}
                order[#order + 1] = gap.database
            end
            table.insert(by_database[gap.database], place_of(gap))
        end
    end
    for _, database in ipairs(order) do
        local categories = names(by_database[database])
        if not bundled[categories] then
            bundled[categories] = {categories = categories, databases = {}}
            list[#list + 1] = bundled[categories]
        end
        table.insert(bundled[categories].databases, database)
    end
    return list
end

-- Of the databases asked for: those that were never read, those of which a copy has read what it needed, the rest.
local function by_reading(catalog, filter)
    local never, partly, read, known = {}, {}, {}, catalog:known()
    for _, database in ipairs(catalog:databases()) do
        if not lists.covers(filter.database, database.database) then
            goto continue
        elseif database.loaded_at then
            read[#read + 1] = database
        else
            table.insert(known[database.id] and partly or never, database.database)
        end
        ::continue::
    end
    return never, partly, read
end

local function add(texts, format, names_of_databases)
    if #names_of_databases > 0 then
        texts[#texts + 1] = format:format(table.concat(names_of_databases, ", "))
    end
end

--- All that was not read, as sentences with what settles it.
-- @param catalog
-- @param filter of replicas, as of catalog:replicas
-- @return list of texts
function M.notes(catalog, filter)
    local texts, never, partly, read = {}, by_reading(catalog, filter)
    add(texts, "never read, so nothing is known of: %s; type: load", never)
    add(texts, "not read as a whole yet: %s; type: load", partly)
    local categories = {}
    for _, category in ipairs(catalog:categories()) do
        categories[#categories + 1] = lists.covers(filter.category, category.category) and category or nil
    end
    local gaps = M.texts(M.new(catalog):gaps(read, categories, filter))
    return table.move(gaps, 1, #gaps, #texts + 1, texts)
end

--- What the last reading could not read of what is asked for: of that nobody can say what is in it.
-- @param catalog, filter as of catalog:replicas; with `outside` only what is no project's
-- @return list of texts; empty where all was read
function M.unread(catalog, filter)
    local is_asked, gaps = asks_for(filter), {}
    for _, row in ipairs(catalog:unread_places()) do
        if lists.covers(filter.database, row.database) and lists.covers(filter.category, row.category)
            and is_asked(row) and not (filter.outside and row.name ~= "") then
            gaps[#gaps + 1] = {database = row.database, category = row.category, why = "unreadable",
                within = row.client ~= "" and row.client .. (row.name ~= "" and "/" .. row.name or "") or nil}
        end
    end
    return M.texts(gaps)
end

--- Gaps as sentences with what settles them: "NAS was never read for footage; load NAS".
-- @param gaps list as of Coverage:gaps
-- @return list of texts
function M.texts(gaps)
    local texts = {}
    for _, bundle in ipairs(bundles(gaps, "never")) do
        texts[#texts + 1] = ("%s %s never read for %s; load %s"):format(names(bundle.databases),
            #bundle.databases == 1 and "was" or "were", bundle.categories, table.concat(bundle.databases, " "))
    end
    for _, bundle in ipairs(bundles(gaps, "unreadable")) do
        texts[#texts + 1] = ("%s could not be read for %s: load tells why"):format(names(bundle.databases),
            bundle.categories)
    end
    return texts
end

return M
