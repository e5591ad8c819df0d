# Results of hundreds of thousands of rows: all of them arrive, in little memory. Oracles: wc, sqlite3, find.

MOST=70000    # KiB, where a list of such rows takes hundreds of MB

# Runs the program with its memory measured: streamed WORDS... -> $OUT, $KIB
streamed() {
    local measure
    measure=$(dirname "$(realpath "$AUTOBACKUP")")/tests/bench/measure
    [ -x "$measure" ] || skip "not built: make check-e2e"
    run "$measure" -o cost "$AUTOBACKUP" "$@"
    KIB=$(awk '{ print $4 }' cost)
}

# Sanitizers take many times as long, and as much.
is_sanitized() { [[ $(realpath "$AUTOBACKUP") == */[at]san/* ]]; }

assert_small() {
    ! is_sanitized || return 0
    [ "$KIB" -lt $MOST ] || fail "it took $KIB KiB"
}

# A catalog of 400,000 files on two databases, one of 200 differing; $1: the number of a category for one project.
catalog() {
    local build
    build=$(dirname "$(realpath "$AUTOBACKUP")")
    [ -x "$build/tests/bench/catalog" ] || skip "not built: make check-e2e"
    "$build/tests/bench/catalog" catalog.db "${MANY:-$(is_sanitized && echo 20000 || echo 200000)}" "$@" >/dev/null
    export AUTOBACKUP_CATALOG=$PWD/catalog.db
    FILES=$(sqlite3 catalog.db 'SELECT sum(files) FROM replica')
}

test_find_gives_all_to_a_pipe() {
    catalog
    streamed find '*' --type file
    assert_status 0
    assert_eq "$(tail -n +2 "$OUT" | wc -l)" "$FILES" lines
    assert_eq "$(grep -c '^ *SIZE' "$OUT")" 1 titles
    assert_eq "$(awk '{ print $NF }' "$OUT" | sort | uniq -d | head -n 1)" "" "a name twice"
    assert_small
    streamed find '*' --type file --json
    assert_status 0
    assert_eq "$(grep -c '"type":"entry"' "$OUT")" "$FILES" objects
    assert_small
}

test_find_of_one_large_replica_comes_folder_by_folder() {
    catalog 0
    streamed find '*' --type file --json --database WORK
    assert_status 0
    assert_eq "$(wc -l <"$OUT")" "$((FILES / 2))" lines
    assert_small
}

test_a_limit_holds_on_a_pipe_too() {
    catalog
    streamed find '*' --type file --limit 15000
    assert_status 0
    assert_eq "$(tail -n +2 "$OUT" | wc -l)" 15000 lines
    assert_err 'more than 15000 match, the others are not shown'
    assert_small
}

test_a_list_in_lua_says_what_it_leaves_out() {
    catalog
    streamed -e 'local r = find("*") print(#r, r.status, r.notes[1])'
    assert_out '10000	3	more than 10000 match'
    rm catalog.db*
    MANY=210000 catalog 0
    streamed -e 'local r = compare{project = projects()[1].project, category = "render", databases = {"WORK", "NAS"}, all = true}
        print(r.omitted, r.notes[#r.notes])'
    assert_out_is '5000	5,000 more differences are not listed, of 105,000 in all'
}

test_compare_lists_all_to_a_pipe() {
    catalog 0
    local project
    project=$(sqlite3 catalog.db "SELECT client || '/' || project FROM replica LIMIT 1")
    streamed compare "$project" render WORK NAS --all --json
    assert_status 0
    assert_eq "$(grep -c '"type":"difference"' "$OUT")" "$((FILES / 2))" differences
    assert_eq "$(grep -c '"type":"compare"' "$OUT")" 1 sums
    assert_small
    streamed compare "$project" render WORK NAS --all
    assert_status 0
    assert_out "$project render, NAS compared with WORK:"
    assert_eq "$(sed -n 's/^  . [^(]*$/1/p; s/^  . .*(\([0-9]*\) files.*/\1/p' "$OUT" | awk '{ n += $1 } END { print n }')" \
        "$((FILES / 2))" 'files in folded lines'
    assert_small
}

test_a_plan_is_whole() {
    local n=120000
    ! is_sanitized || skip 'takes minutes under a sanitizer'
    ! { [ "$(id -u)" = 0 ] && command -v mkfs.xfs; } >/dev/null || mount_image WORK 600 xfs    # quicker at making them
    mkdir -p WORK/footage/acme/spot NAS
    (cd WORK/footage/acme/spot && seq -f 'f%06g' $n | xargs touch)
    ok add database WORK WORK
    ok add database NAS NAS
    ok add category footage footage
    ok load
    streamed copy acme/spot footage WORK NAS --dry-run --json
    assert_status 0
    assert_eq "$(grep -c '"kind":"new".*"file_type":"file"' "$OUT")" $n actions
    assert_out '"files_copied":120000,'
    assert_small
    streamed -e 'local r = copy{project = "acme/spot", category = "footage", from = "WORK", to = "NAS", dry_run = true}
        print(r.omitted, r.notes[#r.notes])'
    assert_out '20001	20,001 more actions are not listed, of 120,001 in all'
}

test_a_reader_that_leaves_early_ends_it_quietly() {
    catalog
    { "$AUTOBACKUP" find '*' --type file 2>"$ERR" || echo $? >status; } | head -n 3 >"$OUT"
    assert_eq "$(cat status) $(wc -l <"$OUT")" '141 3'
    assert_err_is ''
}
