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
    local shim i
    shim=$(dirname "$(readlink -f "$AUTOBACKUP")")/tests/fault/shim.so
    [ -e "$shim" ] || skip "$shim is missing"
    mkdir NAS
    project
    ok copy acme/spot footage WORK NAS
    chmod 600 "$S/g"
    ok copy acme/spot footage WORK NAS --dry-run --json
    assert_eq "$(did)" "1 0 0" "in the plan"
    refusing_g copy acme/spot footage WORK NAS --json
    assert_eq "$(did)" "0 1 0"
    for i in 1 2; do
        refusing_g copy acme/spot footage WORK NAS --dry-run --json
        assert_eq "$(did)" "0 1 0" "in the plan, after that"
        assert_eq "$(json 'o.type == "action" and o.path or nil')" "" "actions"
        refusing_g copy acme/spot footage WORK NAS
        assert_err "NAS: cannot hold all permissions: left out there"
        assert_out "everything is there already but some rights, times or attributes of 1 file or folder"
    done
    ok copy acme/spot footage WORK NAS --json
    assert_eq "$(did)" "1 0 0" "when it takes it"
    assert_eq "$(stat -c %a $D/g)" 600
    ok copy acme/spot footage WORK NAS --json
    assert_eq "$(did)" "0 0 0" "after that"
}

refusing_g() {    # WORDS...
    run env LD_PRELOAD="$shim" FAULTS="fchmod,fchmodat */NAS/footage/acme/spot/g 1 0 errno=EPERM" "$AUTOBACKUP" "$@"
    assert_status 0
}

# What was refused says nothing of the owner, nor anything under another user.
test_a_refused_attribute_hides_no_owner_that_can_be_given() {
    need mkfs.xfs setpriv
    mount_image NAS 64
    mount_image WORK 320 xfs
    project
    setfattr -n user.big -v "$(head -c 8000 /dev/zero | tr '\0' x)" "$S/f"
    setfattr -n user.big -v "$(head -c 8000 /dev/zero | tr '\0' x)" "$S/folder"
    chown -R 1234:1234 "$S"/*
    chmod -R a+rwX . "$HOME"
    chmod 755 "$S/folder"
    chown 65534:65534 NAS
    run as_nobody copy acme/spot footage WORK NAS
    assert_status 0
    assert_eq "$(stat -c %u $D/{f,g,folder} | xargs)" "65534 65534 65534"
    ok copy acme/spot footage WORK NAS
    assert_eq "$(stat -c %u $D/{f,g,folder} | xargs)" "1234 1234 1234"
    ok copy acme/spot footage WORK NAS --json
    assert_eq "$(did)" "0 2 0"
}

# Nor of a filesystem that is mounted otherwise by now.
test_what_a_mount_refused_is_tried_when_it_is_mounted_otherwise() {
    need setfacl
    need_root
    mount_image NAS 160 btrfs
    mount -o remount,noacl NAS 2>/dev/null || skip "no noacl here"
    project
    setfacl -m u:1234:rw "$S/f"
    setfacl -m u:1234:rwx "$S/folder"
    ok copy acme/spot footage WORK NAS
    assert_err "NAS: cannot hold all access control lists"
    ok copy acme/spot footage WORK NAS --json
    assert_eq "$(did)" "0 2 0"
    mount -o remount,acl NAS
    ok copy acme/spot footage WORK NAS
    getfacl -c $D/f | grep -q user:1234:rw- || fail "the file's"
    getfacl -c $D/folder | grep -q user:1234:rwx || fail "the folder's"
}

# What cannot be read or set of a folder above the project is told of that folder, and the project arrives.
test_a_folder_above_the_project_costs_nothing_else() {
    local shim call side
    shim=$(dirname "$(readlink -f "$AUTOBACKUP")")/tests/fault/shim.so
    [ -e "$shim" ] || skip "shim.so is missing"
    project
    chmod 751 WORK/footage WORK/footage/acme
    setfattr -n user.tag -v one WORK/footage/acme
    for call in "getxattr WORK footage/acme EIO" "getxattr WORK footage EIO" "setxattr NAS footage/acme EIO" \
        "fchmod NAS footage/acme EIO" "fchmod NAS footage EDQUOT"; do
        # shellcheck disable=SC2086
        set -- $call
        rm -rf NAS/footage
        run env LD_PRELOAD="$shim" FAULTS="$1 */$2/$3 1 1 errno=$4" "$AUTOBACKUP" copy acme/spot footage WORK NAS
        assert_status 3
        assert_err "/$2/$3: "
        assert_out "1 failed"
        refute_err "spot"
        assert_same_tree WORK/footage NAS/footage
        assert_eq "$(stat -c %a NAS/footage NAS/footage/acme | sort -u)" 751 "$call"
        ok copy acme/spot footage WORK NAS
    done
}
