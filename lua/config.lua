--- The startup file: where it is, whether it may run, and running it.

local errors = require "autobackup.errors"
local script = require "autobackup.script"

local M = {}

local LARGEST = 1 << 20     -- bytes of a startup file
local LOCAL = "./.config"

local function environment_value(name)
    local value = require("core.sys").getenv(name)
    return value ~= "" and value or nil
end

local function is_regular(path)
    local stat = require("core.fs").lstat(path)
    return stat ~= nil and stat.kind == "file"
end

--- Finds the startup file: --config, $AUTOBACKUP_CONFIG, a regular ./.config, the user's config.lua.
-- @param options as options.parse returns them
-- @return {path =, needs_trust = bool}, nil when there is none
function M.find(options)
    if options.no_config then
        return nil
    end
    local given = options.config or environment_value("AUTOBACKUP_CONFIG")
    if given then
        return {path = given, needs_trust = false}
    elseif is_regular(LOCAL) then
        return {path = LOCAL, needs_trust = true}
    end
    local user = require("autobackup.session").user_folder("XDG_CONFIG_HOME", ".config") .. "/config.lua"
    if require("core.fs").stat(user) then
        return {path = user, needs_trust = false}
    end
    return nil
end

local function read_own(_, path)
    local bytes, message, code = require("core.fs").read(path, LARGEST)
    if not bytes then
        errors.raise(code, "cannot read the startup file: " .. errors.plain(message, code), {path = path})
    end
    return bytes, require("core.fs").realpath(path) or path
end

local function read_trusted(session, path)
    local trust = require "autobackup.trust"
    local examined = trust.examine(session, path)
    if examined.state == "trusted" then
        return examined.bytes, examined.path
    end
    local all = session.interactive and trust.examine_all(session, path)
    if not (all and trust.ask(session, trust.untrusted(all))) then
        errors.raise("EUNTRUSTED", ("%s, and it was not run; look at it and trust it with: autobackup trust"
            .. " (or leave it out with --no-config)"):format(trust.describe(examined)), {path = examined.path})
    end
    return all[1].bytes, all[1].path
end

-- What the file named before it was added must be there by now: what is not is taken out again. All is looked up, also
-- what was said before an error. Returns the first refusal.
local function resolve(session)
    local list, first = session.unresolved, nil
    session.unresolved = {}
    for _, one in ipairs(list) do
        local ok, err = pcall(one.resolve)
        if not ok and not errors.is(err) then
            error(err, 0)
        elseif not ok then
            one.withdraw()
            first = first or errors.new(err.code, ("%s: %s"):format(one.place, err.message), {traceback = ""})
        end
    end
    return first
end

local function run(session, bytes, path, is_watched)
    local folder, mode = path:match("^(.*)/[^/]*$") or ".", session.mode
    session.config_path, session.config_dir = path, folder == "" and "/" or folder
    session.mode = "config"
    require("core.host").add_path(session.config_dir)
    if is_watched then
        require("autobackup.guard").watch(session, session.config_dir)
    end
    local ok, err = script.protect(function()
        script.compile(bytes, script.chunk_name(path), session.env)()
    end)
    local refusal = resolve(session)
    session.mode = mode
    if not ok or refusal then
        error(not ok and err or refusal, 0)
    end
end

--- Runs the startup file, when there is one.
-- @param session the session
-- @param options as options.parse returns them
-- Raises an error value when it may not run or fails.
function M.load(session, options)
    local found = M.find(options)
    if not found then
        return
    end
    local bytes, path = (found.needs_trust and read_trusted or read_own)(session, found.path)
    run(session, bytes, path, found.needs_trust)
end

return M
