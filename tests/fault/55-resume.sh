# A large file that was cut off: what is there of it is gone on with only where it is the source's.

HUGE=fresh/huge

# Killed at the n-th write of a large file; then something happens to what there is of it, or to the source.
fault_resumed_file() {
    local n what partial
    SIZE=500M filesystem "$KIND"
    SIZE=
    studio
    bytes 80M >WORK/$REPLICA/$HUGE
    touch -d '2020-06-01 10:00' WORK/$REPLICA/$HUGE
    snapshot WORK/$REPLICA >NEW
    cp NEW SOURCE
    cp -a WORK work.template
    cp NEW NEW.template
    for what in nothing damage garbage zeros shorter source_rewritten source_shorter source_longer; do
        for n in $(resume_points); do
            reset
            rm -rf WORK
            cp -a work.template WORK
            cp NEW.template NEW
            shim "write,pwrite $PWD/NAS/$REPLICA/fresh/.autobackup-p-* $n 1 kill"
            strike "${SHIM[@]}"
            partial=$(find "NAS/$REPLICA/fresh" -name '.autobackup-p-*')
            [ "$(hits 1)" = 1 ] || break
            check_names NAS
            happens_"$what" "$partial" "WORK/$REPLICA/$HUGE"
            snapshot WORK/$REPLICA >>NEW
            rerun
            check_clean NAS
            check_names NAS
            conclude "a large file goes on after: ${what//_/ }"
        done
    done
}

resume_points() { if [ -n "${FULL:-}" ]; then seq 3 5 80; else echo 9; fi; }

happens_nothing() { :; }
happens_damage() { printf x | dd of="$1" bs=1 seek=777777 conv=notrunc 2>err.dd; }
happens_garbage() { bytes 3000000 >>"$1"; }
happens_zeros() { truncate -s +3000000 "$1"; }
happens_shorter() { truncate -s -1234567 "$1"; }
happens_source_rewritten() {
    touch -r "$2" time
    printf x | dd of="$2" bs=1 seek=555555 conv=notrunc 2>err.dd
    touch -r time "$2"
}
happens_source_shorter() { truncate -s 2000000 "$2"; }
happens_source_longer() { bytes 1000000 >>"$2"; }

# The same with the power lost: what of the file is on the disk is not known.
fault_resumed_after_shutdown() {
    local n how
    need xfs_io
    SIZE=500M filesystem "$KIND"
    SIZE=
    studio
    bytes 80M >WORK/$REPLICA/$HUGE
    touch -d '2020-06-01 10:00' WORK/$REPLICA/$HUGE
    snapshot WORK/$REPLICA >NEW
    cp NEW SOURCE
    script hard "xfs_io -x -c shutdown NAS"
    script soft "xfs_io -x -c 'shutdown -f' NAS"
    keep_image
    for n in $(resume_points); do
        for how in hard soft; do
            fresh_image
            shim "write,pwrite $PWD/NAS/$REPLICA/fresh/.autobackup-p-* $n 1 run=$PWD/$how"
            strike "${SHIM[@]}"
            [ "$(hits 1)" = 1 ] || break 2
            mount_again
            judge "a large file goes on after a shutdown, $how"
        done
    done
    umount NAS
}
on_resumed_after_shutdown="ext4 xfs"
