# Loops over many bytes: they end when they are asked to, read nothing twice, and trust no byte that a sync has lost.
# Oracles: timeout, strace, stat, diff.

SPOT=footage/acme/spot

disks() {    # WORK and NAS are set up
    mkdir -p "WORK/$SPOT" NAS
    ok add database WORK WORK
    ok add database NAS NAS
    ok add category footage footage
}

huge() {    # FILE: more zeros than are hashed in minutes
    truncate -s 4T "$1" 2>/dev/null || skip "no file of 4 TB here"
    touch -d 2031-01-01 "$1"
}

# Asked to end after two seconds, it has: being killed after 20 would be status 137. It is in the loop all the while.
ends_when_asked() {    # ARGUMENT...
    run timeout --preserve-status -s TERM -k 20 2 "$AUTOBACKUP" "$@"
    assert_status 143
}

test_a_hole_ends_when_it_is_asked_to() {
    disks
    huge "WORK/$SPOT/vm"
    ok load
    ends_when_asked copy acme/spot footage WORK NAS
    refute_exists "NAS/$SPOT/vm"
    mkdir STORAGE
    ok add database STORAGE STORAGE
    ends_when_asked copy acme/spot footage WORK NAS STORAGE
}

test_a_clone_that_is_hashed_ends_when_it_is_asked_to() {
    mount_image DISK 400 xfs
    mkdir -p "DISK/WORK/$SPOT" DISK/NAS
    ln -s DISK/WORK WORK
    ok add database WORK DISK/WORK
    ok add database NAS DISK/NAS
    ok add category footage footage
    huge "WORK/$SPOT/vm"
    ok load
    ends_when_asked copy acme/spot footage WORK NAS
    refute_exists "DISK/NAS/$SPOT/vm"
}

# An old file that has another name is copied to the versions.
test_a_version_that_is_copied_ends_when_it_is_asked_to() {
    disks
    mkdir -p "NAS/$SPOT"
    echo new >"WORK/$SPOT/vm"
    touch -d 2031-02-02 "WORK/$SPOT/vm"
    huge "NAS/$SPOT/vm"
    ln "NAS/$SPOT/vm" NAS/other
    ok load
    ends_when_asked copy acme/spot footage WORK NAS
    assert_eq "$(stat -c '%s %h' "NAS/$SPOT/vm")" "$(stat -c '%s %h' NAS/other)" "the old file"
    assert_eq "$(find NAS -type f -name vm | wc -l)" 1 "names of it"
}

# O_DIRECT takes no half block: what ends in one is not read a second time for it.
test_a_readback_reads_once() {
    need strace
    disks
    head -c 20000123 /dev/urandom >"WORK/$SPOT/reel"
    touch -d 2001-01-01 "WORK/$SPOT/reel"
    ok load
    run env ASAN_OPTIONS=detect_leaks=0 strace -f -y -qq -o trace -e trace=pread64 "$AUTOBACKUP" copy acme/spot footage WORK NAS \
        --verify=readback
    assert_status 0
    assert_same_tree WORK/footage NAS/footage
    local bytes
    bytes=$(awk -F' = ' '/\.autobackup-/ && $NF > 0 { n += $NF } END { print n + 0 }' trace)
    assert_eq "$bytes" 20000123 "bytes read back"
}

test_the_digest_of_holes_is_that_of_zeros() {
    need xxh128sum
    disks
    truncate -s 90M "WORK/$SPOT/sparse"
    head -c 70001 /dev/urandom | dd of="WORK/$SPOT/sparse" bs=4096 seek=9000 conv=notrunc status=none
    truncate -s +123 "WORK/$SPOT/sparse"
    touch -d 2001-01-01 "WORK/$SPOT/sparse"
    ok load
    ok copy acme/spot footage WORK NAS --verify=readback
    assert_same_tree WORK/footage NAS/footage
    assert_eq "$(stat -c %b "NAS/$SPOT/sparse")" "$(stat -c %b "WORK/$SPOT/sparse")" "blocks"
    ok verify acme/spot
}

# What is there of data is read, and the digest is that of the whole; beyond the holes damage is found.
test_verify_does_not_read_holes() {
    local file=WORK/$SPOT/sparse bytes
    need strace
    need xxh128sum
    disks
    truncate -s 400M "$file"
    for at in 0 777 8000 99999; do head -c 70001 /dev/urandom | dd of="$file" bs=4096 seek=$at conv=notrunc status=none; done
    truncate -s +123 "$file"
    [ "$(stat -c %b "$file")" -lt 2000 ] || skip "no holes here"
    ok load
    run strace -f -qq -o trace -P "$PWD/$file" -e trace=pread64,preadv2,read "$AUTOBACKUP" verify acme/spot footage WORK
    assert_status 0
    bytes=$(awk '{ sum += $NF } END { print sum + 0 }' trace)
    [ "$bytes" -ge 280004 ] && [ "$bytes" -lt 20000000 ] || fail "$bytes bytes read of 280 kB in 400 MB of holes"
    assert_eq "$(sqlite3 "$XDG_DATA_HOME/autobackup/catalog.db" "SELECT lower(substr(hex(digests), -32)) FROM directory WHERE digests NOT NULL")" \
        "$(xxh128sum "$file" | cut -d' ' -f1)" "digest"
    before=$(stat -c %y "$file")
    printf X | dd of="$file" bs=4096 seek=8001 conv=notrunc status=none
    touch -d "$before" "$file"
    ok load
    ab verify acme/spot footage WORK
    [ "$STATUS" != 0 ] || fail "damage behind a hole is not found"
}

shimmed() {    # FAULTS ARGUMENT...
    local shim=${AUTOBACKUP%/*}/tests/fault/shim.so faults=$1
    shift
    [ -e "$shim" ] || skip "the shim is not built"
    run env LD_PRELOAD="$shim" FAULTS="$faults" "$AUTOBACKUP" "$@"
}

cut_short() {    # a beginning of a large file lies on NAS
    disks
    head -c 90M /dev/urandom >"WORK/$SPOT/reel"
    touch -d 2001-01-01 "WORK/$SPOT/reel"
    ok load
    shimmed "pwrite,write $PWD/NAS/$SPOT/.autobackup-p-* 20 1 kill" copy acme/spot footage WORK NAS
    assert_eq "$(find NAS -name '.autobackup-p-*' | wc -l)" 1 "partials"
}

# A beginning whose sync failed is in memory, whatever is on the disk: begun anew.
test_a_beginning_that_did_not_reach_the_disk_is_not_gone_on_with() {
    cut_short
    shimmed "fsync $PWD/NAS/$SPOT/.autobackup-p-* 1 1 errno=EIO" copy acme/spot footage WORK NAS --json
    assert_status 0
    assert_eq "$(json 'o.type == "copy" and o.bytes_kept or nil')" 0 "bytes kept"
    assert_same_tree WORK/footage NAS/footage
    assert_eq "$(find NAS -name '.autobackup-*')" "" "left behind"
}

# What it compares with comes from the disk: written, and dropped from memory.
test_a_beginning_is_read_from_the_disk() {
    need strace
    cut_short
    run env ASAN_OPTIONS=detect_leaks=0 strace -f -y -qq -o trace -e trace=fsync,fadvise64,pread64 "$AUTOBACKUP" copy acme/spot \
        footage WORK NAS
    assert_status 0
    assert_eq "$(grep -o '[a-z0-9]*([0-9]*<[^>]*/\.autobackup-p-' trace | sed 's/(.*//' | head -n 3 | tr '\n' ' ')" \
        "fsync fadvise64 pread64 "
    assert_same_tree WORK/footage NAS/footage
}

test_a_cancelled_batch_whose_sync_failed_leaves_no_beginning() {
    disks
    head -c 70M /dev/urandom >"WORK/$SPOT/reel"
    touch -d 2001-01-01 "WORK/$SPOT/reel"
    ok load
    printf '#!/bin/sh\nkill -TERM $PPID\nsleep 2\n' >ask
    chmod +x ask
    shimmed "syncfs $PWD/NAS* 1 1 run=$PWD/ask;syncfs $PWD/NAS* 1 1 errno=EIO" copy acme/spot footage WORK NAS
    [ "$STATUS" != 0 ] || fail "it succeeded"
    assert_eq "$(find NAS -name '.autobackup-*')" "" "left behind"
    refute_exists "NAS/$SPOT/reel"
    ok copy acme/spot footage WORK NAS
    assert_same_tree WORK/footage NAS/footage
}

# Before Linux 5.8 syncfs hides what was lost: said, and each file is synced by itself.
test_an_old_kernel() {
    need strace setarch
    setarch --uname-2.6 uname -r | grep -q '^2\.6' || skip "no other kernel's name here"
    disks
    local n
    for n in 1 2 3 4 5; do echo "$n" >"WORK/$SPOT/$n"; done
    ok load
    run env ASAN_OPTIONS=detect_leaks=0 setarch --uname-2.6 strace -f -y -qq -o trace -e trace=fsync,syncfs "$AUTOBACKUP" copy \
        acme/spot footage WORK NAS
    assert_status 0
    assert_err "older than 5.8"
    assert_eq "$(grep -c "fsync([0-9]*<.*/NAS/$SPOT/\.autobackup-" trace)" 5 "files synced"
    assert_eq "$(grep -c 'syncfs(' trace)" 0 "syncfs"
    ok copy acme/spot footage WORK NAS
    refute_err "5.8"
}

# Nor does a folder of the destination that cannot be read keep the rest from being copied.
test_a_beginning_beside_a_folder_that_cannot_be_read_is_gone_on_with() {
    disks
    mkdir -p {WORK,NAS}/"$SPOT"/bad
    cut_short
    local bad="getdents64 $PWD/NAS/$SPOT/bad 1 0 errno=EIO"
    shimmed "$bad" copy acme/spot footage WORK NAS --dry-run
    assert_out reel
    assert_status 0
    shimmed "$bad" copy acme/spot footage WORK NAS --json
    [ "$(json 'o.type == "copy" and o.bytes_kept or nil')" -gt 0 ] || fail "nothing of it was kept"
    cmp "WORK/$SPOT/reel" "NAS/$SPOT/reel"
    assert_err "$SPOT/bad" "Input/output error"
}
