# What is on a disk of the program's own books, and is not read, is not taken for nothing. Oracles: find, stat.
. ./studio.sh

S=WORK/footage/acme/spot
SHIM=$(dirname "$(readlink -f "$AUTOBACKUP")")/tests/fault/shim.so

# A file that was replaced twice on NAS and on STORAGE.
replaced() {
    local n
    mkdir -p "$S" NAS STORAGE
    work_and_nas
    ok add database STORAGE STORAGE
    for n in 1 2; do
        seq "$n" >"$S/f"
        ok copy acme/spot footage WORK NAS
        ok copy acme/spot footage WORK STORAGE
    done
    seq 3 >"$S/f"
    ok copy acme/spot footage WORK NAS
}


versions() { find "$1/.autobackup/versions" -type f | wc -l; }

says_so() {    # PATH RUNNER...: bare undo and prune
    run "${@:2}" undo --yes
    [ "$STATUS" != 0 ] || fail "the undo ended with 0"
    assert_err "$PWD/NAS/.autobackup/$1: what was done on this disk is not known without it"
    refute_err "nothing to undo"
    run "${@:2}" prune --keep 0 --yes
    assert_status 3
    assert_err "$PWD/NAS/.autobackup/$1"
    assert_eq "$(versions STORAGE)" 0 "the other disk's"
}

test_folders_that_may_not_be_read() {
    local folder
    for folder in operations versions; do
        rm -rf NAS STORAGE WORK "$XDG_DATA_HOME"
        replaced
        to_nobody NAS STORAGE WORK "$XDG_DATA_HOME" "$HOME"
        chmod 000 "NAS/.autobackup/$folder"
        says_so "$folder" as_nobody
        assert_err "let this user read and enter it"
        chmod 755 "NAS/.autobackup/$folder"
        run as_nobody undo --yes
        assert_status 0
        assert_eq "$(cat NAS/footage/acme/spot/f)" "$(seq 2)"
    done
}

test_something_else_in_the_place_of_a_folder() {
    local folder
    for folder in operations versions; do
        rm -rf NAS STORAGE WORK "$XDG_DATA_HOME"
        replaced
        mv "NAS/.autobackup/$folder" aside
        echo >"NAS/.autobackup/$folder"
        says_so "$folder" "$AUTOBACKUP"
        assert_err "move it away by hand"
        rm "NAS/.autobackup/$folder"
        ln -s ../../aside "NAS/.autobackup/$folder"
        run "$AUTOBACKUP" undo --yes
        assert_status 1
        assert_err "NAS/.autobackup/$folder" "move it away by hand"
        rm "NAS/.autobackup/$folder"
        mv aside "NAS/.autobackup/$folder"
        ok undo --yes
        rm -rf aside
    done
}

test_a_disk_that_fails() {
    [ -e "$SHIM" ] || skip "$SHIM is missing"
    replaced
    run env LD_PRELOAD="$SHIM" FAULTS='getdents64 */NAS/.autobackup/operations 2 0 errno=EIO' "$AUTOBACKUP" undo --yes
    assert_status 1
    assert_err "NAS/.autobackup/operations" "look at the disk"
    assert_eq "$(cat NAS/footage/acme/spot/f)" "$(seq 3)"
}

# The last operation is known to lie on another disk: that is undone.
test_an_older_operation_on_an_unread_disk_is_in_nobodys_way() {
    replaced
    mv STORAGE/.autobackup/operations aside
    echo >STORAGE/.autobackup/operations
    ok undo --yes
    assert_eq "$(cat NAS/footage/acme/spot/f)" "$(seq 2)"
    ab undo --yes    # now the last one lies there, or nobody knows
    assert_status 1
    assert_err "STORAGE/.autobackup/operations"
}
