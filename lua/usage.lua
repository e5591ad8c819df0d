--- Help texts, made from declarations.

local errors = require "autobackup.errors"
local lists = require "autobackup.lists"

local M = {}

local function label(spec, name)
    local kind = require("autobackup.types").get(spec.type)
    if kind and kind.label then
        return kind.label(spec)
    end
    return (name:gsub("_", "-"):upper())
end

--- How an argument is written: "FROM", "TO...", "CLIENT/PROJECT".
function M.argument(arg)
    return label(arg, arg.name) .. (arg.many and "..." or "")
end

local function bracketed(arg)
    local text = M.argument(arg)
    if arg.keyword then
        text = arg.keyword .. " " .. text
    end
    if arg.optional or arg.default ~= nil then
        text = "[" .. text .. "]"
    end
    return text
end

-- Whether an argument stands for the same place as the one before it (they differ in `when` only).
local function is_repeated(parts, text)
    return parts[#parts] == text
end

--- The usage line of a command: "copy CLIENT/PROJECT CATEGORY FROM TO... [OPTIONS]".
-- @param declaration, see command.lua
function M.line(declaration)
    local parts = {declaration.name}
    for _, arg in ipairs(declaration.args) do
        local text = bracketed(arg)
        if not is_repeated(parts, text) then
            parts[#parts + 1] = text
        end
    end
    if next(declaration.options) then
        parts[#parts + 1] = "[OPTIONS]"
    end
    return table.concat(parts, " ")
end

--- Raises EUSAGE with the usage line as field `usage`.
-- @param declaration of the command
-- @param message format string, and its values
function M.refuse(declaration, message, ...)
    errors.raise("EUSAGE", declaration.name .. ": " .. message:format(...), {usage = M.line(declaration)})
end

--- How an option is written: "-n, --dry-run", "--lock-wait DURATION".
function M.option(name, option)
    local text = (option.short and ("-" .. option.short .. ", ") or "") .. "--" .. name
    if option.type == "flag" then
        return text
    end
    return text .. " " .. (option.value or label(option, option.type == "choice" and name or option.type))
end

-- Lines of two columns, the second wrapped.
local function columns(pairs_of_text, width)
    local left = 0
    for _, pair in ipairs(pairs_of_text) do
        left = math.max(left, math.min(#pair[1], 28))
    end
    local lines = {}
    for _, pair in ipairs(pairs_of_text) do
        local head = "  " .. pair[1] .. (" "):rep(left - #pair[1])
        if #pair[1] > left and pair[2] ~= "" then
            lines[#lines + 1] = head
            head = (" "):rep(left + 2)
        end
        for _, piece in ipairs(M.wrap(pair[2], width - left - 4)) do
            lines[#lines + 1] = (head .. "  " .. piece):gsub("%s+$", "")
            head = (" "):rep(left + 2)
        end
    end
    return lines
end

--- Breaks a text at blanks.
-- @param text string; its own line feeds stay
-- @param width columns, at least 20 are used
-- @return list of lines, at least one
function M.wrap(text, width)
    width = math.max(width, 20)
    local lines = {}
    for paragraph in (text .. "\n"):gmatch("(.-)\n") do
        local line = ""
        for word in paragraph:gmatch("%S+") do
            if line ~= "" and #line + 1 + #word > width then
                lines[#lines + 1], line = line, ""
            end
            line = line == "" and word or line .. " " .. word
        end
        lines[#lines + 1] = line
    end
    return lines
end

local function with_default(spec)
    local help = spec.help or ""
    if spec.default ~= nil and type(spec.default) ~= "table" then
        help = help .. (help == "" and "" or " ") .. ("(default %s)"):format(tostring(spec.default))
    end
    return help
end

local function argument_rows(declaration)
    local found = {}
    for _, arg in ipairs(declaration.args) do
        local help = with_default(arg)
        if help ~= "" then
            found[#found + 1] = {(arg.keyword and arg.keyword .. " " or "") .. M.argument(arg), help}
        end
    end
    return found
end

local function option_rows(declaration)
    local found = {}
    for _, name in ipairs(lists.keys(declaration.options)) do
        local option = declaration.options[name]
        found[#found + 1] = {M.option(name, option), with_default(option)}
    end
    found[#found + 1] = {"--json", "print the result as JSON, one object per line"}
    found[#found + 1] = {"--help", "print this help"}
    return found
end

local function append(lines, title, more)
    if #more > 0 then
        lines[#lines + 1] = ""
        lines[#lines + 1] = title
        table.move(more, 1, #more, #lines + 1, lines)
    end
end

local function indented(list)
    local lines = {}
    for i, line in ipairs(list) do
        lines[i] = "  " .. line
    end
    return lines
end

--- The whole help of a command.
-- @param declaration, see command.lua
-- @param width columns (optional, 80)
-- @return list of lines
function M.lines(declaration, width)
    width = math.min(width or 80, 100)
    local lines = require("autobackup.view.wrap").line("usage: " .. M.line(declaration), width, string.len, 7)
    lines[#lines + 1] = ""
    for _, line in ipairs(M.wrap(declaration.summary, width)) do
        lines[#lines + 1] = line
    end
    if declaration.details then
        lines[#lines + 1] = ""
        for _, line in ipairs(M.wrap(declaration.details, width)) do
            lines[#lines + 1] = line
        end
    end
    append(lines, "arguments:", columns(argument_rows(declaration), width))
    append(lines, "options:", columns(option_rows(declaration), width))
    append(lines, "examples:", indented(declaration.examples or {}))
    return lines
end

--- The commands by group, for `help`.
-- @param registry see command.lua
-- @return list of {group = string, commands = list of {name=, summary=, usage=}}; empty groups are left out
function M.overview(registry)
    local groups, order = {}, require("autobackup.command").groups
    for _, name in ipairs(registry:names()) do
        local declaration = registry:find(name)
        local group = groups[declaration.group]
        if not group then
            group = {group = declaration.group, commands = {}}
            groups[declaration.group] = group
        end
        table.insert(group.commands,
            {name = name, summary = declaration.summary, usage = M.line(declaration)})
    end
    local list = {}
    for _, name in ipairs(order) do
        list[#list + 1], groups[name] = groups[name], nil
    end
    for _, name in ipairs(lists.keys(groups)) do
        list[#list + 1] = groups[name]
    end
    return list
end

local function program_options()
    local found = {}
    for _, option in ipairs(require("autobackup.options").declared) do
        local value = type(option[3]) == "table" and table.concat(option[3], "|") or option[3]
        found[#found + 1] = {(option[2] and "-" .. option[2] .. ", " or "    ") .. "--" .. option[1]
            .. (value and " " .. value or ""), option[4]}
    end
    return found
end

--- What `autobackup --help` prints.
-- @param registry of the commands
-- @return list of lines
function M.program(registry)
    local lines = {
        "usage: autobackup [OPTIONS]                     interactive mode, or commands from standard input",
        "       autobackup [OPTIONS] COMMAND [WORD...]   one command",
        "       autobackup [OPTIONS] FILE.lua [ARG...]   a script",
    }
    append(lines, "options:", columns(program_options(), 80))
    for _, group in ipairs(M.overview(registry)) do
        local found = {}
        for i, command in ipairs(group.commands) do
            found[i] = {command.name, command.summary}
        end
        append(lines, group.group .. ":", columns(found, 80))
    end
    table.move({"", "`autobackup COMMAND --help` tells more about a command."}, 1, 2, #lines + 1, lines)
    return lines
end

return M
