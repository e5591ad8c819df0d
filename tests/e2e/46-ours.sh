# Which names are ours: .autobackup/ at a database's root, and temps of our own pattern. All else is data. Oracles: find, diff.
. ./studio.sh

SHIM=$(dirname "$(readlink -f "$AUTOBACKUP")")/tests/fault/shim.so
SPOT=WORK/footage/acme/spot

# Names that begin like ours, and a project whose folder .autobackup is no database's.
like_ours() {
    mkdir -p $SPOT/.autobackup/versions $SPOT/.autobackup~old $SPOT/sub NAS "WORK/footage/.autobackup-client/one"
    echo 1 >$SPOT/.autobackup/versions/a
    echo 2 >$SPOT/.autobackup-notes.txt
    echo 3 >$SPOT/.autobackuprc
    echo 4 >$SPOT/.autobackup~old/b
    echo 5 >$SPOT/sub/.autobackup-0123
    echo 6 >$SPOT/sub/.autobackup-x-0123456789ABCDEF
    echo 7 >$SPOT/sub/.autobackup
    echo 8 >WORK/footage/.autobackup-client/one/c
    find WORK -exec touch -h -d 2024-01-01 {} +
}

test_what_only_begins_like_ours_is_data() {
    like_ours
    work_and_nas
    ok copy acme/spot footage WORK NAS
    ok copy .autobackup-client/one footage WORK NAS
    diff -r WORK/footage NAS/footage || fail "not all arrived"
    ok compare acme/spot footage WORK NAS
    echo changed >$SPOT/.autobackup-notes.txt
    rm -r $SPOT/.autobackup
    ok copy acme/spot footage WORK NAS --mirror --yes
    diff -r WORK/footage NAS/footage || fail "not mirrored"
    ok undo --yes
    assert_eq "$(cat NAS/footage/acme/spot/{.autobackup/versions/a,.autobackup-notes.txt})" "1
2"
    ok verify acme/spot footage NAS
}

test_what_is_ours_is_no_data() {
    like_ours
    mkdir -p $SPOT/inner/.autobackup
    echo '{}' >$SPOT/inner/.autobackup/database.json
    echo temp >$SPOT/.autobackup-0123456789abcdef
    echo temp >$SPOT/.autobackup-p-0123456789abcdef
    work_and_nas
    ok copy acme/spot footage WORK NAS
    assert_exists NAS/footage/acme/spot/inner
    refute_exists NAS/footage/acme/spot/inner/.autobackup NAS/footage/acme/spot/.autobackup-{,p-}0123456789abcdef
    assert_eq "$(query "SELECT count(*) FROM outside")" 0 "outside of the categories"
}

# A temp that stays keeps its own operation open, for the next to sweep; not those that follow in the same session.
test_a_temp_that_stays_opens_no_other_operation() {
    [ -e "$SHIM" ] || fail "$SHIM is not there: make check-e2e makes it"
    mkdir -p $SPOT WORK/footage/bmx/show NAS
    echo f >$SPOT/f
    echo g >WORK/footage/bmx/show/g
    work_and_nas
    printf '%s\n' 'copy acme/spot footage WORK NAS' 'copy bmx/show footage WORK NAS' 'undo --yes' >commands
    run env LD_PRELOAD="$SHIM" ASAN_OPTIONS="${ASAN_OPTIONS:+$ASAN_OPTIONS:}verify_asan_link_order=0" \
        FAULTS="renameat2 */NAS/footage/acme/spot/f 1 1 errno=EACCES;unlinkat */NAS/footage/acme/spot/.autobackup-* 1 0 errno=EIO" \
        "$AUTOBACKUP" <commands
    assert_status 3
    assert_eq "$(find NAS/footage -name '.autobackup-*' | wc -l)" 1 "temps that stayed"
    assert_eq "$(find NAS/.autobackup/operations -name '*.open' | wc -l)" 1 "open ones"
    assert_err "stays there" "the next operation here tries again"
    ok copy bmx/show footage WORK NAS
    assert_eq "$(find NAS -name '.autobackup-*' -o -name '*.open')" "" "left"
}

# Names of our pattern that no manifest knows: nobody would sweep them up, and they are in no backup.
test_a_temp_that_no_operation_knows_is_loose() {
    mkdir -p $SPOT/sub WORK/footage/bmx/show NAS/.autobackup/operations
    echo f >$SPOT/f
    head -c 700 /dev/zero >$SPOT/sub/.autobackup-0123456789abcdef
    head -c 50 /dev/zero >$SPOT/.autobackup-p-0123456789abcdef
    echo old >$SPOT/sub/.autobackup-x-0123456789abcdef
    echo t >WORK/footage/.autobackup-aaaaaaaaaaaaaaaa
    work_and_nas
    ok load
    assert_err "WORK: 3 temps of copies (752 B), the first is $PWD/WORK/footage/.autobackup-aaaaaaaaaaaaaaaa: no operation knows of it" \
        "'prune'" "WORK: 1 replaced file (4 B), $PWD/$SPOT/sub/.autobackup-x-0123456789abcdef: it could not be moved to the versions"
    ok list loose --json
    assert_eq "$(json 'o.database, o.category, o.kind, o.size, o.path' | sort)" "$(find "$PWD/WORK" -name '.autobackup-*' -printf '%s %p\n' |
        sed -E 's/^([0-9]+) (.*-x-.*)/WORK footage replaced \1 \2/; s/^([0-9]+) /WORK footage temp \1 /' | sort)"
    ok list loose in NAS
    refute_err "no operation knows"
    ab check
    assert_err "WORK: 3 temps of copies"
    ok copy acme/spot footage WORK NAS
    assert_eq "$(find NAS/footage -name '.autobackup-*')" "" "temps that were copied"
    find WORK -name '.autobackup-*' -delete
    ok load
    refute_err "no operation knows"
    assert_eq "$(query 'SELECT count(*) FROM loose')" 0
}

# Nothing of ours is a folder there: what is in one is somebody's, and they are told that it is in no backup.
test_a_folder_with_a_name_of_ours_is_told() {
    mkdir -p $SPOT/.autobackup-0123456789abcdef NAS
    echo data >$SPOT/.autobackup-0123456789abcdef/take.mov
    echo f >$SPOT/f
    work_and_nas
    ok load
    assert_err "WORK: 1 folder with a name that is reserved for temps, $PWD/$SPOT/.autobackup-0123456789abcdef: nothing in it is copied or compared: rename it"
    ok list loose --json
    assert_eq "$(json 'o.kind, o.path')" "reserved $PWD/$SPOT/.autobackup-0123456789abcdef"
    ab check
    assert_err "rename it"
    mv $SPOT/.autobackup-0123456789abcdef $SPOT/takes
    ok load
    refute_err "rename it"
    ok copy acme/spot footage WORK NAS
    diff -r $SPOT NAS/footage/acme/spot >&2
}

# What an operation is at work with, or died of, is the next one's to sweep: it is not loose.
test_a_temp_that_a_manifest_knows_is_not_loose() {
    [ -e "$SHIM" ] || fail "$SHIM is not there: make check-e2e makes it"
    mkdir -p $SPOT WORK/footage/bmx/show NAS
    echo f >$SPOT/f
    echo g >WORK/footage/bmx/show/g
    work_and_nas
    run env LD_PRELOAD="$SHIM" ASAN_OPTIONS="${ASAN_OPTIONS:+$ASAN_OPTIONS:}verify_asan_link_order=0" \
        FAULTS="renameat2 */NAS/footage/acme/spot/f 1 1 kill" "$AUTOBACKUP" copy acme/spot footage WORK NAS
    assert_eq "$(find NAS/footage -name '.autobackup-*' | wc -l)" 1 "temps of the dead one"
    mkdir -p NAS/footage/bmx/show
    echo t >NAS/footage/bmx/show/.autobackup-0123456789abcdef
    ok load
    assert_err "NAS: 1 temp of a copy (2 B), $PWD/NAS/footage/bmx/show/.autobackup-0123456789abcdef"
    assert_eq "$(query 'SELECT count(*) FROM loose')" 1
}
