--- The full screen in the terminal: lines of render.lua with their styles, and keys.
local core_screen = require "core.screen"
local core_sys = require "core.sys"
local color = require "autobackup.view.color"

local M = {}

local Terminal = {}
Terminal.__index = Terminal

local PLAIN = {
    plain = 0, title = core_screen.REVERSE, head = core_screen.DIM, selected = core_screen.REVERSE,
    bold = core_screen.BOLD, dim = core_screen.DIM, bar = 0, good = 0, warn = core_screen.BOLD,
    bad = core_screen.BOLD, key = core_screen.BOLD, input = core_screen.UNDERLINE,
}

local COLORED = setmetatable({
    bar = core_screen.CYAN, good = core_screen.GREEN, warn = core_screen.YELLOW,
    bad = core_screen.RED + core_screen.BOLD, key = core_screen.CYAN,
}, {__index = PLAIN})

--- Take the terminal.
-- @param session its `color` and settings.plain say whether there are colours
-- @return the terminal, to be closed; or nil, message, code (ETERMINAL)
function M.open(session)
    local screen, message, code = core_screen.open()
    if not screen then
        return nil, message, code
    end
    local colored = not session.settings.plain and color.wanted(session.color, true, core_sys.getenv)
    return setmetatable({screen = screen, styles = colored and COLORED or PLAIN}, Terminal)
end

function Terminal:size()
    return self.screen:size()
end

--- Show lines.
-- @param lines of spans with names of styles, changed in place
-- @param line, column of the cursor (optional)
function Terminal:draw(lines, line, column)
    for i, spans in ipairs(lines) do
        for at = 2, #spans, 2 do
            spans[at] = self.styles[spans[at]]
        end
        self.screen:line(i, spans)
    end
    self.screen:show(line, column)
end

--- The next key.
-- @param seconds to wait for it, nil for ever
-- @return its name; nil when none came; false when the terminal is gone
function Terminal:key(seconds)
    return self.screen:key(seconds)
end

--- Everything is sent again at the next draw.
function Terminal:redraw()
    self.screen:redraw()
end

--- Call a function while another program may use the terminal.
function Terminal:lend(fn)
    self.screen:leave()
    local ok, err = pcall(fn)
    self.screen:enter()
    if not ok then
        error(err, 0)
    end
end

function Terminal:close()
    self.screen:close()
end

Terminal.__close = Terminal.close

return M
