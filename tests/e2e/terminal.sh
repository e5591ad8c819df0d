# The program in a terminal of its own (tmux). Sourced by the tests that need one.

STARTS=0 SOCKET=
stop() { [ -z "$SOCKET" ] || tmux -S "$SOCKET" kill-server 2>/dev/null || :; }

open_terminal() {    # COLUMNS LINES COMMAND...: a terminal in which that runs
    need tmux
    local columns=$1 lines=$2
    shift 2
    stop
    SOCKET=$TMPDIR/tmux.$((STARTS += 1))    # a server that is still going down must not get the next session
    trap stop EXIT
    tmux -S "$SOCKET" -f /dev/null new-session -d -x "$columns" -y "$lines" env TERM=screen "$@"
}

start() {    # COLUMNS LINES [WORDS...]: the program in a terminal; its status goes to $TMPDIR/status
    local columns=$1 lines=$2
    shift 2
    rm -f "$TMPDIR/status"
    open_terminal "$columns" "$lines" \
        bash -c '"$@"; echo $? >"$TMPDIR/status"; read -r' - "$AUTOBACKUP" "$@"
}

send() { tmux -S "$SOCKET" send-keys "$@"; }
screen() { tmux -S "$SOCKET" capture-pane -p -S -200; }

wait_for() {    # TEXT: until the screen shows it
    local tries=0
    until screen | grep -aqF -- "$1"; do
        [ $((tries += 1)) -le 300 ] || { screen; fail "never saw: $1"; }
        read -rt 0.05 <> <(:) || :
    done
}

wait_dead() {    # until the program has ended; its status goes to STATUS
    local tries=0
    until [ -s "$TMPDIR/status" ]; do
        [ $((tries += 1)) -le 300 ] || { screen; fail "it did not end"; }
        read -rt 0.05 <> <(:) || :
    done
    STATUS=$(cat "$TMPDIR/status")
}

type_line() { send -l "$1"; send Enter; }
