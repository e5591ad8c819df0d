#!/bin/bash
# run.sh [LUAUNIT OPTION...] [SPEC...]: the Lua specs, run by the program in $AUTOBACKUP with its embedded modules.
# A spec is tests/lua/NAME_spec.lua; see runner/main.lua for what it returns. -p PATTERN runs the tests that match.
set -euo pipefail
. "$(dirname "$0")/../alone/enter.sh"
cd "$(dirname "$0")/../.."
: "${AUTOBACKUP:=$PWD/build/autobackup}"

home=$(mktemp -d)
trap 'rm -rf "$home"' EXIT
export HOME=$home TMPDIR=$home XDG_CONFIG_HOME=$home/config XDG_DATA_HOME=$home/data XDG_STATE_HOME=$home/state
AUTOBACKUP_LUA=tests/lua/runner "$AUTOBACKUP" "$@"
