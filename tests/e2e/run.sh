#!/bin/bash
# run.sh [SCRIPT...] [-k PATTERN]: the end-to-end tests of the program in $AUTOBACKUP. A test is a function test_*
# in tests/e2e/NN-name.sh; each runs in a shell, a folder and a home of its own (lib.sh). -k runs those whose name
# contains PATTERN; KEEP=1 keeps the folders.
set -euo pipefail
cd "$(dirname "$0")"

pattern= scripts=() passed=0 failed=0 skipped=0
while [ $# -gt 0 ]; do
    case $1 in
        -k) pattern=$2; shift ;;
        *) scripts+=("$(basename "$1")") ;;
    esac
    shift
done
[ ${#scripts[@]} -gt 0 ] || scripts=([0-9]*.sh)

export AUTOBACKUP=${AUTOBACKUP:-$(cd ../.. && pwd)/build/autobackup}
[ -x "$AUTOBACKUP" ] || { echo "$AUTOBACKUP is not there: make" >&2; exit 1; }
work=$(mktemp -d "${TMPDIR:-/tmp}/autobackup-e2e-XXXXXX")
chmod 755 "$work"    # tests that become another user must get in
[ -n "${KEEP:-}" ] && echo "folders: $work" || trap 'chmod -R u+rwx "$work" 2>/dev/null; rm -rf "$work"' EXIT

one() {    # SCRIPT FUNCTION: 0 passed, 77 skipped, anything else failed; what it says is in $work/said
    local folder=$work/${1%.sh}.$2
    mkdir "$folder"
    timeout -k 5 "${TEST_TIMEOUT:-120}" bash -c '. ./lib.sh; . "./$1"; begin "$3"; "$2"' - "$1" "$2" "$folder" \
        >"$work/said" 2>&1 </dev/null
}

for script in "${scripts[@]}"; do
    tests=$(sed -n 's/^\(test_[a-zA-Z0-9_]*\)() *{.*/\1/p' "$script")
    [ -n "$tests" ] || { echo "$script has no tests" >&2; exit 1; }
    for name in $tests; do
        [[ $script:$name == *"$pattern"* ]] || continue
        status=0
        one "$script" "$name" || status=$?
        case $status in
            0) passed=$((passed + 1)) ;;
            77) skipped=$((skipped + 1)); echo "skipped: $script $name: $(tail -n 1 "$work/said")" ;;
            *)
                failed=$((failed + 1))
                echo "FAILED: $script $name$([ "$status" = 124 ] && echo ' (took too long)')"
                sed 's/^/    /' "$work/said"
                ;;
        esac
    done
done
echo "$passed passed, $failed failed, $skipped skipped"
[ "$failed" = 0 ] && [ "$((passed + skipped))" -gt 0 ]
