# What a disk cannot hold, or did not get, nobody removed there: a mirror back leaves it with the original. What it is known not to
# hold is told by the plan as by the run. Oracles: find, readlink.
# shellcheck source=tests/filesystems/lib.sh
. ../filesystems/lib.sh
. ./studio.sh

S=WORK/footage/acme/spot
SHIM=$(dirname "$(readlink -f "$AUTOBACKUP")")/tests/fault/shim.so

project() {
    mkdir -p "$S/shot" "$S/gone" NAS
    echo one >"$S/f"
    echo two >"$S/shot/g"
    echo three >"$S/gone/h"
    ln -s f "$S/link"
    ln -s g "$S/shot/inner"
    mkfifo "$S/fifo"
    work_and_nas
}

refusing() {    # FAULTS WORDS...
    [ -e "$SHIM" ] || skip "$SHIM is missing"
    run env LD_PRELOAD="$SHIM" FAULTS="$1" "$AUTOBACKUP" "${@:2}"
}

problems() { json 'o.type == "problem" and o.path:match("[^/]*$") .. " " .. o.code or nil' | sort | xargs; }
told() { json 'o.type == "copy" and o.files_copied .. " " .. o.others_copied .. " " .. o.failed or nil'; }
left() { (cd "$S" && find . -mindepth 1 | sort | xargs); }

# Plan and run say the same, each time, and nothing is tried. AS: what runs the program
same_each_time() {    # PROBLEMS AS...
    local i
    for i in 1 2; do
        "${@:2}" copy acme/spot footage WORK NAS --dry-run --json
        assert_status 3
        assert_eq "$(problems)" "$1" "in the plan"
        assert_eq "$(json 'o.type == "action" and o.path or nil')" "" "actions"
        "${@:2}" copy acme/spot footage WORK NAS --json
        assert_status 3
        assert_eq "$(problems)" "$1" "in run $i"
    done
}

# The user removed one file and one folder there, and nothing else.
mirrors_back() {
    rm NAS/footage/acme/spot/f
    ok copy acme/spot footage NAS WORK --mirror --yes --dry-run --json
    assert_eq "$(json 'o.type == "action" and o.path:match("[^/]*$") or nil' | sort | xargs)" "f" "in the plan"
    ok copy acme/spot footage NAS WORK --mirror --yes
    assert_err "stay"
    assert_err "nobody removed"
    refute_exists "$S/f"
}

test_what_exfat_cannot_hold_stays_with_the_original() {
    fresh_filesystem exfat_fuse
    project
    echo four >"$S/a:b"
    mkdir "$S/c?d"
    echo five >"$S/c?d/e"
    ok load
    ab copy acme/spot footage WORK NAS --dry-run --json
    assert_status 3
    assert_eq "$(problems)" "a:b EINVAL c?d EINVAL fifo EPERM inner EPERM link EPERM" "in the first plan"
    ab copy acme/spot footage WORK NAS --json
    assert_status 3
    assert_eq "$(problems)" "a:b EINVAL c?d EINVAL fifo EPERM inner EPERM link EPERM"
    same_each_time "a:b EINVAL c?d EINVAL fifo EPERM inner EPERM link EPERM" ab
    mirrors_back
    assert_eq "$(left)" "./a:b ./c?d ./c?d/e ./fifo ./gone ./gone/h ./link ./shot ./shot/g ./shot/inner"
    rm -r NAS/footage/acme/spot/gone
    ok copy acme/spot footage NAS WORK --mirror --yes
    assert_eq "$(left)" "./a:b ./c?d ./c?d/e ./fifo ./link ./shot ./shot/g ./shot/inner"
}

# The catalog alone knows it.
test_what_a_disk_refused_stays_with_the_original() {
    local faults='symlinkat,mknodat */NAS/footage/* 1 0 errno=EPERM; renameat2,linkat,renameat */NAS/footage/*.odd 1 0 errno=EILSEQ'
    project
    echo odd >"$S/an.odd"
    ok load
    refusing "$faults" copy acme/spot footage WORK NAS --json
    assert_status 3
    assert_eq "$(problems)" "an.odd EILSEQ fifo EPERM inner EPERM link EPERM"
    same_each_time "an.odd EILSEQ fifo EPERM inner EPERM link EPERM" refusing "count */none 1 0 count"
    mirrors_back
    assert_eq "$(left)" "./an.odd ./fifo ./gone ./gone/h ./link ./shot ./shot/g ./shot/inner"
}

# What arrives in the end is there like all else: who removes it then removes it.
test_what_arrived_later_is_mirrored_again() {
    project
    echo big >"$S/large"
    ok load
    refusing 'openat */NAS/footage/acme/spot/.autobackup-* 1 1 errno=EFBIG' copy acme/spot footage WORK NAS --json
    assert_status 3
    [ "$(query 'SELECT count(*) FROM refused')" -gt 0 ] || fail "nothing is remembered"
    ok copy acme/spot footage WORK NAS
    assert_eq "$(query 'SELECT count(*) FROM refused')" 0
    rm NAS/footage/acme/spot/{large,link}
    ok copy acme/spot footage NAS WORK --mirror --yes
    refute_exists "$S/large"
    [ ! -L "$S/link" ] || fail "the symlink that was removed there is still here"
    refute_err "nobody removed"
}

# A mark on a folder says nothing of what its filesystem can hold.
test_a_frozen_folder_is_no_disk_without_symlinks() {
    need_root
    need chattr
    project
    ok copy acme/spot footage WORK NAS
    ln -s f "$S/another"
    chattr +i NAS/footage/acme/spot 2>/dev/null || skip "no such marks here"
    ab copy acme/spot footage WORK NAS
    chattr -i NAS/footage/acme/spot
    ok copy acme/spot footage WORK NAS
    assert_eq "$(readlink NAS/footage/acme/spot/another)" f
}
