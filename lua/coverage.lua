--- What has been read: of which categories in which databases anything can be said. What was never read, or
-- could not
-- be, is unknown there, never absent.
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
    local coverage = setmetatable({read = {}, unread = {}}, Coverage)
    for _, row in ipairs(catalog:readings()) do
        coverage.read[key(row.database, row.category)] = row.read_at
    end
    for _, row in ipairs(catalog:unread()) do
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

--- The categories that were not read as a whole.
-- @param databases, categories catalog rows
-- @return list of {database =, category = names, why =}, by category, then database
function Coverage:gaps(databases, categories)
    local list = {}
    for _, category in ipairs(categories) do
        for _, database in ipairs(databases) do
            local why = self:gap(database.id, category.id)
            if why then
                list[#list + 1] = {database = database.database, category = category.category, why = why}
            end
        end
    end
    return list
end

local REASONS = {never = "%s was never read for %s", unreadable = "%s could not be read for %s"}

--- One gap as a reason: "NAS was never read for footage".
-- @param gap {database=, category=, why=}
function M.reason(gap)
    return REASONS[gap.why]:format(gap.database, gap.category)
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
            table.insert(by_database[gap.database], gap.category)
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
