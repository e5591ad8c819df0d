# What the sections share. Sourced by run.sh.
# shellcheck shell=bash
# shellcheck disable=SC2154,SC2034    # settings and state are shared by all of them

say() { echo "$*" >&2; }

# ---- the folder, and taking everything away again ----

mounts=()

prepare() {
    mkdir -p "$dir"
    work=$(mktemp -d "$dir/run-XXXXXX")
    images=
    samples=$work/samples
    notes=$work/notes
    touch "$samples" "$notes"
    trap clean_up EXIT
    trap 'exit 130' INT
    trap 'exit 143' TERM HUP
    export HOME=$work/home TMPDIR=$work XDG_CONFIG_HOME=$work/home XDG_DATA_HOME=$work/home
    export XDG_CACHE_HOME=$work/home XDG_STATE_HOME=$work/home
    unset AUTOBACKUP_CONFIG AUTOBACKUP_CATALOG AUTOBACKUP_LUA
    mkdir -p "$HOME"
}

clean_up() {
    trap '' INT TERM HUP
    local mount
    for mount in "${mounts[@]}"; do
        if mountpoint -q "$mount"; then
            umount "$mount" 2>/dev/null || umount -l "$mount" || :
        fi
    done
    [ -z "$images" ] || rm -rf "$images"
    if [ -n "${BENCH_KEEP:-}" ]; then
        rm -rf "$work"
    else
        rm -rf "$work" "$dir"/tree-* "$dir"/made-*
        rmdir "$dir" 2>/dev/null || :
    fi
}

# ---- what is said about a run ----

note() {    # TEXT...: stands below the table, once
    say "   note: $*"
    grep -qxF -- "$*" "$notes" || echo "$*" >>"$notes"
}

describe() {
    local kind
    kind=$(stat -f -c %T "$dir")
    note "machine: $(nproc) cores of $(sed -n 's/^model name[^:]*: //p' /proc/cpuinfo | head -n 1)," \
        "$(awk '/MemTotal/ { printf "%.0f GiB", $2 / 1048576 }' /proc/meminfo), Linux $(uname -r)," \
        "load average $(cut -d ' ' -f 1-3 /proc/loadavg) at the start"
    note "trees and catalogs: $dir on $(findmnt -no FSTYPE,SOURCE -T "$dir" 2>/dev/null | xargs || echo "$kind")"
    [ "$kind" != tmpfs ] || note "a tmpfs has no directories to read: the ratios of the load rows mean little"
    ! quick || note "BENCH_QUICK: sizes too small for the ratios to mean much"
}

has() { command -v "$1" >/dev/null 2>&1; }
has_command() { "$program" --no-config --catalog "$work/none.db" help "$1" >/dev/null 2>&1; }

# ---- measuring ----

statuses=0    # exit statuses that are no failure
times=1       # measure -n
bytes=0       # what one run moves, for rates

# sample GROUP NAME COMMAND...: run once, note what it cost. Sets $sampled to whether the command did its work.
sample() {
    local group=$1 name=$2 wall user sys kib status
    shift 2
    rm -f "$work/one"
    "$tools/measure" -n "$times" -o "$work/one" "$@" >"$work/out" 2>"$work/err" </dev/null || :
    read -r wall user sys kib status <"$work/one" || status=127
    if [[ " $statuses " != *" $status "* ]]; then
        note "$group: $name failed with status $status: $(tail -n 1 "$work/err")"
        sampled=no
        return 0
    fi
    sampled=yes
    say "   $group: $name: ${wall}s, $((kib / 1024)) MiB"
    printf '%s\t%s\t%s\t%s\t%s\t%s\t%s\n' "$group" "$name" "$wall" "$user" "$sys" "$kib" "$bytes" >>"$samples"
}

# A group is a list of commands that are measured in turns: group NAME; peer NAME COMMAND...; take_turns.
group() {    # NAME [BEFORE]: BEFORE, a function, is called with each command's name before it runs
    GROUP=$1 BEFORE=${2:-:} NAMES=() COMMANDS=()
}

peer() {    # NAME COMMAND...
    NAMES+=("$1")
    shift
    COMMANDS+=("$(printf '%q ' "$@")")
}

peer_if() {    # PROGRAM NAME COMMAND...: when it is installed
    if has "$1"; then
        peer "${@:2}"
    elif [[ " ${MISSING:-} " != *" $1 "* ]]; then
        MISSING="${MISSING:-} $1"
        note "$1 is not installed (make bench-deps)"
    fi
}

command_if() {    # COMMAND NAME WORDS...: when the program has it; WORDS follow the global options
    if has_command "$1"; then
        peer "$2" "${AB[@]}" "${@:3}"
    else
        note "$GROUP: $2: skipped: no such command"
    fi
}

# Every command once per run; every second run in the other direction, so that none always profits from the one
# before.
take_turns() {    # [RUNS]
    local run i order
    for ((run = 1; run <= ${1:-$runs}; run++)); do
        order=("${!NAMES[@]}")
        [ $((run % 2)) = 1 ] || mapfile -t order < <(printf '%s\n' "${order[@]}" | tac)
        for i in "${order[@]}"; do
            "$BEFORE" "${NAMES[i]}"
            eval "sample \"\$GROUP\" \"\${NAMES[i]}\" ${COMMANDS[i]}"
        done
    done
}

# ---- trees, caches, filesystems ----

# make_tree FILES: sets $tree; the same tree again when it was kept. Fails when the disk cannot hold it.
make_tree() {
    local count=$1 inodes
    tree=$dir/tree-$count
    [ ! -e "$dir/made-$count" ] || return 0
    inodes=$(df --output=iavail "$dir" | tail -n 1)
    if [ "$inodes" -gt 0 ] && [ "$inodes" -lt $((count + count / 8)) ]; then
        note "no tree of $count files: only $inodes inodes are free in $dir"
        return 1
    fi
    say "   making a tree of $count files"
    rm -rf "$tree"
    "$tools/maketree" "$tree" "$count"
    touch "$dir/made-$count"
    sync -f "$dir"
}

warm() { "$tools/floor" "$1" >/dev/null; }    # idle caches are reclaimed on some machines: fill them right before

can_drop_caches() { [ "$cold" != 0 ] && [ "$(id -u)" = 0 ] && [ -w /proc/sys/vm/drop_caches ]; }

drop_caches() {
    sync
    echo 3 >/proc/sys/vm/drop_caches
}

# fresh FS MOUNTPOINT MEGABYTES INODES: an empty filesystem in an image of its own. A tree just removed slows down
# the next one for seconds on ext4, so no timed copy goes to a used one.
fresh() {
    local image=$images/${2##*/}.img
    if mountpoint -q "$2"; then
        umount "$2"
    fi
    rm -f "$image"
    truncate -s "$3M" "$image"
    case $1 in
        ext4) mkfs.ext4 -q -F -N "$4" -E lazy_itable_init=0,lazy_journal_init=0 "$image" ;;
        *) "mkfs.$1" -q -f "$image" ;;
    esac
    mkdir -p "$2"
    mounts+=("$2")
    mount -o loop "$image" "$2"
    rm -rf "$2/lost+found"
}
