# A destination that cannot be written: the plan says so, in the words and with the exit status of the copy itself, and writes
# nothing. Oracle: mount -o ro.
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
