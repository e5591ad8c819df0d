# The catalog's disk fails, and others use the catalog. It is a cache and a journal: no file may suffer.

catalog_calls="pwrite,write,fsync,fdatasync,ftruncate,openat"

fault_catalog_calls() {
    local n action
    filesystem "$KIND"
    studio
    for action in errno=EIO errno=ENOSPC kill; do
        for n in $(points 120); do
            reset
            shim "$catalog_calls $PWD/catalog.db* $n 1 $action"
            strike "${SHIM[@]}"
            [ "$(hits 1)" -gt 0 ] || break
            judge "the catalog's n-th write: ${action#errno=}"
        done
    done
}
on_catalog_calls="here tmpfs ext4"

# Real ones: its disk is full, or read-only.
fault_catalog_disk() {
    local room
    filesystem "$KIND"
    studio
    mkdir disk
    mount -t tmpfs -o size=64M tmpfs disk
    export AUTOBACKUP_CATALOG=$PWD/disk/catalog.db
    for room in 0 ${FULL:+4} 8 ${FULL:+16} 32 ${FULL:+64} 100; do
        reset
        use_disk
        mount -o "remount,size=$(($(du -sk disk | cut -f1) + room))k" disk
        strike env
        mount -o remount,size=64M disk
        leave_disk
        judge "the catalog's disk is full"
    done
    reset
    use_disk
    mount -o remount,ro disk
    strike env
    mount -o remount,rw disk
    [ "$STATUS" != 0 ] || violation "status 0 without a journal"
    [ -s "$ERR" ] || violation "says nothing"
    leave_disk
    judge "the catalog's disk is read-only"
}
on_catalog_disk="ext4"

use_disk() {
    rm -f disk/*
    cp catalog.old/* disk/
}

leave_disk() {    # the checks look at catalog.db here
    rm -f catalog.db*
    cp disk/catalog.db* .
}

# Another program writes to the catalog, and does not end.
fault_catalog_locked() {
    filesystem "$KIND"
    studio
    reset
    mkfifo orders
    sqlite3 catalog.db <orders >locked &
    exec 8>orders
    echo "BEGIN EXCLUSIVE; SELECT 'locked';" >&8
    until grep -q locked locked; do pause; done
    HANG=120 strike env
    [ "$STATUS" != 0 ] || violation "status 0 without a journal"
    [ -s "$ERR" ] || violation "says nothing"
    exec 8>&-
    wait
    judge "the catalog is locked by another program"
}
on_catalog_locked="here ext4"

# Two copies to one database: one waits, or says that it is busy; and loads beside a copy.
fault_two_at_once() {
    local i pid other
    filesystem "$KIND"
    studio
    for i in $(points 50 1); do
        reset
        "$AUTOBACKUP" "${SCENARIO[@]}" >out.other 2>err.other </dev/null &
        pid=$!
        MOVING=1 strike env
        other=0
        wait "$pid" || other=$?
        case $STATUS:$other in 0:0 | 75:0 | 0:75) ;; *) violation "$STATUS and $other: $(cat err.other)" ;; esac
        judge "two copies at once"
        reset
        "$AUTOBACKUP" load >out.other 2>err.other </dev/null &
        pid=$!
        MOVING=1 strike env
        other=0
        wait "$pid" || other=$?
        [ "$STATUS:$other" = 0:0 ] || violation "$STATUS and $other: $(cat err.other)"
        judge "a copy and a load at once"
    done
}
