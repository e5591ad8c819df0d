--- What a `./.config` loads from its own folder is as much its code as its own lines: `require`, `dofile` and
-- `loadfile` take a file of that folder only as trusted bytes, from the start of the startup file to the end of the
-- program. What the user chose by name loads as ever: a script, and typed code.

local errors = require "autobackup.errors"
local script = require "autobackup.script"

local M = {}

--- Counts a chunk as chosen by the user himself.
-- @param session the session
-- @param chunk its name, as `load` takes it
function M.choose(session, chunk)
    session.chosen_chunks = session.chosen_chunks or {}
    session.chosen_chunks[chunk] = true
end

-- Whether the code that asks for a file is known to be the user's own choice. Behind a tail call it is not known.
local function is_chosen(session)
    local level = 2
    while true do
        local info = debug.getinfo(level, "St")
        if not info then
            return false
        elseif info.what ~= "C" and not info.source:find("^@lua/") then
            return info.source:sub(1, 1) == "=" or (session.chosen_chunks or {})[info.source] == true
        elseif info.istailcall then
            return false
        end
        level = level + 1
    end
end

-- By the name as it stands or by where it leads to: a link in either direction changes nothing.
local function lies_in(folder, path)
    local fs = require "core.fs"
    local prefix = folder == "/" and "/" or folder .. "/"
    local absolute = path:sub(1, 1) == "/" and path or (fs.getcwd() or "") .. "/" .. path
    local parent, name = absolute:match("^(.*/)([^/]*)$")
    local real_parent = fs.realpath(parent)
    for _, place in ipairs{absolute, real_parent and real_parent .. "/" .. name or "", fs.realpath(path) or ""} do
        if place:sub(1, #prefix) == prefix then
            return true
        end
    end
    return false
end

local function trusted_bytes(session, path)
    local trust = require "autobackup.trust"
    local examined = trust.examine(session, path)
    if examined.state ~= "trusted" and not (session.interactive and trust.ask(session, {examined})) then
        local sentence = examined.state == "changed" and "has changed since it was trusted" or "is not trusted"
        errors.raise("EUNTRUSTED", ("%s %s, and the startup file's code wants to load it; look at it and trust it "
            .. "with: autobackup trust %s (or leave the startup file out with --no-config)"):format(
            examined.path, sentence, require("autobackup.view.typed").word(examined.path)),
            {path = examined.path, traceback = ""})
    end
    return examined.bytes, examined.path
end

-- Whether a file loads as ever. What chosen code loads is chosen with it.
local function is_free(session, folder, path)
    if not lies_in(folder, path) then
        return true
    elseif is_chosen(session) then
        M.choose(session, "@" .. path)
        return true
    end
    return false
end

local function load_trusted(session, path, env)
    local bytes, canonical = trusted_bytes(session, path)
    local chunk = "@" .. canonical
    if session.chosen_chunks then
        session.chosen_chunks[chunk] = nil      -- no longer sure whose code bears this name
    end
    return script.compile(bytes, chunk, env)
end

local function guard_files(session, folder)
    local dofile, loadfile, loadlib = dofile, loadfile, package.loadlib
    function _G.dofile(path)
        if type(path) ~= "string" or is_free(session, folder, path) then
            return dofile(path)
        end
        return load_trusted(session, path, _G)()
    end
    function _G.loadfile(path, mode, ...)
        if type(path) ~= "string" or is_free(session, folder, path) then
            return loadfile(path, mode, ...)
        end
        local env = _G
        if select("#", ...) > 0 then
            env = ...
        end
        local ok, fn = pcall(load_trusted, session, path, env)
        if ok then
            return fn
        elseif errors.is(fn) and (fn.code == "ELUA" or fn.code == "ENOENT") then
            return nil, tostring(fn)
        end
        error(fn, 0)
    end
    rawset(package, "loadlib", function(path, ...)
        if type(path) == "string" and not is_free(session, folder, path) then
            errors.raise("EUNTRUSTED", path .. " is a library in the startup file's folder: it cannot be shown, "
                .. "so it is not trusted and not loaded", {path = path, traceback = ""})
        end
        return loadlib(path, ...)
    end)
end

--- From now on files of a folder load only as trusted bytes: asked about on a terminal, else EUNTRUSTED is raised.
-- @param session the session
-- @param folder of the startup file, absolute and canonical
function M.watch(session, folder)
    require("core.host").set_loader(function(path)
        if not is_free(session, folder, path) then
            return load_trusted(session, path, _G)
        end
    end)
    guard_files(session, folder)
end

local NAMED = "%s*%(?%s*([\"'%[]%[?)([^\"'%]\n]+)[\"'%]]"

local function each_named(text, fn, found)
    for _, name in text:gmatch("%f[%w_]" .. fn .. NAMED) do
        found(name)
    end
end

local function is_embedded(name)
    local host = require "core.host"
    return package.preload[name] ~= nil or require("autobackup.lists").contains(host.modules(name), name)
end

--- The files of a folder that a Lua text names: require "x", dofile "x.lua", loadfile "x.lua". A name that is made up
-- while it runs is not seen here.
-- @param text of Lua
-- @param folder of the startup file
-- @return list of paths that exist, each once
function M.named_in(text, folder)
    local fs, files, seen = require "core.fs", {}, {}
    local function add(path)
        if not seen[path] and lies_in(folder, path) and fs.lstat(path) then
            seen[path] = true
            files[#files + 1] = path
        end
        return seen[path]
    end
    each_named(text, "require", function(name)
        if not is_embedded(name) then
            local path = folder .. "/" .. name:gsub("%.", "/")
            return add(path .. ".lua") or add(path .. "/init.lua")
        end
    end)
    for _, fn in ipairs{"dofile", "loadfile"} do
        each_named(text, fn, function(name)
            add(name:sub(1, 1) == "/" and name or folder .. "/" .. name)
        end)
    end
    return files
end

return M
