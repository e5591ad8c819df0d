--- The registry of commands. A command is declared once; the declaration gives the words, the Lua function,
-- `help`, completion and JSON.
--
-- A declaration is a table; `lua/commands/NAME.lua` returns one, a user's `command{...}` is another:
--
--     name      string: letters, digits, '-' and '_', a letter first
--     summary   one line, no capital, no full stop
--     group     "look" | "copy" | "set up" | "session" (a user's: "your own")
--     details   further text for `help NAME` (optional)
--     examples  list of lines as typed (optional)
--     args      list of arguments { NAME, TYPE, ... }, see below
--     options   { ["dry-run"] = { type = "flag", short = "n", ... }, ... }
--     accepts   { ROW TYPE = { ROW KEY = ARGUMENT NAME } }: what a row fills when it is handed to the command
--     run       function(args, session, sink) -> result; sink: stream.lua, nil where all rows belong into the
--               result
--     show      function(result, out, session), prints a result for people (optional: tables of its rows)
--     flow      function(list, out, session, state), prints some of the rows that `run` puts into its sink; state
--               is one table for all of them (optional: `run` never gets a sink)
--     startup   false: `autobackup NAME` runs without the startup file; "mends": also when that fails; "looks":
--               then on a terminal only
--     passing   true: its result is nothing to go on with, so `_` in the REPL stays what it was
--     replace   true: may take the name of a built-in command, a query or a standard Lua function
--
-- An argument: [1] its name, [2] its type (types.lua: project client category database which path name word
-- text integer number age duration size moment choice command; units.lua: how ages,
-- durations and sizes are written), and
--     optional  true: may be left out (a keyword argument always may, unless optional = false)
--     many      true: takes one or more words, `run` gets a list (an empty one when optional and left out)
--     default   value when left out
--     keyword   the literal word that comes before it (`list projects in CLIENT`: keyword = "in"). Arguments
--               may share one: the first that is open and whose type accepts the word takes it, else the first
--               one's error is raised. A keyword that is the last word, is quoted, or comes after `--` is a
--               plain word.
--     fresh     true, of a project: it need not be known, since the command looks on the disk itself
--     several   true, of a category: several may be named (`footage,render`); `run` gets them as lists.several
--               makes it
--     when      { what = {"projects"} }: the argument exists only if argument `what` has one of these values
--     values    list of strings, for type choice
--     inside    true: it takes paths in a replica, so a row of a file or folder gives its own; as a word only behind
--               all that is before it
--     help      what it is (optional)
-- A project, client or which may be a pattern (glob.lua) instead of a name; it prints as it was typed.
-- An option: type ("flag" when left out, else a type as above), short (one letter), values, default, many, fresh,
-- several, value (how help writes its value), help. Every command also takes --json and --help; `run` finds
-- `json` = true among its arguments when the result goes out as JSON.
--
-- `run` gets one table with everything by name ('-' in an option's name becomes '_'; a flag is true or false).
-- Its result: a table whose list part are rows (rows.row), and `problems` (list of rows of type "problem": path,
-- code, message), `status` (integer exit status; absent: 0), `notes` (list of lines that the frame prints to
-- stderr after the result). A string, number or nil does too. Partial results do not raise: they have status = 3.
--
-- The frame, not the command, turns a result into output: `show` or JSON when the command came as words, nothing
-- when it was called from Lua. `show` prints the problems too. After a run the frame fires the event of the
-- command's name with (result, args), and counts `status` into the session's.

local errors = require "autobackup.errors"
local rows = require "autobackup.rows"

local M = {}

--- Groups in the order in which help lists them.
M.groups = {"look", "copy", "set up", "session", "your own"}

local PREFIX = "autobackup.commands."

local aliases = {quit = "exit", ["?"] = "help"}

-- What people call a command elsewhere.
local elsewhere = {
    ls = "list", dir = "list", show = "fetch", status = "fetch", where = "fetch", tree = "fetch", scan = "load",
    index = "load", refresh = "load", update = "load", read = "load", cp = "copy", sync = "copy", backup = "copy",
    rsync = "copy", diff = "compare", cmp = "compare", search = "find", grep = "find", locate = "find",
    open = "explore", browse = "explore", cd = "explore", rm = "remove", delete = "remove", forget = "remove",
    bye = "exit", q = "exit", man = "help", commands = "help",
}

local declaration_keys = {
    name = "string", summary = "string", group = "string", details = "string", examples = "table", args = "table",
    options = "table", accepts = "table", run = "function", show = "function", flow = "function",
    startup = "startup", replace = "boolean", passing = "boolean",
}

local argument_keys = {
    "optional", "many", "default", "keyword", "when", "values", "help", "min", "max", "fresh", "several",
    "inside",
}

local option_keys = {
    "type", "short", "values", "default", "many", "value", "help", "min", "max", "fresh", "several",
}

local function check_keys(what, fields, known)
    for key in pairs(fields) do
        if not known[key] then
            local names = {}
            for name in pairs(known) do
                names[#names + 1] = tostring(name)
            end
            local hint = require("autobackup.suggest").hint(tostring(key), names)
            errors.usage("%s: unknown key '%s'%s", what, tostring(key), hint)
        end
    end
end

local function set_of(...)
    local set = {}
    for _, list in ipairs({...}) do
        for _, key in ipairs(list) do
            set[key] = true
        end
    end
    return set
end

local function check_type(what, kind)
    if not require("autobackup.types").get(kind) then
        local hint = require("autobackup.suggest").hint(tostring(kind), require("autobackup.types").names())
        errors.usage("%s: unknown type '%s'%s", what, tostring(kind), hint)
    end
end

local function check_argument(what, arg, previous)
    if type(arg) ~= "table" or type(arg[1] or arg.name) ~= "string" then
        errors.usage("%s: an argument is a table {NAME, TYPE}", what)
    end
    arg.name, arg.type = arg.name or arg[1], arg.type or arg[2] or "text"
    what = what .. ": argument " .. arg.name
    check_keys(what, arg, set_of({1, 2, "name", "type"}, argument_keys))
    check_type(what, arg.type)
    if previous and not arg.keyword and not arg.when then
        if previous.many then
            errors.usage("%s: '%s' before it takes all the words", what, previous.name)
        elseif previous.optional and not arg.optional then
            errors.usage("%s: it must be optional, as '%s' before it", what, previous.name)
        end
    end
    if arg.keyword and arg.optional == nil then
        arg.optional = true
    end
end

local function check_option(what, name, option)
    what = ("%s: option --%s"):format(what, tostring(name))
    if type(name) ~= "string" or not name:find("^%a[%w-]*$") or name == "json" or name == "help" then
        errors.usage("%s: not a name for an option", what)
    end
    if type(option) ~= "table" then
        errors.usage("%s: it must be a table", what)
    end
    check_keys(what, option, set_of(option_keys))
    option.type = option.type or "flag"
    if option.type ~= "flag" then
        check_type(what, option.type)
    end
end

local function check_startup(what, given)
    if type(given) ~= "boolean" and given ~= nil and given ~= "mends" and given ~= "looks" then
        errors.usage("%s: 'startup' must be false, \"mends\" or \"looks\"", what)
    end
end

local function check_fields(declaration)
    if type(declaration) ~= "table" then
        errors.usage("command: it takes one table")
    end
    local name = declaration.name
    if type(name) ~= "string" or not name:find("^%a[%w_-]*$") then
        errors.usage("command: the name '%s' is not made of letters, digits, '-' and '_'", tostring(name))
    end
    local what = "command " .. name
    check_keys(what, declaration, declaration_keys)
    for key, kind in pairs(declaration_keys) do
        if kind == "startup" then
            check_startup(what, declaration.startup)
        elseif declaration[key] ~= nil and type(declaration[key]) ~= kind then
            errors.usage("%s: '%s' must be a %s", what, key, kind)
        end
    end
    if not declaration.run then
        errors.usage("%s: 'run' is missing", what)
    end
end

--- Checks a declaration and fills in what it leaves out.
-- @param declaration table, changed in place
-- @return the declaration; raises EUSAGE
function M.check(declaration)
    check_fields(declaration)
    declaration.args = declaration.args or {}
    declaration.options = declaration.options or {}
    declaration.summary = declaration.summary or ""
    declaration.group = declaration.group or M.groups[#M.groups]
    local what, previous = "command " .. declaration.name, nil
    for _, arg in ipairs(declaration.args) do
        check_argument(what, arg, previous)
        if not arg.keyword then
            previous = arg
        end
    end
    for name, option in pairs(declaration.options) do
        check_option(what, name, option)
    end
    return declaration
end

local Registry = {}
Registry.__index = Registry

--- Makes a registry that knows the built-in commands, the modules of lua/commands; each is read when it is
-- first needed.
-- @param reserved function(name) -> bool: names a user's command may not take (optional)
-- @param modules list of module names (optional, for tests)
function M.registry(reserved, modules)
    local registry = setmetatable({declarations = {}, reserved = reserved, builtins = {}}, Registry)
    for _, module in ipairs(modules or require("core.host").modules(PREFIX)) do
        registry.builtins[module:sub(#PREFIX + 1)] = true
    end
    return registry
end

--- Whether a name is a command's (nothing is read).
function Registry:has(name)
    return self.declarations[name] ~= nil or self.builtins[name] ~= nil or aliases[name] ~= nil
end

--- The declaration of a command.
-- @param name string, an alias (quit) too
-- @return declaration, nil when there is none
function Registry:find(name)
    local declaration = self.declarations[name]
    if declaration then
        return declaration
    end
    if aliases[name] then
        return self:find(aliases[name])
    end
    if self.builtins[name] then
        declaration = M.check(require(PREFIX .. name))
        self.declarations[name] = declaration
    end
    return declaration
end

--- Sorted names of all commands, without aliases.
function Registry:names()
    local names = {}
    for name in pairs(self.builtins) do
        names[#names + 1] = name
    end
    for name in pairs(self.declarations) do
        if not self.builtins[name] then
            names[#names + 1] = name
        end
    end
    table.sort(names)
    return names
end

--- The end of an error message about an unknown command: what was meant, or "" when nothing is near.
-- @param name string
-- @param more further names that are meant perhaps (optional)
function Registry:hint(name, more)
    local meant = elsewhere[name:lower()]
    if meant and self:has(meant) then
        return ("; did you mean '%s'?"):format(meant)
    end
    local names = self:names()
    return require("autobackup.suggest").hint(name, table.move(more or {}, 1, #(more or {}), #names + 1, names))
end

--- The declaration of a command, or an error that names the nearest.
-- @return declaration; raises EUSAGE
function Registry:get(name)
    local declaration = self:find(name)
    if not declaration then
        local hint = self:hint(name)
        errors.usage("no command '%s'%s", name, hint ~= "" and hint or "; 'help' lists the commands")
    end
    return declaration
end

--- Adds a user's command. One that the user declared before is replaced.
-- @param declaration table
-- @return the declaration; raises EUSAGE
function Registry:declare(declaration)
    M.check(declaration)
    local name = declaration.name
    if not declaration.replace and not (self.declarations[name] and not self.builtins[name]) then
        if self.builtins[name] or aliases[name] then
            errors.usage("command '%s' is built in; say replace = true to take its place", name)
        elseif self.reserved and self.reserved(name) then
            errors.usage("'%s' is a function of Lua or of the session; say replace = true to hide it", name)
        end
    end
    self.declarations[name] = declaration
    return declaration
end

--- Runs a command on checked arguments: its result is counted and announced, not shown.
-- @param declaration of the command
-- @param args table by name
-- @param session the session
-- @param sink for rows that need not be in the result (optional, stream.lua)
-- @return the result
function M.run(declaration, args, session, sink)
    if declaration.group ~= "session" then
        require("autobackup.whereabouts").look(session)
    end
    local result = declaration.run(args, session, sink)
    if type(result) == "table" then
        if not rows.type_of(result) then
            rows.result(declaration, result)
        end
        if math.type(result.status) == "integer" then
            session:note_status(result.status)
        end
    end
    session.events:emit(declaration.name, result, args)
    return result
end

--- A command called from Lua.
-- @return the result; raises
function M.call(declaration, session, ...)
    local args = require("autobackup.arguments").from_lua(declaration, session, ...)
    local result = M.run(declaration, args, session)
    session:note_unseen(declaration.name, result)
    return result
end

-- What was found is written even when the command fails after it.
local function run_into(sink, declaration, args, session)
    local ok, result = pcall(M.run, declaration, args, session, sink)
    if sink and (ok or result.code ~= "EPIPE") then
        sink:flush()
    end
    if not ok then
        error(result, 0)
    end
    return result
end

local function show_help(declaration, session)
    for _, line in ipairs(require("autobackup.usage").lines(declaration, session.out.width)) do
        session.out:line(line)
    end
end

local function run_parsed(declaration, parsed, session)
    if parsed.help then
        return show_help(declaration, session)
    end
    local json = parsed.json or session.json
    if json and parsed.args.json == nil then
        parsed.args.json = true
    end
    local sink = require("autobackup.stream").sink(session, declaration, json or false)
    local result = run_into(sink, declaration, parsed.args, session)
    session:show(result, {json = json, declaration = declaration, paged = true})
    return result
end

--- A command given as words: runs it and shows the result.
-- @param declaration of the command
-- @param words list of strings after the command's name
-- @param session the session
-- @param literal, patterns what words.split says of their quotes (optional; nil: words of a shell)
-- @param around function that is given, once the words are understood, the function that does it, and returns what
--        that returns (optional: outlet.run)
-- @return the result; raises
function M.words(declaration, words, session, literal, patterns, around)
    local parsed = require("autobackup.arguments").from_words(declaration, session, words, literal, patterns)
    local function work()
        return run_parsed(declaration, parsed, session)
    end
    if around then
        return around(work)
    end
    return work()
end

return M
