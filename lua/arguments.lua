--- From words or Lua values to the checked arguments of a command (declarations: command.lua).

local errors = require "autobackup.errors"
local glob = require "autobackup.glob"
local lists = require "autobackup.lists"
local rows = require "autobackup.rows"

local M = {}

local function lazy(name)
    return setmetatable({}, {__index = function(_, key) return require("autobackup." .. name)[key] end})
end

local handed, types, suggest, usage, switches = lazy "handed", lazy "types", lazy "suggest", lazy "usage",
    lazy "switches"

-- One binding collects the values of one call.
local Binding = {}
Binding.__index = Binding

local function binding(declaration, session)
    return setmetatable({declaration = declaration, session = session, values = {}}, Binding)
end

-- The value of an argument, its default while it has none.
function Binding:value_of(name)
    if self.values[name] ~= nil then
        return self.values[name]
    end
    for _, arg in ipairs(self.declaration.args) do
        if arg.name == name then
            return arg.default
        end
    end
end

function Binding:applies(arg)
    for name, allowed in pairs(arg.when or {}) do
        if not lists.contains(allowed, self:value_of(name)) then
            return false
        end
    end
    return true
end

function Binding:is_open(arg)
    return (arg.many or self.values[arg.name] == nil) and self:applies(arg)
end

function Binding:store(key, spec, value)
    if spec.many then
        local list = self.values[key] or {}
        list[#list + 1] = value
        self.values[key] = list
    else
        self.values[key] = value
    end
end

-- Returns true, or nil, message, code. typed: how a word was typed (naming.lua), nil for a value of Lua.
function Binding:try(key, spec, value, typed)
    local checked, message, code, also = types.get(spec.type).check(value, self.session, spec, typed)
    if checked == nil then
        return nil, message, code or "EUSAGE"
    end
    self.also = also or self.also
    self:store(key, spec, checked)
    return true
end

function Binding:refuse(label, message, code)
    if code == "EUSAGE" then
        errors.usage("%s: %s%s", self.declaration.name, label, message)
    end
    errors.raise(code, message)
end

function Binding:fill(arg, value)
    local ok, message, code = self:try(arg.name, arg, value)
    if not ok then
        self:refuse("", message, code)
    end
end

function Binding:open_keyword(word)
    local open = {}
    for _, arg in ipairs(self.declaration.args) do
        if arg.keyword == word and self:is_open(arg) then
            open[#open + 1] = arg
        end
    end
    return open[1] and open
end

-- The first argument that accepts the value takes it: true. Else nil, message, code: of several errors the first
-- one, but rather one that knows what was meant.
function Binding:try_each(candidates, value, typed)
    local worth, worth_code
    for _, arg in ipairs(candidates) do
        local ok, message, code = self:try(arg.name, arg, value, typed)
        if ok then
            return true
        elseif not worth or message:find("did you mean") and not worth:find("did you mean") then
            worth, worth_code = message, code
        end
    end
    return nil, worth, worth_code
end

-- Raises for a project whose name has spaces and was not quoted: its first word stands for one that is not known,
-- and the next for something else.
function Binding:refuse_split_project(value)
    local given, catalog = self.values.project, self.session.catalog
    if type(given) ~= "string" or type(value) ~= "string" or catalog:projects{project = given}[1] then
        return
    end
    local meant = catalog:projects{project = glob.prefix(given .. " " .. value)}[1]
    if meant then
        errors.raise("ENONAME", ("no project '%s'; did you mean '%s'? a name with spaces is quoted"):format(given,
            meant.project))
    end
end

function Binding:fill_first(candidates, value, typed)
    local ok, message, code = self:try_each(candidates, value, typed)
    if not ok then
        self:refuse("", message, code)
    end
end

-- A keyword with nothing behind it.
function Binding:refuse_keyword(word, candidates)
    local labels = {}
    for i, arg in ipairs(candidates) do
        labels[i] = usage.argument(arg)
    end
    usage.refuse(self.declaration, "a name is missing after '%s' (%s)", word, table.concat(labels, " or "))
end

-- The arguments that the next word may be: the first open one, and those behind it as long as it may be left out.
function Binding:next_positionals()
    local open = {}
    for _, arg in ipairs(self.declaration.args) do
        if not arg.keyword and self:is_open(arg) and not (arg.inside and open[1]) then
            open[#open + 1] = arg
            if not arg.optional then
                break
            end
        end
    end
    return open
end

-- A word that no argument is left for: one may need its keyword, or was part of a name.
function Binding:refuse_more(value)
    for _, arg in ipairs(self.declaration.args) do
        if arg.keyword and self:is_open(arg) and types.get(arg.type).check(value, self.session, arg) then
            usage.refuse(self.declaration, "'%s' is too much; did you mean '%s %s'?", tostring(value), arg.keyword,
                tostring(value))
        end
    end
    local last = self.declaration.args[#self.declaration.args]
    local may_have_spaces = last and (last.type == "word" or last.type == "path")
    usage.refuse(self.declaration, "'%s' is too much%s", tostring(value),
        may_have_spaces and "; a name with spaces is quoted" or "")
end

-- What a path said of an argument: its type's value, once.
function Binding:take_also(arg)
    local value = self.also and self.also[arg.type]
    if value then
        self.also[arg.type] = nil
        self:store(arg.name, arg, value)
    end
    return value
end

-- A path gave a category or a database already: the word for it may follow, and must be the same then. Where the
-- category was repeated, the first of two other databases may be meant in place of the path's.
function Binding:agrees(value, typed)
    if self.doubt then
        usage.refuse(self.declaration, "the path lies on %s: from there or from %s? name the project instead",
            table.unpack(self.doubt))
    end
    local arg = self.also and self:next_positionals()[1]
    local said = arg and self:take_also(arg)
    if not said then
        return false
    end
    local checked = types.get(arg.type).check(value, self.session, arg, typed)
    if checked ~= said and checked ~= nil and arg.type == "category" then
        usage.refuse(self.declaration, "the path is one of %s, not of %s", said, tostring(checked))
    end
    local is_same = checked == said
    local agrees = is_same or self:agrees(value, typed)
    self.doubt = self.repeats and not is_same and checked ~= nil and {said, tostring(checked)} or nil
    self.repeats = self.repeats or is_same and arg.type == "category"
    return agrees
end

-- A word or a scalar in its place.
function Binding:positional(value, is_last, typed)
    if self.pending then
        local candidates = self.pending
        self.pending = nil
        return self:fill_first(candidates, value, typed)
    end
    local keyword = type(value) == "string" and not (typed and typed.literal) and self:open_keyword(value)
    if keyword and not is_last then
        self.pending = keyword
        return
    end
    if self:agrees(value, typed) then
        return
    end
    local open = self:next_positionals()
    local ok, message, code = self:try_each(open, value, typed)
    if ok then
        return
    elseif keyword then
        self:refuse_keyword(value, keyword)
    elseif #open == 0 then
        self:refuse_more(value)
    end
    self:refuse_split_project(value)
    self:refuse("", message, code)
end

function Binding:default(key, spec)
    if self.values[key] ~= nil then
        return
    end
    if spec.default ~= nil then
        self.values[key] = spec.default
    elseif spec.many then
        self.values[key] = {}
    elseif spec.type == "flag" then
        self.values[key] = false
    end
end

function Binding:finish()
    for _, arg in ipairs(self.declaration.args) do
        if self.values[arg.name] == nil and self:applies(arg) and not self:take_also(arg) then
            if not arg.optional and arg.default == nil then
                usage.refuse(self.declaration, "%s is missing", usage.argument(arg))
            end
        end
        self:default(arg.name, arg)
    end
    for name, option in pairs(self.declaration.options) do
        if self.also and name == option.type and self.values[name] == nil then
            self.values[name] = self.also[name]
        end
        self:default(M.option_key(name), option)
    end
    return self.values
end

--- The key under which `run` finds an option.
function M.option_key(name)
    return (name:gsub("-", "_"))
end

function Binding:option(name, option, value, typed)
    local key = M.option_key(name)
    if option.type == "flag" then
        self.values[key] = true
        return
    end
    local ok, message, code = self:try(key, option, value, typed)
    if not ok then
        self:refuse("--" .. name .. ": ", message, code)
    end
end

--- Arguments from words.
-- @param declaration of the command
-- @param session for the names that types look up
-- @param words list of strings
-- @param literal, patterns what words.split says of their quotes: quoted ones are never options, keywords or
--        patterns (optional; nil: words of a shell)
-- @return {args = table by name, json = bool, help = bool}; raises EUSAGE, ENONAME. With help, args is absent.
function M.from_words(declaration, session, words, literal, patterns)
    local parts = switches.split(declaration, words, literal, patterns)
    if parts.help then
        return {help = true}
    end
    for name in pairs(parts.program) do
        session[name] = true
    end
    local bound = binding(declaration, session)
    for _, option in ipairs(parts.options) do
        bound:option(option.name, option.option, option.value, {pattern = option.pattern})
    end
    for i, plain in ipairs(parts.plains) do
        bound:positional(plain.word, i == #parts.plains, plain)
    end
    return {args = bound:finish(), json = parts.json or false}
end

-- Whether a row gave anything.
function Binding:row(row, is_further)
    local filled, map = {}, (self.declaration.accepts or {})[rows.type_of(row)]
    if not handed.goes_with(self.declaration, row, self.values.project, is_further) then
        return false
    end
    for _, arg in ipairs(self.declaration.args) do
        local value = self:is_open(arg) and handed.value(self.declaration, arg, row)
        -- By type, one database is not both FROM and TO.
        if value ~= nil and value ~= false and (map or not filled[arg.type]) then
            self:fill(arg, value)
            filled[arg.type] = true
        end
    end
    self.values.only = handed.only(self.declaration, row) or self.values.only
    return next(filled) ~= nil
end

function Binding:refuse_row(row, list)
    if list then
        usage.refuse(self.declaration, "it takes one row, and the list has %d; write: for _, row in ipairs(list) "
            .. "do %s(row) end", #list, self.declaration.name)
    end
    usage.refuse(self.declaration, "it takes nothing from a row of type '%s'", rows.type_of(row))
end

-- A value handed over by place: a row, a list of them, or a scalar.
function Binding:value(value, is_last, list)
    if rows.type_of(value) then
        local is_further = list and value ~= list[1]
        if not self:row(value, is_further) then
            self:refuse_row(value, is_further and list)
        end
    elseif type(value) == "table" and not glob.is(value) then
        for i, element in ipairs(value) do
            self:value(element, is_last and i == #value, value)
        end
    else
        self:positional(value, is_last)
    end
end

-- A value handed over by name: a row gives what it would by place, or its key of the argument's name or type.
function Binding:named(arg, value)
    if rows.type_of(value) then
        local given = handed.value(self.declaration, arg, value)
        if given == nil then
            given = value[arg.name]
        end
        if given == nil then
            given = handed.by_type(arg, value)
        end
        if given == nil then
            usage.refuse(self.declaration, "a row of type '%s' has no %s", rows.type_of(value), arg.name)
        end
        return self:fill(arg, given)
    elseif type(value) == "table" and not glob.is(value) and (arg.type == "project" or arg.type == "which")
        and not rows.is_list(value) then
        usage.refuse(self.declaration, "%s is one, and the list has %d; write a loop, or a pattern such as "
            .. 'glob "acme/*"', arg.name, #value)
    elseif type(value) == "table" and not glob.is(value) and (arg.many or rows.is_list(value)) then
        if #value > 1 and not arg.many then
            self:refuse_row(value[1], value)
        end
        for _, element in ipairs(value) do
            self:named(arg, element)
        end
        return
    end
    self:fill(arg, value)
end

-- What the next word may be, for completion: names that do not exist are taken as they are.
function Binding:open_arguments()
    if self.pending then
        return self.pending, {}
    end
    local keywords = {}
    for _, arg in ipairs(self.declaration.args) do
        if arg.keyword and self:is_open(arg) then
            keywords[#keywords + 1] = arg.keyword
        end
    end
    return self:next_positionals(), keywords
end

function Binding:guess(word)
    if not pcall(self.positional, self, word, false, {}) then
        local arg = self:next_positionals()[1]
        if arg then
            self:store(arg.name, arg, word)
        end
    end
end

--- What may come after some words, for completion.
-- @param declaration of the command
-- @param session for the names that types look up
-- @param words list of strings without options
-- @return list of arguments, list of keywords
function M.expected(declaration, session, words)
    local bound = binding(declaration, session)
    for _, word in ipairs(words) do
        bound:guess(word)
    end
    return bound:open_arguments()
end

local function find_option(declaration, key)
    for name, option in pairs(declaration.options) do
        if name == key or M.option_key(name) == key then
            return name, option
        end
    end
end

local function check_named_keys(declaration, fields)
    local known = {}
    for _, arg in ipairs(declaration.args) do
        known[arg.name] = true
    end
    for name in pairs(declaration.options) do
        known[name], known[M.option_key(name)] = true, true
    end
    for key in pairs(fields) do
        if not known[key] and math.type(key) ~= "integer" then
            local names = {}
            for name in pairs(known) do
                names[#names + 1] = name
            end
            usage.refuse(declaration, "no argument or option '%s'%s", tostring(key),
                suggest.hint(tostring(key), names))
        end
    end
end

function Binding:lua_option(name, option, value)
    if option.type == "flag" then
        if type(value) ~= "boolean" then
            usage.refuse(self.declaration, "%s must be true or false", name)
        end
        self.values[M.option_key(name)] = value
    elseif option.many and type(value) == "table" then
        for _, element in ipairs(value) do
            self:option(name, option, element)
        end
    else
        self:option(name, option, value)
    end
end

function Binding:table(fields)
    check_named_keys(self.declaration, fields)
    for i, value in ipairs(fields) do
        self:value(value, i == #fields)
    end
    for _, arg in ipairs(self.declaration.args) do
        local value = fields[arg.name]
        if value ~= nil then
            if not self:applies(arg) then
                usage.refuse(self.declaration, "'%s' does not go with the other arguments", arg.name)
            elseif not self:is_open(arg) then
                usage.refuse(self.declaration, "'%s' is given twice", arg.name)
            end
            self:named(arg, value)
        end
    end
    for key, value in pairs(fields) do
        local name, option = find_option(self.declaration, key)
        if option then
            self:lua_option(name, option, value)
        end
    end
end

--- Arguments from a Lua call: by place, by place with a trailing table of options, or one table by name.
-- @param declaration of the command
-- @param session for the names that types look up
-- @param ... the values
-- @return table by name; raises EUSAGE, ENONAME
function M.from_lua(declaration, session, ...)
    local values, n = {...}, select("#", ...)
    local bound = binding(declaration, session)
    local named = n > 0 and handed.is_named(values[n]) and values[n] or nil
    local last = named and n - 1 or n
    for i = 1, last do
        if values[i] == nil then
            usage.refuse(declaration, "value %d is nil", i)
        end
        bound:value(values[i], i == last)
    end
    if named then
        bound:table(named)
    end
    return bound:finish()
end

return M
