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

# One byte of a listing is another; the catalog's own checks see nothing of that.
damage() {    # DATABASE PROJECT CATEGORY FOLDER
    query "UPDATE directory SET listing = CAST(substr(listing, 1, 9) || x'ff' || substr(listing, 11)
        AS BLOB) WHERE CAST(path AS TEXT) = '$4' AND replica = (SELECT r.id FROM replica r JOIN database d ON d.id = r.database
        JOIN category c ON c.id = r.category WHERE d.name = '$1' AND c.name = '$3' AND
        CAST(r.client || '/' || r.project AS TEXT) = '$2'); SELECT changes()" >changes
    assert_eq "$(cat changes)" 1 "damaged listings"
}

damaged_studio() {    # the same footage on all three; nothing is damaged yet
    need sqlite3
    export AUTOBACKUP_CATALOG=$PWD/catalog.db
    studio
    equal_footage
    ok load
}

test_find_goes_on_past_a_damaged_listing() {
    damaged_studio
    damage NAS acme/spot footage "day 1"
    local times
    for times in 1 2; do    # however often it is met
        ab find 'clip 1.mov'
        assert_status 3
        assert_out "WORK/footage/acme/spot/day 1/clip 1.mov" "STORAGE/footage/acme/spot/day 1/clip 1.mov"
        refute_out "NAS/footage"
        assert_err "the catalog's listing of a folder of acme/spot footage on NAS is damaged" "load NAS"
    done
    ab -e 'for f in files{name = glob "clip*"} do print(f.path) end'
    assert_status 1
    assert_out "WORK/footage/acme/spot/day 1/clip 2.mov"
    assert_err "acme/spot footage on NAS is damaged"
    ok load NAS
    ok find 'clip 1.mov'
    assert_out "NAS/footage/acme/spot/day 1/clip 1.mov"
}

test_compare_and_fetch_say_a_damaged_listing_and_go_on() {
    damaged_studio
    ok verify acme/spot footage
    # what is known of contents differs, so that the listings are needed
    query "UPDATE directory SET digests = CAST(substr(digests, 1, 1) || x'ee' || substr(digests, 3)
        AS BLOB) WHERE replica IN (SELECT r.id FROM replica r JOIN database d ON d.id = r.database WHERE d.name = 'NAS')
        AND path = CAST('day 1' AS BLOB); UPDATE replica SET evidence = x'0102030405060708090a0b0c0d0e0f10' WHERE database =
        (SELECT id FROM database WHERE name = 'NAS')"
    damage NAS acme/spot footage "day 1"
    local times
    for times in 1 2; do    # however often it is met
        ab fetch acme/spot
        assert_status 3
        assert_err "a folder of acme/spot footage on NAS is damaged (day 1): 'load NAS' reads it anew"
        assert_out "project" "render"
        ab compare acme/spot footage WORK NAS STORAGE --json
        assert_status 3
        assert_eq "$(json 'o.type == "compare" and o.database .. " " .. o.state or nil')" $'NAS incomplete\nSTORAGE same'
        assert_out '"code":"ECORRUPT"'
    done
    ok load NAS
    ok fetch acme/spot
    ok compare acme/spot footage WORK NAS STORAGE
}

# Nobody met it: the check of all of it, once a day, does.
test_a_load_finds_and_mends_what_nobody_met() {
    damaged_studio
    damage NAS acme/spot footage "day 1"
    ok load NAS
    refute_err "damaged"
    query "UPDATE checked SET at = at - 86401000000000"
    ok load NAS
    assert_err "the catalog's listing of a folder was damaged: read anew"
    ok find 'clip 1.mov'
    assert_out "NAS/footage/acme/spot/day 1/clip 1.mov"
}

# Damage of more than a listing is said, and no crash: the schema's version, an index.
test_damage_of_the_file_itself_is_said() {
    damaged_studio
    local version
    for version in -2147483648 -10; do
        cp catalog.db broken.db
        sqlite3 broken.db "PRAGMA user_version = $version"
        ab --catalog broken.db fetch all
        assert_status 1
        assert_err "is damaged"
    done
}

# A project of sixty folders on A, and a program "rival" that mirrors another state of it, without them, from C.
folders_and_a_rival() {
    local n
    export AUTOBACKUP_CATALOG=$PWD/catalog.db
    mkdir -p {A,B,C}/footage A.folders/spot
    for n in $(seq 60); do mkdir "A.folders/spot/d$n" && echo "$n" >"A.folders/spot/d$n/f"; done
    for n in A B C; do ok add database $n $n; done
    ok add category footage footage
    cp -a A.folders A/footage/acme
    mkdir -p C/footage/acme/spot && echo other >C/footage/acme/spot/other
    ok load
    mv catalog.db catalog.folders
    printf '#!/bin/sh\nunset LD_PRELOAD\nexec "%s" copy acme/spot footage C A --mirror --yes >rival.out 2>&1\n' "$AUTOBACKUP" >rival
    chmod +x rival
}

# The program, with the rival's whole run before one of its reads of the catalog.
commits_between() {    # WHICH READ, WORDS...
    local n=$1
    shift
    rm -rf {A,B,C}/footage {A,B,C}/.autobackup/{operations,versions} catalog.db* hits.*
    mkdir -p {A,B}/footage C/footage/acme/spot
    cp -a A.folders A/footage/acme
    echo other >C/footage/acme/spot/other
    cp catalog.folders catalog.db
    run env LD_PRELOAD="$(dirname "$(readlink -f "$AUTOBACKUP")")/tests/fault/shim.so" FAULT_HITS="$PWD/hits" \
        ASAN_OPTIONS="${ASAN_OPTIONS:+$ASAN_OPTIONS:}verify_asan_link_order=0" \
        FAULTS="rdlock */catalog.db-shm $n 1 run=$PWD/rival" "$AUTOBACKUP" "$@"
    [ -e hits.1 ] || fail "it did not read the catalog so often: $n"
    [ "$STATUS" = 0 ] || [ "$STATUS" = 3 ] || fail "read $n: status $STATUS"
}

# Both operations of the copy are one run: one undo takes back all that it did.
undone_as_one() {
    ok undo last --database B --yes
    assert_eq "$(find B/footage -type f)" ""
    twice=$((twice + 1))
}

# What was known of a source's folders goes while a copy plans: nothing is taken for absent, and it begins again by itself.
test_a_copy_beside_a_mirror_at_its_source_begins_again() {
    local n again=0 twice=0
    folders_and_a_rival
    for n in $(points $(seq 130 10 260)); do
        commits_between "$n" copy acme/spot footage A B
        if grep -q 'begun again' "$ERR"; then again=$((again + 1)); fi
        ok compare acme/spot footage A C
        [ "$(find B/.autobackup/operations -type f | wc -l)" -lt 2 ] || undone_as_one
    done
    [ "$again" -ge 1 ] || fail "no commit came between a folder's name and what is known of it"
    [ "$twice" -ge 1 ] || fail "no copy had done anything when it was begun again"
}

# A verify says it of each such folder, and reads the rest.
test_a_verify_beside_a_mirror_goes_on() {
    local n gone=0
    folders_and_a_rival
    for n in $(points $(seq 90 10 200)); do
        commits_between "$n" verify acme/spot footage A
        ! grep -q 'd9: what the catalog knew of the folder .* went while it was read' "$ERR" || gone=$((gone + 1))
    done
    [ "$gone" -ge 1 ] || fail "no commit came between a folder's name and what is known of it"
}
