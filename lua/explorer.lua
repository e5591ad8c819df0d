--- The file manager that opens folders.
local core_sys = require "core.sys"
local errors = require "autobackup.errors"
local words = require "autobackup.words"

local M = {}

-- These draw in the terminal itself, so they run in the foreground, and on a terminal only.
local TERMINAL = {"mc", "ranger", "nnn", "lf", "vifm"}

local function is_terminal_program(program)
    local name = program:match("[^/]*$")
    for _, known in ipairs(TERMINAL) do
        if name == known then
            return true
        end
    end
    return false
end

local function argv_of(value)
    if type(value) == "table" then
        return table.move(value, 1, #value, 1, {})
    end
    return (errors.check(words.split(value)))
end

local function first_installed()
    for _, program in ipairs(TERMINAL) do
        if core_sys.which(program) then
            return {program}
        end
    end
end

-- The program to start, as a list, or nil when there is none.
local function choose(session)
    local chosen = session.settings.explorer or core_sys.getenv("AUTOBACKUP_EXPLORER")
    if chosen and #chosen > 0 then
        return argv_of(chosen)
    end
    local display = core_sys.getenv("DISPLAY") or core_sys.getenv("WAYLAND_DISPLAY")
    if display and display ~= "" and core_sys.which("xdg-open") then
        return {"xdg-open"}
    end
    return session.interactive and core_sys.isatty(1) and first_installed() or nil
end

--- Open a folder.
-- @param session its settings.explorer; $AUTOBACKUP_EXPLORER and what is installed come next
-- @param path of the folder
-- @param lend function(fn): calls fn while the terminal is free for another program (optional)
-- @return the program that was started, nil when there is none; raises when it cannot be started
function M.open(session, path, lend)
    local argv = choose(session)
    if not argv or #argv == 0 then
        return nil
    end
    argv[#argv + 1] = path
    if not is_terminal_program(argv[1]) then
        errors.check(core_sys.spawn(argv, {detach = true}))
    elseif session.interactive and core_sys.isatty(1) then
        local function run() errors.check(core_sys.run(argv)) end
        if lend then lend(run) else run() end
    else
        return nil
    end
    return argv[1]
end

return M
