#!/bin/bash
# The layer check must find a planted fault of each kind, and nothing in a clean tree.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
tree=$(mktemp -d)
trap 'rm -rf "$tree"' EXIT

clean() {
    rm -rf "$tree"/*
    mkdir -p "$tree"/src/{host,bind,undo,scan,copy,index,base} "$tree"/lua/{commands,view}
    printf '#include "host/host.h"\n' >"$tree/src/main.c"
    printf '#include <lua.h>\n#include "copy/copy.h"\n' >"$tree/src/bind/copy.c"
    printf '#include "index/catalog.h"\n#include "base/io.h"\n' >"$tree/src/copy/copy.c"
    printf 'local x = require("autobackup.commands.copy")\n' >"$tree/lua/main.lua"
    printf 'local x = require("autobackup.view.table")\n' >"$tree/lua/commands/copy.lua"
}

# plant NAME FILE TEXT: the check must fail with FILE in what it says.
plant() {
    clean
    printf '%b\n' "$3" >>"$tree/$2"
    if said=$("$here/layers.sh" "$tree"); then
        echo "layers-test: not found: $1" >&2
        exit 1
    fi
    case $said in
        "$2:"*) ;;
        *) echo "layers-test: $1: said '$said'" >&2; exit 1 ;;
    esac
}

clean
"$here/layers.sh" "$tree" || { echo "layers-test: a clean tree fails" >&2; exit 1; }
plant "lua.h in the engine" src/base/io.c '#include <lua.h>'
plant "lauxlib.h in the engine" src/copy/x.h '#include <lauxlib.h>'
plant "base uses index" src/base/io.c '#include "index/catalog.h"'
plant "copy uses scan" src/copy/copy.c '#include "scan/walk.h"'
plant "copy uses undo" src/copy/copy.c '#include "undo/undo.h"'
plant "bind uses host" src/bind/copy.c '#include "host/host.h"'
plant "main uses bind" src/main.c '#include "bind/bind.h"'
plant "unknown layer" src/bind/copy.c '#include "util/x.h"'
plant "a module requires main" lua/api.lua 'local m = require "autobackup.main"'
plant "view uses a command" lua/view/table.lua 'local m = require("autobackup.commands.copy")'
plant "view uses a command later" lua/view/table.lua 'local m = lazy "autobackup.commands.copy"'
plant "view uses the catalog" lua/view/table.lua "local m = require('autobackup.catalog')"
plant "a module uses a command" lua/api.lua 'local m = require("autobackup.commands.copy")'
plant "plan uses the system" lua/plan.lua 'local fs = require("core.fs")'
plant "a file of 501 lines" lua/api.lua "$(yes '\n' | head -500 | tr -d '\n')x"
