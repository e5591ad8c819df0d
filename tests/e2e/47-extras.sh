# Attributes and default ACLs of folders that change alone. Oracles: getfattr, getfacl, find.
. ./studio.sh
# shellcheck source=tests/filesystems/lib.sh
. ../filesystems/lib.sh

S=WORK/footage/acme/spot D=NAS/footage/acme/spot

extras() { (cd "$1" && getfattr -R -h -d -m '^user\.' . && getfacl -R -p . | grep -v '^# file: \.$'); }
alike() { diff <(extras "$S") <(extras "$D") || fail "the attributes differ"; }
corrected() { json 'o.type == "copy" and o.metadata_only .. " " .. o.failed or nil'; }

test_attributes_of_folders_that_change_alone_arrive() {
    need setfattr getfattr setfacl getfacl
    local op
    mkdir -p "$S/a/b" "$S/c" NAS
    echo x | tee "$S/a/f" "$S/a/b/g" >/dev/null
    setfattr -n user.tag -v one "$S/a" 2>/dev/null || skip "no extended attributes here"
    setfacl -d -m u:daemon:rwx "$S/c" 2>/dev/null || skip "no ACLs here"
    work_and_nas
    ok copy acme/spot footage WORK NAS
    alike
    extras "$D" >before
    ok copy acme/spot footage WORK NAS --json
    assert_eq "$(corrected)" "0 0" "of the same"
    sleep 0.02

    setfattr -n user.tag -v two "$S/a"          # changed, new, gone; the top's as well
    setfattr -n user.colour -v red "$S/a/b"
    setfacl -k "$S/c"
    setfacl -d -m g:daemon:rx "$S"
    ok copy acme/spot footage WORK NAS --dry-run --json
    assert_eq "$(corrected)" "4 0" "in the plan"
    ok copy acme/spot footage WORK NAS --json
    assert_eq "$(corrected)" "4 0"
    op=$(json 'o.type == "copy" and o.operation or nil')
    alike
    assert_eq "$(find "$S" "$D" -type d -printf '%P %m %T@\n' | sort | uniq -u)" "" "modes and times"
    ok copy acme/spot footage WORK NAS --json
    assert_eq "$(corrected)" "0 0" "again"
    ok undo "$op"
    extras "$D" | diff before - || fail "undo did not put the old ones back"
}

attributes() { (cd "$1" && getfattr -R -h -d -m - . 2>/dev/null; getfacl -R -p . | grep -v '^# file: \.$'); }
same_attributes() { diff <(attributes "$S") <(attributes "$D") || fail "the attributes differ${1:+: $1}"; }

# What a catalog that saw nothing of it makes of the disks as they are.
new_catalog() {
    export AUTOBACKUP_CATALOG=$PWD/$1.db
    work_and_nas
}

# Calls for lists of attributes that a copy of what is there makes.
looks() {
    strace -f -qq -e trace=llistxattr -o trace "$AUTOBACKUP" copy acme/spot footage WORK NAS "$@" >out 2>err || fail "copy: $(cat err)"
    grep -c llistxattr trace || true
}

files_with_attributes() {
    mkdir -p "$S/folder" NAS
    echo x | tee "$S/f" "$S/g" "$S/same" "$S/folder/h" >/dev/null
    : >"$S/empty"
    ln -s f "$S/link"
    mkfifo "$S/fifo"
    setfattr -n user.kept -v 0 "$S/same" 2>/dev/null || skip "no extended attributes here"
    setfacl -m u:daemon:r "$S/same" 2>/dev/null || skip "no ACLs here"
}

touch_attributes() {    # of 5 names, for root 7
    setfattr -n user.tag -v "$1" "$S/f"
    setfacl -m u:daemon:rw,g:daemon:r "$S/g"
    setfattr -n user.tag -v "$1" "$S/folder/h"
    setfattr -n user.tag -v "$1" "$S/empty"
    setfacl -m "u:$2:rw" "$S/fifo"
    [ "$(id -u)" = 0 ] || return 0
    setfattr -h -n trusted.tag -v "$1" "$S/link"
    setfattr -n security.capability -v 0x0100000200200000000000000000000000000000 "$S/same"
}

test_attributes_of_files_that_change_alone_arrive_with_a_catalog_that_did_not_see_it() {
    need setfattr getfattr setfacl getfacl
    local op count=5
    [ "$(id -u)" != 0 ] || count=7
    files_with_attributes
    work_and_nas
    ok copy acme/spot footage WORK NAS
    same_attributes "copied"
    attributes "$D" >before

    touch_attributes one bin
    new_catalog second
    ok copy acme/spot footage WORK NAS --dry-run --json
    assert_eq "$(corrected)" "$count 0" "in the plan"
    ok copy acme/spot footage WORK NAS --json
    assert_eq "$(corrected)" "$count 0"
    op=$(json 'o.type == "copy" and o.operation or nil')
    same_attributes
    assert_eq "$(find "$S" "$D" -printf '%P %m %T@\n' | sort | uniq -u)" "" "modes and times"
    ok copy acme/spot footage WORK NAS --json
    assert_eq "$(corrected)" "0 0" "again"
    ok undo "$op"
    attributes "$D" | diff before - || fail "undo did not put the old ones back"
    ok copy acme/spot footage WORK NAS --json
    assert_eq "$(corrected)" "$count 0" "after the undo"

    touch_attributes two sys                    # now one that has seen them
    ok copy acme/spot footage WORK NAS --json
    assert_eq "$(corrected)" "$((count > 5 ? 5 : 4)) 0" "with the same catalog"
    same_attributes "seen"
}

# rsync -a brings no attributes; those that are equal are looked at once.
test_a_disk_that_rsync_filled_gets_the_attributes_and_is_compared_once() {
    need setfattr getfattr setfacl getfacl rsync strace
    local n
    files_with_attributes
    for n in $(seq 50); do echo "$n" >"$S/folder/$n"; done
    touch_attributes one bin
    mkdir -p "$D" && rsync -a "$S/" "$D/"
    sleep 0.05                                  # none is too young to be remembered
    work_and_nas
    n=$(looks --dry-run)
    [ "$n" -gt 100 ] || fail "only $n looks"
    assert_eq "$(looks --dry-run | awk '{print ($1 < 40)}')" 1 "what was equal is compared once"
    ok copy acme/spot footage WORK NAS
    same_attributes
    ok copy acme/spot footage WORK NAS          # what was corrected has another ctime
    sleep 0.05
    ok copy acme/spot footage WORK NAS
    assert_eq "$(looks --dry-run)" 0 "all is known"
    setfattr -n user.tag -v two "$S/folder/7"
    assert_eq "$(looks --dry-run)" 2 "but for the one that changed"
    ok copy acme/spot footage WORK NAS --dry-run --json
    assert_eq "$(corrected)" "1 0" "it is told"
    ok copy acme/spot footage WORK NAS
    same_attributes
    setfattr -n user.tag -v there "$D/folder/8" # at the destination
    ok copy acme/spot footage WORK NAS
    same_attributes "changed at the destination"
}

test_a_copy_of_our_own_is_not_compared_again() {
    need setfattr setfacl strace
    local n
    files_with_attributes
    for n in $(seq 50); do echo "$n" >"$S/folder/$n"; done
    ln "$S/folder/1" "$S/folder/of 1"
    ln "$S/folder/2" "$S/of 2"
    sleep 0.05
    work_and_nas
    ok copy acme/spot footage WORK NAS
    assert_eq "$(looks --dry-run)" "$([ "$(id -u)" = 0 ] && echo 8 || echo 6)" "only folders, FIFOs and (for root) symlinks are looked at"
    sleep 0.05
    assert_eq "$(looks)" 0 "and they once"
    [ "$(looks --dry-run --checksum)" -gt 100 ] || fail "--checksum compares all"
    ok verify acme/spot footage NAS
    assert_eq "$(looks)" 0 "verified"

    echo more >>"$S/folder/3"                   # what is replaced, and what is asked for alone
    echo new | tee "$S/folder/new" "$S/part" >/dev/null
    sleep 0.05
    ok copy acme/spot footage WORK NAS --only part
    ok copy acme/spot footage WORK NAS
    sleep 0.05
    assert_eq "$(looks)" 4 "the two folders have another time"
    sleep 0.05
    assert_eq "$(looks --dry-run)" 0 "nothing else"
}

copied() { ok copy acme/spot footage "$1" "$2"; }

# Equal digests do not tell which of two was made from which.
test_a_copy_that_was_made_from_another_copy_gets_the_attributes() {
    need_root "a disk without attributes"
    need setfattr getfattr
    mkdir -p "$S" USB
    echo x | tee "$S/f" "$S/g" >/dev/null
    setfattr -n user.tag -v one "$S/f" 2>/dev/null || skip "no extended attributes here"
    touch -d '2024-05-06 07:08:10' "$S"/{f,g}
    fresh_filesystem solid
    ! setfattr -n user.tag -v one NAS 2>/dev/null || skip "it has attributes"
    work_and_nas
    ok add database USB USB
    ok load
    copied WORK NAS
    copied NAS USB
    ok copy acme/spot footage WORK USB --dry-run --json
    assert_eq "$(corrected)" "1 0" "in the plan"
    ok copy acme/spot footage WORK USB --json
    assert_eq "$(corrected)" "1 0"
    assert_eq "$(getfattr --only-values -n user.tag USB/footage/acme/spot/f)" one
    ok copy acme/spot footage WORK USB
    assert_out "nothing to do"
}

# WORK with a file that has an attribute and one that has none, and NAS, made of it by rsync with these options.
two_by_rsync() {
    mkdir -p "$S" "$D"
    echo x | tee "$S/f" "$S/g" >/dev/null
    setfattr -n user.tag -v one "$S/f" 2>/dev/null || skip "no extended attributes here"
    rsync "$@" "$S/" "$D/"
    sleep 0.05
    work_and_nas
}

# Attributes that rsync left out, and then both sides were read.
test_what_was_verified_on_both_sides_is_compared_all_the_same() {
    need setfattr getfattr rsync
    two_by_rsync -a
    ok verify acme/spot footage WORK --cached
    ok verify acme/spot footage NAS --cached
    ok copy acme/spot footage WORK NAS --dry-run --json
    assert_eq "$(corrected)" "1 0" "in the plan"
    ok copy acme/spot footage WORK NAS --json
    assert_eq "$(corrected)" "1 0"
    same_attributes
}

# Which of the calls for a value fails, and the side that it is of: each value takes two.
fails_to_read() {
    run strace -f -qq -o trace -e trace=lgetxattr -e "inject=lgetxattr:error=$3:when=$1" "$AUTOBACKUP" copy acme/spot footage WORK NAS "${@:4}"
    assert_status 3
    assert_err "footage/acme/spot/f: its attributes cannot be read at the $2, so whether they are the same is not known"
}

test_attributes_that_cannot_be_read_are_told_and_never_taken_for_equal() {
    need setfattr getfattr rsync strace
    two_by_rsync -aX
    fails_to_read 1 source EIO --dry-run
    fails_to_read 1 source EACCES
    fails_to_read 3 destination EIO --dry-run
    fails_to_read 3 destination EIO
    assert_eq "$(looks)" 2 "the one is looked at again"
    assert_eq "$(looks)" 0 "and no more"
}

# A catalog of before knows no copy of its own as such: it compares once.
test_a_catalog_that_remembers_no_copies_compares_once() {
    need strace
    files_with_attributes
    sleep 0.05
    work_and_nas
    ok copy acme/spot footage WORK NAS
    sleep 0.05
    sqlite3 "$XDG_DATA_HOME/autobackup/catalog.db" "DELETE FROM compared"
    [ "$(looks)" -gt 12 ] || fail "not compared"
    assert_eq "$(looks)" 0 "again"
}

# Of the file that is replaced every day only the last is remembered.
test_what_is_remembered_does_not_grow_with_each_copy() {
    files_with_attributes
    work_and_nas
    copied WORK NAS
    size() { sqlite3 "$XDG_DATA_HOME/autobackup/catalog.db" "SELECT max(length(names)) FROM compared"; }
    for n in $(seq 12); do
        echo "$n" >>"$S/folder/h"
        sleep 0.03
        copied WORK NAS
    done
    [ "$(size)" -le 160 ] || fail "$(size) bytes"
}

# What was remembered of a project goes with it.
test_what_was_compared_is_forgotten_with_its_project() {
    need rsync
    files_with_attributes
    mkdir -p "$D" && rsync -a "$S/" "$D/"
    sleep 0.05
    work_and_nas
    ok copy acme/spot footage WORK NAS --dry-run
    known() { sqlite3 "$XDG_DATA_HOME/autobackup/catalog.db" "SELECT count(*) FROM compared"; }
    [ "$(known)" -gt 0 ] || fail "nothing was remembered"
    rm -r "$S" "$D"
    ok load --yes
    assert_eq "$(known)" 0 "rows that are left"
}

# A capability that was taken from a program is gone in its copy too, and does not come back from there.
test_a_capability_that_was_revoked_is_gone() {
    need_root capabilities
    need setfattr getfattr
    mkdir -p "$S" NAS
    echo program >"$S/p"
    setfattr -n security.capability -v 0x0100000200200000000000000000000000000000 "$S/p" 2>/dev/null || skip "no capabilities here"
    work_and_nas
    ok copy acme/spot footage WORK NAS
    capable() { getfattr -d -m security.capability "$1" | grep -c '^security.capability'; }
    assert_eq "$(capable "$D/p")" 1
    sleep 0.02
    setfattr -x security.capability "$S/p"
    ok copy acme/spot footage WORK NAS --dry-run --json
    assert_eq "$(corrected)" "1 0" "in the plan"
    ok copy acme/spot footage WORK NAS --json
    assert_eq "$(corrected)" "1 0"
    assert_eq "$(capable "$D/p")" 0
    ok copy acme/spot footage NAS WORK --json
    assert_eq "$(corrected)" "0 0" "back"
    ok undo --yes
    assert_eq "$(capable "$D/p")" 1 "undone"
}
