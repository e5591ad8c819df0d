--- Completion in the REPL: commands, their arguments and options, names from the catalog, Lua names and fields.

local lists = require "autobackup.lists"
local clean = require "autobackup.view.clean"
local typed = require "autobackup.view.typed"
local words = require "autobackup.words"

local M = {}

local function append(list, more)
    return table.move(more, 1, #more, #list + 1, list)
end

local function complete_type(session, spec, prefix)
    local kind = require("autobackup.types").get(spec.type)
    if kind and kind.complete then
        return kind.complete(prefix, session, spec)
    end
    return {}
end

local function option_of(declaration, word)
    local name = word:match("^%-%-([^=]+)$")
    if name then
        return declaration.options[name]
    end
    for _, option in pairs(declaration.options) do
        if option.short and word == "-" .. option.short then
            return option
        end
    end
end

-- The words that are no options, and the option whose value comes next.
local function without_options(declaration, list)
    local plain, pending = {}, nil
    for _, word in ipairs(list) do
        local option = option_of(declaration, word)
        if pending then
            pending = nil
        elseif option and option.type ~= "flag" then
            pending = option
        elseif not word:find("^%-") then
            plain[#plain + 1] = word
        end
    end
    return plain, pending
end

local function option_names(declaration, prefix)
    local names = {"--help", "--json"}
    for name, option in pairs(declaration.options) do
        names[#names + 1] = "--" .. name .. (option.type ~= "flag" and "=" or "")
    end
    table.sort(names)
    return lists.starting_with(prefix, names)
end

local function argument_words(session, declaration, list, prefix)
    local args, keywords = require("autobackup.arguments").expected(declaration, session, list)
    local found = lists.starting_with(prefix, keywords)
    for _, arg in ipairs(args) do
        append(found, complete_type(session, arg, prefix))
    end
    return lists.starting_with("", found)    -- each once
end

--- What may stand in place of the word `prefix` behind the words of a command.
-- @param session the session
-- @param declaration of the command
-- @param list the words between its name and the prefix
-- @param prefix string, may be empty
-- @return list of strings
function M.words(session, declaration, list, prefix)
    local plain, pending = without_options(declaration, list)
    if pending then
        return complete_type(session, pending, prefix)
    end
    local name, value = prefix:match("^(%-%-[^=]+=)(.*)$")
    if name then
        local option = option_of(declaration, name:sub(1, -2))
        local found = option and option.type ~= "flag" and complete_type(session, option, value) or {}
        for i, candidate in ipairs(found) do
            found[i] = name .. candidate
        end
        return found
    elseif prefix:find("^%-") then
        return option_names(declaration, prefix)
    end
    return argument_words(session, declaration, plain, prefix)
end

local function is_open_ended(candidate)
    return candidate:find("[/=]$") ~= nil
end

local function common_beginning(list)
    local common = list[1]
    for i = 2, #list do
        local at = 1
        while at <= #common and common:byte(at) == list[i]:byte(at) do
            at = at + 1
        end
        common = common:sub(1, at - 1)
    end
    return common
end

-- What is typed for a candidate that needs a quote, which stays open where more comes behind a single one.
local function quoted(candidate, is_single)
    if clean.clean(candidate) ~= candidate then
        return typed.word(candidate)
    end
    local text = typed.word(candidate .. " ")
    return text:sub(1, -3) .. (is_single and is_open_ended(candidate) and "" or text:sub(-1))
end

-- A quote is opened only for what is typed behind it: never alone, before it is known what comes.
local function wants_quote(list, prefix)
    local common = common_beginning(list)
    return #common > #prefix and typed.word(common) ~= common or #list == 1 and typed.word(common) ~= common
end

-- Turns candidates for a whole word into what the editor puts in place of its end `text`. Names that hold what
-- cannot be seen are written with escapes, which an open quote of another kind cannot hold.
local function fit(list, prefix, text, is_quoted)
    if prefix:sub(#prefix - #text + 1) ~= text then
        return {}
    end
    local cut, open_ended = #prefix - #text, #list == 1 and is_open_ended(list[1])
    local may_quote = not is_quoted and cut == 0
    local with_quotes = may_quote and #list > 0 and wants_quote(list, prefix)
    local fitted = {}
    for _, candidate in ipairs(list) do
        local is_visible = clean.clean(candidate) == candidate
        if with_quotes or may_quote and not is_visible then
            fitted[#fitted + 1] = quoted(candidate, #list == 1)
        elseif is_visible and candidate:sub(1, cut):lower() == prefix:sub(1, cut):lower() then
            fitted[#fitted + 1] = candidate:sub(cut + 1)
        end
    end
    return fitted, open_ended and "" or " "
end

local function complete_words(session, line, start, stop)
    local list, prefix, quote, _, sign = words.partial(line:sub(1, stop))
    local found
    if sign then
        local is_file = sign ~= "|" and #list == 0 or sign == "|" and #list > 0
        found = is_file and complete_type(session, {type = "path"}, prefix) or {}
    else
        local declaration = session.commands:find(table.remove(list, 1))
        found = M.words(session, declaration, list, prefix)
    end
    return fit(found, prefix, line:sub(start, stop), quote ~= nil)
end

local function field_names(value)
    local names, seen = {}, {}
    local function add(from)
        for key in pairs(from) do
            if type(key) == "string" and key:find("^[%a_][%w_]*$") and not seen[key] then
                seen[key] = true
                names[#names + 1] = key
            end
        end
    end
    if type(value) == "table" then
        add(value)
    end
    local metatable = getmetatable(value)
    if type(metatable) == "table" and rawget(metatable, "__names") then
        add(rawget(metatable, "__names"))
    end
    local index = type(metatable) == "table" and rawget(metatable, "__index")
    if type(index) == "table" then
        add(index)
    end
    table.sort(names)
    return names
end

-- Follows a.b[3].c without calling anything of the user's.
local function follow(session, path)
    local value = session.env
    for name in path:gmatch("[^.:%[%]]+") do
        local key = math.tointeger(name) or name
        if type(value) == "string" then
            value = string[key]
        elseif value == session.env then
            value = value[key]
        elseif type(value) == "table" then
            value = rawget(value, key)
        else
            return nil
        end
    end
    return value
end

local keywords = {"and", "break", "do", "else", "elseif", "end", "false", "for", "function", "goto", "if", "in",
    "local", "nil", "not", "or", "repeat", "return", "then", "true", "until", "while"}

--- What may stand in place of a Lua name, with fields: "string.fo".
-- @param session the session
-- @param text what is typed of it
-- @return list of strings
function M.lua(session, text)
    local path, separator, prefix = text:match("^(.-)([.:])([%w_]*)$")
    if not path then
        local names = require("autobackup.api").names(session)
        append(names, keywords)
        return text == "" and {} or lists.starting_with(text, names)
    end
    local value = follow(session, path)
    local found = lists.starting_with(prefix, field_names(value == nil and {} or value))
    for i, name in ipairs(found) do
        found[i] = path .. separator .. name
    end
    return found
end

-- Fields behind an index, as in _[3].pro: the editor's word begins at the point.
local function complete_field(session, before, text)
    local head, prefix = text:match("^([.:].-)([%w_]*)$")
    local path = head and before:match("[%a_][%w_.:%[%]]*%]$")
    local value = path and follow(session, path .. head)
    local found = value ~= nil and lists.starting_with(prefix, field_names(value)) or {}
    for i, name in ipairs(found) do
        found[i] = head .. name
    end
    return found
end

-- In a string of Lua: any name of the catalog.
local function complete_string(session, text)
    local found = {}
    for _, kind in ipairs{"database", "category", "which"} do
        append(found, complete_type(session, {type = kind}, text))
    end
    for i, name in ipairs(found) do
        found[i] = clean.clean(name) ~= name and clean.clean((name:gsub("\\", "\\\\"))) or name
    end
    return lists.starting_with("", found)
end

local function complete_first(session, text)
    local names = lists.starting_with(text, session.commands:names())
    if text ~= "" then
        append(names, M.lua(session, text))
    end
    return lists.starting_with(text, names)
end

--- Candidates for the word under the cursor.
-- @param session the session
-- @param line string, the whole line
-- @param start, stop the editor's word is line:sub(start, stop)
-- @param is_lua true in the further lines of unfinished Lua
-- @return list of strings in place of that word, the character to put behind a single one ("" for none)
function M.candidates(session, line, start, stop, is_lua)
    local before, text = line:sub(1, start - 1), line:sub(start, stop)
    if not is_lua and before:find("^%s*$") then
        local found = complete_first(session, text)
        return found, #found == 1 and session.commands:has(found[1]) and " " or ""
    end
    local is_command = function(name) return session.commands:has(name) end
    if not is_lua and require("autobackup.interpreter").classify(line:sub(1, stop), is_command) == "words" then
        return complete_words(session, line, start, stop)
    elseif before:find("[\"']$") then
        return complete_string(session, text), ""
    elseif before:find("%]$") then
        return complete_field(session, before, text), ""
    end
    return M.lua(session, text), ""
end

return M
