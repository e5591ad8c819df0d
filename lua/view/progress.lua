--- Live lines on stderr for work that lasts, one for each thing that goes on at the same time: only on a terminal,
--- not before half a second, redrawn at most ten times a second, as wide as the window is now, never left behind.
--
--     local board <close> = progress.board(session)    closing takes its lines away
--     local line = board:line("copy acme/spot render to NAS")
--     line:show{files = 12, files_total = 48, bytes = 1200, bytes_total = 4800, path = "a.exr"}
--     line:rename("copy acme/spot footage to NAS")     the next thing; what is counted starts anew
--     line:remove()                                    it is done
--
-- A board whose lines are drawn takes the place of another's. Before anything else is written: progress.hide().
local core_sys = require "core.sys"
local clean = require "autobackup.view.clean"
local shorten = require "autobackup.view.shorten"
local size = require "autobackup.view.size"

local M = {}

local FIRST, EVERY = 0.5, 0.1    -- seconds
local SMOOTH = 3                 -- seconds that the shown rate looks back
local PATIENCE = 0.5             -- seconds that stopping may take before it is said
local PART, AFTER = 0.02, 3      -- how much must be done, or how many seconds of it, before the rest is guessed
local GAP = "  "

local screen = {}    -- board: whose lines are drawn; stopped: since when nothing may be drawn; out: where to

-- ---- a line ----

local Line = {}
Line.__index = Line

-- What is counted by: bytes, or where there are none to count, files.
local function update_rate(self, state, now)
    local elapsed = now - self.rated
    if elapsed < EVERY then
        return
    end
    local key = state.bytes_total and "bytes" or "files"
    local done = state[key] or 0
    local current = math.max(done - self.counted, 0) / elapsed
    local weight = math.min(elapsed / SMOOTH, 1)
    self.rate = self.rate and self.rate + (current - self.rate) * weight or current
    self.rated, self.counted = now, done
end

-- "120 of 400 files"; "1.2 of 2.8 GB" where the unit is the same.
local function amount(done, all, text_of)
    if not all or all <= 0 then
        return text_of(done)
    end
    local first, second = text_of(done), text_of(all)
    local number, unit = first:match("^(.*)( %a+)$")
    return (unit and second:sub(-#unit) == unit and number or first) .. " of " .. second
end

-- A guess needs no tenths.
local function left(seconds)
    seconds = math.ceil(seconds)
    return (seconds < 60 and seconds .. " s" or size.duration(seconds)) .. " left"
end

local function bar(part, length, is_utf8)
    local full, empty = "#", "-"
    if is_utf8 then
        full, empty = "█", "░"
    end
    local filled = math.floor(part * length)
    return full:rep(filled) .. empty:rep(length - filled)
end

-- How much of it is done, 0 to 1, or nil; by bytes, else by files. A guess never says that all is done.
local function part_of(state)
    local key = (state.bytes_total or 0) > 0 and "bytes" or "files"
    local all = state[key .. "_total"] or 0
    if all <= 0 or state.is_guess and (state[key] or 0) > all then    -- a guess that was wrong
        return nil
    end
    return math.min((state[key] or 0) / all, state.is_guess and 0.99 or 1), key
end

-- What can be said, by name.
local function texts_of(self)
    local state, texts = self.state, {}
    local part, key = part_of(state)
    local bytes_total = not state.is_guess and state.bytes_total or nil
    local files_total = not state.is_guess and state.files_total or nil
    texts.bytes = amount(state.bytes or 0, bytes_total, size.size)
    texts.files = files_total and amount(state.files or 0, files_total, size.count) .. " files"
        or size.plural(state.files or 0, "file")
    if part then
        texts.percent = ("%s%d %%"):format(state.is_guess and "~" or "", math.floor(part * 100))
    end
    if self.rate and self.rate > 0 then
        texts.rate = state.bytes_total and size.rate(self.rate, 1)
            or size.count(math.floor(self.rate)) .. " files/s"
        local is_known = part and (part >= PART or self.rated - self.started >= AFTER)
        if is_known and (key == "bytes") == (state.bytes_total ~= nil) then
            texts.left = left(math.max(state[key .. "_total"] - (state[key] or 0), 0) / self.rate)
        end
    end
    return texts, part
end

-- From rich to poor: columns of the label and of the bar, and what is left out.
local LAYOUTS = {
    {label = 60, bar = 20}, {label = 60, bar = 10}, {label = 36, bar = 10},
    {label = 36, bar = 10, without = {"files"}},
    {label = 26, bar = 10, without = {"files"}}, {label = 26, bar = 0, without = {"files"}},
    {label = 22, bar = 0, without = {"files", "rate"}}, {label = 16, bar = 0, without = {"files", "rate", "left"}},
    {label = 12, bar = 0, without = {"files", "rate", "left", "bytes"}},
}

local ORDER = {"percent", "bytes", "files", "rate", "left"}

local function contains(list, wanted)
    for _, element in ipairs(list or {}) do
        if element == wanted then
            return true
        end
    end
    return false
end

local function arrange(self, layout, texts, part, out)
    local parts = {shorten.middle(self.label, layout.label, core_sys.string_width, out.marks.ellipsis)}
    if part and layout.bar > 0 then
        parts[2] = bar(part, layout.bar, out.utf8)
    end
    for _, name in ipairs(ORDER) do
        if texts[name] and not contains(layout.without, name) then
            parts[#parts + 1] = texts[name]
        end
    end
    return table.concat(parts, GAP)
end

local ECHO = 2                -- columns left free: a Ctrl-C is shown as ^C, which must not begin a new row
local NAME, WIDE = 18, 100    -- columns kept for the current name in a window that wide

-- The line as it fits into `width` columns.
local function compose(self, width, out)
    local texts, part = texts_of(self)
    local wanted = self.state.path and width >= WIDE - 1 - ECHO and width - NAME or width
    local line
    for _, layout in ipairs(LAYOUTS) do
        line = arrange(self, layout, texts, part, out)
        if core_sys.string_width(line) <= wanted then
            break
        end
    end
    local room = width - core_sys.string_width(line) - #GAP
    if self.state.path and room >= 12 then
        local name = clean.clean(self.state.path)
        line = line .. GAP .. shorten.middle(name, room, core_sys.string_width, out.marks.ellipsis)
    end
    return shorten.middle(line, width, core_sys.string_width, out.marks.ellipsis)
end

--- Show where the work is. Cheap when it is too early to draw.
-- @param state {files=, files_total=?, bytes=, bytes_total=?, path=?, is_guess= whether the totals are no more
--        than that}
function Line:show(state)
    if self.board.active then
        self.state = state
        update_rate(self, state, core_sys.monotonic())
        self.board:draw()
    end
end

--- Say that something else is being done now; what is counted starts anew.
function Line:rename(label)
    self.label, self.counted = clean.clean(label), 0
    self:show{files = 0, bytes = 0}
end

--- The work is done: its line goes.
function Line:remove()
    local board = self.board
    for i, line in ipairs(board.lines) do
        if line == self then
            table.remove(board.lines, i)
            break
        end
    end
    if #board.lines == 0 and board.out:takes_more() then
        board:clear()
    end
end

--- Take all lines of its board away, so that something else can be written; the next `show` draws them again.
function Line:clear()
    self.board:clear()
end

Line.__close = Line.clear

-- ---- the lines together ----

local Board = {}
Board.__index = Board

local function is_wanted(session)
    local when = session.progress or "auto"
    if when == "never" or session.quiet or session.settings.plain then
        return false
    end
    return when == "always" or session.err.tty and core_sys.getenv("TERM") ~= "dumb"
end

--- Make a board without lines. A to-be-closed variable may hold it: closing takes its lines away.
-- @param session its err, progress, quiet and settings.plain decide whether and where anything is shown
-- @return the board: line, clear
function M.board(session)
    screen.stopped, screen.out = nil, session.err
    return setmetatable({out = session.err, active = is_wanted(session), lines = {},
        started = core_sys.monotonic(), drawn_at = 0}, Board)
end

--- Add a line; it is shown once something is known of it.
-- @param label what is being done: "load NAS"
-- @return the line: show, rename, remove
function Board:line(label)
    local now = core_sys.monotonic()
    local line = setmetatable({board = self, label = clean.clean(label), counted = 0, started = now, rated = now},
        Line)
    table.insert(self.lines, line)
    return line
end

-- Whether the screen shows these lines already: a slow link need not carry them again.
local function is_shown(self, texts, columns)
    if screen.board ~= self or self.columns ~= columns or #self.texts ~= #texts then
        return false
    end
    for i, text in ipairs(texts) do
        if text ~= self.texts[i] then
            return false
        end
    end
    return true
end

-- Go to where the first line begins. A window that became narrower has wrapped what was drawn before.
local function to_top(self, columns)
    local rows = -1
    for _, text in ipairs(self.texts or {}) do
        rows = rows + math.max(1, (core_sys.string_width(text) + columns - 1) // columns)
    end
    return rows > 0 and ("\r\27[%dA"):format(rows) or "\r"
end

local function texts_for(self, columns, rows)
    local texts, hidden = {}, 0
    local most = math.max(rows - 2, 1)
    for _, line in ipairs(self.lines) do
        if line.state and #texts < most then
            texts[#texts + 1] = compose(line, columns - 1 - ECHO, self.out)
        elseif line.state then
            hidden = hidden + 1
        end
    end
    if hidden > 0 then
        texts[most] = ("and %d more"):format(hidden + 1)
    end
    return texts
end

--- Draw what has changed, when it is time.
function Board:draw()
    local now = core_sys.monotonic()
    if not self.active or screen.stopped or now - self.started < FIRST or now - self.drawn_at < EVERY
        or not self.out:takes_more() then
        return
    end
    if screen.board ~= self then
        M.hide()
    end
    local columns, rows = core_sys.winsize()
    columns = self.out.width or columns or 80
    local texts = texts_for(self, columns, rows or 24)
    if #texts > 0 and not is_shown(self, texts, columns) then
        self.out:live(to_top(self, columns) .. table.concat(texts, "\27[K\r\n") .. "\27[K\27[J")
        self.texts, self.columns, self.drawn_at, screen.board = texts, columns, now, self
    end
end

--- Take the lines away, so that something else can be written; the next `show` draws them again.
function Board:clear()
    if screen.board == self then
        self.out:live(to_top(self, self.out.width or core_sys.winsize() or 80) .. "\27[J")
        self.texts, screen.board = nil, nil
    end
end

Board.__close = Board.clear

--- A board of one line.
-- @return the line; `clear` and closing take it away
function M.new(session, label)
    return M.board(session):line(label)
end

--- Take away whatever is drawn: something else will be written.
function M.hide()
    if screen.board then
        screen.board:clear()
    end
end

--- The work was interrupted: nothing is drawn any more until another begins.
function M.stop()
    screen.told = not (screen.board or screen.stopped)
    M.hide()
    screen.stopped = core_sys.monotonic()
end

--- For moments in which nothing happens: the window may have another size. When stopping takes long, says so.
function M.idle()
    if screen.board then
        screen.board:draw()
    elseif screen.stopped and screen.out and not screen.told
        and core_sys.monotonic() - screen.stopped > PATIENCE then
        screen.told = true
        screen.out:live("stopping (Ctrl-C again ends the program at once)\n")
    end
end

return M
