--- The full-screen browser over the catalog: keys from the terminal into the model, what is to be done out of it.
local core_sys = require "core.sys"
local age = require "autobackup.view.age"
local apart = require "autobackup.apart"
local command = require "autobackup.command"
local dialog = require "autobackup.browser.dialog"
local errors = require "autobackup.errors"
local explorer = require "autobackup.explorer"
local fs = require "core.fs"
local leading = require "autobackup.browser.leading"
local locate = require "autobackup.locate"
local models = require "autobackup.browser.model"
local nanoseconds = require "autobackup.view.nanoseconds"
local output = require "autobackup.browser.output"
local panels = require "autobackup.browser.panel"
local place_module = require "autobackup.browser.place"
local places_module = require "autobackup.browser.places"
local render = require "autobackup.browser.render"
local script = require "autobackup.script"
local terminal_module = require "autobackup.browser.terminal"

local M = {}

local AT_ONCE = 0.025       -- seconds that a folder may take to be added up before it is shown without
local COMPARE_FOR = 0.02    -- seconds between two looks for a key while a replica is compared with others
local FIND_FOR = 1          -- seconds that n may look for the next difference
local LOOK_AGAIN = 0.05     -- seconds between looks whether it is
local DRAW_EVERY = 0.1      -- seconds between two screens while a command runs

local Browser = {}
Browser.__index = Browser

local function now()
    return core_sys.now() // 1000000000
end

local function ago(ns)
    return age.ago(nanoseconds.seconds(ns), now())
end

-- ---- showing ----

function Browser:draw()
    local out = self.out
    local width, height = self.terminal:size()
    local is_plain = self.session.settings.plain
    local lines, line, column = render.lines(self.model, width, height, {
        width_of = core_sys.string_width, marks = out.marks, utf8 = out.utf8, is_drawn = out.utf8 and not is_plain,
        is_plain = is_plain, now = now(),
    })
    self.terminal:draw(lines, line, column)
    self.drawn = core_sys.monotonic()
end

function Browser:open(place, name)
    local list = self.places:open(place, ago)
    self.model.list:close()
    self.model.databases = self.places.databases
    list:is_pending(AT_ONCE)
    models.enter(self.model, place, list, name)
end

-- Another program, or a command here, may have changed what the catalog knows: the place may be gone.
function Browser:reload()
    local place, row = self.model.place, models.row(self.model)
    self.places:refresh()
    local ok, err = pcall(self.open, self, place, row and row.name)
    while not ok do
        if errors.is_interrupt(err) or not errors.is(err) or place.kind == "root" then
            error(err, 0)
        end
        local below = place
        place = place_module.parent(place)
        ok, err = pcall(self.open, self, place, place_module.name_of(below))
    end
end

-- ---- running a command inside ----

local function check_stopped(key)
    if key == "C-c" then
        errors.raise("EINTR", "interrupted", {signal = 2})
    end
end

-- While a command runs the only keys are Ctrl-C and, from the terminal, a new size.
function Browser:progress(sink)
    if core_sys.monotonic() - self.drawn < DRAW_EVERY then
        return
    end
    local panel = self.model.panel
    panel.top = math.max(1, #panel.lines - (panel.height or 1) + 1)
    local key = self.terminal:key(0)
    while key do
        check_stopped(key)
        key = self.terminal:key(0)
    end
    sink.resize((self.terminal:size()))
    self:draw()
end

-- Draw and read keys until one of them is an answer; what cannot be answered any more is a no.
-- @param answer_of function(key) -> answer or nil
function Browser:until_answered(answer_of)
    local answer
    while answer == nil do
        self:draw()
        local key = self.terminal:key()
        check_stopped(key)
        if key == false then
            answer = false
        elseif key and key ~= "resize" then
            answer = answer_of(key)
        end
    end
    return answer
end

-- What is final is shown on a screen of its own, where only y is a yes.
function Browser:confirm_shown(question, lines)
    local model = self.model
    local before, width = model.panel, (self.terminal:size())
    local panel = panels.question(question, panels.wrapped(lines, width, core_sys.string_width))
    model.panel = panel
    local answer = self:until_answered(function(key) return panels.answer(panel, key, panel.height) end)
    model.panel = before
    return answer
end

-- A question that comes up while a command runs.
function Browser:confirm(question, lines)
    if lines then
        return self:confirm_shown(question, lines)
    end
    local model = self.model
    local panel = model.panel
    model.panel, model.flow = nil, {dialog = dialog.question(question)}
    local answer = self:until_answered(function(key) return dialog.key(model.flow.dialog, key) end)
    model.panel, model.flow = panel, nil
    return answer
end

-- A command that a user has declared anew may call its arguments otherwise: what has the type takes the value.
local function call(session, declaration, args)
    local named, is_known = {}, {}
    for _, arg in ipairs(declaration.args) do
        is_known[arg.name] = true
    end
    for key, value in pairs(args) do
        for _, arg in ipairs(declaration.args) do
            if not is_known[key] and arg.type == key and args[arg.name] == nil and not named[arg.name] then
                named[arg.name] = value
                break
            end
        end
        named[key] = (is_known[key] or declaration.options[key]) and value or named[key]
    end
    return command.call(declaration, session, named)
end

-- What it said is in the panel, how it ended too. An interruption other than Ctrl-C passes.
local function finish(session, declaration, ok, result)
    if ok then
        ok, result = script.protect(session.show, session, result, {declaration = declaration})
    end
    if not ok and errors.is_interrupt(result) and result.signal ~= 2 then
        error(result, 0)
    elseif not ok then
        core_sys.clear_signal()
        if result.code ~= "ELUA" then
            result.traceback = nil
        end
        session:report(result, "")
    end
end

function Browser:run(effect)
    local session, panel = self.session, panels.new(effect.title)
    local declaration = session.commands:get(effect.command)
    panel.is_busy, self.model.panel = true, panel
    self.places:forget_differences()
    self:draw()
    local sink
    sink = output.take(session, {
        panel = panel, width = (self.terminal:size()), changed = function() self:progress(sink) end,
        confirm = function(...) return self:confirm(...) end,
    })
    local ok, err = pcall(function()
        finish(session, declaration, script.protect(call, session, declaration, effect.args))
    end)
    sink.restore()
    if not ok then
        error(err, 0)
    end
    panel.is_busy, panel.progress, panel.top = nil, nil, 1
    self:reload()
    self.model.panel = panel
    self.terminal:redraw()    -- a script's hook may have written over the screen
end

-- ---- opening a folder outside ----

function Browser:explore(place)
    local database, category = self.places.by_name[place.database], self.session.catalog:category(place.category)
    errors.check(locate.online(database))
    errors.check(apart.check(self.session.catalog, database, category.path))
    local path = locate.join(database.path, category.path, place.client, place.name, place.path)
    local stat = fs.stat(path)
    if not stat or stat.kind ~= "directory" then
        errors.raise("ENOENT", path .. " is not there any more; load " .. place.database .. " again")
    end
    local program = explorer.open(self.session, path, function(fn) self.terminal:lend(fn) end)
    self.model.message = program and ("opened with %s: %s"):format(program, path)
        or "no file manager is known (settings.explorer); the folder is " .. path
end

-- ---- differences ----

-- Whether a replica is being compared with others; goes on with it for a moment.
function Browser:compare_on()
    local found = self.model.list.differences
    if not found or found.is_done then
        return false
    end
    found:step(COMPARE_FOR)
    return true
end

-- What there is to say where one arrives: what is not here has no row.
local function missing_text(found, path)
    local missing = found and found:missing(path)
    if not missing then
        return nil
    end
    return missing.count == 1 and ("not here: %s, which %s has"):format(missing.name, missing.database)
        or ("not here: %s and %s more, which others have"):format(missing.name, missing.count - 1)
end

local function nothing_text(found)
    if found and not found.is_done then
        return "nothing yet, it is still being compared; n looks on"
    elseif found and found.known == 0 then
        return "no other database is known to have it, so there is nothing to compare"
    end
    return "no further difference is known"
end

-- A list as it would be shown, with marks as far as they are found in a moment.
function Browser:look_into(place, deadline)
    local list = self.places:open(place, ago)
    list:is_pending(AT_ONCE)
    list:arrange(self.model.order)
    local found = list.differences
    while found and not found.is_done and not found:of(place.path) and not found:missing(place.path)
        and core_sys.monotonic() < deadline do
        found:step(COMPARE_FOR)
    end
    return list
end

function Browser:go_to_next()
    local model = self.model
    if model.place.kind == "root" or model.place.kind == "database" then
        model.message = "open a client first: n goes through what differs in projects"
        return
    end
    local deadline = core_sys.monotonic() + FIND_FOR
    local found = model.list.differences
    while found and not found.is_done and core_sys.monotonic() < deadline do
        found:step(COMPARE_FOR)
    end
    local place, name = leading.next(model.place, model.list, model.at,
        function(at) return self:look_into(at, deadline) end)
    if not place then
        model.message = nothing_text(found)
        return
    end
    model.filter, model.trail = nil, {}
    self:open(place, name)
    found = model.list.differences
    model.message = place.kind == "folder" and missing_text(found, place.path) or nil
end

-- ---- the loop ----

local effects = {}

effects["next"] = function(self) self:go_to_next() end

function effects.open(self, effect) self:open(effect.place, effect.name) end
function effects.reload(self) self:reload() end
function effects.redraw(self) self.terminal:redraw() end
function effects.run(self, effect) self:run(effect) end
function effects.explore(self, effect) self:explore(effect.place) end

-- A failure is said on the bottom line, and the browser goes on.
function Browser:perform(effect)
    local ok, err = script.protect(effects[effect.kind], self, effect)
    if ok then
        return
    elseif errors.is_interrupt(err) or err.code == "ELUA" then
        error(err, 0)
    end
    self.model.message = err.message
end

-- Whether a folder is still being added up; once it is not, the cursor stays on its entry.
function Browser:check_sums()
    local model = self.model
    local row = model.at > 1 and models.row(model)
    local was_pending = model.is_pending
    model.is_pending = model.list:is_pending(0)
    if was_pending and not model.is_pending and row then
        model.at = model.list:place(row.name) or model.at
        models.settle(model)
    end
    return model.is_pending
end

function Browser:loop()
    local was_busy, key = false, nil
    while true do
        local is_pending = self:check_sums()
        if key or not was_busy or core_sys.monotonic() - self.drawn >= DRAW_EVERY then
            self:draw()
        end
        was_busy = self:compare_on()
        key = self.terminal:key(was_busy and 0 or is_pending and LOOK_AGAIN or nil)
        local effect = key and models.key(self.model, key)
        if key == false or effect and effect.kind == "quit" then
            return
        elseif effect then
            self:perform(effect)
        end
    end
end

-- Ctrl-C between two keys is the key.
local function is_ctrl_c(err)
    return errors.is_interrupt(err) and err.signal == 2
end

--- Open the browser and stay in it until it is left.
-- @param session the session
-- @param place where to begin (place.lua)
-- @return true; nil, message, code (ETERMINAL) where there is no terminal for it. Raises what ends it otherwise
function M.run(session, place)
    local places <close> = places_module.new(session)
    local list = places:open(place, ago)
    local terminal <close>, message, code = terminal_module.open(session)
    if not terminal then
        return nil, message, code
    end
    local self = setmetatable({session = session, terminal = terminal, places = places, out = session.out,
        drawn = core_sys.monotonic(), model = models.new{place = place, list = list, databases = places.databases,
            commands = function(name) return session.commands:has(name) end}}, Browser)
    local status = session.status
    models.enter(self.model, place, list)
    local ok, err = script.protect(self.loop, self)
    session.status = status
    self.model.list:close()
    if not ok and is_ctrl_c(err) then
        core_sys.clear_signal()
    elseif not ok then
        error(err, 0)
    end
    return true
end

return M
