--- The line rule of the REPL and of standard input: a line is a command's words or Lua.

local command = require "autobackup.command"
local errors = require "autobackup.errors"
local script = require "autobackup.script"

local M = {}

--- What a line is.
-- A line whose first word is a command's name is that command, unless `(` `{` `=` or `,` follows. With something
-- else directly behind the name, but for a | or >, the word is another one, and so Lua.
-- @param line string
-- @param is_command function(name) -> bool
-- @return "words" or "lua"
function M.classify(line, is_command)
    local first, rest = line:match("^%s*([^%s|>]+)%s*(.*)$")
    if not first or not is_command(first) or rest:find("^[({=,]") then
        return "lua"
    end
    return "words"
end

-- Whether a message of the compiler says that more lines may complete the chunk.
local function is_incomplete(message)
    return message:find("near <eof>$") ~= nil
end

--- Compiles Lua text, as an expression first.
-- @param text string
-- @param name chunk name
-- @param env table of its globals
-- @param first_line number of the text's first line (optional, 1)
-- @return function, true for an expression; or nil, message, whether more lines may complete it
function M.compile(text, name, env, first_line)
    -- The line feed at the end keeps an unclosed quote from looking unfinished.
    local above = ("\n"):rep((first_line or 1) - 1)
    local fn, expression_message = load(above .. "return " .. text .. "\n", name, "t", env)
    if fn then
        return fn, true
    end
    local message
    fn, message = load(above .. text .. "\n", name, "t", env)
    if fn then
        return fn, false
    end
    return nil, message, is_incomplete(message) or is_incomplete(expression_message)
end

local Interpreter = {}
Interpreter.__index = Interpreter

--- Makes an interpreter.
-- @param session the session
-- @param name what messages call the input, such as "stdin"
function M.new(session, name)
    return setmetatable({session = session, name = name, at = 0}, Interpreter)
end

local queries = {"projects", "clients", "databases", "categories", "replicas", "files"}

-- Raises when a command or query is near an unknown name.
local function suggest_command(session, name)
    local hint = session.commands:hint(name, queries)
    if hint ~= "" then
        errors.usage("no command '%s'%s", name, hint)
    end
end

function Interpreter:is_unknown(name)
    return name ~= nil and self.session.env[name] == nil
end

-- The first word of a line, when it could have been meant as a command's name.
local function first_word(text)
    local word = text:match("^%s*([%a_][%w_-]*)")
    return word and load("local " .. word:gsub("-", "_")) and word or nil
end

-- Whether a line looks like words rather than like Lua: a name, and behind a blank something that is no operator.
local function looks_like_words(text)
    local rest = text:match("^%s*[%a_][%w_-]*%s+(%S.*)$")
    return rest ~= nil and rest:find("^[%w_'\"/~*-]") ~= nil and not text:find("\n", 1, true)
end

-- What a command such as `add` or `explore` returns is nothing to go on with.
local function is_passing(result)
    local declaration = require("autobackup.rows").declaration_of(result)
    return declaration ~= nil and declaration.passing == true
end

-- `_` is the last result, `__` the one before it.
function Interpreter:set_last(result)
    local env = self.session.env
    if result ~= nil and not is_passing(result) and result ~= rawget(env, "_") then
        rawset(env, "__", rawget(env, "_"))
        rawset(env, "_", result)
    end
end

-- A look at a part of the last result, such as _[3] or #_, takes nothing away from it.
local function is_look(text)
    local rest = text:match("^%s*#?%s*__?(.-)%s*$")
    while rest and rest ~= "" do
        rest = rest:match("^%s*%[%s*[%w_\"'-]+%s*%](.*)$") or rest:match("^%s*%.%s*[%a_][%w_]*(.*)$")
    end
    return rest ~= nil
end

-- The same call in Lua, for a row that was handed over as a word: copy _[1] NAS.
local function as_call(name, words)
    local parts = {}
    for i, word in ipairs(words) do
        parts[i] = word:find("^_%[?") and word or ('"%s"'):format(word)
    end
    return ("%s(%s)"):format(name, table.concat(parts, ", "))
end

-- What to say to a mistake in words that have no meaning as such.
local function advice(declaration, words, literal)
    for i, word in ipairs(words) do
        if literal[i] then
            goto continue
        elseif word:find("^#") then
            return "; a comment takes a line of its own"
        elseif word == "_" or word:find("^_[%[.]") then
            return "; a result is handed over in Lua: " .. as_call(declaration.name, words)
        end
        ::continue::
    end
end

local function run_words(declaration, words, session, literal, patterns, around)
    local advised = advice(declaration, words, literal)
    if not advised then
        return command.words(declaration, words, session, literal, patterns, around)
    end
    local ok, result = pcall(command.words, declaration, words, session, literal, patterns, around)
    if ok then
        return result
    elseif errors.is_mistake(result) then
        result.message = result.message:gsub("; .*$", "") .. advised
    end
    error(result, 0)
end

-- What is known of words, without the first of them.
local function shifted(by_index)
    local moved = {}
    for i, value in pairs(by_index) do
        moved[i - 1] = value
    end
    return moved
end

function Interpreter:words(line)
    local parsed, message = require("autobackup.words").pipeline(line)
    if not parsed then
        errors.usage("%s", message)
    end
    local declaration = self.session.commands:get(table.remove(parsed.words, 1))
    local around = (parsed.file or parsed.programs[1]) and function(work)
        return require("autobackup.outlet").run(self.session, declaration, parsed, work)
    end or nil
    self:set_last(run_words(declaration, parsed.words, self.session, shifted(parsed.literal),
        shifted(parsed.patterns), around))
end

function Interpreter:show_all(results, is_expression, text)
    if not is_expression or results.n == 0 then
        return
    end
    if not is_look(text) then
        self:set_last(results[1])
    end
    for i = 1, results.n do
        if results[i] == nil then
            self.session.out:line("nil")
        else
            self.session:show(results[i])
        end
    end
end

-- A call of an undefined name is more often a mistyped command than anything else.
function Interpreter:explain(err, text)
    local word = first_word(text)
    local message = errors.is(err) and err.code == "ELUA" and tostring(err.message)
    if message and self:is_unknown(word) and message:find(("(global '%s')"):format(word), 1, true) then
        suggest_command(self.session, word)
    end
    error(err, 0)
end

local function pack_results(ok, ...)
    if ok then
        return true, table.pack(...)
    end
    return false, (...)
end

local function protect_all(fn)
    return pack_results(script.protect(fn))
end

-- What a row handed to a command lacks: `_` has become another result since.
local function explain_missing(err, text, last)
    if errors.is(err) and err.code == "EUSAGE" and err.message:find("value %d+ is nil") and text:find("_%[") then
        local count = type(last) == "table" and #last
        err.message = err.message .. (count and ("; _ has %d %s now, __ is the result before it")
            :format(count, count == 1 and "row" or "rows") or "; _ is the last result, and none is there yet")
    end
end

function Interpreter:run(fn, is_expression, text)
    local lone = text:match("^%s*([%a_][%w_]*)%s*;?%s*$")
    if is_expression and lone and self:is_unknown(first_word(lone)) then
        suggest_command(self.session, lone)
        errors.usage("'%s' is not defined; 'help' lists the commands", lone)
    end
    local ok, results = protect_all(fn)
    if not ok then
        explain_missing(results, text, rawget(self.session.env, "_"))
        self:explain(results, text)
    end
    self:show_all(results, is_expression, text)
end

function Interpreter:lua(text)
    local fn, detail, is_open = M.compile(text, "=" .. self.name, self.session.env, self.first)
    if fn then
        self.pending = nil
        return self:run(fn, detail, text)
    elseif is_open then
        self.pending = text
        return
    end
    self.pending = nil
    local word = first_word(text)
    if self:is_unknown(word) then
        suggest_command(self.session, word)
        if looks_like_words(text) then
            errors.usage("no command '%s'; 'help' lists the commands (as Lua: %s)", word,
                detail:gsub("^[^:]*:%d+: ", ""))
        end
    end
    errors.raise("ELUA", detail)
end

function Interpreter:is_words(line)
    return M.classify(line, function(name) return self.session.commands:has(name) end) == "words"
end

--- Whether a text leaves no Lua unfinished: nothing is run.
-- @param text string, perhaps of several lines, that would be fed line by line
function Interpreter:is_whole(text)
    local pending = self.pending
    for line in (text .. "\n"):gmatch("(.-)\n") do
        if pending or not self:is_words(line) then
            local all = pending and pending .. "\n" .. line or line
            local fn, _, is_open = M.compile(all, "=" .. self.name, self.session.env)
            pending = not fn and is_open and all or nil
        end
    end
    return pending == nil
end

--- Takes one line. Raises an error value when it fails; what was pending is forgotten then.
-- @param line string without its line feed
-- @return true when the line was complete, false while Lua needs more
function Interpreter:feed(line)
    self.at = self.at + 1
    if self.pending then
        self:lua(self.pending .. "\n" .. line)
    else
        self.first = self.at
        if self:is_words(line) then
            self:words(line)
        else
            self:lua(line)
        end
    end
    return self.pending == nil
end

--- The end of the input. Raises when Lua was left unfinished.
function Interpreter:finish()
    if self.pending then
        local _, message = M.compile(self.pending, "=" .. self.name, self.session.env, self.first)
        self.pending = nil
        errors.raise("ELUA", message)
    end
end

--- Forgets unfinished Lua.
function Interpreter:discard()
    self.pending = nil
end

-- A line of standard input as the interpreter takes it. One that begins with # is a comment, as in the old command
-- files; within unfinished Lua it may be the length of something, or in a text.
local function input_line(interpreter, line)
    if interpreter.at == 0 then
        line = line:gsub("^\xEF\xBB\xBF", "")
    end
    if not interpreter.pending then
        line = line:gsub("^%s*#.*", "")
    end
    return (line:gsub("\r$", ""))
end

-- A pipe that ends within a line may have been cut off there, at a `--dry-run` perhaps, so such a line runs only
-- when it is a command that looks, and leads into no program or file whose name may be cut off. (A file's last line needs
-- no end: lines of files never come as torn.)
local function check_torn(interpreter, line)
    local first = line:match("^%s*(%S+)")
    if not first or first:find("^#") and not interpreter.pending then
        return
    end
    local declaration = not interpreter.pending and interpreter:is_words(line)
        and interpreter.session.commands:find(first)
    if not (declaration and declaration.group == "look") or line:find("[|>]") then
        interpreter.first = interpreter.pending and interpreter.first or interpreter.at + 1
        errors.raise("ETORN", ("'%s' has no line feed behind it, so it may be cut off, and was not run; "
            .. "end the last line with one"):format(line))
    end
end

--- Runs standard input to its end or first error.
-- @param session the session
-- @param lines iterator of lines; its second value: whether the line may be cut off
-- Raises the first error, its message led by "stdin:LINE: ".
function M.run_lines(session, lines)
    local interpreter = M.new(session, "stdin")
    local ok, err = script.protect(function()
        for line, is_torn in lines do
            if is_torn then
                check_torn(interpreter, line)
            end
            interpreter:feed(input_line(interpreter, line))
        end
        interpreter:finish()
    end)
    if not ok then
        if err.code ~= "EINTR" and not tostring(err.message):find("^stdin:%d") then
            err.message = ("stdin:%d: %s"):format(interpreter.first or 1,
                errors.plain(tostring(err.message), err.code))
        end
        error(err, 0)
    end
end

return M
