--- The program: options, then the startup file, then a script, a command, standard input or the REPL.

local errors = require "autobackup.errors"
local options = require "autobackup.options"
local script = require "autobackup.script"
local session_module = require "autobackup.session"

local M = {}

-- A traceback of typed code that ends in the code itself says nothing that the message does not.
local function without_main_chunk(err)
    local rest = err.traceback and ("\n" .. err.traceback):gsub("\n[^\n]*:%d+: in main chunk$", "")
    err.traceback = rest and rest:sub(2)
end

-- Reports an error that ends the program. A mistake in words gets no traceback, nor does a failed command.
local function fail(session, err)
    local is_words = session.mode == "command" or session.mode == "stdin"
    if is_words and err.code ~= "ELUA" then
        err.traceback = nil
    elseif session.mode == "stdin" or session.mode == "code" then
        without_main_chunk(err)
    end
    session:report(err)
    session:note_status(errors.exit_status(err))
end

local function is_builtin(word)
    local name = "autobackup.commands." .. word
    return require("autobackup.lists").contains(require("core.host").modules(name), name)
end

-- What stands before a command is its options, nothing that could be meant for another place.
local function check_early(declaration, words, count)
    local early = table.move(words, 1, count, 1, {})
    local plain = require("autobackup.switches").split(declaration, early).plains
    if plain and plain[1] then
        errors.usage("'%s' before the command '%s' is no option of it", plain[1].word, declaration.name)
    end
end

local function run_command(session, name, words, early)
    local declaration = session.commands:get(name)
    if early then
        check_early(declaration, words, early)
    end
    require("autobackup.command").words(declaration, words, session)
end

local function run_stdin(session)
    session.mode = "stdin"
    local input <close> = errors.check(require("core.input").take())
    require("autobackup.interpreter").run_lines(session, function()
        local line, detail, code = input:line()
        if line == nil and detail then
            errors.raise(code, detail)
        end
        return line, detail
    end)
end

local function run_repl(session)
    if require("core.sys").isatty(0) then
        session.mode = "repl"
        session.ends_with = require("autobackup.repl").run(session)
    else
        run_stdin(session)
    end
end

-- Whether the interactive mode is all that is asked for: a failing startup file does not end it.
local function is_repl(parsed)
    return not (parsed.command or parsed.script or parsed.stdin or parsed.eval[1])
        and require("core.sys").isatty(0)
end

-- A startup file that fails ends nothing that is needed to mend it, and on a terminal nothing that only looks.
local function goes_on(session, parsed, declaration)
    local startup = declaration and declaration.startup
    return is_repl(parsed) or startup == "mends" or startup == "looks" and session.interactive
end

local function run_startup(session, parsed)
    local declaration = parsed.command and session.commands:find(parsed.command)
    if declaration and declaration.startup == false then
        return true
    end
    local ok, err = script.protect(function() require("autobackup.config").load(session, parsed) end)
    if ok then
        return true
    end
    session.mode = "config"
    if errors.is_interrupt(err) or not goes_on(session, parsed, declaration) then
        if errors.exit_status(err) < 128 then
            err.status = 1
        end
        fail(session, err)
        return false
    end
    session:report(err)
    session:message("the startup file ended there; what it would have said after that does not count")
    return true
end

local function run_asked(session, parsed)
    session.mode = "code"
    for _, code in ipairs(parsed.eval) do
        script.run_code(session, code)
    end
    if parsed.script then
        session.mode = "script"
        script.run(session, parsed.script, parsed.words)
    elseif parsed.command then
        session.mode = "command"
        run_command(session, parsed.command, parsed.words, parsed.early)
    elseif parsed.stdin then
        run_stdin(session)
    elseif not parsed.eval[1] and not parsed.interactive then
        run_repl(session)
    end
end

local function run_session(session, parsed)
    if not run_startup(session, parsed) then
        return
    end
    local ok, err = script.protect(run_asked, session, parsed)
    if not ok then
        fail(session, err)
    end
    if parsed.interactive and not (err and errors.is_interrupt(err)) then
        ok, err = script.protect(run_repl, session)
        if not ok then
            fail(session, err)
        end
    end
end

local function print_lines(lines)
    for _, line in ipairs(lines) do
        io.stdout:write(line, "\n")
    end
    return 0
end

local function run_parsed(parsed)
    if parsed.version then
        return print_lines{"autobackup " .. require("core.host").version}
    end
    local session = session_module.new(parsed)
    if parsed.help then
        return print_lines(require("autobackup.usage").program(session.commands))
    end
    local ok, err = script.protect(run_session, session, parsed)
    if not ok then
        fail(session, err)
    elseif not session.ends_with then
        session:tell_unseen()
    end
    local status = session.ends_with or session.status
    if rawget(session, "events") then
        session.events:emit("exit", status)
    end
    session:close()
    return status
end

--- Runs the program.
-- @param argv list of its arguments
-- @return exit status
function M.run(argv)
    local ok, parsed = pcall(options.parse, argv, is_builtin)
    if not ok then
        if not errors.is(parsed) then
            error(parsed, 0)
        end
        local text = require("autobackup.view.clean").clean(tostring(parsed))
        io.stderr:write("autobackup: ", text, "; autobackup --help lists the options\n")
        return errors.exit_status(parsed)
    end
    return run_parsed(parsed)
end

return M
