# Several destinations in one copy: what happens to one is nothing to the others.

CHANGES=write,pwrite,fsync,syncfs,renameat2,renameat,unlinkat,linkat,mkdirat,symlinkat,mknodat,setxattr,utimensat,close

fault_one_destination_fails() {
    local spec n
    two_destinations
    for spec in "write,pwrite errno=EIO" "write,pwrite errno=ENOSPC" "fsync,syncfs errno=EIO" "renameat2 errno=EIO" \
        "mkdirat errno=ENOSPC" "openat errno=EIO" "close errno=EIO"; do
        for n in $(points 100); do
            reset_both
            shim "${spec% *} $PWD/NAS/* $n 0 ${spec#* }"
            strike "${SHIM[@]}"
            [ "$(hits 1)" -gt 0 ] || break
            others_are_complete
            judge_both "one of two destinations fails: ${spec/ errno=/: }"
            [ -n "${FULL:-}" ] || break
        done
    done
}

fault_one_destination_is_slow() {
    two_destinations
    reset_both
    shim "write,pwrite,openat,renameat2 $PWD/NAS/* 1 0 run=/bin/true"
    strike "${SHIM[@]}"
    assert_status 0
    others_are_complete
    judge_both "one of two destinations is slow"
}

fault_two_destinations_killed() {
    local n
    two_destinations
    for n in $(points 600); do
        reset_both
        shim "$CHANGES $PWD/[NS][AT]* $n 1 kill"
        strike "${SHIM[@]}"
        judge_both "two destinations: kill -9 at the n-th change"
        [ "$STATUS" = 137 ] || break
    done
}
