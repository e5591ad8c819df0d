# A destination that cannot be written, or was never measured: its plan says what the copy would, in the same words and with the
# same exit status, and writes nothing. Oracle: mount -o ro.
. ./studio.sh

F=footage/acme/spot

# What is to be done at the destination differs; of some of it no content is read or written.
two_replicas() {    # FOLDER OTHER
    mkdir -p "$1/$F" "$2/$F"
    echo same | tee "$1/$F/time" >"$2/$F/time"
    touch -d 2025-01-01 "$1/$F/time"
    touch -d 2025-01-02 "$2/$F/time"
    cp -p "$1/$F/time" "$1/$F/alike"
    cp -p "$1/$F/time" "$2/$F/alike"
    echo extra >"$2/$F/extra"
    touch -d 2025-02-02 "$1/$F" "$2/$F"
}

# The copy and its plan say this and end alike, and there are no rows.
both_say() {    # TEXT WORDS...
    local text=$1 status
    shift
    ab "$@"
    status=$STATUS
    assert_eq "$status" 1 "$*"
    assert_err "$text"
    assert_out_is ""
    cp "$ERR" said
    ab "$@" --dry-run
    assert_eq "$STATUS" "$status" "$* --dry-run"
    assert_out_is ""
    assert_eq "$(cat "$ERR")" "$(cat said)" "$* --dry-run"
}

test_a_disk_that_is_read_only() {
    local words
    mount_tmpfs NAS 8
    two_replicas WORK NAS
    work_and_nas
    ok verify acme/spot footage
    mount -o remount,ro NAS
    words="NAS cannot be written (read-only filesystem): remount it or choose another destination"
    both_say "$words" copy acme/spot footage WORK NAS
    both_say "$words" copy acme/spot footage WORK NAS --mirror --yes
    rm WORK/$F/*
    both_say "$words" copy acme/spot footage WORK NAS --mirror --yes
}

# The other destination is planned, and copied to.
test_one_of_two_disks_that_is_read_only() {
    mount_tmpfs NAS 8
    two_replicas WORK NAS
    work_and_nas
    mkdir STORAGE
    ok add database STORAGE STORAGE
    mount -o remount,ro NAS
    ab copy acme/spot footage WORK NAS STORAGE --dry-run
    assert_status 1
    assert_err "NAS cannot be written"
    assert_out STORAGE
    ab copy acme/spot footage WORK NAS STORAGE
    assert_status 1
    assert_err "NAS cannot be written"
    diff -r WORK/footage STORAGE/footage
}

test_a_category_on_a_disk_of_its_own_that_is_read_only() {
    mkdir -p NAS/footage
    mount_tmpfs NAS/footage 8
    two_replicas WORK NAS
    work_and_nas
    mount -o remount,ro NAS/footage
    both_say "footage of NAS cannot be written (read-only filesystem)" copy acme/spot footage WORK NAS
    echo new >WORK/$F/new
    both_say "footage of NAS cannot be written (read-only filesystem)" copy acme/spot footage WORK NAS
    assert_eq "$(grep -c 'ead-only' "$ERR")" 1 "$(cat "$ERR")"
}

test_a_disk_that_is_another_users() {
    need_root
    two_replicas WORK NAS
    export AUTOBACKUP_CATALOG=$PWD/own/c.db
    mkdir own
    to_nobody WORK own "$HOME"
    run as_nobody add database WORK WORK
    run as_nobody add database NAS NAS
    run as_nobody add category footage footage
    chmod a+rx . NAS
    run as_nobody load
    assert_status 0
    run as_nobody copy acme/spot footage WORK NAS
    assert_status 1
    cp "$ERR" said
    run as_nobody copy acme/spot footage WORK NAS --dry-run
    assert_status 1
    assert_eq "$(cat "$ERR")" "$(cat said)"
}

# The disk cannot keep a time after 2038, which nobody has seen yet: the copy measures it, its plan may only read.
test_the_plan_for_a_disk_that_was_never_measured_is_what_the_copy_does() {
    need_root
    need mkfs.ext4
    truncate -s 16M NAS.img
    mkfs.ext4 -q -F -I 128 NAS.img 2>/dev/null
    mkdir NAS
    mount -o loop NAS.img NAS 2>/dev/null || skip "cannot mount a loop image here"
    unmount_at_end NAS
    mkdir -p WORK/$F NAS/footage/acme
    echo late >WORK/$F/late
    touch -d 2050-01-01 WORK/$F/late
    cp -a WORK/$F NAS/footage/acme
    ok --catalog other.db add database NAS NAS    # which gives it its marker
    ok add database WORK WORK
    printf 'add("database", "NAS", "%s")\nadd("category", "footage", "footage")\n' "$PWD/NAS" >config.lua
    ok --config config.lua load
    ab copy acme/spot footage WORK NAS --dry-run
    assert_status 0
    assert_out "nothing to do"
    ok copy acme/spot footage WORK NAS
    assert_out "nothing to do"
}
