-- Plain Lua everywhere, and the session environment for scripts and the startup file.
std = "lua54"
max_line_length = 115
max_comment_line_length = 130   -- a line for a crontab cannot be wrapped
codes = true
self = false                    -- a method may do without its object
ignore = {"211/closing"}        -- `local closing <close> = x` is used by going out of scope
include_files = {"lua/**/*.lua", "scripts/*.lua", "tests/**/*.lua", "config.lua.example", ".luacheckrc"}

local session = {
    read_globals = {
        "accept", "add", "args", "categories", "check", "clients", "command", "compare", "copy", "databases", "exit",
        "explore", "fetch", "fields", "files", "find", "glob", "help", "history", "ignore", "list", "move", "on",
        "policy", "projects", "prune", "quit", "remove", "replicas", "restore", "run", "show", "trust", "undo",
        "verify", "versions",
    },
    globals = {"settings", "load"},
}
files["scripts/*.lua"] = session
files["config.lua.example"] = session
files["tests/truth/server.lua"] = session
