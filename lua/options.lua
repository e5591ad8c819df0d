--- The program's own command line: `autobackup [OPTIONS] [FILE.lua [ARG...] | COMMAND [WORD...]]`.

local errors = require "autobackup.errors"

local M = {}

--- The options, in the order in which --help lists them: name, short, what value, help.
M.declared = {
    {"eval", "e", "CODE", "run Lua code; may be given several times"},
    {"interactive", "i", nil, "the interactive mode after -e, a script or a command"},
    {"config", "c", "FILE", "use this startup file"},
    {"no-config", nil, nil, "use no startup file"},
    {"catalog", nil, "FILE", "use this catalog"},
    {"json", nil, nil, "print results as JSON, one object per line"},
    {"quiet", "q", nil, "print results and errors only"},
    {"verbose", "v", nil, "print more about what is done"},
    {"color", nil, {"auto", "always", "never"}, "when to use colour"},
    {"progress", nil, {"auto", "always", "never"}, "when to show progress"},
    {"version", nil, nil, "print the version"},
    {"help", "h", nil, "print this help"},
}

local by_name, by_short = {}, {}
for _, option in ipairs(M.declared) do
    by_name["--" .. option[1]] = option
    if option[2] then
        by_short["-" .. option[2]] = option
    end
end

local function names()
    local list = {}
    for name in pairs(by_name) do
        list[#list + 1] = name
    end
    return list
end

local function check_value(option, value)
    if type(option[3]) ~= "table" then
        return value
    end
    for _, allowed in ipairs(option[3]) do
        if value == allowed then
            return value
        end
    end
    errors.usage("--%s takes %s, not '%s'", option[1], table.concat(option[3], ", "), value)
end

local function store(parsed, option, value)
    local key = option[1]:gsub("-", "_")
    if key == "eval" then
        table.insert(parsed.eval, value)
    else
        parsed[key] = option[3] and check_value(option, value) or true
    end
end

-- Reads the option at argv[at]; returns the index after it and its value.
local function read(parsed, argv, at)
    local word = argv[at]
    local name, value = word:match("^(%-%-[^=]+)=(.*)$")
    local option = by_name[name or word] or by_short[word]
    if not option and word:find("^%-%a.") then
        option, value = by_short[word:sub(1, 2)], word:sub(3)
        if option and not option[3] then        -- a cluster such as -iq: the first goes, the rest is read again
            store(parsed, option)
            argv[at] = "-" .. value
            return at
        end
    end
    if not option then
        local hint = require("autobackup.suggest").hint(name or word, names())
        errors.usage("no option '%s'%s", name or word, hint)
    elseif not option[3] and value then
        errors.usage("--%s takes no value", option[1])
    elseif option[3] and not value then
        at = at + 1
        value = argv[at] or errors.usage("--%s takes a value", option[1])
    end
    store(parsed, option, value)
    return at + 1
end

--- Whether an argument names a script and not a command.
function M.is_script(word)
    return word:find("/", 1, true) ~= nil or word:find("%.lua$") ~= nil
end

-- Where the command stands that an option in front of it belongs to, nil when it is none of a command's.
local function command_behind(argv, at, is_command)
    local word = argv[at]:match("^%-%-[^=]+") or argv[at]:sub(1, 2)
    if not is_command or by_name[word] or by_short[word] then
        return nil
    end
    for i = at + 1, #argv do
        if argv[i] == "--" then
            return nil
        elseif is_command(argv[i]) then
            return i
        end
    end
end

--- Reads the command line. Options end at the first word that is none, or at `--`.
-- @param argv list of strings
-- @param is_command function(word) -> bool: options of a command may stand before it (optional)
-- @return {eval = list, script = FILE or command = NAME or neither, stdin = bool ("-" was given),
-- words = list of what follows, and each option by name; early = how many of the words stood before the command};
-- raises EUSAGE
function M.parse(argv, is_command)
    argv = table.move(argv, 1, #argv, 1, {})
    local parsed, at = {eval = {}, words = {}}, 1
    while argv[at] and argv[at]:find("^%-.") and argv[at] ~= "--" do
        local behind = command_behind(argv, at, is_command)
        if behind then
            parsed.words, parsed.early = table.move(argv, at, behind - 1, 1, {}), behind - at
            at = behind
            break
        end
        at = read(parsed, argv, at)
    end
    if parsed.no_config and parsed.config then
        errors.usage("--no-config and --config exclude each other")
    end
    if argv[at] == "--" then
        at = at + 1
    end
    local word = argv[at]
    if word == "-" then
        parsed.stdin = true
    elseif word and M.is_script(word) then
        parsed.script = word
    else
        parsed.command = word
    end
    table.move(argv, at + 1, #argv, #parsed.words + 1, parsed.words)
    return parsed
end

return M
