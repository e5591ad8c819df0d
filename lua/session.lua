--- The session: what one run of the program knows and shares with commands.
--
-- Fields: catalog (opened at first use), catalog_path, commands (registry), events, settings, policies (list),
-- ignored and unresolved (of the
-- startup file: config.lua),
-- env (the session environment of api.lua), health (what is wrong right now: health.lua), out and err (view.out of
-- stdout and stderr), mode ("repl", "script", "stdin", "command", "code" or "config" while the startup file runs),
-- config_dir and config_path of the startup file, interactive (stdin and stderr are terminals), json, quiet,
-- verbose, progress, color, status (worst seen).

local status = require "autobackup.status"

local M = {}

local Session = {}

local lazy = {}

-- A mistyped name would otherwise look like a studio in which everything is gone.
function lazy.catalog(session)
    local is_new = session.catalog_is_named and not require("core.fs").stat(session.catalog_path)
    local catalog = require("autobackup.catalog").open(session.catalog_path)
    if is_new then
        session:note("new catalog " .. session.err:clean(session.catalog_path))
    end
    return catalog
end

function lazy.out(session)
    return require("autobackup.view.out").new{fd = 1, color = session.color}
end

function lazy.err(session)
    return require("autobackup.view.out").new{fd = 2, color = session.color}
end

function lazy.settings(session)
    return require("autobackup.settings").new(function(name, value)
        if name == "plain" then
            session.out:set_plain(value)
            session.err:set_plain(value)
        end
    end)
end

function lazy.env(session)
    return require("autobackup.api").environment(session)
end

function lazy.commands()
    return require("autobackup.command").registry(function(name)
        return require("autobackup.api").is_reserved(name)
    end)
end

function lazy.events(session)
    return require("autobackup.events").new{
        names = function() return session.commands:names() end,
        warn = function(message) session:warn(message) end,
    }
end

function lazy.health(session)
    return require("autobackup.health").new(session)
end

function lazy.interactive()
    local sys = require "core.sys"
    return sys.isatty(0) and sys.isatty(2)
end

local metatable = {__name = "session"}

function metatable.__index(session, key)
    local make = lazy[key]
    if make then
        local value = make(session)
        rawset(session, key, value)
        return value
    end
    return Session[key]
end

local function environment_value(name)
    local value = require("core.sys").getenv(name)
    return value ~= "" and value or nil
end

--- A folder of the user's by the XDG rules: an environment variable that is absolute, else below the home.
-- @param variable string such as "XDG_DATA_HOME"
-- @param below path below the home, such as ".local/share"
-- @return path of the program's own folder in it
function M.user_folder(variable, below)
    local folder = environment_value(variable)
    if not folder or folder:sub(1, 1) ~= "/" then
        folder = (require("core.sys").user_home() or "") .. "/" .. below
    end
    return folder .. "/autobackup"
end

-- Returns the path and whether the user named it.
local function catalog_path(given)
    given = given or environment_value("AUTOBACKUP_CATALOG")
    if not given then
        return M.user_folder("XDG_DATA_HOME", ".local/share") .. "/catalog.db", false
    elseif given:sub(1, 1) == "/" then
        return given, true
    end
    return require("core.fs").getcwd() .. "/" .. given, true
end

--- Makes a session.
-- @param options as options.parse returns them
-- @return session
function M.new(options)
    local session = setmetatable({
        policies = {}, ignored = {}, unresolved = {}, closers = {}, status = 0, mode = "command",
            json = options.json or false,
        quiet = options.quiet or false, verbose = options.verbose or false, color = options.color or "auto",
        progress = options.progress or "auto",
    }, metatable)
    session.catalog_path, session.catalog_is_named = catalog_path(options.catalog)
    return session
end

--- Counts an exit status: the worst one seen is the program's.
function Session:note_status(value)
    self.status = status.worst(self.status, value)
end

--- Remembers the worst result that was handed to Lua, where nobody is shown it: a script may not look at it.
-- @param name the command's, @param result what it came to
function Session:note_unseen(name, result)
    local value = type(result) == "table" and math.type(result.status) == "integer" and result.status or 0
    local before = self.unseen and self.unseen.status or 0
    if value == 0 or self.mode == "repl" or status.worst(before, value) ~= value then
        return
    end
    local problems = result.problems or {}
    local first = problems[1] and problems[1].message or (result.notes or {})[1]
    self.unseen = {status = value, text = ("%s came to %d%s%s"):format(name, value, first and ": " .. first or "",
        #problems > 1 and (" (%d problems in all)"):format(#problems) or "")}
end

--- Says what makes the exit status of a script that gives none of its own, so that no failure is silent.
function Session:tell_unseen()
    if self.unseen and self.unseen.status == self.status then    -- an error that ended it was said
        self:message(self.unseen.text)
    end
end

--- Registers a function to be called before the program ends.
function Session:on_close(fn)
    table.insert(self.closers, fn)
end

--- Ends what the session holds: history, catalog, output. A second call does nothing.
function Session:close()
    local closers = self.closers
    self.closers = {}
    for i = #closers, 1, -1 do
        local ok, err = pcall(closers[i])
        if not ok then
            self:warn(tostring(err))
        end
    end
    local catalog = rawget(self, "catalog")
    if catalog then
        self.catalog = nil
        pcall(catalog.close, catalog)
    end
    io.stdout:flush()
end

--- Ends the program. Pending `<close>` variables and handles are closed.
-- @param value exit status; nil: 0 in the REPL, else the worst seen
function Session:exit(value)
    if value == nil then
        value = self.mode == "repl" and 0 or self.status
        self:tell_unseen()
    end
    if rawget(self, "events") then
        self.events:emit("exit", value)
    end
    self:close()
    os.exit(value, true)
end

local function show_plain(session, result, declaration, out, is_whole)
    if declaration and declaration.show then
        declaration.show(result, out, session)
    elseif result ~= nil then
        require("autobackup.value").print(result, out, is_whole)
    end
end

-- The same through a pager where it does not fit on the screen.
local function show_paged(session, result, declaration)
    local parts = {}
    local buffer = require("autobackup.view.out").new{
        tty = true, width = session.out.width, color = session.color,
        write = function(bytes) parts[#parts + 1] = bytes end,
    }
    local ok, err = pcall(show_plain, session, result, declaration, buffer, true)
    require("autobackup.pager").write(session.out, table.concat(parts), session.settings.pager)
    if not ok then
        error(err, 0)
    end
end

local function wants_pager(session, how)
    return how.paged and session.out.tty and (session.mode == "repl" or session.mode == "command")
        and session.settings.pager ~= false
end

--- Shows a result for people, or as JSON.
-- @param result what a command's run returned, a row, or any Lua value
-- @param how {json = bool, declaration = of the command that made it, paged = whether a pager may be used, whole =
--        whether all of a long list of rows is wanted} (optional)
function Session:show(result, how)
    how = how or {json = self.json}
    io.stdout:flush()
    local rows = require "autobackup.rows"
    local declaration = rows.declaration_of(result) or how.declaration
    if how.json then
        self.out:write(require("autobackup.view.json").encode_rows(result))
    elseif wants_pager(self, how) then
        show_paged(self, result, declaration)
    else
        show_plain(self, result, declaration, self.out, how.whole)
    end
    if type(result) == "table" and type(rawget(result, "notes")) == "table" then
        for _, note in ipairs(result.notes) do
            self:note(note)
        end
    end
end

local function each_line(text, fn)
    for line in (text .. "\n"):gmatch("(.-)\n") do
        fn(line)
    end
end

local function broken(line, out)
    if not out.width then
        return {line}
    end
    return require("autobackup.view.wrap").line(line, out.width, require("core.sys").string_width)
end

--- Take live lines away before something else is written. Only what has been drawn can be in the way.
function Session.hide_progress(_)
    local progress = package.loaded["autobackup.view.progress"]
    if progress then
        progress.hide()
    end
end

--- Prints lines on stderr, their other control characters made visible; on a terminal long ones are broken.
-- @param text string
-- @param color name (optional), of the beginning up to ':'
function Session:message(text, color)
    if self.held then
        table.insert(self.held, {text, color})
        return
    end
    self:hide_progress()
    io.stdout:flush()
    local out, errors, interrupt = self.err, require "autobackup.errors", nil
    each_line(text, function(line)
        for _, piece in ipairs(broken(out:clean(line), out)) do
            if color then
                piece = piece:gsub("^[^:]*:", function(head) return out:color(color, head) end, 1)
                color = nil
            end
            local ok, err = pcall(out.line, out, piece)
            if not ok and errors.is_interrupt(err) then    -- when all of it is said
                interrupt = err
                pcall(out.line, out, piece)
            end
        end
    end)
    if interrupt then
        error(interrupt, 0)
    end
end

--- Keep messages back, while a program that the output goes to has the terminal, as a pager does.
function Session:hold_messages()
    self.held = self.held or {}
end

--- Print those that were kept back, and further ones at once.
function Session:release_messages()
    local held = self.held or {}
    self.held = nil
    for _, message in ipairs(held) do
        self:message(message[1], message[2])
    end
end

--- The same as `message` unless --quiet.
function Session:note(text)
    if not self.quiet then
        self:message(text)
    end
end

--- Where in the startup file the code that runs now stands.
-- @return "PATH:LINE", just the path when no line is known, nil outside of a startup file
function Session:place()
    local wanted = self.config_path and require("autobackup.script").chunk_name(self.config_path)
    local level, info = 2, wanted and debug.getinfo(2, "Sl")
    while info do
        if info.source == wanted then
            return ("%s:%d"):format(self.config_path, info.currentline)
        end
        level = level + 1
        info = debug.getinfo(level, "Sl")
    end
    return self.config_path
end

--- Prints a warning on stderr.
function Session:warn(text)
    self:message("warning: " .. text, "yellow")
end

-- Messages of several lines: a user's own, and what to type first. In all others a line feed belongs to a name.
local prose = {ELUA = true, ESETUP = true}

local function cleaned_lines(out, lines)
    local list = {}
    for i, line in ipairs(lines) do
        list[i] = out:clean(line)
    end
    return table.concat(list, "\n")
end

--- Reports an error value on stderr, its usage line and traceback too where it has them, and announces it to
-- on("error"). A closed pipe is nobody's error.
-- @param err error value; `shown` (list of lines) is written instead of its message
-- @param prefix string in front (optional, "autobackup: ")
function Session:report(err, prefix)
    if err.code == "EPIPE" then
        return
    end
    local text = require("autobackup.errors").plain(tostring(err), err.code)
    text = err.shown and cleaned_lines(self.err, err.shown)
        or prose[err.code] and text:gsub("\t", "    ") or self.err:clean(text)
    if not err.told then
        self:message((prefix or "autobackup: ") .. text, "red")
    end
    if err.usage then
        self:message("usage: " .. err.usage)
    end
    if err.traceback and err.traceback ~= "" then
        self:message(err.traceback)
    end
    if rawget(self, "events") then
        self.events:emit("error", err)
    end
end

local function ask(session, question)
    if require("core.sys").isatty(1) then
        return require("core.readline").readline(question)
    end
    session.err:write(question)
    return io.stdin:read("l")
end

--- Asks a question on the terminal.
-- @param question string without its "[y/N]"
-- @param lines list of what is said before it (optional)
-- @return true for yes; false otherwise and where there is no terminal; Ctrl-C raises
function Session:confirm(question, lines)
    if not self.interactive then
        return false
    end
    self:release_messages()
    for _, line in ipairs(lines or {}) do
        self:message(self.err:clean(line))
    end
    io.stdout:flush()
    local answer = ask(self, self.err:clean(question) .. " [y/N] ")
    if answer == false then
        require("autobackup.errors").raise("EINTR", "interrupted", {signal = require("core.sys").signal() or 2})
    end
    return answer ~= nil and answer:lower():find("^%s*y") ~= nil
end

return M
