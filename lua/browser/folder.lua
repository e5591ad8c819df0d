--- What a folder of a replica holds: core.content with the methods of a list (list.lua), its frames folded into
-- sequences. A filter looks for single files, so it shows them; so does a folder that is too large to be folded
-- while somebody waits.
--
-- The row of a sequence: kind = "sequence", name = "beauty.0001-0048.exr", note, missing (how many frames) and
-- pattern, the filter that shows its frames; frames, the patterns that match them and no other number (--only).
local errors = require "autobackup.errors"
local glob = require "autobackup.glob"
local list = require "autobackup.browser.list"
local locate = require "autobackup.locate"
local sequence = require "autobackup.view.sequence"
local size = require "autobackup.view.size"

local M = {}

local FOLDED = 10000    -- entries up to which a folder is folded: that many take about 40 ms

local Folder = {}
Folder.__index = Folder

local function place_in(at, name)
    return {kind = "folder", database = at.database, client = at.client, name = at.name, category = at.category,
        from_all = at.from_all, path = locate.join(at.path, name)}
end

-- Marks by the names of rows: a sequence has that of its frames.
local function words_of(self)
    local words = self.differences and self.differences:of(self.at.path)
    if not (words and self.folded) then
        return words
    end
    if self.marked_at ~= self.differences.count then
        self.marked_at, self.words = self.differences.count, {}
        for name, word in pairs(words) do
            local shown = self.sequence_of[name] or name
            self.words[shown] = self.words[shown] == "differs" and "differs" or word
        end
    end
    return self.words
end

local function with_marks(self, rows)
    local words = words_of(self)
    for _, row in ipairs(rows) do
        row.differs = words and words[row.name]
    end
    return rows
end

local function complete(self, rows)
    for _, row in ipairs(rows) do
        row.into = row.kind == "directory" and place_in(self.at, row.name) or nil
        if row.error == "EXDEV" then
            row.note = "another disk is mounted here"
        elseif row.error then
            row.note = "could not be read: " .. row.error
        elseif row.errors > 0 then
            row.note = size.count(row.errors) .. " unreadable"
        end
    end
    return rows
end

-- ---- folding ----

-- One pattern for each count of digits: a name with more or fewer of them is another sequence's.
local function patterns_of(entry, files)
    local patterns, seen, rest = {}, {}, #entry.prefix + #entry.extension
    for _, place in ipairs(entry.members) do
        local digits = #files[place].name - rest
        if not seen[digits] then
            seen[digits] = true
            patterns[#patterns + 1] = glob.literal(entry.prefix) .. ("[0-9]"):rep(digits)
                .. glob.literal(entry.extension)
        end
    end
    return patterns
end

local function sequence_row(entry, files)
    local row = {kind = "sequence", name = entry.text, pattern = entry.pattern, missing = entry.missing,
        frames = patterns_of(entry, files),
        note = sequence.gaps(entry) or size.plural(entry.count, "file"), bytes = 0, files = entry.count}
    for _, place in ipairs(entry.members) do
        local file = files[place]
        row.bytes = size.add(row.bytes, file.bytes)
        row.newest = math.max(row.newest or file.newest, file.newest)
    end
    return row
end

-- The rows with their frames folded, by a frame's name its sequence's, and whether folders are among them.
local function fold(rows)
    local folded, files, names, sequence_of, has_folders = {}, {}, {}, {}, false
    for _, row in ipairs(rows) do
        if row.kind == "file" and not row.error then
            files[#files + 1], names[#names + 1] = row, row.name
        else
            folded[#folded + 1] = row
            has_folders = has_folders or row.kind == "directory"
        end
    end
    for _, entry in ipairs(sequence.fold(names)) do
        if entry.count == 1 then
            folded[#folded + 1] = files[entry.members[1]]
        else
            folded[#folded + 1] = sequence_row(entry, files)
            for _, place in ipairs(entry.members) do
                sequence_of[names[place]] = entry.text
            end
        end
    end
    return list.new(folded), sequence_of, has_folders
end

-- Folded at the first time, and anew when folders got their sums.
local function fold_once(self)
    if not self.all then
        local count = self.folder:arrange("name")
        self.all, self.sequence_of, self.has_folders = fold(complete(self, self.folder:rows(1, count)))
    end
    return self.all
end

-- ---- the methods of a list ----

function Folder:arrange(order, filter)
    self.order, self.filter = order, filter ~= "" and filter or nil
    local is_folded = not self.filter and self.folder:totals().count <= FOLDED
    self.folded = is_folded and fold_once(self) or nil
    self.shown = (self.folded or self.folder):arrange(order, self.filter)
    return self.shown
end

function Folder:count()
    return self.shown
end

function Folder:rows(first, last)
    return with_marks(self, self.folded and self.folded:rows(first, last)
        or complete(self, self.folder:rows(first, last)))
end

function Folder:place(name)
    if self.folded then
        return self.folded:place(self.sequence_of[name] or name)
    end
    return self.folder:place(name)
end

function Folder:totals()
    local totals = self.folder:totals()
    totals.largest = self.folded and self.folded:totals().largest or totals.largest
    return totals
end

--- Whether sums are still missing; they are taken over as soon as they are there.
-- @param seconds to wait for them
function Folder:is_pending(seconds)
    if self.summed then
        return false
    elseif not errors.check(self.sums:ready(seconds or 0)) then
        return true
    end
    self.folder:add_sums(self.sums)
    self.summed = true
    if self.has_folders then
        self.all, self.marked_at = nil, nil
    end
    self:arrange(self.order, self.filter)
    return false
end

function Folder:close()
    self.folder:close()
end

--- Look at a folder. All is shown, by name.
-- @param folder of core.content, closed with this, @param at its place (place.lua), @param sums of core.content
-- @param differences of the replica (differences.lua, optional): the rows get `differs`, their mark
-- @return a list, to be closed; `differences` as handed in
function M.new(folder, at, sums, differences)
    local view = setmetatable({folder = folder, at = at, sums = sums, differences = differences}, Folder)
    view:arrange("name")
    return view
end

return M
