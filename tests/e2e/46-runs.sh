# What one command did is one run: listed and undone as one; and who did it. Oracles: find, sqlite3, /proc.

three_categories() {    # A with three categories of one project, B and C empty
    local c
    mkdir -p {A,B,C}/{one,two,three}
    for c in one two three; do
        mkdir -p A/$c/acme/spot
        echo "$c" >A/$c/acme/spot/file
    done
    for c in A B C; do ok add database $c $c; done
    for c in one two three; do ok add category $c $c; done
    ok load
}

files_in() { find "$@" -name .autobackup -prune -o -type f -printf '%p\n' | LC_ALL=C sort; }

# Onto two disks it is six operations, and one undo takes them all; another one takes that back.
test_what_one_command_did_is_undone_at_once() {
    three_categories
    ok copy acme/spot all A B C
    files_in B C >copied
    assert_eq "$(wc -l <copied)" 6
    ok undo
    assert_eq "$(files_in B C)" ""
    assert_err "6 operations on" "the newest first"
    assert_out "takes this back"
    ok undo last
    diff <(files_in B C) copied || fail "the undo of the undo"
    ok history
    assert_eq "$(grep -c "^20" "$OUT")" 18
    # the catalog's rows and the manifests on the disks know the same runs
    assert_eq "$(query "SELECT count(DISTINCT run), count(*), count(run) FROM operation")" "3|18|18"
    assert_eq "$(cat B/.autobackup/operations/* C/.autobackup/operations/* | tr '\0' '\n' | grep -A1 '^run$' |
        grep -c "^$(query "SELECT run FROM operation ORDER BY started_at LIMIT 1")$")" 6
}

# Another workstation, that has no row of it, undoes the run by its name; one operation alone stays possible.
test_a_run_is_known_on_another_workstation() {
    local run one
    three_categories
    ok copy acme/spot all A B C
    run=$(query "SELECT DISTINCT run FROM operation")
    one=$(query "SELECT id FROM operation WHERE category = 'two' AND target = 'C'")
    ok --catalog other.db add database A A
    ok --catalog other.db add database B B
    ok --catalog other.db add database C C
    for c in one two three; do ok --catalog other.db add category $c $c; done
    ok --catalog other.db load
    ok --catalog other.db undo "$one"
    assert_eq "$(files_in C)" $'C/one/acme/spot/file\nC/three/acme/spot/file'
    ab --catalog other.db undo    # nothing was done there
    assert_status 1
    ok --catalog other.db undo "${run##*-}"
    assert_err "5 operations"
    assert_eq "$(files_in B C)" ""
    ab --catalog other.db undo "$run"
    assert_status 1
    assert_err "undone"
}

# A disk that is away leaves its part; the same command takes it when it is there again.
test_what_a_run_left_is_said_and_taken_later() {
    three_categories
    ok copy acme/spot all A B C
    mv C away
    ab undo
    assert_status 75
    local left
    mapfile -t left < <(query "SELECT id FROM operation WHERE target = 'C'")
    assert_eq "${#left[@]}" 3
    assert_err "left: " "${left[@]}"
    assert_eq "$(files_in B)" ""
    mv away C
    ok undo
    assert_eq "$(files_in C)" ""
    ab undo
    assert_status 1
}

# Every mix of what an undo can come to has an ending that is true.
test_the_ending_of_an_undo_is_true() {
    three_categories
    ok copy acme/spot one A B
    echo "mine" >B/one/acme/spot/file
    ab undo
    assert_status 3
    assert_out "nothing was undone: 1 conflict left as it is now"
    refute_out "everything is as it was before"
    rm -r B/one/acme
    ok load
    ok copy acme/spot all A B
    echo "mine too" >B/one/acme/spot/file
    ab undo
    assert_status 3
    assert_out "undone in part: 1 conflict left as it is now" "what was taken away is kept"
    assert_eq "$(files_in B)" "B/one/acme/spot/file"
    rm -r B/one/acme
    ok load
    ok copy acme/spot all A B
    echo "mine" >B/one/acme/spot/file
    echo "mine" >B/two/acme/spot/file
    ab undo
    assert_status 3
    assert_out "2 conflicts left as they are now"
}

# A pid that another process has now is not the copy's; what another machine does cannot be known here.
test_a_reused_pid_does_not_run() {
    three_categories
    ok copy acme/spot one A B
    query "UPDATE operation SET state = 'running', pid = $$"
    rm -r B/.autobackup/operations
    ok history --json
    assert_eq "$(json o.state)" unfinished
    began=$(sed 's/.*) //' /proc/$$/stat | cut -d' ' -f20)
    query "UPDATE operation SET began = $began"
    ok history --json
    assert_eq "$(json o.state)" running
    query "UPDATE operation SET boot = '11111111-2222-3333-4444-555555555555'"
    ok history --json
    assert_eq "$(json o.state)" unfinished
    query "UPDATE operation SET host = 'elsewhere', user = 'anna'"
    ok history --json
    assert_eq "$(json 'o.state, o.user, o.host')" "unknown anna elsewhere"
    ok history
    assert_out "unknown, on elsewhere" "anna@elsewhere"
}

# What was killed before it did what it announced, and what found nothing to do, is not what an undo is about.
test_an_operation_of_no_files_is_not_undone() {
    need sqlite3
    three_categories
    ok copy acme/spot one A B
    local good bad
    good=$(ls B/.autobackup/operations)
    ok copy acme/spot two A B
    bad=$(ls B/.autobackup/operations | grep -vx "$good")
    ok copy acme/spot two A B
    assert_out "nothing to do"
    ok undo last --dry-run --json
    assert_eq "$(json 'o.type == "undo" and o.undoes or nil')" "$bad" "the last"
    # as kill -9 leaves it behind its first announcements
    rm -r B/two/acme
    head -c "$(LC_ALL=C grep -abo counts "B/.autobackup/operations/$bad" | cut -d: -f1)" \
        "B/.autobackup/operations/$bad" >cut
    cp cut "B/.autobackup/operations/$bad"
    query "UPDATE operation SET state = 'failed' WHERE id = '$bad'"
    ok undo --dry-run --json
    assert_eq "$(json 'o.type == "undo" and o.undoes or nil')" "$good"
    ok undo --yes
    refute_exists B/one/acme/spot
    ab undo
    assert_status 1
    assert_err "nothing to undo"
}
