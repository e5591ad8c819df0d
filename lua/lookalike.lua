--- Names that differ in the case of their letters or in their form of Unicode alone: to this program they are two, to the
-- eye, and to a disk on which names fold, one. Rows say so, and notes with the bytes that differ.
local core_text = require "core.text"

local M = {}

local FEW = 20      -- clients whose projects are asked for one by one
local SHOWN = 3     -- pairs that notes name

--- Names in groups of those that are alike.
-- @param names list of strings, each once
-- @return table from each name that has others to the list of these
function M.groups(names)
    local by_key, others = {}, {}
    for _, name in ipairs(names) do
        local key = core_text.key(name, true)
        by_key[key] = by_key[key] or {}
        table.insert(by_key[key], name)
    end
    for _, group in pairs(by_key) do
        for _, name in ipairs(#group > 1 and group or {}) do
            others[name] = {}
            for _, other in ipairs(group) do
                others[name][#others[name] + 1] = other ~= name and other or nil
            end
        end
    end
    return others
end

-- What tells two names apart.
local function difference(a, b)
    local bytes = core_text.bytes(a, b)
    return bytes and ("look alike and differ in their bytes (%s)"):format(bytes)
        or core_text.key(a, false) ~= core_text.key(b, false) and "differ in the case of letters alone"
        or "look alike"
end

--- Notes on pairs of names.
-- @param noun "projects", "clients" or "files"
-- @param pairs_list list of {a, b}, the first ones are named
-- @param count how many there are
-- @return list of sentences
function M.notes(noun, pairs_list, count)
    local notes = {}
    for i = 1, math.min(#pairs_list, SHOWN) do
        local a, b = table.unpack(pairs_list[i])
        notes[i] = ("'%s' and '%s' %s: they are two %s, and one name to disks on which names fold"):format(a, b,
            difference(a, b), noun)
    end
    if count > #notes then
        notes[#notes + 1] = ("%d more pairs of %s are alike in this way"):format(count - #notes, noun)
    end
    return notes
end

-- Each pair once, the smaller name first, sorted.
local function pairs_of(others, shown)
    local list = {}
    for name, group in pairs(others) do
        for _, other in ipairs(group) do
            if name < other and (shown[name] or shown[other]) then
                list[#list + 1] = {name, other}
            end
        end
    end
    table.sort(list, function(a, b) return a[1] < b[1] or a[1] == b[1] and a[2] < b[2] end)
    return list
end

-- The projects of all clients that may have one that is like one of those shown.
local function candidates(catalog, clients)
    local others, wanted, count = M.groups(catalog:client_names()), {}, 0
    local function want(client)
        count, wanted[client] = count + (wanted[client] and 0 or 1), true
    end
    for client in pairs(clients) do
        want(client)
        for _, other in ipairs(others[client] or {}) do
            want(other)
        end
    end
    if count > FEW then
        return catalog:project_names()
    end
    local names = {}
    for client in pairs(wanted) do
        local list = catalog:project_names(client)
        table.move(list, 1, #list, #names + 1, names)
    end
    return names
end

local function each_once(list, key)
    local seen, names = {}, {}
    for _, row in ipairs(list) do
        if not seen[row[key]] then
            seen[row[key]] = true
            names[#names + 1] = row[key]
        end
    end
    return seen, names
end

local function mark(list, key, others)
    for _, row in ipairs(list) do
        row.alike = others[row[key]]
    end
end

--- Mark rows of projects that are like others: their field `alike` is the list of these.
-- @param catalog the catalog
-- @param list rows with client and project
-- @param is_all true when those are all projects
-- @return list of notes
function M.projects(catalog, list, is_all)
    local shown, names = each_once(list, "project")
    local others = M.groups(is_all and names or candidates(catalog, (each_once(list, "client"))))
    mark(list, "project", others)
    local found = pairs_of(others, shown)
    return M.notes("projects", found, #found)
end

--- The same with rows of clients.
function M.clients(catalog, list)
    local others = M.groups(catalog:client_names())
    mark(list, "client", others)
    local found = pairs_of(others, (each_once(list, "client")))
    return M.notes("clients", found, #found)
end

local Files = {}
Files.__index = Files

--- The same with files that only one side of a comparison has: `start` with each replica, `see` its files, then ask for
-- `notes`.
-- @param most how many are remembered: of more than that not all pairs are found
function M.files(most)
    return setmetatable({most = most, left = most, seen = {}, found = {}, count = 0}, Files)
end

--- What comes now is of another replica: what was seen before is like none of it.
function Files:start()
    self.left, self.seen = self.most, {}
end

--- @param path in the replica, @param side "left" or "right", which alone has it
-- @return the path that is like it on the other side and was seen before; nil for none
function Files:see(path, side)
    local key = core_text.key(path, true)
    local before = self.seen[key]
    if before and before.side ~= side then
        self.count = self.count + 1
        self.found[#self.found + 1] = #self.found < SHOWN and {before.path, path} or nil
        return before.path
    elseif not before and self.left > 0 then
        self.left, self.seen[key] = self.left - 1, {path = path, side = side}
    end
end

--- The sentences about those of them that are alike.
function Files:notes()
    return M.notes("files", self.found, self.count)
end

return M
