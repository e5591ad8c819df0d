# CMD | PROGRAM > FILE at the prompt and in task files, without a shell. Oracles: cmp with what the OS shell gets through
# its own pipes, ls, stat, mkfifo, a full filesystem.
. ./studio.sh
. ./terminal.sh

task() { run "$AUTOBACKUP" <<<"$1"; }    # LINES

# The lines of a pipe hold how long ago something was read: none is compared that could change meanwhile.
piped() { "$AUTOBACKUP" "$@" 2>/dev/null | cat; }

no_temps() {
    local left
    left=$(find . -name '.autobackup-*')
    assert_eq "$left" '' 'left behind'
}

test_a_list_is_what_a_pipe_gets() {
    studio
    task "find '*.mov' > list.txt
find '*.mov'>>twice.txt
find '*.mov' >> twice.txt
find '*.mov' --json >list.json
fetch all > fetch.txt
help copy > 'a name'"
    assert_status 0
    assert_out_is ''
    grep -q raw.mov list.txt || fail 'an empty list'
    cmp list.txt <(piped find '*.mov') || fail list.txt
    cmp twice.txt <(piped find '*.mov'; piped find '*.mov') || fail twice.txt
    cmp list.json <(piped find '*.mov' --json) || fail list.json
    cmp fetch.txt <(piped fetch all) || fail fetch.txt
    cmp 'a name' <(piped help copy) || fail 'a name'
    assert_eq "$(stat -c %a list.txt)" "$(printf '%o' $((0666 & ~$(umask))))" mode
    no_temps
}

test_programs_one_after_the_other() {
    studio
    task "find '*.mov'|sort -r|head -n 2
find '*' --json | grep -c '\"type\":\"entry\"' > count
print('after')
find 'a|b>c' --json
fetch all \\| x"
    assert_status 2
    piped find '*.mov' | sort -r | head -n 2 >wanted
    echo after >>wanted
    cmp "$OUT" wanted || fail 'not what the OS shell gets'
    [ "$(cat count)" -gt 0 ] || fail "nothing was counted"
    assert_eq "$(cat count)" "$(piped find '*' --json | grep -c '"type":"entry"')" count
    assert_err 'stdin:5:'
    refute_exists 'b>c' c
}

test_words_of_the_os_shell_and_lua_have_no_operators() {
    studio
    ab find 'a>b' --json
    assert_status 0
    ab find '*' '>' x
    [ "$STATUS" != 0 ] || fail 'a word'
    task 'local n = 3 | 4 print(n > 2)'
    assert_out_is true
    refute_exists b x 2
}

test_mistakes_start_nothing() {
    studio
    local line
    echo kept >list.txt
    for line in 'load |' 'load | | cat' 'load || cat' 'load >' 'load > a b' 'load > list.txt | cat' 'load 2>x' 'load >& x' \
        'load > ""' 'load | no-such-program-here' 'load | cat | no-such-program-here > list.txt' 'exit > x' \
        'fetch no-such-project > list.txt' 'load > no-such-folder/x'; do
        task "$line"
        [ "$STATUS" = 1 ] || [ "$STATUS" = 2 ] || fail "status of: $line"
        assert_out_is ''
        grep -q '^autobackup: stdin:1: ' "$ERR" || fail "not said: $line"
    done
    assert_eq "$(cat list.txt)" kept list.txt
    refute_exists x a b '&'
    no_temps
}

test_what_is_no_file_is_refused() {
    studio
    mkdir folder
    mkfifo fifo
    echo target >target
    ln -s target link
    ln -s nowhere dangling
    ln -s WORK/.autobackup ours
    local path
    for path in folder folder/ fifo link dangling /dev/null WORK/.autobackup/x NAS/.autobackup/versions ours/x .autobackup-0123456789abcdef; do
        for sign in '>' '>>'; do
            task "fetch all $sign $path"
            assert_status 1
            assert_err 'nothing is written there'
        done
    done
    assert_eq "$(cat target)" target
    refute_exists nowhere WORK/.autobackup/x .autobackup-0123456789abcdef
}

test_a_failing_command_leaves_the_list_as_it_was() {
    studio
    echo kept >list.txt
    task 'command{name = "fails", run = function() print(("x"):rep(100000)) error("no more") end}
fails > list.txt'
    assert_status 1
    assert_err 'no more' "'list.txt' was not written"
    task "fetch all | grep no-such-text-anywhere > list.txt"
    assert_status 1
    assert_err "grep ended with status 1; 'list.txt' was not written"
    assert_eq "$(cat list.txt)" kept
    task "fetch all | false
print('on')"
    assert_status 0
    assert_err 'false ended with status 1'
    assert_out_is on
    task "fetch all > list.txt"
    cmp list.txt <(piped fetch all) || fail 'not replaced'
    no_temps
}

test_a_program_that_leaves_early_ends_it_quietly() {
    local build
    build=$(dirname "$(realpath "$AUTOBACKUP")")
    [ -x "$build/tests/bench/catalog" ] || skip "not built: make check-e2e"
    "$build/tests/bench/catalog" catalog.db 50000 >/dev/null
    export AUTOBACKUP_CATALOG=$PWD/catalog.db
    run "$build/tests/bench/measure" -o cost "$AUTOBACKUP" <<<"find '*' --type file | head -n 3
find '*' --type file | wc -l
find '*' --type file > list.txt
print('on')"
    assert_status 0
    assert_err_is ''
    piped find '*' --type file >wanted
    cmp "$OUT" <(head -n 3 wanted; wc -l <wanted; echo on) || fail 'not what the OS shell gets'
    cmp list.txt wanted || fail 'list.txt'
    case $(realpath "$AUTOBACKUP") in */asan/* | */tsan/*) return 0 ;; esac
    [ "$(awk '{ print $4 }' cost)" -lt 70000 ] || fail "it took $(cat cost)"
}

test_a_full_disk_is_said() {
    need_root
    studio
    mkdir full
    mount -t tmpfs -o size=64k tmpfs full 2>/dev/null || skip 'cannot mount here'
    MOUNTS+=("$PWD/full")
    trap 'umount -l full' EXIT
    echo kept >full/list
    local sign
    for sign in '>' '>>'; do
        run "$AUTOBACKUP" <<<"command{name = 'big', run = function() return ('x'):rep(200000) end}
big $sign full/list"
        assert_status 1
        assert_err 'No space left on device' full/list
    done
    assert_eq "$(head -n 1 full/list)" kept
    assert_eq "$(ls -A full)" list
}

test_a_torn_line_writes_nothing() {
    studio
    run "$AUTOBACKUP" < <(printf 'fetch all > li')
    assert_status 1
    assert_err 'has no line feed'
    refute_exists li
}

lists_databases() { [ "$(awk '{ print $1 }' "$1" | tr '\n' ' ')" = 'DATABASE NAS STORAGE WORK ' ]; }    # FILE

test_less_at_the_prompt() {
    need less
    studio
    start 80 24
    wait_for '>>>'
    type_line 'help copy | less'
    wait_for ':'
    send G
    wait_for '(END)'
    send q
    ready
    type_line 'print("al" .. "ive")'
    wait_for alive
    type_line 'fetch all|less -X'
    wait_for '(END)'
    visible | grep -q 'acme/spot' || { screen; fail 'no list'; }
    send C-c
    send C-c
    send q
    ready
    type_line 'fetch all > list.txt'
    until_true 'the list' test -s list.txt
    cmp list.txt <(piped fetch all) || fail list.txt
    ready
    type_line 'list databases > list.txt'
    wait_for 'Replace it?'
    visible | grep -q "$(stat -c '%s B' list.txt)" || { screen; fail 'no size'; }
    type_line n
    wait_for "'list.txt' was left as it was"
    cmp list.txt <(piped fetch all) || fail 'it was replaced'
    type_line 'list databases > list.txt'
    until_true 'a second question' bash -c "[ \"\$(tmux -S '$SOCKET' capture-pane -p | grep -c 'Replace it')\" = 2 ]"
    type_line y
    until_true 'the new list' lists_databases list.txt
    ready
    leave
    assert_eq "$STATUS" 0
}

test_ctrl_c_stops_all_and_leaves_the_prompt() {
    studio
    start 80 24
    wait_for '>>>'
    type_line 'command{name = "ever", run = function(_, s) while true do s.out:line("x") end end}'
    type_line "ever | $SLEEP"
    until_true 'a program' sleeps
    send C-c
    until_true 'its end' ended
    ready
    type_line 'print("al" .. "ive")'
    wait_for alive
    type_line 'ever > list.txt'
    until_true 'a beginning of a list' sized_temp
    send C-c
    ready
    refute_exists list.txt
    no_temps
    rm pid
    type_line "fetch all | $SLEEP"
    until_true 'a program' sleeps
    send C-c
    until_true 'its end' ended
    ready
    leave
    assert_eq "$STATUS" 0
}

SLEEP="sh -c 'echo \$\$ >pid; exec sleep 1000'"    # a program that reads nothing and says who it is
sleeps() { [ -s pid ] && [ -e "/proc/$(cat pid)" ]; }
ended() { [ ! -e "/proc/$(cat pid)" ]; }
sized_temp() { [ -n "$(find . -maxdepth 1 -name '.autobackup-*' -size +0)" ]; }

test_tab_completes_a_path() {
    studio
    mkdir renders
    echo x >renders/notes.txt
    start 80 24
    wait_for '>>>'
    send -l 'fetch all > ren'
    send Tab
    wait_for 'fetch all > renders/'
    send -l 'no'
    send Tab
    wait_for 'fetch all > renders/notes.txt'
    drop_line
    send -l 'fetch all | cat ren'
    send Tab
    wait_for 'fetch all | cat renders/'
    drop_line
    leave
}
