# The filesystem stops in the middle of a copy, as with the power lost: what was not written to the disk is gone. Then
# it is mounted again. "hard" loses the filesystem's own log too, "soft" writes it: names are there then, and what they
# name is only if it was synced before. As a control the same with the syncs taken away: the oracle must find that files
# are lost and torn.

CHANGES=write,pwrite,fsync,syncfs,renameat2,unlinkat,linkat,mkdirat,symlinkat,mknodat,setxattr,utimensat
on_shutdown="ext4 xfs"
on_shutdown_control="ext4 xfs"

prepare_shutdown() {
    need xfs_io
    filesystem "$KIND"
    studio
    script hard "xfs_io -x -c shutdown NAS"
    script soft "xfs_io -x -c 'shutdown -f' NAS"
    keep_image
}

times() { if [ -n "${FULL:-}" ]; then seq 100; else seq "$1"; fi; }    # IN THE SHORT FORM

fault_shutdown() {
    local i how
    prepare_shutdown
    for i in $(times 2); do
        for how in hard soft; do
            fresh_image
            shim "$CHANGES $PWD/NAS* $((RANDOM % 160 + 1)) 1 run=$PWD/$how"
            MOVING=1 strike "${SHIM[@]}"    # a disk that is off cannot be compared
            after_power_loss
            [ "$STATUS" != 0 ] || must_equal "status 0"
            judge "shut down in the middle, $how"
        done
    done
    for i in $(times 1); do
        fresh_image
        strike env
        assert_status 0
        after_power_loss
        must_equal "status 0 before the power went"
        judge "shut down when all is done"
    done
    umount NAS
}

after_power_loss() {
    ./hard 2>/dev/null || :    # if it has not happened yet
    mount_again
}

# Struck while names are given: some are there, and what they name was not synced.
fault_shutdown_control() {
    local i torn=0 gone=0
    prepare_shutdown
    for i in $(times 2); do
        fresh_image
        shim "fsync,fdatasync,syncfs $PWD/NAS* 1 0 lie" "renameat2,linkat $PWD/NAS* $((16 + i % 3 * 5)) 1 run=$PWD/soft"
        strike "${SHIM[@]}"
        after_power_loss
        VIOLATIONS=()
        check_names NAS
        torn=$((torn + (${#VIOLATIONS[@]} > 0)))
        fresh_image
        shim "fsync,fdatasync,syncfs $PWD/NAS* 1 0 lie"
        strike "${SHIM[@]}"
        assert_status 0
        after_power_loss
        [ -z "$(differences NAS)" ] || gone=$((gone + 1))
    done
    umount NAS
    VIOLATIONS=()
    [ "$torn" -eq "$i" ] || violation "without syncs files are torn in $torn of $i only: the check can miss it"
    conclude "control: no syncs, shut down in the middle: must tear, does in $torn of $i"
    [ "$gone" -eq "$i" ] || violation "without syncs files are lost in $gone of $i only: the check can miss it"
    conclude "control: no syncs, shut down when all is done: must lose, does in $gone of $i"
}
