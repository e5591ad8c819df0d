--- The interactive mode.

local script = require "autobackup.script"
local size = require "autobackup.view.size"

local M = {}

local function count_online(databases)
    local is_online, online = require("autobackup.locate").prober(), 0
    for _, database in ipairs(databases) do
        online = online + (is_online(database) and 1 or 0)
    end
    return online
end

local function oldest(databases)
    local time
    for _, database in ipairs(databases) do
        if not database.loaded_at then
            return nil
        end
        time = math.min(time or database.loaded_at, database.loaded_at)
    end
    return time // 1000000000
end

local function hint(state)
    if #state.databases == 0 then
        return "name a disk by its root: add database WORK /mnt/WORK"
    elseif state.categories == 0 then
        return "name a folder that every disk has: add category render scratch/render"
    elseif not state.oldest then
        return "read the disks: load"
    elseif state.online < #state.databases then
        return "what is offline stays listed as it was: fetch all"
    end
    return "see where every project is: fetch all (Tab completes, help lists the commands)"
end

local function describe_databases(state)
    local offline = #state.databases - state.online
    return size.plural(#state.databases, "database") .. (offline > 0 and (" (%d offline)"):format(offline) or "")
end

--- The lines that greet.
-- @param state {version=, databases = catalog rows, categories = count, online = count, projects = count,
-- totals = of the catalog, oldest = seconds of the database read longest ago, nil when one never was}
-- @param out for sizes, counts and ages
-- @return list of lines
function M.banner(state, out)
    local files, bytes = 0, 0
    for _, total in pairs(state.totals) do
        files, bytes = files + total.files, bytes + total.bytes
    end
    local parts = {
        "autobackup " .. state.version, describe_databases(state), size.plural(state.projects, "project"),
        ("%s, %s"):format(size.plural(files, "file"), out:size(bytes)),
        state.oldest and "read " .. out:age(state.oldest) or "not all read yet",
    }
    return {table.concat(parts, " | "), hint(state)}
end

local function show_banner(session)
    if session.quiet or not session.settings.banner then
        return
    end
    local catalog = session.catalog
    local databases, categories = catalog:databases(), catalog:categories()
    if #databases == 0 and #categories == 0 then
        return session:note(require("autobackup.knowledge").missing(session))
    end
    local state = {
        version = require("core.host").version, databases = databases, categories = #categories,
        online = count_online(databases), projects = #catalog:projects{}, totals = catalog:totals(),
        oldest = #databases > 0 and oldest(databases) or nil,
    }
    for _, line in ipairs(M.banner(state, session.out)) do
        for _, piece in ipairs(require("autobackup.usage").wrap(line, session.out.width or 1000)) do
            session.out:line(piece)
        end
    end
end

local function open_history(session)
    local readline, fs = require "core.readline", require "core.fs"
    local folder = require("autobackup.session").user_folder("XDG_STATE_HOME", ".local/state")
    local path = folder .. "/history"
    readline.read_history(path)
    session:on_close(function()
        if fs.mkdirs(folder, 448) then      -- 0700
            readline.write_history(path, session.settings.history)
        end
    end)
end

local function open_completion(session, interpreter)
    require("core.readline").set_completer(function(line, start, stop)
        return require("autobackup.complete").candidates(session, line, start, stop, interpreter.pending ~= nil)
    end)
end

local function prompt(session, interpreter)
    if interpreter.pending then
        return session.settings.continuation
    end
    local wanted = session.settings.prompt
    if type(wanted) == "function" then
        local ok, text = pcall(wanted)
        return ok and tostring(text) or ">>> "
    end
    return wanted
end

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

local function take(session, interpreter, text)
    interpreter.text = interpreter.text and interpreter.text .. "\n" .. text or text
    local ok, err = script.protect(function()
        for line in (text .. "\n"):gmatch("(.-)\n") do
            if interpreter:feed(line) then
                interpreter.at = 0
            end
        end
    end)
    io.stdout:flush()
    if not ok then
        interpreter:discard()
        interpreter.at = 0
    end
    if not interpreter.pending then
        require("core.readline").add_history(interpreter.text)
        interpreter.text = nil
    end
    return not ok and recover(session, err) or nil
end

local function forget(interpreter)
    interpreter:discard()
    interpreter.text, interpreter.at = nil, 0
end

local function loop(session, interpreter)
    local readline, sys = require "core.readline", require "core.sys"
    while true do
        local line = readline.readline(prompt(session, interpreter))
        local signal = sys.signal()
        if signal and signal ~= 2 then
            return 128 + signal
        elseif line == nil and not interpreter.pending then
            session.out:line("")
            return 0
        elseif not line then
            forget(interpreter)
            session.out:line(line == nil and "" or nil)
        else
            local status = take(session, interpreter, line)
            if status then
                return status
            end
        end
    end
end

--- Reads and runs lines until Ctrl-D or `exit`.
-- @param session the session
-- @return exit status
function M.run(session)
    session.mode = "repl"
    local interpreter = require("autobackup.interpreter").new(session, "lua")
    local ok, err = script.protect(show_banner, session)
    if not ok then
        local status = recover(session, err)
        if status then
            return status
        end
    end
    open_history(session)
    open_completion(session, interpreter)
    return loop(session, interpreter)
end

return M
