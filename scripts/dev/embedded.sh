#!/bin/sh
# embedded.sh FOLDER DKJSON lua/X/Y.lua...: the list of Lua sources for src/host/embedded.c, sorted by module; FOLDER is where
# their compiled forms go (scripts/dev/compile.c).
set -eu
export LC_ALL=C

folder=$1 dkjson=$2
shift 2
{
    printf '%s %s %s\n' dkjson dkjson.lua "$dkjson"
    for file; do
        module=${file%.lua}
        printf 'autobackup.%s %s %s\n' "$(printf '%s' "${module#lua/}" | tr / .)" "$file" "$file"
    done
} | sort | awk -v folder="$folder" '
    { printf "LUA_SOURCE(%d, \"%s\", \"%s\", \"%s\", \"%s/%d.luac\")\n", NR, $1, $2, $3, folder, NR }'
