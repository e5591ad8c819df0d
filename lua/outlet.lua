--- A command's output into programs and a file, at the prompt and in task files: CMD | PROGRAM... > FILE. No shell.

local errors = require "autobackup.errors"

local M = {}

local SIGPIPE = 128 + 13

local function check_programs(programs)
    for _, argv in ipairs(programs) do
        if not require("core.sys").which(argv[1]) then
            errors.raise("ENOENT", ("there is no program '%s'; a | that belongs to a name stands in quotes")
                :format(argv[1]))
        end
    end
end

local function path_of(file)
    local home = file.path:find("^~/") and require("core.sys").user_home()
    return home and home .. file.path:sub(2) or file.path
end

-- A list that is there is replaced by a person's yes, or by a task file that says so.
local function check_file(session, file)
    local path = path_of(file)
    local size = errors.check(require("core.outlet").look(path))
    if size and not file.append and session.mode == "repl" then
        require("autobackup.consent").require(session, {}, {
            what = ("'%s' is there already (%s)"):format(file.path, require("autobackup.view.size").size(size)),
            question = "Replace it?", kept = ("'%s' was left as it was"):format(file.path),
        })
    end
    return path
end

-- What commands write to is as any pipe, until it is closed; a changed settings.plain is the terminal's too then.
-- Messages and progress do not disturb a program that has the terminal.
local function lend(session, has_programs, has_file)
    local before, progress = session.out, session.progress
    session.out = require("autobackup.view.out").new{fd = 1, color = session.color}
    if session.settings.plain then
        session.out:set_plain(true)
    end
    if has_programs and not has_file then
        session:hold_messages()
        session.progress = "never"
    end
    return setmetatable({}, {__close = function()
        session.out, session.progress = before, progress
        before:set_plain(session.settings.plain or false)
        session:release_messages()
    end})
end

-- A program finds the terminal as a shell would leave it to it.
local function show_typing()
    local readline = require "core.readline"
    local was_hidden = readline.show_typing()
    return setmetatable({}, {__close = function()
        if was_hidden then
            readline.hide_typing()
        end
    end})
end

local function ended(argv, status)
    return status > 128 and ("%s was ended by signal %d"):format(argv[1], status - 128)
        or ("%s ended with status %d"):format(argv[1], status)
end

-- The first program that failed. One that the next program did not listen to has not.
local function failure(programs, statuses)
    for i, status in ipairs(statuses) do
        if status ~= 0 and not (status == SIGPIPE and i < #programs) then
            return ended(programs[i], status)
        end
    end
end

local function left(file)
    return file.append and ("what was written till then stands at the end of '%s'"):format(file.path)
        or ("'%s' was not written"):format(file.path)
end

-- The system's words about standard output are about what it was lent to.
local function named(err, parsed)
    if errors.is(err) and err.code ~= "EPIPE" and parsed.file then
        err.message = tostring(err.message):gsub("standard output$", function() return parsed.file.path end)
        if err.code ~= "EINTR" then
            err.message = err.message .. "; " .. left(parsed.file)
        end
    end
    return err
end

local function is_closed(err)
    return errors.is(err) and err.code == "EPIPE"
end

-- A failing command is told by its error, a failing program by a message, and where a file was wanted by an error.
local function finish(session, parsed, outlet, ok, result)
    local flushed, message, code = outlet:restore()
    local statuses, is_interrupted = outlet:wait()
    if ok and not flushed then
        ok, result = false, errors.new(code, message)
    end
    if not ok and is_closed(result) and parsed.programs[1] then
        ok, result = true, nil
    end
    if not ok then
        error(named(result, parsed), 0)
    elseif is_interrupted then
        errors.raise("EINTR", "interrupted", {signal = 2})
    end
    local failed = failure(parsed.programs, statuses)
    if failed and parsed.file then
        errors.raise("EPROGRAM", failed .. "; " .. left(parsed.file))
    elseif failed then
        session:message(session.err:clean(failed))
    end
    errors.check(outlet:keep())
    return result
end

local function with_lent(session, parsed, outlet, work)
    local closing <close> = lend(session, parsed.programs[1] ~= nil, parsed.file ~= nil)
    return finish(session, parsed, outlet, require("autobackup.script").protect(work))
end

--- Runs a command with its output led into programs and a file.
-- @param session the session
-- @param declaration of the command
-- @param parsed what words.pipeline returned
-- @param work function that runs the command
-- @return what it returned; raises what it raised, and when a program or the file cannot be had or does not get it all
function M.run(session, declaration, parsed, work)
    if declaration.name == "exit" then
        errors.usage("exit writes nothing that could go into a program or a file")
    end
    check_programs(parsed.programs)
    local path = parsed.file and check_file(session, parsed.file)
    io.stdout:flush()
    local closing <close> = parsed.programs[1] and show_typing() or nil
    local outlet <close> = errors.check(require("core.outlet").open(parsed.programs, path,
        path and parsed.file.append))
    return with_lent(session, parsed, outlet, work)
end

return M
