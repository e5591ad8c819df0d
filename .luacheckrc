-- The session environment of scripts and the startup file stands in the second part; everything else is plain Lua.
std = "lua54"
max_line_length = 115
codes = true
include_files = {"lua/**/*.lua", "scripts/*.lua", "tests/**/*.lua", "config.lua.example", ".luacheckrc"}

local session = {
    read_globals = {
        "add", "args", "categories", "clients", "command", "copy", "databases", "exit", "explore", "fetch", "files",
        "help", "list", "on", "policy", "projects", "quit", "remove", "replicas", "run", "trust",
    },
    globals = {"settings", "load"},
}
files["scripts/*.lua"] = session
files["config.lua.example"] = session
