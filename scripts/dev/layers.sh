#!/bin/bash
# layers.sh [ROOT]: who may depend on whom, and how long a file may be. Says each fault and fails if there is one.
set -euo pipefail
cd "${1:-.}"

# A layer may use itself and what stands below it; scan and copy are neighbours, and so are undo and verify.
awk '
    BEGIN {
        split("main=7 host=6 bind=5 undo=4 verify=4 scan=3 copy=3 index=2 base=1", pairs, " ")
        for (i in pairs) { split(pairs[i], p, "="); rank[p[1]] = p[2] }
    }
    FNR == 1 { layer = FILENAME; sub(/^src\//, "", layer); sub(/[\/.].*/, "", layer) }
    function fault(text) { print FILENAME ":" FNR ": " text; faults = 1 }
    /^#include [<"](lua|lauxlib|lualib)\.h[>"]/ {
        if (layer !~ /^(host|bind)$/) fault("only host and bind know Lua")
    }
    /^#include "[a-z]+\// {
        split($2, part, /["\/]/); used = part[2]
        if (!(used in rank)) fault("unknown layer " used)
        else if (used != layer && rank[used] >= rank[layer]) fault(layer " may not use " used)
        else if (layer == "main" && used != "host") fault("main uses host only")
    }
    END { exit faults }
' $(find src -name '*.[ch]') && c=0 || c=1

# Lua: main -> commands -> the rest; view knows results only; plan, policy, past and expiry decide without touching anything.
awk '
    FNR == 1 {
        module = FILENAME; sub(/^lua\//, "", module); sub(/\.lua$/, "", module)
        group = module ~ /\// ? substr(module, 1, index(module, "/") - 1) : module
    }
    function fault(text) { print FILENAME ":" FNR ": " text; faults = 1 }
    function judge(used) {
        if (used == "autobackup.main") fault("nothing requires main")
        else if (used ~ /^autobackup\.commands\./ && group != "commands" && group != "main")
            fault(module " may not use a command")
        else if (group == "view" && used ~ /^autobackup\./ && used !~ /^autobackup\.(view\.|rows$|errors$)/)
            fault("view may not use " used)
        else if (group ~ /^(plan|policy|past|expiry)$/ && used ~ /^core\./)
            fault(module " decides without the system")
    }
    {
        line = $0; sub(/^[ \t]*--.*/, "", line)
        while (match(line, /(require|lazy) *\(?["\047][a-z_.]+["\047]/)) {
            used = substr(line, RSTART, RLENGTH); gsub(/(require|lazy) *\(?|["\047]/, "", used)
            judge(used); line = substr(line, RSTART + RLENGTH)
        }
    }
    END { exit faults }
' $(find lua -name '*.lua') || c=1

while read -r lines file; do
    [ "$file" = total ] || [ "$lines" -le 500 ] || { echo "$file: $lines lines; at most 500"; c=1; }
done < <(find src lua -type f -exec wc -l {} +)

exit "$c"
