--- A pager for what is longer than the screen.
local core_sys = require "core.sys"
local words = require "autobackup.words"

local M = {}

-- less with these shows colours, ends by itself when all fits, when one goes on at the end, and at Ctrl-C, and
-- leaves on the screen what it showed.
local LESS_OPTIONS = {"-ReFXK", "-Psspace\\: next page, /\\: search, q\\: back"}

local function argv_of(text)
    local argv = words.split(text)
    return argv and argv[1] and argv or nil
end

--- The pager to use.
-- @param setting settings.pager: a program with its arguments, true or nil (chosen here), or false
-- @param environment $PAGER or nil
-- @param which function from a program's name to its path or nil
-- @return argv, or nil when there is none
function M.choose(setting, environment, which)
    if setting == false then
        return nil
    end
    local given = type(setting) == "string" and setting or environment
    local argv = given and argv_of(given)
    if given and not argv or argv and argv[1] == "cat" then
        return nil
    end
    argv = argv or {"less"}
    if not which(argv[1]) then
        return nil
    elseif #argv == 1 and argv[1]:match("[^/]*$") == "less" then
        table.move(LESS_OPTIONS, 1, #LESS_OPTIONS, 2, argv)
    end
    return argv
end

--- How many lines of a screen a text takes.
-- @param text with its colours
-- @param columns of the screen
-- @param width_of function from text to columns
-- @return count
function M.height(text, columns, width_of)
    local count = 0
    for line in text:gmatch("([^\n]*)\n") do
        local width = width_of((line:gsub("\27%[[%d;]*[mG]", "")))
        count = count + math.max(1, (width + columns - 1) // columns)
    end
    return count
end

local function is_plain_terminal()
    local term = core_sys.getenv("TERM") or ""
    return term == "" or term == "dumb"
end

--- Write a text to a terminal, through a pager when it is longer than the screen.
-- @param out output of the terminal
-- @param text bytes
-- @param setting settings.pager
function M.write(out, text, setting)
    local columns, lines = core_sys.winsize()
    local may_page = columns and columns > 0 and not is_plain_terminal()
    if may_page and M.height(text, columns, core_sys.string_width) >= lines then
        local argv = M.choose(setting, core_sys.getenv("PAGER"), core_sys.which)
        local colored = text:gsub("\27%[%d+G", "")    -- a pager knows colours, but no places
        local status = argv and core_sys.run(argv, colored)
        if status and status ~= 127 then
            return
        end
    end
    out:write(text)
end

return M
