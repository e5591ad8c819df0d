--- Where a command writes while the full screen is there: results, messages and progress lines go into a panel.
local out = require "autobackup.view.out"
local panels = require "autobackup.browser.panel"

local M = {}

-- What live lines (view/progress.lua) come to without the sequences that move and clear; nil when that is nothing.
local function live_lines(bytes)
    local lines = {}
    for line in bytes:gsub("\27%[[%d;?]*%a", ""):gmatch("[^\r\n]+") do
        lines[#lines + 1] = line
    end
    return lines[1] and lines or nil
end

--- Take over a session's output.
-- @param session its out, err and confirm are replaced until `restore`
-- @param how {panel=, width=, changed = function(): something is to be drawn,
--        confirm = function(question, lines?) -> boolean}
-- @return an object with restore() and resize(width)
function M.take(session, how)
    local before = {out = session.out, err = session.err, confirm = rawget(session, "confirm")}
    local function write(bytes)
        panels.add(how.panel, bytes)
        how.changed()
    end
    local function live(bytes)
        how.panel.progress = live_lines(bytes)
        how.changed()
    end
    local streams = {}
    for i, name in ipairs{"out", "err"} do
        streams[i] = out.new{tty = true, width = how.width, color = session.color, write = write,
            live = live}
        streams[i]:set_plain(session.settings.plain)
        rawset(session, name, streams[i])
    end
    rawset(session, "confirm", function(_, ...) return how.confirm(...) end)
    return {
        restore = function()
            rawset(session, "out", before.out)
            rawset(session, "err", before.err)
            rawset(session, "confirm", before.confirm)
        end,
        resize = function(width)
            streams[1].fixed_width, streams[2].fixed_width = width, width
        end,
    }
end

return M
