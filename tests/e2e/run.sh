#!/bin/bash
# run.sh [SCRIPT...] [-k PATTERN]: the end-to-end tests of the program in $AUTOBACKUP. A test is a function test_*
# in tests/e2e/NN-name.sh; each runs in a shell, a folder and a home of its own (lib.sh). -k runs those whose name
# contains PATTERN; JOBS of them run at once (one more than there are processors: they wait much); KEEP=1 keeps the folders.
# A test that leaves a process running has failed. It meets nothing of the machine's or its user's: ../alone/run.sh tells how.
set -euo pipefail
# shellcheck source=tests/alone/enter.sh
. "$(dirname "$0")/../alone/enter.sh"
cd "$(dirname "$0")"

jobs=${JOBS:-$(($(nproc) + 1))} pattern= scripts=() passed=0 failed=0 skipped=0
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
work=$(mktemp -d "${TMPDIR:-/tmp}/e2e-XXXXXX")
chmod 755 "$work"    # tests that become another user must get in
[ -n "${KEEP:-}" ] && echo "folders: $work" || trap 'chmod -R u+rwx "$work" 2>/dev/null; rm -rf "$work"' EXIT

# A test's folder is its number: what is seen of paths on screens should hardly depend on where a clone lies.
one() {    # SCRIPT FUNCTION NUMBER: its status goes to $work/NUMBER.status, what it says to $work/NUMBER.said
    local name=$3 status=0 from=$SECONDS
    [ -z "${KEEP:-}" ] || echo "$3: $1 $2"
    mkdir "$work/$name"
    timeout -k 5 "${TEST_TIMEOUT:-240}" bash -c '. ./lib.sh; . "./$1"; begin "$3"; "$2"' - "$1" "$2" "$work/$name" \
        >"$work/$name.said" 2>&1 </dev/null || status=$?
    end_survivors "$work/$name" >>"$work/$name.said" || [ "$status" = 124 ] || status=1
    echo "$status" >"$work/$name.status"
    echo "$((SECONDS - from)) $1 $2" >"$work/$name.seconds"
}

# What in /proc names those that have the test's folder in their environment or are in it.
survivors() {    # FOLDER
    grep -lasF "$1/" /proc/[0-9]*/environ
    find /proc/[0-9]*/cwd -maxdepth 0 \( -lname "$1" -o -lname "$1/*" \) 2>/dev/null
}

# A test must end what it started; what is ending already gets two seconds.
end_survivors() {    # FOLDER
    local pid tries
    for tries in {1..20}; do
        [ -n "$(survivors "$1")" ] || return 0
        sleep 0.1
    done
    for pid in $(survivors "$1" | tr -dc '0-9\n' | sort -un); do
        echo "it left a process running: $pid: $(tr '\0' ' ' 2>/dev/null <"/proc/$pid/cmdline" | cut -c 1-200)"
        kill -KILL "$pid" 2>/dev/null || :
    done
    return 1
}

tell() {    # SCRIPT FUNCTION NUMBER
    local name=$work/$3 status
    status=$(cat "$name.status")
    case $status in
        0) passed=$((passed + 1)) ;;
        77) skipped=$((skipped + 1)); echo "skipped: $1 $2: $(tail -n 1 "$name.said")" ;;
        *)
            failed=$((failed + 1))
            echo "FAILED: $1 $2$([ "$status" = 124 ] && echo ' (took too long)')"
            sed 's/^/    /' "$name.said"
            ;;
    esac
}

tests=()
for script in "${scripts[@]}"; do
    names=$(sed -n 's/^\(test_[a-zA-Z0-9_]*\)() *{.*/\1/p' "$script")
    [ -n "$names" ] || { echo "$script has no tests" >&2; exit 1; }
    for name in $names; do
        [[ $script:$name != *"$pattern"* ]] || tests+=("$script $name")
    done
done

for i in "${!tests[@]}"; do
    while [ "$(jobs -pr | wc -l)" -ge "$jobs" ]; do wait -n || :; done
    read -r script name <<<"${tests[i]}"
    one "$script" "$name" "$i" &
done
wait
for i in "${!tests[@]}"; do
    read -r script name <<<"${tests[i]}"
    tell "$script" "$name" "$i"
done
[ ${#tests[@]} -lt 100 ] || cat "$work"/*.seconds | sort -rn | sed -n '1,12 { s/ / s /; s/^/slow: /p }'
echo "$passed passed, $failed failed, $skipped skipped"
[ "$failed" = 0 ] && [ "$((passed + skipped))" -gt 0 ]
