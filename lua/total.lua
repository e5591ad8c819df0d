--- One line above those of what runs now: how far a work of several parts is, its rate and when it ends.
local size = require "autobackup.view.size"

local M = {}

local Total = {}
Total.__index = Total

--- Make one, with its line above those that the board gets later.
-- @param board of view/progress.lua
-- @param label what all of it is
-- @param parts list of {key=, bytes=, is_guess= whether that is no more than an upper bound}; of a single one
--        there is no total, and nothing is shown
-- @return the total: plan, progress, finish
function M.new(board, label, parts)
    local total = setmetatable({bytes = 0.0, bytes_total = 0.0, files = 0, guesses = 0, parts = {}}, Total)
    for _, part in ipairs(parts) do
        total.parts[part.key] = {bytes = 0, files = 0, bytes_total = part.bytes, is_guess = part.is_guess}
        total.bytes_total = total.bytes_total + part.bytes
        total.guesses = total.guesses + (part.is_guess and 1 or 0)
    end
    total.line = #parts > 1 and board:line(label) or nil
    return total
end

local function settle(self, part)
    self.guesses = self.guesses - (part.is_guess and 1 or 0)
    part.is_guess = nil
end

function Total:show()
    if self.line then
        self.line:show{bytes = size.whole(self.bytes), files = self.files,
            bytes_total = size.whole(self.bytes_total), is_guess = self.guesses > 0 or nil}
    end
end

--- A part is planned: it has so many bytes.
function Total:plan(key, bytes)
    local part = self.parts[key]
    if part then
        settle(self, part)
        self.bytes_total = self.bytes_total + bytes - part.bytes_total
        part.bytes_total = bytes
        self:show()
    end
end

--- A part has come so far.
-- @param state {bytes=, files=}
function Total:progress(key, state)
    local part = self.parts[key]
    if part then
        local bytes, files = state.bytes or part.bytes, state.files or part.files
        bytes = part.is_guess and bytes or math.min(bytes, part.bytes_total)    -- what was read twice counts once
        self.bytes, self.files = self.bytes + bytes - part.bytes, self.files + files - part.files
        part.bytes, part.files = bytes, files
        self:show()
    end
end

--- A part has ended, however it did: nothing of it is left to be waited for.
function Total:finish(key)
    local part = self.parts[key]
    if part then
        self:plan(key, part.bytes)
    end
end

return M
