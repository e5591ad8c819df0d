# What an undo left is offered again. Oracles: cmp, find, stat.
. ./studio.sh

S=WORK/footage/acme/spot D=NAS/footage/acme/spot

# Two copies: the first brings a and b as they were, the second as they are.
copied_twice() {
    mkdir -p "$S" NAS
    echo one >"$S/a" && echo one >"$S/b"
    ok add database WORK WORK
    ok add database NAS NAS
    ok add category footage footage
    ok copy acme/spot footage WORK NAS
    echo two, longer >"$S/a" && echo two, longer >"$S/b"
    ok load
    ok copy acme/spot footage WORK NAS
    cp -a "$D" second
}

with_fault() {    # SPEC WORDS...
    local spec=$1
    shift
    run env LD_PRELOAD="$(dirname "$(readlink -f "$AUTOBACKUP")")/tests/fault/shim.so" FAULTS="$spec" "$AUTOBACKUP" "$@"
}

test_a_failed_part_is_offered_again() {
    copied_twice
    with_fault "renameat2,renameat,linkat */$D/a 1 0 errno=EPERM" undo --yes
    assert_status 3
    assert_out "undone in part" "'undo' tries that again"
    assert_eq "$(cat $D/a $D/b)" "$(printf '%s\n' 'two, longer' one)"
    ok history --json
    assert_eq "$(json 'o.kind == "copy" and (tostring(o.undone_by ~= nil) .. " " .. tostring(o.undone_in_part)) or nil')" \
        "$(printf '%s\n' 'true true' 'false nil')"
    ok undo --yes
    assert_eq "$(cat $D/a $D/b)" "$(printf '%s\n' one one)"    # and not the first copy taken back
    ok history --json
    assert_eq "$(json 'o.kind == "copy" and (o.undone_in_part and "in part" or "not in part") or nil')" \
        "$(printf '%s\n' "not in part" "not in part")"
    # only now the first one
    ok undo --yes
    refute_exists "$D/a"
}

# What somebody changed since is left alone, and keeps the next undo from passing on to the copy before.
test_a_conflict_is_offered_again() {
    copied_twice
    echo mine >"$D/a"
    ab undo --yes
    assert_status 3
    assert_eq "$(cat $D/a $D/b)" "$(printf '%s\n' mine one)"
    ab undo --yes
    assert_status 3
    assert_out "nothing was undone: 1 conflict"
    assert_eq "$(cat $D/a $D/b)" "$(printf '%s\n' mine one)"
    cp -p second/a "$D/a"
    ok undo --yes
    assert_eq "$(cat $D/a $D/b)" "$(printf '%s\n' one one)"
}

# The versions of the last copy are gone: what it made is taken back, what it replaced cannot be, and then the copy before is next.
test_what_can_never_be_undone_is_not_offered_again() {
    local last
    copied_twice
    echo three >"$S/c"
    echo three, longer still >"$S/a"
    ok copy acme/spot footage WORK NAS
    last=NAS/.autobackup/versions/$(query "SELECT id FROM operation WHERE kind = 'copy' ORDER BY started_at DESC LIMIT 1")
    rm -r "$last"
    ab undo --yes
    assert_status 3
    assert_err "not kept any more"
    assert_out "undone as far as possible" "gone"
    refute_out "tries that again"
    refute_exists "$D/c"
    assert_eq "$(cat $D/a)" "three, longer still"
    ab undo --yes    # the one before: b goes back, a is another's by now
    assert_eq "$(cat $D/a $D/b)" "$(printf '%s\n' 'three, longer still' one)"
    refute_err "not kept any more"
    ab undo "$(basename "$last")" --yes
    assert_status 3
    assert_err "not kept any more"
}

test_what_was_pruned_as_a_whole_is_passed_over() {
    copied_twice
    ok prune --keep 0 --yes
    ab undo "$(query "SELECT id FROM operation WHERE kind = 'copy' ORDER BY started_at DESC LIMIT 1")" --yes --dry-run
    assert_status 3
    assert_err "not kept any more"
    ab undo --yes    # that of the first copy: what it made is the second's by now
    assert_status 3
    refute_err "not kept any more"
    assert_out "nothing was undone: 2 conflicts"
}

test_it_says_so_where_nothing_is_left_that_can_be_undone() {
    copied_twice
    ok undo "$(query "SELECT id FROM operation WHERE kind = 'copy' ORDER BY started_at DESC LIMIT 1")" --yes
    ok undo --yes
    ok load
    mkdir -p "$D" && echo theirs >"$D/a"
    touch -d 2001-01-01 "$D/a"
    rm "$S/b"
    ok copy acme/spot footage WORK NAS
    ok prune --keep 0 --yes
    ab undo --yes
    assert_status 1
    assert_err "nothing is left that can be undone"
}

# A disk that cannot be written now has all that it had: that is for the next undo.
test_an_undo_of_two_disks_of_which_one_is_locked() {
    need_root
    mkdir -p WORK/footage/acme/spot NAS STORAGE
    mount_image NAS 16
    echo old >WORK/footage/acme/spot/f
    ok add category footage footage
    local name
    for name in WORK NAS STORAGE; do ok add database "$name" "$name"; done
    ok load
    ok copy acme/spot footage WORK NAS STORAGE
    echo newer >WORK/footage/acme/spot/f
    ok copy acme/spot footage WORK NAS STORAGE
    mount -o remount,ro NAS
    ab undo --yes
    refute_out "old versions are gone"
    assert_out "'undo' tries that again"
    assert_eq "$(cat STORAGE/footage/acme/spot/f)" old
    mount -o remount,rw NAS
    ok undo --yes
    assert_eq "$(cat NAS/footage/acme/spot/f)" old
}
