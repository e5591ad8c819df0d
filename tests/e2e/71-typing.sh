# Typing at the prompt: texts of several lines, paste, history, completion, what the prompt says.
. ./studio.sh
. ./terminal.sh

test_lua_of_several_lines_is_one_entry() {
    start 80 24 --no-config
    wait_for ">>>"
    type_line 'for i = 1, 3 do'
    wait_for "... "
    type_line 'print("n" .. i)'
    send -l 'end'
    send Enter
    wait_for n3
    ready
    # Recalled as one, changed in its first line with the arrows, run as one.
    send Up
    wait_for '... end'
    send Up
    send Up
    send C-e
    send -l ' print("m" .. i)'
    wait_for 'do print("m"'
    send Enter
    wait_for m3
    assert_eq "$(grep -c . "$XDG_STATE_HOME/autobackup/history")" 2 "entries of the history"
    leave
    start 80 24 --no-config
    wait_for ">>>"
    send Up
    wait_for '... end'
    visible | grep -qF '>>> for i = 1, 3 do print("m" .. i)' || fail "not recalled as one"
    send Enter
    wait_for m3
    leave
}

test_a_paste_runs_as_one() {
    start 80 24 --no-config
    wait_for ">>>"
    paste_text $'for i = 1, 2 do\n\tprint("n" .. i)\nend\nprint("af" .. "ter")'
    wait_for '... print("af" .. "ter")'
    refute_seen n1
    send Enter
    wait_for after
    wait_for n2
    leave
    assert_eq "$(cat "$XDG_STATE_HOME/autobackup/history")" \
        $'for i = 1, 2 do\\n\tprint("n" .. i)\\nend\\nprint("af" .. "ter")' history
}

refute_seen() { ! visible | grep -aqF -- "$1" || fail "on the screen: $1"; }

test_ctrl_c_in_a_text_of_several_lines() {
    start 80 24 --no-config
    wait_for ">>>"
    type_line 'x = {'
    wait_for "... "
    send -l '1,'
    wait_for '1,'
    drop_line
    type_line 'print("al" .. "ive", x)'
    wait_for "alive   nil"
    leave
}

test_a_dumb_terminal_takes_lua_line_by_line() {
    need tmux
    new_socket
    trap stop EXIT
    tmux -S "$SOCKET" -f /dev/null new-session -d -x 80 -y 24 env TERM=dumb \
        bash -c '"$@"; echo $? >"$TMPDIR/status"; read -r' - "$AUTOBACKUP" --no-config
    wait_for ">>>"
    type_line 'for i = 1, 2 do'
    wait_for '... '
    type_line 'print("n" .. i) end'
    wait_for n2
    leave
    assert_eq "$STATUS" 0 status
    assert_eq "$(cat "$XDG_STATE_HOME/autobackup/history")" 'for i = 1, 2 do\nprint("n" .. i) end' history
}

test_two_sessions_keep_each_others_history() {
    start 80 24 --no-config
    wait_for ">>>"
    local first=$SOCKET
    type_line 'print("one" .. 1)'
    wait_for one1
    SOCKET=
    start 80 24 --no-config
    wait_for ">>>"
    type_line 'print("two" .. 2)'
    wait_for two2
    leave
    stop
    SOCKET=$first
    type_line 'print("three" .. 3)'
    wait_for three3
    leave
    assert_eq "$(cat "$XDG_STATE_HOME/autobackup/history")" $'print("one" .. 1)\nprint("two" .. 2)\nprint("three" .. 3)' \
        history
    start 80 24 --no-config
    wait_for ">>>"
    send C-r
    send -l two
    wait_for 'reverse-i-search'
    wait_for 'print("two" .. 2)'
    send Enter
    wait_for two2
    leave
}

test_inputrc_is_respected() {
    printf '%s\n' '$if autobackup' '"\C-t": "list categories"' '"\e[A": beginning-of-line' '$endif' >"$HOME/.inputrc"
    studio
    start 80 24 --no-config
    wait_for ">>>"
    send C-t
    wait_for "list categories"
    send Enter
    wait_for "scratch/render"
    ready
    send -l 'int("x")'
    send Up
    send -l 'pr'
    wait_for '>>> print("x")'
    send C-c
    leave
}

test_tab_completes_every_kind_of_word() {
    studio
    start 100 40 --no-config
    wait_for ">>>"
    send -l 'fet'; send Tab; send -l 'al'; send Tab; wait_for '>>> fetch all '; drop_line
    send -l 'copy "bmx/sh'; send Tab; send -l 'foot'; send Tab; send -l 'wo'; send Tab
    wait_for '>>> copy "bmx/show two" footage WORK '; drop_line
    send -l 'copy show'; send Tab; wait_for '>>> copy "bmx/show two" '; drop_line
    send -l 'list projects i'; send Tab; send -l 'du'; send Tab; send -l 'in ST'; send Tab
    wait_for '>>> list projects in dune in STORAGE '; drop_line
    send -l 'copy acme/spot footage WORK NAS --new'; send Tab; send -l 'ov'; send Tab
    wait_for 'NAS --newer=overwrite '; drop_line
    send -l 'x = string.rep'; send Tab; wait_for 'x = string.rep'; drop_line
    type_line 'projects()'
    wait_for databases
    ready
    send -l 'print(_[1].proj'; send Tab; send -l ')'; send Enter; wait_for 'acme/spot'
    ready
    send -l 'settings.pag'; send Tab; wait_for 'settings.pager'; drop_line
    leave
}

# Ten thousand projects: candidates come in the blink of an eye, measured in the program itself.
test_completion_is_instant_with_ten_thousand_projects() {
    cat >many.lua <<'END'
local catalog = require("autobackup.catalog").open("many.db")
catalog:exec("BEGIN")
catalog:exec("INSERT INTO category (name, path) VALUES ('footage', CAST('footage' AS BLOB))")
for d = 1, 2 do
    catalog:exec("INSERT INTO database (name, path, identity, added_at, loaded_at) VALUES (?, ?, ?, 1, 1)",
        {"DB" .. d, {blob = "/nonexistent/" .. d}, "id" .. d})
end
catalog:exec([[WITH RECURSIVE n (i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i < 19999)
    INSERT INTO replica (database, category, client, project, files, directories, bytes, fingerprint, errors, loaded_at)
    SELECT 1 + i % 2, 1, CAST(printf('client%03d', i / 2 / 50) AS BLOB), CAST(printf('film %05d', i / 2) AS BLOB),
        100, 3, 100000, zeroblob(16), 0, 1 FROM n]])
catalog:exec("COMMIT")
END
    ok --no-config many.lua
    cat >measure.lua <<'END'
local complete, sys = require "autobackup.complete", require "core.sys"
local session = require("autobackup.session").new{catalog = "many.db"}
for _, case in ipairs{{"copy ", 200}, {"copy client1", 100}, {"copy client100/", 50}, {"list projects in ", 202}} do
    local line, best, found = case[1], math.huge, nil
    local start = #line - #line:match("%S*$") + 1
    for _ = 1, 5 do
        local began = sys.monotonic()
        found = complete.candidates(session, line, start, #line, false)
        best = math.min(best, sys.monotonic() - began)
    end
    assert(#found == case[2], line .. ": " .. #found)
    assert(best < 0.02, ("%s took %.1f ms"):format(line, best * 1000))
end
END
    ok --no-config measure.lua
    start 80 24 --no-config --catalog many.db
    wait_for "10,000 projects"
    ready
    send -l 'copy client1'; send Tab; send -l '23/film\ 06'; send Tab
    wait_for 'client123/'
    send C-c
    leave
}

test_the_prompt_says_what_is_wrong() {
    studio
    start 80 24 --no-config
    wait_for ">>>"
    mv NAS NAS.unplugged
    type_line 'print("un" .. "plugged")'
    wait_for "[NAS offline] >>>"
    type_line 'settings.prompt = "studio: "'
    wait_for "[NAS offline] studio: "
    type_line 'settings.prompt = function(state) return #state.offline .. "/" .. state.databases .. "> " end'
    wait_for "1/3> "
    type_line 'settings.prompt = function(state) return state.no.such end'
    wait_for "warning: settings.prompt: "
    mv NAS.unplugged NAS
    type_line 'print("plugged" .. " in")'
    wait_for "plugged in"
    wait_gone "[NAS offline] >>> studio"
    leave
    assert_eq "$STATUS" 0 status
}

test_rows_are_handed_to_commands() {
    studio
    start 140 40 --no-config
    wait_for ">>>"
    type_line 'list projects'
    wait_for "bmx/show two"
    type_line '_[2]'
    wait_for "name"
    type_line 'copy(_[2], "footage", "WORK", "NAS")'
    wait_for "COPIED"
    assert_same_tree WORK/footage/bmx NAS/footage/bmx
    type_line 'explore(_[3])'
    wait_for "_ has 1 row now, __ is the result before it"
    type_line 'replicas{project = "acme/spot", category = "footage"}'
    wait_for "fields left out"
    type_line 'explore(_[1])'
    wait_for "$PWD/WORK/footage/acme/spot"
    leave
}

# What is handed over opens where it lies: a file in its folder, a folder itself.
test_an_entry_is_explored_where_it_lies() {
    studio
    export AUTOBACKUP_EXPLORER=echo
    ok -e 'local list = find("clip 2.mov", {database = "WORK"}) print(explore(list[1])[1].path)'
    assert_out "$PWD/WORK/footage/acme/spot/day 1"
    ok explore acme/spot footage WORK "day 1"
    assert_out "$PWD/WORK/footage/acme/spot/day 1"
    ok explore acme/spot footage WORK "day 1/clip 1.mov"
    assert_out "$PWD/WORK/footage/acme/spot/day 1"
    refute_out "clip 1.mov"
    ok explore acme/spot footage WORK
    refute_out "day 1"
    ab explore acme/spot footage WORK "day 9"
    assert_status 1
    assert_err "day 9 is not there"
    ab explore acme/spot footage WORK ../other
    assert_status 1
}

# What is typed while something runs is not shown amid its lines, and not lost: it stands at the next prompt.
test_typing_ahead() {
    start 80 24 --no-config
    wait_for ">>>"
    type_line 'io.write("under", "way\n") io.flush() while not io.open("go") do os.date() end print("fin" .. "ished")'
    wait_for underway
    send -l 'print("ah" .. "eax"'
    send BSpace
    send BSpace
    send -l 'd")'
    lacks 'print("ah"' || fail "shown while it runs"
    touch go
    wait_for '>>> print("ah" .. "ead")'
    visible | grep -qx 'finished' || fail "garbled"
    send Enter
    wait_for ahead
    ready
    type_line 'io.write("na", "me? ") io.flush() print("<" .. io.read() .. ">")'
    wait_for 'name? '    # what is typed before that shows nowhere
    send -l 'typed'
    wait_for typed
    send Enter
    wait_for '<typed>'
    type_line 'local s = run("sh", "-c", "stty -a | grep -o -e [-]*icanon -e [-]*echo\\\\b; echo asked")'
    wait_for asked
    visible | grep -q '^-icanon\|^-echo$' && fail "a program finds a terminal that shows nothing"
    leave
}
