#!/bin/sh
# embedded.sh DKJSON lua/X/Y.lua...: the list of Lua sources for src/host/embedded.c, sorted by module.
set -eu
export LC_ALL=C

dkjson=$1
shift
{
    printf '%s %s %s\n' dkjson dkjson.lua "$dkjson"
    for file; do
        module=${file%.lua}
        printf 'autobackup.%s %s %s\n' "$(printf '%s' "${module#lua/}" | tr / .)" "$file" "$file"
    done
} | sort | awk '{ printf "LUA_SOURCE(%d, \"%s\", \"%s\", \"%s\")\n", NR, $1, $2, $3 }'
