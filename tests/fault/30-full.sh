# Full disks: really full ones.

# Another program fills the disk during the copy; what it took is free again for the rerun.
fault_disk_fills_up() {
    local n
    filesystem "$KIND"
    studio
    script fill "dd if=/dev/zero of=NAS/filler bs=64k 2>err.dd; dd if=/dev/zero of=NAS/filler2 bs=512 2>>err.dd"
    for n in $(points 60); do
        reset
        shim "write,pwrite,mkdirat,linkat $PWD/NAS/footage* $n 1 run=$PWD/fill"
        strike "${SHIM[@]}"
        [ "$(hits 1)" -gt 0 ] || break
        assert_filled
        judge "the disk fills up at the n-th write"
    done
}

on_disk_fills_up="tmpfs ext4 xfs btrfs"

assert_filled() {
    [ -s NAS/filler ] || fail "the disk was not filled"
    rm -f NAS/filler NAS/filler2
}

# The same with inodes: mkfs makes few.
fault_inodes_run_out() {
    local n
    filesystem "$KIND" -N 200
    studio
    script fill "mkdir NAS/filler; i=0; while : >NAS/filler/\$((i += 1)); do :; done 2>err.fill"
    for n in $(points 60); do
        reset
        shim "openat,mkdirat,linkat $PWD/NAS/footage*.autobackup-* $n 1 run=$PWD/fill"
        strike "${SHIM[@]}"
        [ "$(hits 1)" -gt 0 ] || break
        [ -d NAS/filler ] || fail "the inodes were not used up"
        rm -r NAS/filler
        judge "no inodes are left at the n-th temp"
    done
}
on_inodes_run_out="ext4"

# A quota ends in the middle of the copy, then it is raised.
fault_quota_exceeded() {
    local room
    need btrfs
    filesystem "$KIND"
    studio
    btrfs quota enable NAS 2>/dev/null || skip "no quota in this kernel"
    for room in 1 300 800 1300 2000 2500; do
        reset
        sync -f NAS
        btrfs qgroup limit "$(($(du -sk NAS | cut -f1) + room))K" 0/5 NAS
        strike env
        [ "$STATUS" != 0 ] || fail "the quota with a room of $room kB was no limit"
        btrfs qgroup limit none 0/5 NAS
        judge "the quota is exceeded"
    done
}
on_quota_exceeded="btrfs"
