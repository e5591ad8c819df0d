--- Splitting the words of a command into its options and the rest.

local glob = require "autobackup.glob"
local suggest = require "autobackup.suggest"
local usage = require "autobackup.usage"

local M = {}

local function option_names(declaration)
    local names = {"--json", "--help"}
    for name in pairs(declaration.options) do
        names[#names + 1] = "--" .. name
    end
    return names
end

local function find_short(declaration, letter)
    for name, option in pairs(declaration.options) do
        if option.short == letter then
            return name, option
        end
    end
end

-- Whether an option is the program's own: -q, --catalog=FILE.
local function is_of_program(word)
    for _, option in ipairs(require("autobackup.options").declared) do
        if word == "--" .. option[1] or word == "-" .. (option[2] or "-") then
            return true
        end
    end
    return false
end

local function refuse_option(declaration, word)
    if is_of_program(word) then
        usage.refuse(declaration, "no option '%s' here; it goes before the command: autobackup %s %s", word, word,
            declaration.name)
    end
    usage.refuse(declaration, "no option '%s'%s", word,
        #word > 2 and suggest.hint(word, option_names(declaration)) or "")
end

local SHORT = {q = "quiet", v = "verbose"}

local Splitter = {}
Splitter.__index = Splitter

-- The pattern that the word at hand may be, or its end behind a '='. Words of a shell say nothing of their quotes.
function Splitter:pattern_of(value)
    if not self.patterns then
        return glob.typed(value)
    end
    local pattern = self.patterns[self.at]
    return pattern and pattern:ending(#value)
end

function Splitter:take(name, option, value)
    self.options[#self.options + 1] = {name = name, option = option, value = value,
        pattern = value and self:pattern_of(value)}
end

function Splitter:next_value(label, option)
    self.at = self.at + 1
    local value = self.words[self.at]
    if value == nil then
        local values = option.values and ": " .. table.concat(option.values, " or ") or ""
        usage.refuse(self.declaration, "%s takes a value%s", label, values)
    end
    return value
end

-- In words of a shell, options of the program may stand behind the command where it has none of that name.
function Splitter:of_program(name, value)
    if not name or self.patterns or value then
        return false
    end
    self.program[name] = (name == "quiet" or name == "verbose") or nil
    return self.program[name] ~= nil
end

function Splitter:long(word)
    local name, value = word:match("^%-%-([^=]+)=(.*)$")
    name = name or word:sub(3)
    if name == "json" or name == "help" then
        if value then
            usage.refuse(self.declaration, "--%s takes no value", name)
        end
        self[name] = true
        return
    end
    local option = self.declaration.options[name]
    if not option and self:of_program(name, value) then
        return
    elseif not option then
        refuse_option(self.declaration, "--" .. name)
    end
    if option.type ~= "flag" then
        value = value or self:next_value("--" .. name, option)
    elseif value then
        usage.refuse(self.declaration, "--%s takes no value", name)
    end
    self:take(name, option, value)
end

function Splitter:short(word)
    local at = 2
    while at <= #word do
        local letter = word:sub(at, at)
        local name, option = find_short(self.declaration, letter)
        if not option then
            if letter == "h" then
                self.help = true
                return
            elseif self:of_program(SHORT[letter]) then
                goto continue
            end
            refuse_option(self.declaration, "-" .. letter)
        end
        if option.type == "flag" then
            self:take(name, option)
        else
            local rest = word:sub(at + 1)
            self:take(name, option, rest ~= "" and rest or self:next_value("-" .. letter, option))
            return
        end
        ::continue::
        at = at + 1
    end
end

function Splitter:plain(word, is_literal)
    self.plains[#self.plains + 1] = {word = word, literal = is_literal, pattern = self:pattern_of(word)}
end

local function wants_help(words, literal)
    for i, word in ipairs(words) do
        if word == "--" then
            return false
        elseif word == "--help" and not (literal and literal[i]) then
            return true
        end
    end
    return false
end

--- Splits words; only the names of options are checked here, not their values.
-- @param declaration of the command
-- @param words list of strings
-- @param literal set of the indexes of quoted words (optional)
-- @param patterns table from the indexes of words with wildcards to patterns, as words.split makes it; nil: words
--        of a shell, any * or ? in them may be meant as a wildcard
-- @return {options = list of {name=, option=, value=, pattern=}, plains = list of {word=, literal=, pattern=},
--         program = set of the program's own options (quiet, verbose), json=, help=}; pattern is what the word may
--         be when there is nothing of its name; raises EUSAGE
function M.split(declaration, words, literal, patterns)
    if wants_help(words, literal) then
        return {help = true}
    end
    local self = {declaration = declaration, words = words, patterns = patterns, options = {}, plains = {},
        program = {}, at = 0}
    setmetatable(self, Splitter)
    local is_ended = false
    while self.at < #words do
        self.at = self.at + 1
        local word, is_quoted = words[self.at], literal and literal[self.at]
        if is_ended or is_quoted or word == "-" or not word:find("^%-") or word:find("^%-%d") then
            self:plain(word, is_ended or is_quoted)
        elseif word == "--" then
            is_ended = true
        elseif word:find("^%-%-") then
            self:long(word)
        else
            self:short(word)
        end
    end
    return self
end

return M
