# Large copies stay small in memory: the peak of the resident set, by the kernel's count.

peak_below() {    # KIB FAULT
    local kib
    "$MEASURE" -o cost "$AUTOBACKUP" "${SCENARIO[@]}" >"$OUT" 2>"$ERR" </dev/null || :
    read -r _ _ _ kib STATUS <cost
    LAST="${SCENARIO[*]}"
    [ "$STATUS" = 0 ] || violation "status $STATUS"
    [ "$kib" -le "$1" ] || violation "$kib KiB, more than $1"
    conclude "$2: $((kib / 1024)) MiB"
}

fault_memory_many_files() {
    [ -n "${FULL:-}" ] || skip "the full form only"
    mkdir NAS WORK
    mount -t tmpfs -o size=3G,nr_inodes=500k tmpfs NAS
    mount -t tmpfs -o size=3G,nr_inodes=500k tmpfs WORK
    mkdir -p WORK/$REPLICA
    (
        cd WORK/$REPLICA
        seq 200 | xargs mkdir
        seq 200000 | awk '{ name = $1 % 200 + 1 "/frame." $1; print "content of " $1 >name; close(name) }'
    )
    registered
    peak_below 65536 "200000 small files"
    assert_eq "$(find NAS/footage -type f | wc -l)" 200000
}
on_memory_many_files="tmpfs"

fault_memory_sparse() {
    mkdir NAS WORK
    mount -t tmpfs -o size=3G tmpfs NAS
    mkdir -p WORK/$REPLICA
    truncate -s 10G WORK/$REPLICA/sparse
    bytes 1000000 >>WORK/$REPLICA/sparse
    registered
    peak_below 32768 "10 GB sparse"
    assert_eq "$(stat -c %s NAS/$REPLICA/sparse)" $((10 * 1024 * 1024 * 1024 + 1000000))
    [ "$(stat -c %b NAS/$REPLICA/sparse)" -lt 100000 ] || fail "holes were filled"
}
on_memory_sparse="tmpfs"

registered() {
    MEASURE=$FAULT_TOOLS/../bench/measure
    export AUTOBACKUP_CATALOG=$PWD/catalog.db
    ok add database WORK WORK
    ok add database NAS NAS
    ok add category footage footage
}
