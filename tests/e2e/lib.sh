# What the end-to-end tests share. Sourced by run.sh before the script; each test is in a shell of its own, in an
# empty folder $PWD, with $HOME below it; ../alone/run.sh has taken away the caller's settings, programs and disks.

set -Eeuo pipefail
trap 'echo "line $LINENO: exit status $? of: $BASH_COMMAND" >&2' ERR

begin() {    # FOLDER
    cd "$1"
    export HOME=$1/home TMPDIR=$1/tmp
    export XDG_CONFIG_HOME=$HOME/.config XDG_DATA_HOME=$HOME/.local/share XDG_STATE_HOME=$HOME/.local/state
    mkdir -p "$HOME" "$TMPDIR" "$1/work"
    : >"$HOME/.inputrc"    # else the machine's /etc/inputrc is read
    OUT=$1/out ERR=$1/err STATUS=0
    cd "$1/work"
}

# A wait that starts no process: many of them are between two looks at a screen.
exec {NOTHING}<> <(:)
pause() { read -rt "${1:-0.05}" -u "$NOTHING" || :; }    # SECONDS (0.05)

fail() {    # MESSAGE: with where in the test it happened, and what the last `run` said
    local i
    for ((i = 1; i < ${#FUNCNAME[@]}; i++)); do
        [[ ${FUNCNAME[i]} == test_* ]] && echo "line ${BASH_LINENO[i - 1]}:" "$@" >&2 && break
    done
    if [ -n "${LAST:-}" ]; then
        echo "  last run: $LAST -> $STATUS"
        sed 's/^/  stdout: /; 40q' "$OUT"
        sed 's/^/  stderr: /; 40q' "$ERR"
    fi >&2
    trap - ERR
    exit 1
}

skip() {    # WHY: this machine cannot run the test
    echo "$*"
    exit 77
}

use_fstab() {    # FILE: for /etc/fstab, until LIBMOUNT_FSTAB is unset; some versions of libmount heed the variable for root only
    export LIBMOUNT_FSTAB=$PWD/$1
    [ -n "$(findmnt --fstab --noheadings --output TARGET)" ] || skip "libmount reads no other fstab for this user"
}

need() {    # PROGRAM...: skip when one is missing
    local program
    for program; do
        command -v "$program" >/dev/null || skip "$program is missing"
    done
}

# The processes that a process started, one a line.
children() {    # PID
    local stat line parent
    for stat in /proc/[0-9]*/stat; do
        { read -r line <"$stat"; } 2>/dev/null || continue
        read -r _ parent _ <<<"${line##*) }"    # the name before it may hold anything
        [ "$parent" != "$1" ] || echo "${line%% *}"
    done
}

# The catalog that the program uses here, asked by sqlite3, which waits for who holds it, a process being killed for one.
query() {    # SQL
    sqlite3 -cmd '.timeout 30000' "${AUTOBACKUP_CATALOG:-$XDG_DATA_HOME/autobackup/catalog.db}" "$1"
}

is_root() { [ "$(id -u)" = 0 ]; }
need_root() { is_root || skip "${1:+$1: }needs root"; }    # [WHAT]

run() {    # COMMAND...: its output goes to $OUT and $ERR, its exit status to $STATUS; standard input is this one's
    LAST=$*
    STATUS=0
    "$@" >"$OUT" 2>"$ERR" || STATUS=$?
    [ -s "$ERR" ] && grep -aq -e 'ERROR: AddressSanitizer' -e 'WARNING: ThreadSanitizer' -e 'LeakSanitizer' -e 'runtime error:' \
        -e 'stack traceback' "$ERR" && [ -z "${TRACEBACK_EXPECTED:-}" ] && fail "a crash or a traceback"
    return 0
}

ab() { run "$AUTOBACKUP" "$@"; }             # the program
ok() { ab "$@"; assert_status 0; }           # the program, which must succeed

# The program as an ordinary user, for whom permissions bite: nobody when root runs the tests, or who runs them.
as_nobody() {    # WORDS...: run as_nobody WORDS...
    if is_root; then
        setpriv --reuid 65534 --regid 65534 --clear-groups "$AUTOBACKUP" "$@"
    else
        "$AUTOBACKUP" "$@"
    fi
}

to_nobody() {    # FOLDER...: that user's, with all in them
    ! is_root || { need setpriv && chown -R 65534:65534 "$@"; }
}

# That user may neither enter, read nor write it; as root nor change that.
shut() {    # PATH...
    chmod 0 "$@"
    ! is_root || chown 0:0 "$@"
}

assert_status() {    # STATUS
    [ "$STATUS" = "$1" ] || fail "exit status $STATUS, not $1"
}

assert_out() {    # TEXT...: standard output contains each
    local text
    for text; do
        grep -aqF -- "$text" "$OUT" || fail "stdout lacks: $text"
    done
}

assert_err() {    # TEXT...: standard error contains each
    local text
    for text; do
        grep -aqF -- "$text" "$ERR" || fail "stderr lacks: $text"
    done
}

refute_out() { ! grep -aqF -- "$1" "$OUT" || fail "stdout has: $1"; }
refute_err() { ! grep -aqF -- "$1" "$ERR" || fail "stderr has: $1"; }

assert_out_is() {    # TEXT: standard output is exactly that and a line feed (nothing for "")
    [ "$(cat "$OUT")" = "$1" ] || fail "stdout is not: $1"
}

assert_err_is() { [ "$(cat "$ERR")" = "$1" ] || fail "stderr is not: $1"; }

assert_eq() {    # GOT EXPECTED [WHAT]
    [ "$1" = "$2" ] || fail "${3:-value} is '$1', not '$2'"
}

assert_exists() {    # PATH...
    local path
    for path; do
        [ -e "$path" ] || [ -L "$path" ] || fail "missing: $path"
    done
}

refute_exists() {    # PATH...
    local path
    for path; do
        [ ! -e "$path" ] && [ ! -L "$path" ] || fail "should not be there: $path"
    done
}

# The JSON lines of the last run through a jq-like Lua expression on each object `o`: json 'o.type, o.files'
json() {
    json_of "$OUT" "$1"
}

json_of() {    # FILE EXPRESSION
    JSON_FILE=$1 JSON_PICK=$2 lua5.4 -e '
        local json = require("dkjson")
        local pick = assert(load("local o = ... return " .. os.getenv("JSON_PICK")))
        for line in io.lines(os.getenv("JSON_FILE")) do
            local o, _, err = json.decode(line)
            if not o then io.stderr:write("not JSON: ", line, ": ", tostring(err), "\n") os.exit(1) end
            local t = table.pack(pick(o))
            for i = 1, t.n do t[i] = type(t[i]) == "table" and table.concat(t[i], ",") or tostring(t[i]) end
            if t.n > 0 and t[1] ~= "nil" then print(table.concat(t, " ", 1, t.n)) end
        end' || { echo "not JSON lines"; fail "not JSON lines"; }    # seen by a comparison with nothing, too
}

need_injection() {    # skip where strace cannot strike
    need strace
    strace -f -o /dev/null -e inject=unlinkat:delay_enter=1 true 2>/dev/null || skip "strace cannot inject here"
}

# The program, killed at the n-th call of a kind by one of its threads; false when it ended before. The shell's word on what
# was killed is left out; a sanitizer's search for leaks does not work under strace.
killed_at() {    # CALL N WORDS...
    local call=$1 n=$2
    shift 2
    { run env ASAN_OPTIONS=detect_leaks=0 strace -f -qq -o /dev/null -e trace="$call" -e "inject=$call:signal=KILL:when=$n" \
        "$AUTOBACKUP" "$@"; } 2>/dev/null
    [ "$STATUS" = 137 ] || { [ "$STATUS" = 0 ] && return 1; } || fail "neither killed nor done at $call $n"
}

# The points that a sweep of kills strikes: each other one of these; all of them with SWEEP=full (make check-sweeps).
points() {    # NUMBER...
    local n i=0
    for n; do
        i=$((i + 1))
        [ "${SWEEP:-}" != full ] && [ $((i % 2)) = 0 ] || echo "$n"
    done
}

# So many of them were met that the sweep says something.
assert_struck() {    # COUNT LEAST LEAST_OF_ALL
    local least=$2
    [ "${SWEEP:-}" != full ] || least=$3
    [ "$1" -ge "$least" ] || fail "only $1 kills, not $least"
}

# Content of a tree as text, for comparing two with independent tools: type, mode, size, mtime, link target and the
# SHA-256 of each file, without our own folder.
tree_of() {    # FOLDER
    (cd "$1" && find . -name '.autobackup*' -prune -o -mindepth 1 \( -type d -printf '%P d %m\n' -o -type l \
        -printf '%P l %l\n' -o -printf '%P %y %m %s %T@\n' \) | LC_ALL=C sort)
    (cd "$1" && find . -name '.autobackup*' -prune -o -type f -exec sha256sum {} + | LC_ALL=C sort)
}

assert_same_tree() {    # A B
    [ -d "$1" ] && [ -d "$2" ] || fail "$1 or $2 is no folder"
    diff <(tree_of "$1") <(tree_of "$2") || fail "$1 and $2 differ"
}

rsync_lists() { rsync "$@" || echo "rsync failed: $?"; }    # what rsync says, as an oracle that may say nothing

# Change one byte of a file and put its time back, as a program can: the ctime moves.
rewrite() {    # FILE [OFFSET]
    local before byte
    before=$(stat -c %y "$1")
    byte=$(od -An -tu1 -j "${2:-0}" -N 1 "$1")
    printf "\\$(printf %03o $((byte ^ 255)))" | dd of="$1" conv=notrunc bs=1 seek="${2:-0}" status=none
    touch -d "$before" "$1"
}

# The same as a disk that decays does it: with steady.so the program is told the ctime that was.
rot() {    # FILE [OFFSET]
    local was is
    was=$(stat -c %.9Z "$1")
    rewrite "$@"
    is=$(LD_PRELOAD='' stat -c %.9Z "$1")
    stat -c "%d %i $is $was" "$1" >>"$HOME/steady"
    LD_PRELOAD=$(dirname "$(readlink -f "$AUTOBACKUP")")/tests/tools/steady.so
    [ -e "$LD_PRELOAD" ] || fail "$LD_PRELOAD is not there: make check-e2e makes it"
    export LD_PRELOAD STEADY=$HOME/steady ASAN_OPTIONS="${ASAN_OPTIONS:+$ASAN_OPTIONS:}verify_asan_link_order=0"
}

# A database in a filesystem of its own: mount_image NAME MEGABYTES [mkfs options]. Unmounted when the test ends.
mount_image() {
    local name=$1 size=$2 kind=${3:-ext4}
    need_root
    need "mkfs.$kind"
    truncate -s "${size}M" "$name.img"
    case $kind in
        ext4) mkfs.ext4 -q -F "$name.img" ;;
        xfs) mkfs.xfs -q -f "$name.img" ;;
        *) "mkfs.$kind" "$name.img" >/dev/null ;;
    esac
    mkdir -p "$name"
    mount -o loop "$name.img" "$name" 2>/dev/null || skip "cannot mount a loop image of $kind here"
    unmount_at_end "$name"
    rm -rf "$name/lost+found"
}

mount_tmpfs() {    # NAME MEGABYTES: the same in memory
    need_root
    mkdir -p "$1"
    mount -t tmpfs -o size="${2}m" none "$1" || skip "cannot mount a tmpfs here"
    unmount_at_end "$1"
}

MOUNTS=()
unmount_at_end() {    # NAME
    MOUNTS+=("$PWD/$1")
    trap 'for m in "${MOUNTS[@]}"; do umount -l "$m" 2>/dev/null || :; done' EXIT
}
