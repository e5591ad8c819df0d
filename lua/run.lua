--- run: another program, by its list of arguments, never through a shell.

local errors = require "autobackup.errors"

local M = {}

local function append(argv, given)
    if type(given) ~= "table" then
        argv[#argv + 1] = given
        return
    end
    for _, element in ipairs(given) do
        argv[#argv + 1] = element
    end
    for key in pairs(given) do
        if type(key) == "string" and key ~= "stdin" then
            errors.usage("run: unknown key '%s'%s", key, require("autobackup.suggest").hint(key, {"stdin"}))
        elseif math.type(key) == "integer" and not rawget(given, key - 1) and key > 1 then
            errors.usage("run: argument %d is nil", key - 1)
        end
    end
end

local function check_argv(argv)
    for i, given in ipairs(argv) do
        if type(given) ~= "string" and type(given) ~= "number" then
            errors.usage("run: argument %d is a %s", i, type(given))
        end
        argv[i] = tostring(given)
    end
    if #argv == 0 then
        errors.usage("run: it takes a program and its arguments")
    end
    return argv
end

-- What core.sys.run takes: bytes, true for ours, nil for the terminal where it is one. "" is nothing at all.
local function input_of(session, given)
    if given == nil or type(given) == "string" then
        return given
    elseif type(given) ~= "boolean" then
        errors.usage("run: stdin is a text, or true for standard input itself, not a %s", type(given))
    elseif given and session.mode == "stdin" then
        errors.usage("run: standard input holds the lines that are run here; give the program a text or a file")
    end
    return given
end

--- Runs a program and waits for it.
-- @param session the session
-- @param ... its name and arguments, strings and numbers or lists of them; a table may say what it finds on its
--        standard input: stdin = a text, true (ours), false (nothing). Without: the terminal where ours is one,
--        else nothing, so that it cannot take what is meant for somebody else
-- @return its exit status, 128+n when signal n killed it; raises when it cannot be started
function M.run(session, ...)
    local argv, input = {}, nil
    for i = 1, select("#", ...) do
        local given = select(i, ...)
        if given == nil then
            errors.usage("run: argument %d is nil", i)
        elseif type(given) == "table" and given.stdin ~= nil then
            input = given.stdin
        end
        append(argv, given)
    end
    check_argv(argv)
    input = input_of(session, input)
    io.stdout:flush()
    return errors.check(require("core.sys").run(argv, input))
end

return M
