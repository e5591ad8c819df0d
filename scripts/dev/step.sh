#!/bin/bash
# step.sh TEXT COMMAND...: says TEXT and runs the command, silently. What it said stands in build/log/ and is shown when
# it fails. V=1 shows all of it while it runs.
set -euo pipefail

text=$1
shift
echo "  $text" | fold -sw "$(($(tput cols 2>/dev/null || echo 80) - 4))" | sed '2,$s/^/      /'
[ -z "${V:-}" ] || exec "$@"

folder=$(cd "$(dirname "$0")/../.." && pwd)/build/log
mkdir -p "$folder"
log=$folder/$(tr -cs 'a-z' - <<<"${text%%:*}" | cut -c 1-40).log
status=0
"$@" >"$log" 2>&1 || status=$?
if [ "$status" != 0 ]; then
    tail -n 60 "$log"
    echo "failed with status $status: $text (all that it said: $log; V=1 shows it while it runs)"
fi >&2
exit "$status"
