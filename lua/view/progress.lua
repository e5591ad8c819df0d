--- One live line on stderr for work that lasts: only on a terminal, not before half a second, redrawn at most ten
--- times a second, never left behind.
local core_sys = require "core.sys"
local clean = require "autobackup.view.clean"
local shorten = require "autobackup.view.shorten"
local size = require "autobackup.view.size"

local M = {}

local FIRST, EVERY = 0.5, 0.1    -- seconds
local SMOOTH = 3                 -- seconds that the shown rate looks back

local Progress = {}
Progress.__index = Progress

local function is_wanted(session)
    local when = session.progress or "auto"
    if when == "never" or session.quiet then
        return false
    end
    return when == "always" or session.err.tty and core_sys.getenv("TERM") ~= "dumb"
end

--- Make a progress line. A to-be-closed variable may hold it: closing clears the line.
-- @param session its err, progress and quiet decide whether and where anything is shown
-- @param label what is being done: "load NAS"
-- @return the line: show, clear
function M.new(session, label)
    local now = core_sys.monotonic()
    return setmetatable({
        out = session.err, active = is_wanted(session), label = clean.clean(label), started = now, drawn = now,
        rate = nil, rated = now, counted = 0, visible = false,
    }, Progress)
end

-- What is counted by: bytes, or where there are none to count, files.
local function update_rate(self, state, now)
    local done = state.bytes or 0
    local elapsed = now - self.rated
    if elapsed < EVERY then
        return
    end
    local current = math.max(done - self.counted, 0) / elapsed
    local weight = math.min(elapsed / SMOOTH, 1)
    self.rate = self.rate and self.rate + (current - self.rate) * weight or current
    self.rated, self.counted = now, done
end

local function amount(done, all, text_of)
    if all and all > 0 then
        return text_of(done) .. " of " .. text_of(all)
    end
    return text_of(done)
end

local function bar(self, part)
    local full, empty = "#", "-"
    if self.out.utf8 then
        full, empty = "█", "░"
    end
    local filled = math.floor(part * 20)
    return full:rep(filled) .. empty:rep(20 - filled)
end

-- A guess needs no tenths.
local function left(seconds)
    seconds = math.ceil(seconds)
    return seconds < 60 and seconds .. " s" or size.duration(seconds)
end

local function parts_of(self, state)
    local parts = {self.label}
    local all, done = state.bytes_total or 0, state.bytes or 0
    if all > 0 then
        local part = math.min(done / all, 1)
        if (self.out.width or 80) >= 100 then
            parts[#parts + 1] = bar(self, part)
        end
        parts[#parts + 1] = string.format("%d %%", math.floor(part * 100))
    end
    parts[#parts + 1] = amount(done, all, size.size)
    parts[#parts + 1] = amount(state.files or 0, state.files_total, size.count) .. " files"
    if self.rate and self.rate > 0 and all > 0 then
        parts[#parts + 1] = size.rate(self.rate, 1)
        parts[#parts + 1] = left((all - done) / self.rate) .. " left"
    end
    return parts
end

local function compose(self, state)
    local width = (self.out.width or 80) - 1
    local line = ""
    for i, part in ipairs(parts_of(self, state)) do
        local longer = i == 1 and part or line .. "  " .. part
        if core_sys.string_width(longer) > width then
            break
        end
        line = longer
    end
    local room = width - core_sys.string_width(line) - 2
    if state.path and room >= 12 then
        local name = clean.clean(state.path)
        line = line .. "  " .. shorten.middle(name, room, core_sys.string_width, self.out.marks.ellipsis)
    end
    return line
end

--- Show where the work is. Cheap when it is too early to draw.
-- @param state {files=, files_total=?, bytes=, bytes_total=?, path=?}
function Progress:show(state)
    if not self.active then
        return
    end
    local now = core_sys.monotonic()
    update_rate(self, state, now)
    if now - self.started < FIRST or self.visible and now - self.drawn < EVERY then
        return
    end
    core_sys.write(self.out.fd, "\r" .. compose(self, state) .. "\27[K")
    self.drawn, self.visible = now, true
end

--- Say that something else is being done now; what is counted starts anew.
function Progress:rename(label)
    self.label, self.counted = clean.clean(label), 0
    self:show{files = 0, bytes = 0}
end

--- Take the line away, so that something else can be written.
function Progress:clear()
    if self.visible then
        core_sys.write(self.out.fd, "\r\27[K")
        self.visible = false
    end
end

Progress.__close = Progress.clear

return M
