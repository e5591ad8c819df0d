# The power is cut. NAS lies on a disk with a volatile cache that logs what is written to it (disk.c): after one copy
# any number of states are made that such a disk can hold at a moment of it, with all that was flushed and any part of
# what was not. Each must be mountable and keep the invariants.

on_power_cut="ext4 xfs btrfs"
on_power_cut_control="ext4 xfs btrfs"
on_disk_fails="ext4 xfs btrfs"
on_power_cut_large="ext4 xfs"

# One copy, logged. $START: the records before it (a disk that tears what the mount itself writes is nothing of ours);
# $END: the records when it had ended; $NAMED: when another program had synced something after that.
logged_copy() {    # WORDS...: prefix of the program
    filesystem "$KIND"
    [ -z "${CLONES:-}" ] || { mkdir NAS/work && ln -s NAS/work WORK; }
    studio
    [ -z "${HUGE:-}" ] || add_huge
    keep_image
    start_disk
    sync -f NAS
    START=$("$FAULT_TOOLS/disk" count disk.log)
    strike "$@"
    END=$("$FAULT_TOOLS/disk" count disk.log)
    assert_status 0
    sync_another
    stop_disk
    rm -rf catalog.new
    mkdir catalog.new
    cp catalog.db* catalog.new/
}

add_huge() {    # of $HUGE bytes
    bytes "$HUGE" >WORK/$REPLICA/fresh/huge
    touch -d '2020-06-01 10:00' WORK/$REPLICA/fresh/huge WORK/$REPLICA/fresh
    snapshot WORK/$REPLICA >NEW
    cp NEW SOURCE
}

cut_at() {    # RECORDS SEED CATALOG: NAS as it may be then; the catalog lies on another disk
    ! mountpoint -q NAS || umount NAS
    cp --sparse=always NAS.template NAS.img
    "$FAULT_TOOLS/disk" cut NAS.img disk.log "$1" "$2"
    rm -f catalog.db*
    cp "$3"/* .
    LAST="power cut after record $1 of $END, seed $2"
    mount -o loop NAS.img NAS || violation "cannot be mounted"
}

moments() {
    if [ -n "${FULL:-}" ]; then seq "$START" "$END"; else shuf -n 3 -i "$START-$END"; fi
}

fault_power_cut() {
    local n seed
    logged_copy env
    for n in $(moments); do
        for seed in 0 $RANDOM; do
            cut_at "$n" "$seed" catalog.old
            judge "power cut in the middle"
        done
    done
    for seed in 0 $RANDOM $RANDOM; do
        cut_at "$END" "$seed" catalog.new
        must_equal "status 0 before the power went"
        judge "power cut when all is done"
    done
    for n in $(moments | head -n 30); do    # what the catalog believes of the disk is not there any more
        cut_at "$n" 0 catalog.new
        rerun
        check_clean NAS
        conclude "power cut, and a catalog that knows more"
    done
    umount NAS
}

# A file that goes past the page cache, and whose length is no multiple of a block's.
fault_power_cut_large() {
    local n
    HUGE=34000005 SIZE=300M logged_copy env
    for n in $(moments); do
        cut_at "$n" $RANDOM catalog.old
        judge "power cut in the middle, a large file"
    done
    cut_at "$END" 0 catalog.new
    must_equal "status 0 before the power went"
    judge "power cut when a large file is done"
    umount NAS
}

# Source and destination on one filesystem: what arrives is a clone.
fault_power_cut_clone() {
    local n seed
    need xfs_io
    CLONES=1 logged_copy env
    cut_at "$END" 0 catalog.new
    xfs_io -r -c 'fiemap -v' "NAS/$REPLICA/fresh/large" | grep -q '0x2...$' || fail "it is no clone"
    must_equal "status 0 before the power went"
    judge "power cut when clones are done"
    for n in $(moments); do
        for seed in 0 $RANDOM; do
            cut_at "$n" "$seed" catalog.old
            judge "power cut while clones are made"
        done
    done
    umount NAS
}
on_power_cut_clone="xfs btrfs"

# Without syncs the names of the copy reach the disk when somebody else syncs, and what they name later.
fault_power_cut_control() {
    local seed torn=0
    MOUNT_OPTIONS=
    [ "$KIND" != btrfs ] || MOUNT_OPTIONS=commit=1
    [ "$KIND" != ext4 ] || MOUNT_OPTIONS=commit=600    # nor by itself while a slow machine is at it
    shim "fsync,fdatasync,syncfs $PWD/NAS* 1 0 lie"
    logged_copy "${SHIM[@]}"
    cut_at "$END" 0 catalog.old
    must_equal "status 0 before the power went"
    must_have_found "no syncs, power cut when all is done: files are lost"
    for seed in 0 1 2; do
        cut_at "$NAMED" "$seed" catalog.old
        check_names NAS
        torn=$((torn + (${#VIOLATIONS[@]} > 0)))
        VIOLATIONS=()
    done
    umount NAS
    [ "$torn" -gt 0 ] || violation "without syncs no file was torn: the check cannot fail"
    conclude "control: no syncs, power cut after another program's sync: files are torn"
}

# Another program's sync of another file, or the filesystem's own time for it.
sync_another() {
    echo another >NAS/another
    if [ "$KIND" = btrfs ]; then
        until [ "$("$FAULT_TOOLS/disk" count disk.log)" -gt "$END" ]; do pause; done
        until [ -z "$(tail -c 16 disk.log | tr -d '\0')" ]; do pause; done
    else
        sync NAS/another
    fi
    NAMED=$("$FAULT_TOOLS/disk" count disk.log)
}

# The disk takes no more writes from the n-th on: writes of files go well still, the sync fails.
fault_disk_fails() {
    local n number
    filesystem "$KIND"
    studio
    keep_image
    for number in 5 28; do
        for n in $(points 200); do
            start_disk "DISK_FAILS_AT=$n" "DISK_ERRNO=$number"
            kill -USR1 "$SERVER"
            strike env
            stop_disk
            cp --sparse=always disk.img NAS.img
            mount -o loop NAS.img NAS || violation "cannot be mounted again"
            judge "the disk fails below the filesystem, errno $number"
            umount NAS
            [ "$STATUS" != 0 ] || break
        done
    done
}
