# The program in a terminal of its own (tmux). Sourced by the tests that need one, after lib.sh. No sleeps: every step
# waits for a text, or until the screen shows what it asks for.

STARTS=0 SOCKET=

# A program in a search of Lua's that nothing breaks off does not hear that its terminal went. Its number is believed only
# where the process still is one of this test's.
stop() {
    [ -n "$SOCKET" ] || return 0
    tmux -S "$SOCKET" kill-server 2>/dev/null || :
    local program
    program=$(cat "$TMPDIR/program" 2>/dev/null) || return 0
    rm -f "$TMPDIR/program"
    grep -qasF "$TMPDIR" "/proc/$program/environ" || return 0
    kill -9 "$program" 2>/dev/null || :
}

# A name of its own each: a server that is still going down must not get the next session. It may be 107 bytes long, which
# a path below build/ can be already, so the folder goes by its descriptor.
new_socket() {
    [ -n "${SOCKETS:-}" ] || exec {SOCKETS}<"$TMPDIR"
    SOCKET=/proc/$$/fd/$SOCKETS/tmux.$((STARTS += 1))
}

open_terminal() {    # COLUMNS LINES COMMAND...: a terminal in which that runs
    need tmux
    local columns=$1 lines=$2
    shift 2
    stop
    new_socket
    trap stop EXIT
    tmux -S "$SOCKET" -f /dev/null new-session -d -x "$columns" -y "$lines" env TERM=screen "$@"
}

start() {    # COLUMNS LINES [WORDS...]: the program in a terminal; its number goes to $TMPDIR/program, its status to $TMPDIR/status
    local columns=$1 lines=$2
    shift 2
    rm -f "$TMPDIR/status"
    open_terminal "$columns" "$lines" bash -c 'trap : INT; "$@"; echo $? >"$TMPDIR/status"; read -r' - \
        sh -c 'echo $$ >"$TMPDIR/program"; exec "$0" "$@"' "$AUTOBACKUP" "$@"
}

send() { tmux -S "$SOCKET" send-keys "$@"; }
visible() { tmux -S "$SOCKET" capture-pane -p; }                          # what is on the screen now
resize() { tmux -S "$SOCKET" resize-window -x "$1" -y "$2"; }              # COLUMNS LINES
paste_text() { tmux -S "$SOCKET" set-buffer -- "$1" && tmux -S "$SOCKET" paste-buffer -p; }    # bracketed
screen() { tmux -S "$SOCKET" capture-pane -p -S -200; }

# Where a line of prose is broken, by the program or the terminal, depends on the paths in it, and so on where the tests run.
shows() {    # TEXT
    [[ $(screen) == *"$1"* ]] || [[ $(tmux -S "$SOCKET" capture-pane -pJ -S -200 | tr -s ' \n' ' ') == *"$1"* ]]
}

wait_for() {    # TEXT: until the screen shows it; blanks at its end do not count, tmux leaves them out
    local tries=0 text=${1%"${1##*[! ]}"}
    until shows "$text"; do
        [ $((tries += 1)) -le 300 ] || { screen; fail "never saw: $1"; }
        pause
    done
}

wait_dead() {    # until the program has ended; its status goes to STATUS
    local tries=0
    until [ -s "$TMPDIR/status" ]; do
        [ $((tries += 1)) -le 300 ] || { screen; fail "it did not end"; }
        pause
    done
    STATUS=$(cat "$TMPDIR/status")
}

type_line() { send -l "$1"; send Enter; }

until_true() {    # WHAT COMMAND...: until the command succeeds
    local what=$1 tries=0
    shift
    until "$@"; do
        [ $((tries += 1)) -le 300 ] || { screen; fail "never: $what"; }
        pause
    done
}

# A Ctrl-D before the prompt is there would be lost, as in any shell.
at_prompt() { [[ $(visible) == *'>>>' ]]; }
ready() { until_true "an empty prompt" at_prompt; }    # what is typed before it is there looks garbled
drop_line() { send C-c; ready; }
leave() { ready; send C-d; wait_dead; }

wait_gone() { until_true "'$1' gone from the screen" lacks "$1"; }    # TEXT
lacks() { [[ $(visible) != *"$1"* ]]; }

# No line on the screen was wrapped by the terminal, but for what can be taken from it only when it stands in one piece:
# a line that begins with an absolute path, with the path of one of the studio's categories, or with a sign (+ - * = ! ?)
# and a path; and what is to be typed below "examples:".
assert_fits() {    # COLUMNS
    local joined wrapped
    joined=$(tmux -S "$SOCKET" capture-pane -pJ -S -200 | sed 's/ *$//')
    grep -q . <<<"$joined" || fail "nothing on the screen"
    wrapped=$(LC_ALL=C comm -13 <(screen | LC_ALL=C sort) <(awk '
            /^[^ ]/ { below = $0 == "examples:" }
            below && /^  [a-z]/ { next }
            { print }' <<<"$joined" | LC_ALL=C sort) |
        grep -aEv '^ *([-+*=!?] )?/|^ {2,4}([-+*=!?] )?(project|footage|scratch/render|scratch/cache)/|^ {2,4}[-+*=!?] [^ ]+.*/' || :)
    [ -z "$wrapped" ] || { screen; fail "wrapped at $1 columns: $wrapped"; }
}

# ---- whole screens ----
# A screen is compared with the one in snapshots/NAME.txt. When the program is meant to look otherwise, renew them, and
# read the difference before it is committed:
#     SNAPSHOTS=write tests/e2e/run.sh 74-screens.sh && git diff tests/e2e/snapshots

SNAPSHOTS_AT=$PWD/snapshots

# What lies in the past stays as long ago as it was while a test runs.
long_ago() {    # what is in the databases is ten days old, and was read three days ago
    find WORK STORAGE NAS -name .autobackup -prune -o -exec touch -h -d '10 days ago' {} +
    ok load
    query \
        "UPDATE database SET loaded_at = loaded_at - 260000000000000;
         UPDATE replica SET loaded_at = loaded_at - 260000000000000;"
}

# The screen, with how long something took (at the end of a line) made the same.
steady_screen() { visible | sed -E 's/ +TIME$/  TIME/; s/ +[0-9.]+ m?s$/  TIME/' | sed -e :a -e '/^\n*$/{$d;N;ba' -e '}'; }

is_still() {    # for a second, and something is there
    local before=${STILL:-}
    STILL=$(steady_screen)
    [ -n "$STILL" ] && [ "$STILL" = "$before" ] && STILL_FOR=$((STILL_FOR + 1)) || STILL_FOR=0
    [ "$STILL_FOR" -ge 20 ]
}

is_screen() { diff "$SNAPSHOTS_AT/$1.txt" <(steady_screen) >"$TMPDIR/difference" 2>&1; }

assert_screen() {    # NAME: the screen becomes that of the snapshot
    local tries=0
    if [ "${SNAPSHOTS:-}" = write ]; then
        mkdir -p "$SNAPSHOTS_AT"
        STILL_FOR=0
        until_true "the screen at rest" is_still
        steady_screen >"$SNAPSHOTS_AT/$1.txt"
        return
    fi
    until is_screen "$1"; do
        [ $((tries += 1)) -le 300 ] || { cat "$TMPDIR/difference"; fail "not the screen $1 (see terminal.sh)"; }
        pause
    done
}
