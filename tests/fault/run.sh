#!/bin/bash
# run.sh [--full] [-k PATTERN] [SCRIPT...]: strikes the program in $AUTOBACKUP with faults and checks that nothing is
# lost. A fault is a function fault_* in NN-name.sh, run on each filesystem of $FILESYSTEMS that its `on_*` names (all
# when it has none). Prints a table: fault, filesystem, runs, violations. -k takes those whose name contains PATTERN;
# JOBS of them run at once (two more than there are processors: they wait much), and the slowest are named at the end, with the
# processor time of each; KEEP=1 stops at the first violation and keeps the folder.
# Who is not root mounts nothing: then they strike in a folder of the disk where the tests are ("here"), and those that need
# a filesystem of their own are skipped.
set -euo pipefail
. "$(dirname "$0")/../alone/enter.sh"
cd "$(dirname "$0")"
root=
[ "$(id -u)" != 0 ] || root=1
# Mounts of its own, which are gone when it ends, however it ends.
[ -z "$root" ] || [ -n "${FAULT_MOUNTS:-}" ] ||
    FAULT_MOUNTS=private exec unshare -m --propagation private bash "$PWD/run.sh" "$@"

jobs=${JOBS:-$(($(nproc) + 2))} pattern= scripts=() FULL=
[ -z "${KEEP:-}" ] || jobs=1
while [ $# -gt 0 ]; do
    case $1 in
        --full) FULL=1 ;;
        -k) pattern=$2; shift ;;
        *) scripts+=("$(basename "$1")") ;;
    esac
    shift
done
[ ${#scripts[@]} -gt 0 ] || scripts=([0-9]*.sh)
FILESYSTEMS=${FILESYSTEMS:-$([ -n "$FULL" ] && echo tmpfs ext4 xfs btrfs || echo ext4)}
[ -n "$root" ] || FILESYSTEMS=here
export FULL AUTOBACKUP=${AUTOBACKUP:-$(cd ../.. && pwd)/build/autobackup}
export FAULT_FOLDER=$PWD FAULT_TOOLS=${FAULT_TOOLS:-$(dirname "$(readlink -f "$AUTOBACKUP")")/tests/fault}
export FAULT_SHIM=$FAULT_TOOLS/shim.so
work=$(mktemp -d "${TMPDIR:-/tmp}/autobackup-fault-XXXXXX")
[ -z "$root" ] || mount -t tmpfs -o size=4G,mode=755 tmpfs "$work"
trap 'cd /; if [ -n "$root" ]; then umount -l "$work"; rmdir "$work"; else rm -rf "$work"; fi' EXIT
export TALLY=$work/tally FAULT_STUDIO=$work/studio/work
: >"$TALLY" >"$work/seconds"

one() {    # SCRIPT FUNCTION KIND
    local folder=$work/${1%.sh}.$2.$3 status=0
    local said=$folder.said from=$SECONDS
    mkdir "$folder"
    KIND=$3 bash -c '. ./lib.sh; . "./$1"; begin "$3"; "$2"' - "$1" "$2" "$folder" >"$said" 2>&1 </dev/null ||
        status=$?
    case $status in
        0) grep -A 30 -h '^VIOLATION' "$said" | tee -a "$work/wrong" || : ;;
        77) echo "skipped: $2 on $3: $(tail -n 1 "$said")" ;;
        *)
            { echo "FAILED: $1 $2 on $3"; sed 's/^/    /' "$said"; } | tee -a "$work/wrong"
            printf '%s\t%s\t1\n' "$2 (did not end)" "$3" >>"$TALLY"
            [ -z "${KEEP:-}" ] || (cd "$folder" && bash -i)
            ;;
    esac
    times >"$folder.times"
    echo "$((SECONDS - from)) $1 $2 $3 $(sed -n 2p "$folder.times")" >>"$work/seconds"
    awk -v below="$folder/" 'index($2, below) == 1 { print $2 }' /proc/self/mounts | tac | xargs -rn1 umount -l
    rm -rf "$folder"
}

# What most faults start from, made once.
mkdir "$work/studio"
bash -c '. ./lib.sh; begin "$1"; make_studio' - "$work/studio" >"$work/studio.said" 2>&1 || [ $? = 77 ] || cat "$work/studio.said"

skipped=0
for script in "${scripts[@]}"; do
    for name in $(sed -n 's/^\(fault_[a-z0-9_]*\)() *{.*/\1/p' "$script"); do
        [[ $script:$name == *"$pattern"* ]] || continue
        kinds=$(sed -n "s/^on_${name#fault_}=\"\(.*\)\".*/\1/p" "$script")
        if [ -z "$root" ] && [[ " ${kinds:-here} " != *" here "* ]]; then
            echo "skipped: $name: a filesystem of its own needs root"
            skipped=$((skipped + 1))
        fi
        for kind in ${kinds:-here tmpfs ext4 xfs btrfs}; do
            [[ " $FILESYSTEMS " == *" $kind "* ]] || continue
            while [ "$(jobs -pr | wc -l)" -ge "$jobs" ]; do wait -n || :; done
            one "$script" "$name" "$kind" &
        done
    done
done
wait
awk -F '\t' -v skipped="$skipped" '
    { key = $1 "\t" $2; if (!(key in runs)) order[++n] = key; runs[key]++; bad[key] += $3 > 0; all += $3 > 0 }
    END {
        print "FAULT\tFILESYSTEM\tRUNS\tVIOLATIONS"
        for (i = 1; i <= n; i++) print order[i] "\t" runs[order[i]] "\t" bad[order[i]]
        exit all > 0 || !(n + skipped)
    }' "$TALLY" >"$work/table" && status=0 || status=1
column -t -s $'\t' "$work/table"
[ "$(wc -l <"$work/seconds")" -lt 20 ] || sort -rn "$work/seconds" | sed -n '1,12 { s/ / s /; s/^/slow: /p }'
# Once more at the end, where it is seen: the first lines of each of the first few.
[ ! -s "$work/wrong" ] || { echo; echo "What went wrong:"; cut -c 1-500 "$work/wrong" | sed -n 1,60p; }
exit $status
