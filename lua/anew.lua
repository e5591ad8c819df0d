--- What compare --read and --checksum claim rests on what they read: both sides of each pair where their disks are there,
-- and of what was not read nothing is claimed.
local apart = require "autobackup.apart"
local doubts = require "autobackup.doubts"
local errors = require "autobackup.errors"
local rows = require "autobackup.rows"

local M = {}

local Anew = {}
Anew.__index = Anew

local AGAIN = "and compare again"

-- Is the disk there on both sides? Of one that is not, what is told says it.
function Anew:is_there(pair)
    local all = true
    for _, name in ipairs{pair.reference, pair.database} do
        local database, category = self.databases[name], self.categories[pair.category]
        local ok, message, code = self.is_online(database, category)
        if not ok then
            all = false
            self.away[name .. "\0" .. pair.category] = errors.plain(message, code)
            self:tell_away(database, message, code)
        end
    end
    return all
end

-- With --checksum nothing is the same that was not read. With --read the catalog may know enough.
function Anew:tell_away(database, message, code)
    if self.alike and not self.told[message] then
        self.told[message] = true
        self.problems:add(rows.row("problem", {path = database.path, code = code, database = database.database,
            message = ("%s; its files were not read: plug it in, %s"):format(errors.plain(message, code), AGAIN)}))
    end
end

--- Read them.
-- @param session the session
-- @param list pairs of compare.lua, as both sides were found a moment ago
-- @param options {alike = all files whose sizes agree, databases =, categories = catalog rows by name,
--        finals = of the databases that were looked at a moment ago, by name, the last event of that}
-- @return what was read: problems (a collector), and the methods below
function M.read(session, list, options)
    local self = setmetatable({alike = options.alike or false, databases = options.databases,
        categories = options.categories, finals = options.finals,
        is_online = apart.prober(session.catalog, true), away = {}, told = {}, looked = {}}, Anew)
    local there, away = {}, {}
    self.problems = {add = function(_, row) away[#away + 1] = row end}
    for _, pair in ipairs(list) do
        if self:is_there(pair) and pair.left and pair.right then
            there[#there + 1], self.looked[doubts.key(pair.left, pair.right)] = pair, true
        end
    end
    local found = doubts.read(session, there, {alike = self.alike})
    self.problems, self.unread = found.problems, found.unread
    for _, rest in ipairs{away, found.failures} do
        for _, row in ipairs(rest) do
            self.problems:add(row)
        end
    end
    return self
end

-- Of a side that is not there: why. Of one that could not be looked at: that.
function Anew:missing(pair)
    for _, name in ipairs{pair.reference, pair.database} do
        local final = self.finals[name]
        local why = self.away[name .. "\0" .. pair.category]
        if why then
            return why .. ": plug it in, " .. AGAIN
        elseif final and final.type == "failed" then
            return ("%s could not be read: mend that, %s"):format(name, AGAIN), true
        end
    end
    if self.alike and pair.left and pair.right and not self.looked[doubts.key(pair.left, pair.right)] then
        return "another program changed what is known of it meanwhile: compare again", true    -- it was no pair then
    end
end

-- What the reading of both sides left out: of the left one and of the right one, each nil or as of doubts.read.
function Anew:gaps(pair)
    if pair.left and pair.right then
        return self.unread[doubts.key(pair.left, pair.right)], self.unread[doubts.key(pair.right, pair.left)]
    end
end

--- The files in a pair's replicas that had to be read and were not.
-- @param pair of compare.lua
-- @return {all = every one counts as that, paths = set of those, perhaps empty}
function Anew:unread_in(pair)
    local set, all = {}, self.alike and self:missing(pair) ~= nil
    for _, gap in pairs{self:gaps(pair)} do
        all = all or gap.whole
        for path in pairs(gap.paths) do
            set[path] = true
        end
    end
    return {all = all, paths = set}
end

--- May a pair not be called the same, whatever the catalog says of it?
function Anew:is_open(pair)
    local why, is_stale = self:missing(pair)
    local left, right = self:gaps(pair)
    return why ~= nil and (self.alike or is_stale or false) or left ~= nil or right ~= nil
end

--- What settles whether a pair's files are the same.
-- @return clause, and whether a problem says it already
function Anew:advice(pair)
    local why, is_stale = self:missing(pair)
    local left, right = self:gaps(pair)
    if why then
        return why, self.alike and not is_stale
    elseif left or right then
        return "reading failed, as said: mend that, " .. AGAIN, true
    end
    return "load both, " .. AGAIN, false
end

return M
