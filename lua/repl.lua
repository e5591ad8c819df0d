--- The interactive mode.

local lists = require "autobackup.lists"
local script = require "autobackup.script"

local M = {}

-- ---- the beginning ----

-- What exists only once is only known of categories that were read in every database.
local function known_single(session, single)
    local covered, known = require("autobackup.coverage").new(session.catalog), {}
    local databases = session.catalog:databases()
    for _, category in ipairs(session.catalog:categories()) do
        local gaps = covered:gaps(databases, {category})
        known[category.category] = #gaps == 0 and single[category.category] or nil
    end
    return known
end

local function banner_state(session)
    local knowledge = require "autobackup.knowledge"
    local catalog, now = session.catalog, require("core.sys").now()
    local health, summary, databases = session.health:now(), catalog:summary(), {}
    for i, database in ipairs(catalog:databases()) do
        databases[i] = {database = database.database, loaded_at = knowledge.seconds(database.loaded_at),
            online = not lists.contains(health.offline, database.database)}
    end
    return {
        version = require("core.host").version, now = knowledge.seconds(now), databases = databases,
        categories = #catalog:categories(), projects = summary.projects, files = summary.files,
        bytes = summary.bytes, damaged = health.damaged, differing = health.differing,
        single = require("autobackup.policy").count_single(session.policies,
            known_single(session, summary.single)),
    }
end

local function show_banner(session)
    if session.quiet or not session.settings.banner then
        return
    end
    for _, line in ipairs(require("autobackup.banner").lines(banner_state(session))) do
        session.out:prose(session.out:clean(line))
    end
    local catalog = session.catalog
    if #catalog:databases() == 0 and #catalog:categories() == 0 then
        session:note(require("autobackup.knowledge").missing(session))
    end
end

-- ---- the history ----

-- The last of equal lines counts.
local function without_repetitions(lines)
    local last, kept = {}, {}
    for i, line in ipairs(lines) do
        last[line] = i
    end
    for i, line in ipairs(lines) do
        if last[line] == i then
            kept[#kept + 1] = line
        end
    end
    return kept
end

local function open_history(session)
    local readline = require "core.readline"
    local folder = require("autobackup.session").user_folder("XDG_STATE_HOME", ".local/state")
    local path, most = folder .. "/history", session.settings.history
    local lines, message = readline.read_history(path, most)
    if not lines then
        session:warn(("the history cannot be read: %s"):format(message))
    end
    readline.set_history(without_repetitions(lines or {}))
    if most > 0 and require("core.fs").mkdirs(folder, 448) then      -- 0700
        return path
    end
end

-- What was typed is kept before it runs: it may be what ends the program.
local function remember(history, text)
    local readline = require "core.readline"
    text = text:gsub("%s+$", "")
    if text == "" then
        return
    end
    readline.add_history(text)
    if history then
        readline.append_history(history, text)
    end
end

-- ---- the prompt ----

-- A catalog that cannot be read must not end the session: the next command says what is wrong.
local function state_of(session)
    local ok, state = pcall(function() return session.health:now() end)
    return ok and state or {databases = 0, offline = {}, damaged = 0, differing = 0}
end

local function prompt(session, interpreter)
    if interpreter.pending then
        return session.settings.continuation
    end
    local default = require("autobackup.settings").declared.prompt[2]
    local text, problem = require("autobackup.prompt").text(session.settings.prompt, default, state_of(session),
        session.out)
    if problem and problem ~= interpreter.prompt_problem then
        session:warn("settings.prompt: " .. problem)
    end
    interpreter.prompt_problem = problem
    if require("core.sys").signal() == 2 then    -- Ctrl-C while it was made
        require("core.sys").clear_signal()
    end
    return text
end

-- What the editor asks while a line is typed.
local function editor_help(session, interpreter)
    return {
        continuation = session.settings.continuation,
        is_whole = function(text) return interpreter:is_whole(text) end,
        complete = function(line, start, stop)
            return require("autobackup.complete").candidates(session, line, start, stop,
                interpreter.pending ~= nil)
        end,
    }
end

-- ---- reading and running ----

-- Whether a traceback says more than the message: not when the error is in the typed line itself.
local function trim(err)
    if err.code ~= "ELUA" or not (err.traceback or ""):find("\n") then
        err.traceback = nil
    end
    return err
end

-- Returns the exit status when the error ends the interactive mode: a signal other than Ctrl-C.
local function recover(session, err)
    local sys = require "core.sys"
    if err.code == "EINTR" and (err.signal or 2) ~= 2 then
        return 128 + err.signal
    end
    sys.clear_signal()
    session:report(trim(err), err.code == "EINTR" and "" or "error: ")
end

local function forget(interpreter)
    interpreter:discard()
    interpreter.text, interpreter.at = nil, 0
end

local function take(session, interpreter, text)
    interpreter.text = interpreter.text and interpreter.text .. "\n" .. text or text
    if interpreter:is_whole(text) then
        remember(interpreter.history, interpreter.text)
        interpreter.text = nil
    end
    local readline = require "core.readline"
    readline.hide_typing()
    local ok, err = script.protect(function()
        for line in (text .. "\n"):gmatch("(.-)\n") do
            if interpreter:feed(line) then
                interpreter.at = 0
            end
        end
    end)
    io.stdout:flush()
    readline.show_typing()
    if not ok then
        forget(interpreter)
        return recover(session, err)
    end
end

local function loop(session, interpreter)
    local readline, sys = require "core.readline", require "core.sys"
    while true do
        local line = readline.readline(prompt(session, interpreter), editor_help(session, interpreter))
        local signal = sys.signal()
        if signal and signal ~= 2 then
            return 128 + signal
        elseif line == nil and not interpreter.pending then
            session.out:line("")
            return 0
        elseif not line then
            forget(interpreter)
            if line == nil then
                session.out:line("")
            end
        else
            local status = take(session, interpreter, line)
            if status then
                return status
            end
        end
    end
end

-- What a script reads from the terminal is typed to be seen.
local function show_what_is_read()
    local readline = require "core.readline"
    local function shown(read)
        return function(...)
            local was_hidden = readline.show_typing()
            local results = table.pack(read(...))
            if was_hidden then
                readline.hide_typing()
            end
            return table.unpack(results, 1, results.n)
        end
    end
    local library, methods = package.loaded.io, getmetatable(io.stdin).__index
    library.read, methods.read = shown(io.read), shown(methods.read)
end

--- Reads and runs lines until Ctrl-D or `exit`.
-- @param session the session
-- @return exit status
function M.run(session)
    session.mode = "repl"
    show_what_is_read()
    local interpreter = require("autobackup.interpreter").new(session, "lua")
    local ok, err = script.protect(show_banner, session)
    if not ok then
        local status = recover(session, err)
        if status then
            return status
        end
    end
    interpreter.history = open_history(session)
    return loop(session, interpreter)
end

return M
