--- Where a command writes while the full screen is there: results, messages and progress lines go into a panel.
local out = require "autobackup.view.out"
local panels = require "autobackup.browser.panel"

local M = {}

-- What a live line (view/progress.lua) comes to: the text behind its last return, without sequences.
local function live_text(bytes)
    return (bytes:gsub("^.*\r", ""):gsub("\27%[[%d;?]*%a", ""))
end

--- Take over a session's output.
-- @param session its out, err and confirm are replaced until `restore`
-- @param how {panel=, width=, changed = function(): something is to be drawn,
--        confirm = function(question) -> boolean}
-- @return an object with restore() and resize(width)
function M.take(session, how)
    local before = {out = session.out, err = session.err, confirm = rawget(session, "confirm")}
    local function write(bytes)
        if bytes:find("^\r") then
            how.panel.progress = live_text(bytes)
        else
            panels.add(how.panel, bytes)
        end
        how.changed()
    end
    local streams = {}
    for i, name in ipairs{"out", "err"} do
        streams[i] = out.new{tty = true, width = how.width, color = session.color, write = write}
        rawset(session, name, streams[i])
    end
    rawset(session, "confirm", function(_, question) return how.confirm(question) end)
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
