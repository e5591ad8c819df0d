--- Where results are shown: a terminal, a pipe or a file, with its width, colour and marks.
local core_sys = require "core.sys"
local errors = require "autobackup.errors"
local age = require "autobackup.view.age"
local clean = require "autobackup.view.clean"
local color = require "autobackup.view.color"
local layout = require "autobackup.view.table"
local nanoseconds = require "autobackup.view.nanoseconds"
local size = require "autobackup.view.size"
local wrap = require "autobackup.view.wrap"

local M = {}

--- The marks of a locale, by what they say.
M.MARKS = {
    utf8 = {same = "=", similar = "≈", differs = "≠", absent = "–", unknown = "?", damaged = "!", only = " ",
        ellipsis = "…"},
    ascii = {same = "=", similar = "~", differs = "#", absent = "-", unknown = "?", damaged = "!", only = " ",
        ellipsis = ".."},
}

local Out = {}

-- The width is asked for at each use: a window changes its size.
local function width_now(out)
    if rawget(out, "fixed_width") then
        return out.fixed_width
    elseif not out.tty then
        return nil
    end
    return core_sys.winsize() or tonumber(core_sys.getenv("COLUMNS")) or 80
end

function Out.__index(out, key)
    if key == "width" then
        return width_now(out)
    end
    return Out[key]
end

--- Make an output.
-- @param options fd (1 or 2), color ("auto", "always", "never"), width (columns; nil: the terminal's, or unlimited
--        on a pipe), write (function of bytes, instead of fd), live (the same for live lines), tty (overrides what
--        fd is)
-- @return the output: fields tty, utf8, width (nil on a pipe) and the methods below
function M.new(options)
    local fd = options.fd or 1
    local tty = options.tty
    if tty == nil then
        tty = not options.write and core_sys.isatty(fd)
    end
    local out = {
        fd = fd, tty = tty, utf8 = core_sys.locale_utf8(), fixed_width = options.width,
        sink = options.write, live_sink = options.live,
        colored = color.wanted(options.color, tty, core_sys.getenv),
    }
    out.marks = out.utf8 and M.MARKS.utf8 or M.MARKS.ascii
    return setmetatable(out, Out)
end

--- Be plain text from now on, as on a pipe: no colour, no width, marks of ASCII. Or be as it was made again.
function Out:set_plain(is_plain)
    self.made = self.made or {tty = self.tty, colored = self.colored, marks = self.marks}
    self.tty, self.colored = not is_plain and self.made.tty, not is_plain and self.made.colored
    self.marks = is_plain and M.MARKS.ascii or self.made.marks
end

--- Write bytes as they are. Raises what the system says (a closed pipe: code EPIPE).
function Out:write(bytes)
    if self.sink then
        return self.sink(bytes)
    end
    errors.check(core_sys.write(self.fd, bytes))
end

--- Write live lines, with the sequences that put them over the last ones: what fails there is nobody's error.
function Out:live(bytes)
    if self.live_sink then
        return self.live_sink(bytes)
    end
    core_sys.write(self.fd, bytes)
end

--- Whether live lines can be written at once. A terminal that is stopped, or behind a link that is stuck, takes
--- none: whoever waited for it would keep the work waiting.
function Out:takes_more()
    return self.live_sink ~= nil or core_sys.takes_more(self.fd)
end

--- Write a line. Its text must be clean (out:clean) where it holds names.
-- @param text nil is an empty line, @param color_name may be nil
function Out:line(text, color_name)
    text = self:color(color_name, text or "")
    self:write((self.tty and clean.composed(text) or text) .. "\n")
end

--- Write a sentence, as `line` does, broken at blanks where a terminal is too narrow for it.
function Out:prose(text, color_name)
    for _, piece in ipairs(wrap.line(text, self.width or math.huge, core_sys.string_width)) do
        self:line(piece, color_name)
    end
end

--- Write a line about a name: `before .. name .. after`. The name stands whole, so that it can be taken elsewhere.
-- @param before, name, after texts, not cleaned, @param color_name of what comes after (optional)
function Out:entry(before, name, after, color_name)
    self:line(clean.clean(before) .. clean.clean(name) .. self:color(color_name, clean.clean(after)))
end

--- Write values as Lua's print does, cleaned.
function Out:print(...)
    local parts = table.pack(...)
    for i = 1, parts.n do
        parts[i] = clean.clean(tostring(parts[i]))
    end
    self:line(table.concat(parts, "\t"))
end

--- A text in a colour, where this output has colour.
function Out:color(name, text)
    return self.colored and color.paint(name, text) or text
end

--- A name with control characters made visible.
function Out.clean(_, text)
    return clean.clean(text)
end

--- A mark (same, similar, differs, absent, unknown, damaged, only, ellipsis) as the locale can show it.
function Out:mark(name)
    return self.marks[name]
end

--- A size: "3.4 MB". A count: "1,234" on a terminal, bare digits on a pipe.
function Out.size(_, bytes)
    return size.size(bytes)
end

function Out:count(number)
    return self.tty and size.count(number) or string.format("%d", number)
end

--- A moment: how long ago on a terminal, local date and time on a pipe, where it is read later.
-- @param time seconds since 1970 or nil
function Out:age(time)
    if self.tty or not time then
        return age.ago(time, core_sys.now() // 1000000000)
    end
    return core_sys.format_time(nanoseconds.of(time), "local", "%Y-%m-%d %H:%M")
end

--- Write a table (view/table.lua: M.lines).
-- @param spec of it
-- @param state a table that is the same for all parts of a table that is written in several (optional): the titles
--        stand once, and columns keep their places as long as they are wide enough
-- @return how many of its columns did not fit
function Out:table(spec, state)
    local lines, left_out = layout.lines(spec, {
        width = self.width, tty = self.tty, width_of = core_sys.string_width, ellipsis = self.marks.ellipsis,
        paint = function(name, text) return self:color(name, text) end, places = self.tty and self.colored,
    }, state)
    self:write(table.concat(lines, "\n") .. "\n")
    return left_out
end

return M
