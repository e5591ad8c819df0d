-- A session on a made-up catalog for specs, and the real program run as a child.
local fs = require("core.fs")
local sys = require("core.sys")
local command = require("autobackup.command")
local out = require("autobackup.view.out")
local session_module = require("autobackup.session")

local M = {}

local Catalog = {}
Catalog.__index = Catalog

local function find(list, key, name)
    for _, row in ipairs(list) do
        if row[key] == name then
            return row
        end
    end
end

local function copies(list)
    local copied = {}
    for i, row in ipairs(list) do
        copied[i] = {}
        for key, value in pairs(row) do
            copied[i][key] = value
        end
    end
    return copied
end

local function matches(wanted, name)
    return not wanted or require("autobackup.glob").matcher(wanted)(name)
end

function Catalog:databases() return copies(self.database_rows) end
function Catalog:categories() return copies(self.category_rows) end
function Catalog:database(name) return find(self.database_rows, "database", name) end
function Catalog:category(name) return find(self.category_rows, "category", name) end
function Catalog:totals() return {} end
function Catalog:known() return {} end
function Catalog:unread_places() return {} end
function Catalog:close() self.is_closed = true end
function Catalog:trusted(path) return self.trusted_bytes[path] end
function Catalog:trusted_below() return {} end
function Catalog:trust(path, bytes) self.trusted_bytes[path] = bytes end

function Catalog:gone()
    return {}
end

function Catalog:projects(filter)
    local list = {}
    for _, row in ipairs(copies(self.project_rows)) do
        if matches(filter and filter.project, row.project) and matches(filter and filter.client, row.client)
            and matches(filter and filter.name, row.name) then
            list[#list + 1] = row
        end
    end
    return list
end

function Catalog:clients(filter)
    local list = {}
    for _, row in ipairs(self.project_rows) do
        if matches(filter and filter.client, row.client) and not find(list, "client", row.client) then
            list[#list + 1] = {client = row.client, projects = 1, files = 1, bytes = 1}
        end
    end
    return list
end

function Catalog:client_names()
    local names = {}
    for i, row in ipairs(self:clients{}) do
        names[i] = row.client
    end
    return names
end

function Catalog:projects_named(prefix)
    local names = {}
    for _, row in ipairs(self.project_rows) do
        if row.name:sub(1, #prefix) == prefix then
            names[#names + 1] = row.project
        end
    end
    return names
end

local function catalog()
    local function project(text)
        local client, name = text:match("^(.-)/(.*)$")
        return {client = client, name = name, project = text, files = 3, bytes = 3000, databases = {"WORK", "NAS"}}
    end
    return setmetatable({
        database_rows = {{id = 1, database = "WORK", path = "/w"}, {id = 2, database = "NAS", path = "/n"},
            {id = 3, database = "STORAGE", path = "/s"}},
        category_rows = {{id = 1, category = "footage", path = "footage"},
            {id = 2, category = "render", path = "scratch/render"}},
        project_rows = {project "acme/spot-2031", project "acme/spot one", project "blue/film"},
        trusted_bytes = {},
    }, Catalog)
end

--- A session; session.printed() and session.complained() are what went to its stdout and stderr.
-- @param fields that replace the session's (optional)
function M.session(fields)
    local session = session_module.new{catalog = "/nowhere/catalog.db"}
    local streams = {out = {}, err = {}}
    for name, parts in pairs(streams) do
        rawset(session, name, out.new{tty = false, write = function(bytes) parts[#parts + 1] = bytes end})
    end
    rawset(session, "catalog", catalog())
    rawset(session, "interactive", false)
    rawset(session, "commands", command.registry(require("autobackup.api").is_reserved,
        {"autobackup.commands.exit", "autobackup.commands.list", "autobackup.commands.help",
            "autobackup.commands.trust"}))
    for key, value in pairs(fields or {}) do
        rawset(session, key, value)
    end
    session.printed = function() return table.concat(streams.out) end
    session.complained = function() return table.concat(streams.err) end
    return session
end

--- Runs a function that must raise an error value; returns that.
function M.raised(fn, ...)
    local ok, err = pcall(fn, ...)
    assert(not ok, "no error was raised")
    return require("autobackup.errors").wrap(err)
end

--- Runs the program.
-- @param folder a helper.folder() for its files, also its working directory
-- @param words list of arguments
-- @param how {stdin = text, env = list of NAME=VALUE} (optional)
-- @return {status =, out =, err =}
function M.program(folder, words, how)
    how = how or {}
    local home = folder.path
    folder:file(".spec/stdin", how.stdin or "")
    local argv = {"sh", "-c", 'cd "$1" && shift && exec "$@" <.spec/stdin >.spec/out 2>.spec/err', "sh", home,
        "env", "-u", "AUTOBACKUP_LUA", "HOME=" .. home, "XDG_DATA_HOME=" .. home .. "/data",
        "XDG_CONFIG_HOME=" .. home .. "/config", "XDG_STATE_HOME=" .. home .. "/state"}
    table.move(how.env or {}, 1, #(how.env or {}), #argv + 1, argv)
    argv[#argv + 1] = assert(fs.realpath("/proc/self/exe"))
    table.move(words, 1, #words, #argv + 1, argv)
    local status = assert(sys.run(argv))
    return {
        status = status, out = assert(fs.read(home .. "/.spec/out", 1 << 20)),
        err = assert(fs.read(home .. "/.spec/err", 1 << 20)),
    }
end

return M
