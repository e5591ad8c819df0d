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
