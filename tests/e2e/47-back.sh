# What a disk could not hold of a file is missing there, and no reason to take it from the original on the way back. Oracles: getfattr,
# getfacl, stat.
. ./studio.sh

S=WORK/footage/acme/spot D=NAS/footage/acme/spot
BIG=$(head -c 8000 /dev/zero | tr '\0' x)

did() { json 'o.type == "copy" and o.files_copied + o.metadata_only .. " " .. o.failed or nil'; }
names() { (cd "$S" && getfattr -m '^user\.' "$1" 2>/dev/null | sed -n 's/^user\.//p' | sort | xargs); }

# An xfs for WORK, an ext4 for NAS, which takes no attribute of 8 kB.
two_disks() {
    local name
    need mkfs.xfs setfattr getfattr
    mount_image NAS 64
    mount_image WORK 320 xfs
    mkdir -p "$S/folder"
    for name in f g folder folder/h; do
        [ -d "$S/$name" ] || echo "$name" >"$S/$name"
        setfattr -n user.big -v "$BIG" "$S/$name"
        setfattr -n user.tag -v one "$S/$name"
    done
    touch -d '2024-05-06 07:08:09' "$S"/{f,g,folder/h,folder}
    work_and_nas
    ok copy acme/spot footage WORK NAS
}

forget() {    # the catalog: the disks stay as they are
    rm -f "$HOME"/.local/share/autobackup/catalog.db*
    work_and_nas
}

nothing_comes_back() {
    ok copy acme/spot footage NAS WORK --dry-run --json
    assert_eq "$(did)" "0 0" "in the plan"
    assert_eq "$(json 'o.type == "action" and o.path or nil')" "" "actions"
    ok copy acme/spot footage NAS WORK --json
    assert_eq "$(did)" "0 0" "in the run"
    ok copy acme/spot footage NAS WORK
    assert_out "nothing to do"
}

all_are_there() {    # [NAMES]
    local name
    for name in f g folder folder/h; do
        assert_eq "$(names $name)" "${1-big tag}" "$name"
        assert_eq "$(getfattr --only-values -n user.big "$S/$name" 2>/dev/null)" "$BIG" "$name"
    done
}

# Tags that are given and taken there, rights and content come; what that disk never had stays.
other_changes_come() {
    local name
    for name in f folder folder/h; do
        setfattr -x user.tag "$D/$name"
        setfattr -n user.new -v two "$D/$name"
    done
    chmod 600 "$D/f"
    echo longer than before >>"$D/g"
    ok copy acme/spot footage NAS WORK --dry-run --json
    assert_eq "$(did)" "4 0" "in the plan"
    ok copy acme/spot footage NAS WORK --json
    assert_eq "$(did)" "4 0" "in the run"
    assert_eq "$(stat -c %a "$S/f")" 600
    assert_eq "$(tail -1 "$S/g")" "longer than before"
    for name in f folder folder/h; do
        assert_eq "$(names $name)" "big new" "$name"
    done
    assert_eq "$(names g)" "big tag" g
    for name in f g folder folder/h; do
        assert_eq "$(getfattr --only-values -n user.big "$S/$name" 2>/dev/null)" "$BIG" "$name"
    done
    nothing_comes_back
}

test_what_a_disk_could_not_hold_stays_with_the_original() {
    two_disks
    nothing_comes_back
    all_are_there
    touch -c -a "$D"/{f,g,folder/h}    # a ctime that moved
    ok load
    nothing_comes_back
    all_are_there
    other_changes_come
}

test_nor_does_a_new_catalog_take_it() {
    two_disks
    forget
    nothing_comes_back
    all_are_there
    touch -c -a "$D"/{f,g,folder/h}
    ok load
    nothing_comes_back
    all_are_there
    other_changes_come
}

# A small one that was refused for want of room in a quota: only the catalog knows of that.
test_what_was_refused_for_a_reason_of_the_day_stays() {
    local shim name
    need setfattr getfattr
    shim=$(dirname "$(readlink -f "$AUTOBACKUP")")/tests/fault/shim.so
    [ -e "$shim" ] || skip "shim.so is missing"
    mkdir -p "$S/folder" NAS
    echo x | tee "$S/f" "$S/g" >/dev/null
    touch -d '2024-05-06 07:08:09' "$S"/{f,g}
    for name in f g folder; do
        setfattr -n user.tag -v one "$S/$name" 2>/dev/null || skip "no extended attributes here"
    done
    work_and_nas
    run env LD_PRELOAD="$shim" FAULTS="setxattr */NAS/footage/* 1 0 errno=EDQUOT" "$AUTOBACKUP" copy acme/spot footage WORK NAS
    assert_status 0
    touch -c -a "$D"/{f,g}
    ok load
    nothing_comes_back
    setfattr -n user.other -v two "$D/f"
    echo longer than before >>"$D/g"
    chmod 700 "$D/folder"
    ok copy acme/spot footage NAS WORK --json
    assert_eq "$(did)" "3 0"
    assert_eq "$(names f)/$(names g)/$(names folder)" "other tag/tag/tag"
    assert_eq "$(stat -c %a "$S/folder")" 700
    setfattr -n user.tag -v three "$D/f"    # one that is given there is no refused one
    ok copy acme/spot footage NAS WORK
    assert_eq "$(getfattr --only-values -n user.tag "$S/f")" three
}

# A disk that is mounted without access control lists has none to tell of, with or without a memory of that.
test_lists_that_a_mount_does_not_show_stay() {
    local again
    need setfacl
    need_root
    mount_image NAS 160 btrfs
    mount -o remount,noacl NAS 2>/dev/null || skip "no noacl here"
    mkdir -p "$S/folder"
    echo x | tee "$S/f" "$S/g" >/dev/null
    chmod 600 "$S"/{f,g}
    touch -d '2024-05-06 07:08:09' "$S"/{f,g}
    setfacl -m u:1234:rw "$S"/{f,g}
    setfacl -m u:1234:rwx -d -m u:1234:rwx "$S/folder"
    work_and_nas
    ok copy acme/spot footage WORK NAS
    for again in no yes; do
        touch -c -a "$D"/{f,g}
        [ $again = no ] || forget
        ok load
        nothing_comes_back
        echo "longer than before" >>"$D/g"
        ok copy acme/spot footage NAS WORK --json
        assert_eq "$(did)" "1 0"
        assert_eq "$(getfacl -cp "$S"/{f,g} | xargs)" \
            "user::rw- user:1234:rw- group::--- mask::rw- other::--- user::rw- user:1234:rw- group::--- mask::rw- other::---"
        getfacl -cp "$S/folder" | grep -q default:user:1234:rwx || fail "the folder's"
    done
}

# A mode that a disk refused: the private original does not become public.
test_rights_that_were_refused_are_no_difference_either() {
    local shim
    shim=$(dirname "$(readlink -f "$AUTOBACKUP")")/tests/fault/shim.so
    [ -e "$shim" ] || skip "$shim is missing"
    mkdir -p "$S" NAS
    echo x | tee "$S/f" "$S/g" >/dev/null
    chmod 644 "$S"/{f,g}
    work_and_nas
    ok copy acme/spot footage WORK NAS
    chmod 600 "$S"/{f,g}
    run env LD_PRELOAD="$shim" FAULTS="fchmod,fchmodat */NAS/footage/acme/spot/[fg] 1 0 errno=EPERM" "$AUTOBACKUP" copy acme/spot footage WORK NAS
    assert_status 0
    assert_err "cannot hold all permissions"
    nothing_comes_back
    ok load
    nothing_comes_back
    echo longer than before >>"$D/f"
    chmod 640 "$D/g"
    ok copy acme/spot footage NAS WORK --dry-run --json
    assert_eq "$(did)" "2 0" "in the plan"
    ok copy acme/spot footage NAS WORK --json
    assert_eq "$(did)" "2 0"
    assert_eq "$(stat -c %a "$S"/{f,g} | xargs)" "600 640"
    nothing_comes_back
}
