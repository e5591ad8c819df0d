#!/bin/bash
# run.sh SUITES: the suites of that program, JOBS of them at once (one more than there are processors). What each says comes in
# their order; the last line is libcheck's summary of all. CK_RUN_SUITE and CK_RUN_CASE run a part, as libcheck has it.
set -euo pipefail
# shellcheck source=tests/alone/enter.sh
. "$(dirname "$0")/../alone/enter.sh"

program=$(realpath -s "$1")
[ -z "${CK_RUN_SUITE:-}${CK_RUN_CASE:-}" ] || exec "$program"
work=$(mktemp -d "${TMPDIR:-/tmp}/autobackup-suites-XXXXXX")
trap 'rm -rf "$work"' EXIT

"$program" --list >"$work/names"
# shellcheck disable=SC2016    # for the inner shell
xargs -a "$work/names" -P "${JOBS:-$(($(nproc) + 1))}" -I{} \
    bash -c '"$1" "$2" >"$3/$2.said" 2>&1 || echo "$2" >>"$3/failed"' - "$program" {} "$work"

while read -r name; do
    grep -av '^Running suite' "$work/$name.said" | sed "s/^100%: /$name: /"
done <"$work/names"
awk -v failed="$([ ! -s "$work/failed" ] || wc -l <"$work/failed")" -v names="$(wc -l <"$work/names")" '
    match($0, /[0-9]+%: Checks: [0-9]+, Failures: [0-9]+, Errors: [0-9]+/) {
        split(substr($0, RSTART, RLENGTH), part, /[^0-9]+/)
        said++; checks += part[2]; failures += part[3]; errors += part[4]
    }
    END {
        errors += names - said    # one that ended without its summary
        good = checks - failures - errors
        printf "%d%%: Checks: %d, Failures: %d, Errors: %d\n", checks ? int(100 * good / checks) : 0, checks, failures, errors
        exit failures + errors > 0 || failed > 0 || !checks
    }' "$work"/*.said
