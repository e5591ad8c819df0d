--- Where a replica differs from others of the same category and project: marks for its files and for the folders
-- that lead to them. They are found a little at a time, from the catalog only; equal folders are passed over.
local core_sys = require "core.sys"
local errors = require "autobackup.errors"
local sameness = require "autobackup.sameness"

local M = {}

local MOST = 200000    -- names that are remembered with their marks; of more only the folders that lead to them

local Differences = {}
Differences.__index = Differences

local function split(path)
    local folder, name = path:match("^(.*)/([^/]*)$")
    return folder or "", name or path
end

-- What is known to differ is not made unknown by another database.
local function mark(self, folder, name, word)
    local names = self.words[folder]
    if not names then
        names = {}
        self.words[folder] = names
    end
    local is_new = names[name] == nil
    names[name] = names[name] == "differs" and "differs" or word
    return is_new
end

-- The folders above are marked up to the first that is marked like that already.
local function lead_to(self, folder, word)
    while folder ~= "" do
        local above, name = split(folder)
        local before = self.words[above] and self.words[above][name]
        if before == word or before == "differs" then
            return
        end
        mark(self, above, name, word)
        folder = above
    end
end

local function note_missing(self, folder, name, database)
    local missing = self.missing_in[folder] or {count = 0, name = name, database = database}
    missing.count = missing.count + 1
    self.missing_in[folder] = missing
end

local function is_unknown(judgement)
    return judgement == "unread" or judgement == "doubt"
end

-- What only the other database has, has no row here: the folder that lacks it differs.
local function take(self, item)
    local word = is_unknown(item.judgement) and "unknown" or "differs"
    local folder, name = split(item.path)
    self.count = self.count + 1
    if not item.left then
        note_missing(self, folder, name, self.current.database)
    elseif name ~= "" and self.marked < MOST then
        self.marked = self.marked + (mark(self, folder, name, word) and 1 or 0)
    elseif name ~= "" then
        self.is_cut = true
    end
    lead_to(self, folder, word)
end

local function begin_next(self)
    self.at = self.at + 1
    self.current = self.others[self.at]
    if not self.current then
        self.is_done = true
        self:close()
        return
    end
    self.comparer = self.comparer or errors.check(self.open())
    errors.check(self.comparer:start{left = self.replica.id, right = self.current.id, list = true})
end

--- Begin. Nothing is compared yet.
-- @param open function() -> comparer of core.compare, or nil, message, code
-- @param replica catalog row: what is looked at
-- @param others catalog rows: the replicas of the same category and project in other databases
-- @return the differences, to be closed: `is_done` (all is compared, or it was closed before: `is_stopped`), `count`
--         (names that differ, of each other
--         replica), `is_cut` (more than are remembered one by one), `known` (how many other replicas there are)
function M.new(open, replica, others)
    local self = setmetatable({open = open, replica = replica, others = {}, at = 0, count = 0, marked = 0,
        words = {}, missing_in = {}, known = #others}, Differences)
    for _, other in ipairs(others) do
        self.others[#self.others + 1] = not sameness.is_plainly_same(replica, other) and other or nil
    end
    self.is_done = #self.others == 0
    return self
end

--- Go on for a while.
-- @param seconds how long about
-- @return whether all is compared
function Differences:step(seconds)
    local deadline = core_sys.monotonic() + seconds
    while not self.is_done do
        local item = false
        if self.current then
            item = errors.check(self.comparer:next())
        end
        if not item then
            begin_next(self)
        elseif item ~= true then
            take(self, item)
        end
        if core_sys.monotonic() >= deadline then
            break
        end
    end
    return self.is_done
end

--- What is known of the entries of a folder ("" is the top): table from name to "differs" or "unknown"; nil where
-- nothing differs as far as was compared.
function Differences:of(folder)
    return self.words[folder]
end

--- What a folder lacks that another database has: {count=, name= of one, database= that has it}, or nil.
function Differences:missing(folder)
    return self.missing_in[folder]
end

--- End the comparing; what was found stays.
function Differences:close()
    self.is_stopped = not self.is_done
    self.is_done = true
    if self.comparer then
        self.comparer:close()
        self.comparer, self.current = nil, nil
    end
end

return M
