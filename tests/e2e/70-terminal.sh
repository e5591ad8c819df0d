# The REPL in a real terminal (tmux): prompts, errors that do not end it, history, Ctrl-C and Ctrl-D. No sleeps:
# every step waits for a text.
. ./studio.sh
. ./terminal.sh

test_a_first_session() {
    folders
    start 100 40 --no-config
    wait_for "add database"
    type_line 'add database WORK WORK'
    wait_for "added database WORK"
    type_line 'add database NAS NAS'
    type_line 'add category footage footage'
    wait_for "added category footage"
    type_line 'load'
    wait_for "ADDED"
    type_line 'fetch all'
    wait_for "bmx/show two"
    type_line 'copy "bmx/show two" footage WORK NAS'
    wait_for "COPIED"
    assert_same_tree "WORK/footage/bmx" "NAS/footage/bmx"
    type_line 'explore acme/spot footage WORK'
    wait_for "WORK/footage/acme/spot"
    type_line 'for _, p in ipairs(projects()) do'
    type_line 'print("<" .. p.project .. ">") end'
    wait_for "<acme/spot>"
    type_line 'command{name = "hello", run = function() return {{greeting = "salute"}} end}'
    type_line 'hello'
    wait_for "salute"
    type_line 'exit 3'
    wait_dead
    assert_eq "$STATUS" 3 status
}

test_mistakes_do_not_end_it() {
    studio
    start 100 50
    wait_for ">>>"
    type_line 'ftech all'
    wait_for "did you mean 'fetch'"
    type_line 'fetch acmee'
    wait_for "did you mean 'acme'"
    type_line 'copy acme/spot render WORK NSA'
    wait_for "did you mean 'NAS'"
    type_line 'lst'
    wait_for "did you mean 'list'"
    type_line 'print(1'
    type_line ')'
    wait_for "1"
    type_line 'error("mine")'
    wait_for "mine"
    type_line '6 * 7'
    wait_for "42"
    type_line '_ + 1'
    wait_for "43"
    type_line 'fetch "unclosed'
    wait_for "quote"
    type_line 'print("still " .. "here")'
    wait_for "still here"
    leave
    assert_eq "$STATUS" 0 status
}

test_ctrl_c_clears_a_line_and_stops_a_loop() {
    start 80 24 --no-config
    wait_for ">>>"
    send -l 'some half typed line'
    wait_for "half typed"
    drop_line
    type_line 'print("al" .. "ive")'
    wait_for alive
    # ThreadSanitizer hands signals over in library calls only: there the loop makes one.
    case $AUTOBACKUP in
        */tsan/*) type_line 'print("under" .. "way") while true do os.date() end' ;;
        *) type_line 'print("under" .. "way") while true do end' ;;
    esac
    wait_for "underway"
    send C-c
    wait_for interrupted
    type_line 'print("and " .. "still")'
    wait_for "and still"
    leave
}

test_history_over_two_starts() {
    start 80 24 --no-config
    wait_for ">>>"
    type_line 'print("remember " .. "me")'
    wait_for "remember me"
    leave
    start 80 24 --no-config
    wait_for ">>>"
    send Up
    wait_for 'print("remember " .. "me")'
    send Enter
    wait_for "remember me"
    leave
}

test_tab_completes() {
    studio
    start 100 40
    wait_for ">>>"
    send -l 'copy bm'
    send Tab
    wait_for 'bmx/'
    send Tab
    wait_for 'bmx/show two'
    send -l ' foo'
    send Tab
    wait_for 'footage'
    send -l 'WO'
    send Tab
    send -l 'NA'
    send Tab
    send Enter
    wait_for "COPIED"
    assert_same_tree "WORK/footage/bmx" "NAS/footage/bmx"
    leave
}

test_ctrl_c_in_a_copy_says_how_to_go_on() {
    studio
    head -c 600M /dev/zero >WORK/footage/acme/spot/big.mov
    printf x | dd of=WORK/footage/acme/spot/big.mov bs=1 seek=0 conv=notrunc status=none
    start 100 40
    wait_for ">>>"
    type_line 'load WORK'
    wait_for "ADDED"
    type_line 'copy acme/spot footage WORK NAS'
    local tries=0
    until [ -n "$(find NAS -name '.autobackup-*' -size +0 2>/dev/null)" ] || [ $((tries += 1)) -gt 3000 ]; do :; done
    send C-c
    wait_for "again"
    refute_exists NAS/footage/acme/spot/big.mov
    type_line 'print("lives " .. "on")'
    wait_for "lives on"
    type_line 'copy acme/spot footage WORK NAS'
    wait_for "COPIED"
    type_line 'exit'
    wait_dead
    assert_same_tree WORK/footage/acme/spot NAS/footage/acme/spot
}

test_narrow_and_wide() {
    studio
    local width
    for width in 60 80 200; do
        start "$width" 20
        wait_for ">>>"
        type_line 'fetch all'
        wait_for "bmx/show two"
        type_line 'print("en" .. "d")'
        wait_for end
        screen | awk -v w="$width" 'length($0) > w { exit 1 }' || fail "a line is wider than $width"
        send C-d
        wait_dead
        done
}

test_a_long_result_goes_through_a_pager() {
    need less
    local n
    studio
    for n in {1..40}; do mkdir -p "WORK/footage/long/p$n"; done
    ok load WORK
    start 100 15 --no-config
    wait_for ">>>"
    type_line 'list projects'
    wait_for "acme/spot"
    tmux -S "$SOCKET" capture-pane -p | grep -q "long/p9" && fail "not paged"
    send G
    wait_for "long/p9"
    send q
    type_line 'print("af" .. "ter")'
    wait_for "after"
    type_line 'help copy'
    wait_for "usage: copy"
    send C-c
    ready
    type_line 'print("go" .. "ing on")'
    wait_for "going on"
    type_line 'settings.pager = false'
    type_line 'list projects in long'
    wait_for "long/p9"
    type_line 'print("no " .. "pager")'
    wait_for "no pager"
    type_line 'add database MORE more'
    wait_for "be a folder that is there"
    leave
    start 100 15 list projects
    wait_for "acme/spot"
    send q
    wait_dead
    assert_eq "$STATUS" 0 status
}

test_explore_keeps_the_last_result() {
    studio
    start 160 40 --no-config
    wait_for ">>>"
    type_line 'list projects'
    wait_for "bmx/show two"
    type_line 'explore acme/spot footage WORK'
    wait_for "WORK/footage/acme/spot"
    type_line 'print("<" .. _[2].name .. ">")'
    wait_for "<show two>"
    type_line 'fetch _[2]'
    wait_for 'fetch(_[2])'
    type_line 'add database NAS STORAGE --replace'
    wait_for "is the disk of database STORAGE"
    leave
}

test_a_mount_point_without_its_disk_is_asked_about() {
    studio
    mv NAS NAS.unplugged
    mkdir NAS
    start 160 40 --no-config
    wait_for ">>>"
    type_line 'add database NAS NAS --replace'
    wait_for "[y/N]"
    type_line n
    wait_for "nothing was changed"
    refute_exists NAS/.autobackup
    type_line 'add database NAS NAS --replace'
    wait_for "Take it all the same? [y/N]"
    type_line y
    wait_for "changed database NAS"
    assert_exists NAS/.autobackup
    leave
}
