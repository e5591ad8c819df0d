# The program at the far end of a slow link, as over ssh to another continent (link.py): 200 ms each way, 50 kB a
# second, in a window of 60 columns and 20 lines. Every step is answered after one round trip, in few bytes; nothing of
# what is typed is lost or waited for in vain.
. ./studio.sh
. ./terminal.sh

ROUND_TRIP=400 PATIENCE=2500    # ms: the link's, and what a busy machine may take to work out an answer
E2E=$PWD

far_away() {    # WORDS...: the program behind the link
    need /usr/bin/python3
    rm -f "$TMPDIR/status" "$TMPDIR"/link.*
    : >"$TMPDIR/typed"
    open_terminal 60 20 bash -c 'trap : INT; "$@"; echo $? >"$TMPDIR/status"; read -r' - \
        "$E2E/link.py" 0.2 50000 "$TMPDIR/link" "$AUTOBACKUP" "$@"
}

milliseconds() { echo $((${EPOCHREALTIME/./} / 1000)); }
bytes_seen() { stat -c %s "$TMPDIR/link.out"; }

keys() {    # KEYS AS-SENT: a key by tmux's name, or "" for what stands in AS-SENT; both are remembered
    if [ -n "$1" ]; then send "$1"; else send -l "$2"; fi
    printf '%s' "$2" >>"$TMPDIR/typed"
}

# answered BYTES COMMAND...: until the command succeeds, which needs one round trip and no more than that many bytes.
answered() {
    local most=$1 start took before
    shift
    start=$(milliseconds)
    before=$(bytes_seen)
    until_true "$*" "$@"
    took=$(($(milliseconds) - start))
    [ "$took" -le $((ROUND_TRIP + PATIENCE)) ] || { visible; fail "$* took $took ms"; }
    ! "${MEASURE:-false}" || echo "$took ms, $(($(bytes_seen) - before)) bytes: $*" >&2
    [ $(($(bytes_seen) - before)) -le "$most" ] || fail "$(($(bytes_seen) - before)) bytes for: $*"
}

shows() { visible | grep -aqF -- "$1"; }
last_is() { [ "$(visible | grep . | tail -n 1)" = "$1" ]; }

# Whatever the terminal sends by itself is an answer to a question that somebody waits for.
assert_nothing_was_asked() {
    cmp "$TMPDIR/typed" "$TMPDIR/link.in" || fail "the terminal was asked: $(cat -v "$TMPDIR/link.in")"
    ! grep -aqE $'\033\\[[>=0-9]*[cnx]|\033\\]1[01];\\?|\033Z' "$TMPDIR/link.out" || fail "questions to the terminal"
}

test_the_prompt_far_away() {
    studio
    far_away --no-config
    until_true "the link is there" test -e "$TMPDIR/link.out"
    answered 400 last_is '>>>'
    keys '' 'fetch ac'
    answered 20 last_is '>>> fetch ac'
    keys Tab $'\t'
    answered 20 last_is '>>> fetch acme/'
    keys Enter $'\r'
    answered 700 last_is '>>>'
    shows 'acme/spot  project' || fail "no table"
    keys '' $'list databases\r'
    answered 900 shows '/NAS'
    # An arrow brings the line back, an edit in its middle sends what is behind it, not the whole line.
    ready
    keys Up $'\033[A'
    answered 40 last_is '>>> list databases'
    keys C-a $'\001'
    keys '' x
    answered 60 last_is '>>> xlist databases'
    keys C-c $'\003'
    answered 100 last_is '>>>'
    # Typed ahead, while a command runs: nothing is lost, and it comes in its order.
    keys '' $'load\rprint("o" .. "ne")\rprint("tw" .. "o")\r'
    answered 1200 shows two
    [ "$(visible | grep -xE 'one|two' | xargs)" = "one two" ] || { visible; fail "not in order"; }
    ready
    keys C-d $'\004'
    wait_dead
    assert_eq "$STATUS" 0 status
    assert_nothing_was_asked
    assert_fits 60
}

live_line() { visible | grep -a '%' | grep -aqF ' of '; }
is_gone() { ! live_line; }

test_a_copy_is_stopped_far_away() {
    local before begun
    studio
    head -c 90M /dev/urandom >WORK/footage/acme/spot/big.mov
    far_away --no-config
    wait_for '>>>'
    keys '' $'copy acme/spot footage WORK NAS --bwlimit 6MB\r'
    until_true "a live line" live_line
    before=$(bytes_seen)
    until_true "it moves" shows '20 %'
    # At most ten times a second, a line of the window each: the link has room for a hundred times that.
    [ $(($(bytes_seen) - before)) -le 20000 ] || fail "$(($(bytes_seen) - before)) bytes of progress"
    keys C-c $'\003'
    answered 2500 shows 'copy stopped: footage of acme/spot'
    answered 500 last_is '>>>'
    # What it says of the large file under way is what the next copy finds there.
    begun=$(visible | xargs | sed -n 's/.*, and \([0-9.]* [kM]B\) of big.mov so far; .*/\1/p')
    [ -n "$begun" ] || { visible; fail "nothing is said of the large file"; }
    is_gone || { visible; fail "a live line is left behind"; }
    keys '' $'print("al" .. "ive")\r'
    answered 100 shows alive
    leave_far
    ok copy acme/spot footage WORK NAS --json
    assert_eq "$(json 'o.type == "copy" and ("%.0f MB"):format(o.bytes_kept / 1e6) or nil')" "$begun" "bytes found again"
    cmp WORK/footage/acme/spot/big.mov NAS/footage/acme/spot/big.mov
}

leave_far() {
    ready
    keys C-d $'\004'
    wait_dead
    assert_nothing_was_asked
}

test_the_browser_far_away() {
    studio
    far_away --no-config
    wait_for '>>>'
    keys '' $'explore\r'
    answered 1200 shows 'all databases'
    keys Down $'\033OB'
    answered 400 true
    keys Enter $'\r'
    answered 500 shows CLIENT
    keys '' /
    answered 400 shows 'filter:'
    keys '' bmx
    answered 400 shows '1 of 2'
    keys Enter $'\r'
    keys Enter $'\r'
    answered 700 shows 'show two'
    keys Left $'\033OD'
    answered 500 shows CLIENT
    keys '' '?'
    answered 1600 shows 'move far'
    keys '' q
    answered 1000 shows CLIENT
    # Several at once, ahead of what is seen: down through all, and out.
    keys '' $'\033\rq'
    answered 900 last_is '>>>'
    leave_far
}

# A terminal that takes nothing any more, as behind a link that hangs: the work goes on all the same.
test_a_stopped_terminal_keeps_no_copy_waiting() {
    studio
    start 80 24 --no-config
    wait_for '>>>'
    head -c 8M /dev/zero >WORK/footage/acme/spot/big.mov
    head -c 8M /dev/zero >WORK/project/acme/spot/big.blend
    type_line 'copy acme/spot all WORK STORAGE --bwlimit 4MB'
    until_true "a live line" live_line
    send C-s
    until_true "all is copied" test -e STORAGE/footage/acme/spot/big.mov -a -e STORAGE/project/acme/spot/big.blend
    shows COPIED && fail "the terminal was not stopped"
    send C-q
    wait_for COPIED
    is_gone || { visible; fail "a live line is left behind"; }
    leave
}
