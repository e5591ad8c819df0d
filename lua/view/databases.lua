--- How old the knowledge of databases is.
local M = {}

local TOGETHER = 120    -- seconds between readings that belong together

local function state_of(database, out)
    local read = database.loaded_at
    local text = read and "read " .. out:age(read) or database.partly and "not read as a whole yet" or "never read"
    return ("%s %s"):format(database.database, database.online and text or "offline, " .. text)
end

-- The databases that were read at about the same time as one of them, it being the first.
local function read_with(first, databases)
    local group = {}
    for _, database in ipairs(databases) do
        local later = database.online and database.loaded_at and database.loaded_at - first.loaded_at
        if later and later >= 0 and later <= TOGETHER then
            group[database], group[#group + 1] = true, database
        end
    end
    return group
end

local function largest_group(databases)
    local best = {}
    for _, database in ipairs(databases) do
        local group = database.online and database.loaded_at and read_with(database, databases) or {}
        if #group > #best then
            best, group.first = group, database
        end
    end
    return best
end

-- Texts for the line: what holds for most in one, then the others by name.
local function texts(databases, out)
    local group, list = largest_group(databases), {}
    local is_common = #group > 1 and #group > #databases // 2
    if is_common then
        local who = #group < #databases and "most" or #group == 2 and "both" or "all"
        list[1] = ("%s read %s"):format(who, out:age(group.first.loaded_at))
    end
    for _, database in ipairs(databases) do
        if not is_common or not group[database] then
            list[#list + 1] = state_of(database, out)
        end
    end
    return list
end

--- Show when databases were read and whether they are there, as many texts on a line as fit.
-- @param databases list of {database=, online=, loaded_at= seconds since 1970 or nil, partly= whether a part of it
--        is known although it was never read as a whole}
-- @param out an output
function M.show(databases, out)
    local list, line = texts(databases, out), nil
    for i, text in ipairs(list) do
        text = out:clean(text) .. (i < #list and ";" or "")
        if line and #line + 1 + #text > (out.width or math.huge) then
            out:line(line, "dim")
            line = nil
        end
        line = line and line .. " " .. text or text
    end
    if line then
        out:line(line, "dim")
    end
end

return M
