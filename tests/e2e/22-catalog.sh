# The catalog's own file: made by many at once, read where it cannot be written, damaged. Oracles: sqlite3, cmp, chmod.
. ./studio.sh

# Everybody finds it missing, and runs a startup file that adds what nobody has added yet.
test_a_new_catalog_is_opened_by_many_at_once() {
    need sqlite3
    mkdir -p WORK/render/acme/spot NAS
    echo 1 >WORK/render/acme/spot/f
    ok add database WORK WORK
    ok add database NAS NAS --yes
    cat >config.lua <<END
add("database", "WORK", "$PWD/WORK")
add("database", "NAS", "$PWD/NAS")
add("category", "render", "render")
END
    local round n pids
    for round in $(seq "${ROUNDS:-5}"); do
        mkdir "round.$round"
        pids=()
        for n in {1..20}; do
            "$AUTOBACKUP" --config config.lua --catalog "round.$round/new/catalog.db" list databases --json \
                >"round.$round/$n" 2>&1 &
            pids+=($!)
        done
        for n in {1..20}; do
            wait "${pids[n - 1]}" || fail "round $round: status $?: $(cat "round.$round/$n")"
            assert_eq "$(grep -c '"type":"database"' "round.$round/$n")" 2 "round $round: $(cat "round.$round/$n")"
        done
        assert_eq "$(sqlite3 "round.$round/new/catalog.db" 'PRAGMA integrity_check; SELECT name FROM database ORDER BY id
            LIMIT 2; SELECT count(*) FROM database; SELECT count(*) FROM category')" $'ok\nWORK\nNAS\n2\n1'
    done
}

# A studio whose catalog lies in $PWD/shared.
shared_studio() {
    need sqlite3
    need_root
    mkdir -p shared
    export AUTOBACKUP_CATALOG=$PWD/shared/catalog.db
    studio
    chmod -R a+rX . "$HOME"
}

reads() {    # HOW: every command that only looks works as an ordinary user
    local words
    for words in "list databases" "list projects" "fetch acme/spot" "fetch all" "find clip" "list loose" "history" \
        "check" "help"; do
        # shellcheck disable=SC2086
        run as_nobody $words
        [ "$STATUS" = 0 ] || [ "$words:$STATUS" = "check:10" ] || fail "$1: $words: status $STATUS"
        refute_err "cannot be written"
    done
    run as_nobody compare acme/spot footage WORK NAS
    assert_status 4
    assert_out "differs"
    run as_nobody find clip
    assert_out "clip 1.mov"
}

# What must write says that it cannot, and why.
writes() {    # HOW
    local words
    for words in "load WORK" "add category more more" "remove category cache --yes" \
        "copy acme/spot footage WORK STORAGE" "verify acme/spot footage WORK"; do
        # shellcheck disable=SC2086
        run as_nobody $words
        [ "$STATUS" = 1 ] || [ "$STATUS" = 3 ] || fail "$1: $words: status $STATUS"
        assert_err "catalog.db cannot be written"
    done
}

test_a_catalog_that_cannot_be_written_can_be_read() {
    shared_studio
    refute_exists shared/catalog.db-wal
    chmod 444 shared/catalog.db
    chmod 555 shared
    cp shared/catalog.db before
    reads "file and folder are another's"
    writes "file and folder are another's"
    chmod 777 shared
    reads "only the file is another's"
    writes "only the file is another's"
    rm -f shared/*-wal shared/*-shm
    chmod 666 shared/catalog.db
    chmod 555 shared
    reads "nothing can be made beside it"
    cmp shared/catalog.db before || fail "it was written"
}

test_a_catalog_on_a_read_only_disk_can_be_read() {
    need_root
    mkdir shared
    mount_tmpfs shared 16
    shared_studio
    mount -o remount,ro shared || skip "cannot remount here"
    reads "on a read-only disk"
    writes "on a read-only disk"
}
