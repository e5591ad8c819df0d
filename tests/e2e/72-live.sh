# What is drawn while work goes on, and Ctrl-C in the middle of it; tables as wide as the window.
. ./studio.sh
. ./terminal.sh

big_studio() {    # MEBIBYTES: of the one large file in it
    studio
    head -c "${1}M" /dev/zero >WORK/footage/acme/spot/big.mov
    printf x | dd of=WORK/footage/acme/spot/big.mov bs=1 seek=0 conv=notrunc status=none
    ok load WORK
}

bar_fits() {    # COLUMNS: a live line that fills no more than the window, and only one
    local lines
    lines=$(visible | grep -aF ' left' | grep -a '%' || :)
    [ -n "$lines" ] && [ "$(wc -l <<<"$lines")" = 1 ] && [ ${#lines} -lt "$1" ]
}

test_progress_follows_the_window_and_leaves_nothing_behind() {
    big_studio 40
    start 100 24 --no-config
    wait_for ">>>"
    type_line 'copy acme/spot footage WORK NAS --bwlimit 10M'
    until_true "a bar at 100 columns" bar_fits 100
    resize 60 20
    until_true "a bar at 60 columns" bar_fits 60
    resize 80 24
    wait_for "COPIED"
    wait_gone " left"
    leave
    cmp WORK/footage/acme/spot/big.mov NAS/footage/acme/spot/big.mov
}

# No signal waits to be delivered to it, and it is there still.
took_the_signal() {    # PID
    [ ! -s "$TMPDIR/status" ] && [ "$(grep -cE '^(SigPnd|ShdPnd):[[:space:]]*0+$' "/proc/$1/status")" = 2 ]
}

# One that comes more than two seconds after the one before is a first one again.
again_until_it_ended() { [ -s "$TMPDIR/status" ] || { send C-c; false; }; }

# A search that Lua cannot break off: the second Ctrl-C does not wait for it.
test_a_second_ctrl_c_ends_the_program() {
    [[ $AUTOBACKUP != */tsan/* ]] || skip "ThreadSanitizer keeps signals back until the search is over"
    local program
    start 80 24 --no-config
    wait_for ">>>"
    type_line 'print("under" .. "way"); ("a"):rep(200000):find(".-.-.-b")'
    wait_for "underway"
    program=$(cat "$TMPDIR/program")
    kill -INT "$program"    # what the key sends, of which nobody hears when it arrived
    until_true "the first Ctrl-C taken" took_the_signal "$program"
    until_true "an end by the second" again_until_it_ended
    wait_dead
    assert_eq "$STATUS" 130 status
}

# 200,000 names, as links: ext4 takes a minute for as many new files where as many were removed just before.
many_links() {    # FOLDER
    local copy
    mkdir one
    (cd one && seq -f 'shot_%05g.exr' 2000 | xargs touch)
    for copy in {001..100}; do
        cp -al one "$1/scene $copy"
    done
}

# The program holds folders of the disk open.
load_is_under_way() {
    readlink /proc/"$(cat "$TMPDIR/program")"/fd/* | grep -q '/WORK/footage/'
}

test_ctrl_c_in_a_load_says_what_was_done() {
    studio
    many_links WORK/footage/acme/spot
    start 80 24 --no-config
    wait_for ">>>"
    type_line 'load --jobs 1'
    until_true "the load under way" load_is_under_way
    send C-c
    wait_for "load stopped:"
    wait_for "type load to go on"
    type_line 'print("lives " .. "on")'
    wait_for "lives on"
    leave
}

test_nothing_of_it_on_a_pipe_or_a_dumb_terminal() {
    big_studio 300
    ok copy acme/spot footage WORK NAS
    ! grep -q $'\r\|\033' "$OUT" "$ERR" || fail "escapes on a pipe"
}

test_no_line_is_wider_than_the_window() {
    local width long="$PWD/WORK/footage/kunde mit langem namen/ein sehr langer projektname 2031"
    studio
    mkdir -p "$long" 'WORK/footage/日本/映画 2031' 'WORK/footage/acme/cafe'$'\u0301' 'WORK/footage/acme/👩‍👩‍👧‍👦 family' 'WORK/footage/acme/❤️ heart'
    echo x | tee "$long/a very long file name of a picture.0001.exr" >"$long/a very long file name of a picture.0002.exr"
    ok load
    for width in 60 80 200; do
        start "$width" 50 --no-config
        wait_for ">>>"
        type_line 'settings.pager = false'
        local line
        for line in 'load' 'fetch all' 'fetch all --paths' 'compare acme/spot' 'compare acme/* all WORK NAS --files' \
            'copy "kunde mit langem namen/*" all WORK NAS -n' 'list databases' 'list projects' 'list loose' 'check' \
            'find a' 'projects()' 'replicas()' 'help' 'help copy' 'help find' 'databases()' 'fetch nosuch'; do
            send C-l
            type_line "$line"
            wait_for ">>> ${line:0:40}"
            until_true "an empty prompt" at_prompt
            assert_fits "$width"
            tmux -S "$SOCKET" clear-history
        done
        leave
    done
}

test_marks_are_ascii_where_the_locale_is_not_utf8() {
    studio
    LC_ALL=C NO_COLOR=1 run "$AUTOBACKUP" fetch all
    assert_out '# ' '= same, # differs, - absent'
    ! LC_ALL=C grep -q '[^ -~]' "$OUT" || fail "bytes beyond ASCII"
}
