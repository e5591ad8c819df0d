# What a destination does not take of a file is tried once, told by each copy, and tried again when that may help. Oracles:
# getfattr, stat.
. ./studio.sh

S=WORK/footage/acme/spot D=NAS/footage/acme/spot
NOTE="NAS: cannot hold all extended attributes: left out there"

project() {
    need setfattr getfattr
    mkdir -p "$S/folder" NAS
    echo x | tee "$S/f" "$S/g" "$S/folder/h" >/dev/null
    setfattr -n user.tag -v one "$S/f" 2>/dev/null && setfattr -n user.tag -v one "$S/folder" || skip "no extended attributes here"
    touch -d '2024-05-06 07:08:09' "$S"/{f,g,folder/h}
    work_and_nas
}

refusing() {    # ERRNO WORDS...: the program, to whose calls for attributes there this happens
    [ -e "$(dirname "$(readlink -f "$AUTOBACKUP")")/tests/fault/shim.so" ] || skip "shim.so is missing"
    run env LD_PRELOAD="$(dirname "$(readlink -f "$AUTOBACKUP")")/tests/fault/shim.so" \
        FAULTS="setxattr */NAS/footage/* 1 0 errno=$1" "$AUTOBACKUP" "${@:2}"
}

did() { json 'o.type == "copy" and o.files_copied + o.metadata_only .. " " .. (o.refused or 0) .. " " .. o.failed or nil'; }
operations() { find NAS/.autobackup/operations -type f | wc -l; }
tags() { (cd "$1" && getfattr -d -m '^user\.' f folder 2>/dev/null | grep -c '^user\.'); }

# Neither the plan nor a run does anything about it, and both say so.
nothing_comes_of_it() {    # [as: a function that runs the program]
    local before i
    before=$(operations)
    for i in 1 2; do
        "${@:-ab}" copy acme/spot footage WORK NAS --dry-run --json
        assert_status 0
        assert_eq "$(did)" "0 2 0" "in the plan"
        assert_eq "$(json 'o.type == "action" and o.path or nil')" "" "actions"
        "${@:-ab}" copy acme/spot footage WORK NAS --json
        assert_status 0
        assert_eq "$(did)" "0 2 0" "in run $i"
        "${@:-ab}" copy acme/spot footage WORK NAS
        assert_status 0
        assert_err "$NOTE"
        assert_eq "$(grep -c "$NOTE" "$ERR")" 1 "notes"
        assert_out "everything is there already but some rights, times or attributes of 2 files and folders"
    done
    assert_eq "$(operations)" "$before" "operations"
}

test_attributes_that_are_refused_for_good_are_tried_once() {
    local errno
    project
    for errno in E2BIG ERANGE EOPNOTSUPP; do
        rm -rf NAS/footage
        ok load
        refusing $errno copy acme/spot footage WORK NAS --json
        assert_status 0
        assert_eq "$(did)" "3 2 0" "$errno"
        nothing_comes_of_it
        assert_eq "$(tags $D)" 0
    done
    setfattr -n user.tag -v two "$S/f"    # another one may be taken
    setfattr -n user.tag -v two "$S/folder"
    ok copy acme/spot footage WORK NAS --dry-run --json
    assert_eq "$(did)" "2 0 0" "in the plan"
    ok copy acme/spot footage WORK NAS --json
    assert_eq "$(did)" "2 0 0"
    assert_eq "$(tags $D)" 2
    ok copy acme/spot footage WORK NAS --json
    assert_eq "$(did)" "0 0 0"
    assert_eq "$(query 'SELECT count(*) FROM refused')" 0
}

# A quota does not show: there may be room in it at any time.
test_attributes_that_a_quota_has_no_room_for_are_tried_by_each_copy() {
    local i
    project
    refusing EDQUOT copy acme/spot footage WORK NAS --json
    assert_status 0
    assert_eq "$(did)" "3 2 0"
    for i in 1 2; do
        ok copy acme/spot footage WORK NAS --dry-run --json
        assert_eq "$(did)" "0 2 0" "in the plan"
        refusing EDQUOT copy acme/spot footage WORK NAS --json
        assert_status 0
        assert_eq "$(did)" "0 2 0" "again"
        refusing EDQUOT copy acme/spot footage WORK NAS
        assert_status 0
        assert_err "NAS: a quota there has no room left for all extended attributes and owners: left out, and tried again"
        refute_err "cannot hold"
        assert_out "everything is there already but some rights, times or attributes of 2 files and folders"
    done
    ok copy acme/spot footage WORK NAS --json
    assert_eq "$(did)" "2 0 0" "with room"
    assert_eq "$(tags $D)" 2
    ok copy acme/spot footage WORK NAS --json
    assert_eq "$(did)" "0 0 0" "after that"
}

# Where a disk that has room says that it has none, it may be too large for it, or the room may come.
test_attributes_that_had_no_room_are_tried_again_with_more_of_it() {
    mount_image NAS 64
    fallocate -l 20M NAS/filler
    project
    refusing ENOSPC copy acme/spot footage WORK NAS --json
    assert_status 0
    assert_eq "$(did)" "3 2 0"
    nothing_comes_of_it
    rm NAS/filler
    refusing ENOSPC copy acme/spot footage WORK NAS --json
    assert_status 0
    assert_eq "$(did)" "0 2 0" "tried once more"
    nothing_comes_of_it
    query 'UPDATE refused SET room = 1000000'
    ok copy acme/spot footage WORK NAS --json
    assert_eq "$(did)" "2 0 0"
    assert_eq "$(tags $D)" 2
}

test_an_attribute_that_is_too_large_for_ext4() {
    local big
    need mkfs.xfs
    mount_image NAS 64
    mount_image WORK 320 xfs
    project
    big=$(head -c 8000 /dev/zero | tr '\0' x)
    setfattr -n user.big -v "$big" "$S/f"
    setfattr -n user.big -v "$big" "$S/folder"
    ok copy acme/spot footage WORK NAS --json
    assert_eq "$(did)" "3 2 0"
    assert_eq "$(tags $D)" 2
    nothing_comes_of_it
    setfattr -n user.tag -v two "$S/f"    # beside it
    ok copy acme/spot footage WORK NAS --json
    assert_eq "$(did)" "1 2 0" "the small one"
    assert_eq "$(getfattr --only-values -n user.tag $D/f)" two
    nothing_comes_of_it
    setfattr -x user.big "$S/f"
    setfattr -x user.big "$S/folder"
    ok copy acme/spot footage WORK NAS --json
    assert_eq "$(did)" "0 0 0" "without it"
    ok copy acme/spot footage WORK NAS
    refute_err "cannot hold"
}

# One that the disk refuses for this file alone, whatever else it takes: it may do so the next day.
test_a_correction_that_is_refused_is_promised_once() {
    need_root "chattr"
    need chattr
    mount_image NAS 64
    project
    ok copy acme/spot footage WORK NAS
    chmod 600 "$S/g"
    chattr +i $D/g
    ok copy acme/spot footage WORK NAS --dry-run --json
    assert_eq "$(did)" "1 0 0" "in the plan"
    ok copy acme/spot footage WORK NAS --json
    assert_eq "$(did)" "0 1 0"
    for i in 1 2; do
        ok copy acme/spot footage WORK NAS --dry-run --json
        assert_eq "$(did)" "0 1 0" "in the plan, after that"
        assert_eq "$(json 'o.type == "action" and o.path or nil')" "" "actions"
        ok copy acme/spot footage WORK NAS
        assert_err "NAS: cannot hold all permissions: left out there"
        assert_out "everything is there already but some rights, times or attributes of 1 file or folder"
    done
    chattr -i $D/g
    ok copy acme/spot footage WORK NAS --json
    assert_eq "$(did)" "1 0 0" "when it takes it"
    assert_eq "$(stat -c %a $D/g)" 600
    ok copy acme/spot footage WORK NAS --json
    assert_eq "$(did)" "0 0 0" "after that"
}
