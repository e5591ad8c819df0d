# The full-screen browser in a real terminal (tmux), driven by keys. No sleeps: every step waits for a text.
. ./studio.sh
. ./terminal.sh

# A shell with job control runs the program, so that what it leaves behind of the terminal can be seen.
browse() {    # COLUMNS LINES [WORDS...]
    open_terminal "$1" "$2" bash --norc -i
    shift 2
    type_line "modes() { stty -a | sed 's/rows.*columns [0-9]*//'; }; PS1='\$ '; modes >$TMPDIR/before; echo re''ady"
    wait_for ready
    again "$AUTOBACKUP" "$@"
}

RUNS=0
again() {    # COMMAND...: run that in the same shell
    type_line "clear; $*; echo \"end $((RUNS += 1)): \$?\""
}

seen() { tmux -S "$SOCKET" capture-pane -p; }    # what is on the screen, without what scrolled away

left() {    # [STATUS]: the browser has ended; the terminal is as it was
    wait_for "end $RUNS: ${1:-0}"
    assert_eq "$(tmux -S "$SOCKET" display-message -p '#{alternate_on}')" 0 "alternate screen"
    type_line "modes >$TMPDIR/after; echo com''pared $RUNS"
    wait_for "compared $RUNS"
    cmp "$TMPDIR/before" "$TMPDIR/after" || fail "the terminal's modes are others than before"
}

await() {    # TEXT: until the screen itself shows it
    local tries=0
    until [[ $(seen) == *"$1"* ]]; do
        [ $((tries += 1)) -le 300 ] || { seen; fail "never saw: $1"; }
        pause
    done
}

await_gone() {    # TEXT: until the screen shows it no more
    local tries=0
    while [[ $(seen) == *"$1"* ]]; do
        [ $((tries += 1)) -le 300 ] || { seen; fail "still there: $1"; }
        pause
    done
}

test_down_and_up() {
    studio
    browse 80 24 explore
    await "all databases"
    send Enter
    await "CLIENT"
    await "acme"
    send Enter
    await "› acme"
    await "STORAGE"
    send Enter
    await "› spot"
    await "footage"
    send Enter
    await "› footage"
    await "read just now"
    send Enter
    await "day 1/"
    send Enter
    await "clip 1-3.mov"
    send Enter
    await "clip 3.mov"
    seen | sed -n 4p | grep -q "10 kB.*clip 1.mov" || { seen; fail "frames do not come by name"; }
    send BSpace
    await "clip 1-3.mov"
    send BSpace
    await "day 1/"
    send Left
    await "DATABASE"
    send .
    send .
    await "CATEGORY"
    send h
    await "PROJECT"
    send h
    await "CLIENT"
    send h
    await "each counted once"
    send q
    left
}

test_filter_and_order() {
    local n
    studio
    for n in 1 2 3 4 5 6 7 8 9; do head -c $n >"WORK/scratch/render/acme/spot/extra.$n" /dev/zero; done
    touch -d 2037-01-01 WORK/scratch/render/acme/spot/extra.4
    ok load WORK
    browse 80 24 explore acme/spot WORK
    await "CATEGORY"
    send / ; send -l rend
    await "1 of 3"
    send Enter
    send Enter
    await "beauty.0001-0010.exr"
    send -l /extra
    await_gone "beauty"
    await "filter: extra"
    send Enter
    await "9 of 19"
    send s
    await "by name"
    seen | sed -n 4p | grep -q "extra.1" || { seen; fail "not by name"; }
    send s
    await "newest first"
    seen | sed -n 4p | grep -q "extra.4" || { seen; fail "not by time"; }
    send Escape
    await "19 entries"
    send q
    left
}

test_frames_are_folded() {
    studio
    rm WORK/scratch/render/acme/spot/beauty.000[45].exr
    ok load WORK
    browse 60 20 explore acme/spot WORK
    await "footage"
    send -l /rend
    send Enter
    send Enter
    await "beauty.0001-0010.exr  2 missing: 0004-0005"
    await "8 entries"
    send Enter
    await "8 of 8"
    await "beauty.0007.exr"
    send Left
    await "beauty.0001-0010.exr"
    send -l /0007
    await "1 of 8"
    await "beauty.0007.exr"
    send Enter
    send Escape
    await "beauty.0001-0010.exr"
    send Left
    await "CATEGORY"
    send q
    left
}

# `d` on a row: with its first database, and then the question which other one to compare it with.
ask_compare() {
    send d
    await "on:"
    send Enter
    await "with:"
}

test_copy_compare_and_the_marks() {
    studio
    browse 80 24 explore acme/spot
    await "footage"
    send -l /rend
    send Enter
    await "1    –       –"
    send c
    await "render from:"
    send Enter
    await "from WORK to:"
    send -l N
    await "to: N"
    send Enter
    await "copy acme/spot render from WORK to NAS?"
    refute_exists NAS/scratch/render/acme/spot
    send Enter
    await "10 files copied"
    assert_same_tree WORK/scratch/render/acme/spot NAS/scratch/render/acme/spot
    send q
    await "=    –       ="
    send d
    await "render on:"
    send Enter
    await "on WORK with:"
    send Enter
    await "STATE"
    await "same"
    send Escape
    await_gone "STATE"
    send Escape
    await "footage"
    send -l /foot
    send Enter
    ask_compare
    send -l nas
    send Enter
    await "day 1/clip 1.mov"
    send q
    await "largest first"
    send q
    left
}

test_ctrl_c_stops_a_copy_inside() {
    studio
    head -c 600M /dev/zero >WORK/footage/acme/spot/big.mov
    ok load WORK
    browse 100 30 explore acme/spot WORK
    await "footage"
    send c
    await "to:"
    send -l nas
    send Enter
    await "?"
    send Enter
    local tries=0
    until [ -n "$(find NAS -name '.autobackup-*' -size +0 2>/dev/null)" ] || [ $((tries += 1)) -gt 3000 ]; do :; done
    send C-c
    await "again"
    refute_exists NAS/footage/acme/spot/big.mov
    send q
    await "footage"
    send c
    await "to:"
    send -l nas
    send Enter
    await "?"
    send Enter
    await "copied"
    assert_same_tree WORK/footage/acme/spot NAS/footage/acme/spot
    send q
    await "largest first"
    send q
    left
}

test_a_file_manager_is_opened() {
    studio
    cat >"$TMPDIR/fake" <<'EOF'
#!/bin/sh
echo "opened:$1" >>"$TMPDIR/opened"
EOF
    cp "$TMPDIR/fake" "$TMPDIR/mc"
    cat >>"$TMPDIR/mc" <<'EOF'
echo "mc draws here"
read -r line
EOF
    chmod +x "$TMPDIR/fake" "$TMPDIR/mc"
    export AUTOBACKUP_EXPLORER=$TMPDIR/fake
    browse 80 24 explore acme/spot WORK
    await "footage"
    send Enter
    await "day 1/"
    send Down
    send o
    await "opened with"
    assert_eq "$(tail -n 1 "$TMPDIR/opened")" "opened:$PWD/WORK/footage/acme/spot/day 1"
    send q
    left
    again "AUTOBACKUP_EXPLORER=$TMPDIR/mc $AUTOBACKUP explore acme/spot WORK"
    await "footage"
    send Enter
    await "day 1/"
    send o
    await "mc draws here"
    send Enter
    await "day 1/"
    send q
    left
}

test_it_follows_the_window() {
    studio
    browse 60 20 explore acme
    wait_for "is a client"
    again "$AUTOBACKUP explore acme/spot"
    await "footage"
    seen | grep -q FILES && fail "too much for 60 columns"
    tmux -S "$SOCKET" resize-window -x 120 -y 12
    await "FILES"
    await "NEWEST"
    tmux -S "$SOCKET" resize-window -x 40 -y 8
    await_gone "FILES"
    await "footage"
    send '?'
    await "move"
    tmux -S "$SOCKET" resize-window -x 80 -y 24
    await "go in"
    send q
    send q
    left
}

test_the_terminal_comes_back() {
    local signal pid
    studio
    for signal in TERM HUP QUIT; do
        browse 80 24 explore
        await "all databases"
        pid=$(children "$(tmux -S "$SOCKET" display-message -p '#{pane_pid}')" | head -n 1)
        kill "-$signal" "$pid"
        left $((128 + $(kill -l "$signal")))
    done
    browse 80 24 explore
    await "all databases"
    send C-z
    wait_for "Stopped"
    assert_eq "$(tmux -S "$SOCKET" display-message -p '#{alternate_on}')" 0 "alternate screen"
    type_line "modes >$TMPDIR/after; cmp $TMPDIR/before $TMPDIR/after && echo un''changed"
    wait_for unchanged
    again fg
    await "each counted once"
    send C-c
    left
}

test_a_failing_hook_is_shown_and_harms_nothing() {
    studio
    cat >config.lua <<'EOF'
on("copy", function() io.write("scribble\27[2J") error("the hook broke") end)
EOF
    browse 80 24 --config config.lua explore acme/spot WORK
    await "footage"
    send c
    await "to:"
    send Enter
    await "?"
    send Enter
    await "the hook broke"
    seen | grep -q scribble && fail "what the hook wrote is still there"
    send q
    await "largest first"
    cat >config.lua <<'EOF'
command{name = "verify", replace = true, args = {{"project", "project"}}, run = function(args) return nil + 1 end}
EOF
    send q
    left
    again "$AUTOBACKUP --config config.lua explore acme/spot"
    await "footage"
    send v
    await "perform arithmetic"
    send q
    await "largest first"
    send q
    left
}

test_a_question_while_a_command_runs() {
    studio
    mv NAS NAS.unplugged
    mkdir NAS
    cat >config.lua <<'EOF'
command{name = "verify", args = {{"project", "project"}}, replace = true, run = function()
    return add{what = "database", name = "NAS", path = "NAS", replace = true}
end}
EOF
    browse 100 24 --config config.lua explore acme/spot
    await "footage"
    send v
    await "Take it all the same?"
    send n
    await "nothing was changed"
    refute_exists NAS/.autobackup
    send Escape
    await_gone "nothing was changed"
    send v
    await "Take it all the same?"
    send y
    await_gone "Take it"
    await "Esc back"
    assert_exists NAS/.autobackup
    send q
    await "largest first"
    send q
    left
}

test_offline_and_hostile() {
    studio
    mkdir -p "WORK/footage/漢字/映画 1" $'WORK/footage/evil\e[31m\r\x9b1m/pro\tject'
    echo x >"WORK/footage/漢字/映画 1/長い名前.mov"
    echo x >$'WORK/footage/evil\e[31m\r\x9b1m/pro\tject/new\nline'
    ok load WORK
    mv NAS NAS.unplugged
    browse 60 20 explore NAS
    await "OFFLINE, read"
    await "dune"
    send Down
    send Enter
    await "part one"
    send Enter
    await "–    =       =?"
    send q
    left
    again "$AUTOBACKUP explore WORK"
    await "漢字"
    await 'evil\e[3'
    send /
    send -l 漢
    await "1 of"
    send Enter
    send Enter
    await "映画 1"
    send Enter
    await "footage"
    send Enter
    await "長い名前.mov"
    send q
    left
    again "LC_ALL=C NO_COLOR=1 $AUTOBACKUP explore WORK"
    await "####"
    seen | grep -q '▏\|›' && fail "not ASCII"
    send q
    left
}

colours() { tmux -S "$SOCKET" capture-pane -pe | grep -aqE $'\033\\[([0-9;]*;)?3[0-7]m'; }
uncoloured() { ! colours || fail "colours: $(tmux -S "$SOCKET" capture-pane -pe | cat -v)"; }

test_colours_are_left_out_where_they_are_not_wanted() {
    studio
    browse 80 24 explore acme/spot
    await "footage"
    colours || fail "no colours at all"
    send q
    left
    again "NO_COLOR=1 $AUTOBACKUP explore acme/spot"
    await "footage"
    uncoloured
    seen | grep -q '█' || fail "no bars"
    ask_compare
    send Enter
    await "STATE"
    uncoloured
    send q
    await_gone "STATE"
    send q
    left
}

test_plain_for_a_screen_reader() {
    studio
    echo 'settings.plain = true' >config.lua
    browse 80 24 --config config.lua explore acme/spot
    await "footage"
    uncoloured
    seen | grep -q '[^ -~]' && { seen; fail "more than plain characters"; }
    seen | sed -n 4p | grep -q "footage .*=" || fail "no marks"
    assert_eq "$(tmux -S "$SOCKET" display-message -p '#{cursor_flag} #{cursor_y}')" "1 3" "the cursor on the row"
    send Down
    until_true "the cursor follows" cursor_at 4
    send '?'
    await "Up Down"
    send q
    await "footage"
    ask_compare
    send Enter
    await "STATE"
    uncoloured
    seen | grep -q '[^ -~]' && { seen; fail "more than plain characters"; }
    send q
    await_gone "STATE"
    send q
    left
}

cursor_at() { [ "$(tmux -S "$SOCKET" display-message -p '#{cursor_y}')" = "$1" ]; }

# The marks of all projects on the screen begin in one column, as wide characters count.
are_aligned() {
    seen | python3 -c '
import re, sys, unicodedata
def columns(text):
    return sum(0 if unicodedata.combining(c) or c == "\u200d" else 1 + (unicodedata.east_asian_width(c) in "WF") for c in text)
rows = [line.rstrip("\n") for line in sys.stdin if re.match(r" +[0-9]+ B ", line)]
places = {columns(row[:re.search("1 +– +–", row).start()]) for row in rows}
sys.exit(not (len(rows) == 5 and len(places) == 1))'
}

test_wide_characters_keep_their_columns() {
    local name width
    need python3
    studio
    for name in '日本の映画' $'cafe\u0301 noir' '👩 family' $'e\u0301\u0302x' '한국어 프로젝트'; do
        mkdir -p "WORK/footage/wide/$name"
        echo x >"WORK/footage/wide/$name/a"
    done
    ok load WORK
    for width in 60 80 120; do
        browse "$width" 24 explore
        await "all databases"
        send Enter
        await "wide"
        send -l /wide
        send Enter
        send Enter
        await "日本の映画"
        await "한국어"
        are_aligned || { seen; fail "columns are not aligned at $width"; }
        send q
        left
    done
}

test_verify_finds_a_damaged_file() {
    studio
    ok verify acme/spot footage WORK
    rot "WORK/footage/acme/spot/day 1/clip 2.mov" 100
    browse 80 24 explore acme/spot
    await "footage"
    send -l /foot
    send Enter
    send v
    await "clip 2.mov"
    await "DAMAGED"
    send q
    await "!    ≠       "
    send q
    left
    again "$AUTOBACKUP fetch acme/spot"
    wait_for "60 kB !"
}

test_a_client_with_ten_thousand_projects() {
    local start took
    need sqlite3
    studio
    query "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n
        WHERE i < 10000) INSERT INTO replica (database, category, client, project, files, directories, bytes, newest,
        fingerprint, errors, loaded_at, evidence) SELECT d.id, 1, CAST('many' AS BLOB),
        CAST(printf('p-%05d', i) AS BLOB), 1, 1, i, 1, CAST('0123456789abcdef' AS BLOB), 0, 1, zeroblob(16)
        FROM n, database d"
    browse 80 24 explore
    await "all databases"
    send Enter
    await "many"
    start=${EPOCHREALTIME/./}
    send -l $'/many\r'
    send Enter
    await "p-10000"
    send End
    await "p-00001"
    send -l /7777
    await "1 of 10,000"
    took=$(((${EPOCHREALTIME/./} - start) / 1000))
    [ "$took" -lt 5000 ] || fail "$took ms for three steps"
    send Escape
    send q
    left
}

test_without_a_terminal_it_says_what_to_type() {
    studio
    ab explore </dev/null
    assert_status 2
    assert_err "needs a terminal" "explore PROJECT CATEGORY DATABASE"
    browse 80 24 explore
    await "all databases"
    send q
    left
    again "TERM=dumb $AUTOBACKUP explore"
    wait_for "TERM is 'dumb'"
    left 2
    again "$AUTOBACKUP explore | cat"
    wait_for "needs a terminal"
}

test_from_the_prompt_and_back() {
    studio
    browse 100 24 ''
    await ">>>"
    type_line explore
    await "each counted once"
    send q
    await_gone "each counted once"
    type_line 'print("still " .. "here")'
    await "still here"
    type_line 'explore(databases()[3])'
    await "› NAS"
    send q
    type_line 'exit'
    left
}
