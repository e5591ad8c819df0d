# What the system lets a process have, and databases that are made of more than one filesystem.

# A limit on the size of files: the writes are really short, then fail.
fault_file_size_limit() {
    local blocks
    filesystem "$KIND"
    studio
    for blocks in 500 ${FULL:+1000} 1001 ${FULL:+2500}; do
        reset
        script limited "ulimit -f $blocks; exec \"\$@\""
        strike ./limited
        [ "$STATUS" = 3 ] || [ "$STATUS" = 1 ] || violation "status $STATUS"
        judge "no file may be longer than some kB"
    done
}

# Few descriptors, many folders.
fault_few_descriptors() {
    local n
    filesystem "$KIND"
    studio
    (cd WORK/$REPLICA && seq -f 'wide/%.0f' 2000 | xargs mkdir -p && for n in {1..2000}; do echo "$n" >"wide/$n/file"; done)
    snapshot WORK/$REPLICA >NEW
    cp NEW SOURCE
    for n in 100 ${FULL:+256} 1024; do
        reset
        script limited "ulimit -n $n; exec \"\$@\""
        strike ./limited
        [ "$STATUS" = 0 ] || violation "status $STATUS: $(head -c 300 "$ERR")"
        judge "only $n descriptors"
    done
}

footage_elsewhere() {
    filesystem "$KIND"
    mkdir NAS/footage
    image "$KIND" footage.img
    mount -o loop footage.img NAS/footage
    rmdir NAS/footage/lost+found 2>/dev/null || :
    studio
}

# What footage's own filesystem keeps is measured with the first copy: that is behind us.
measured() {
    mkdir -p WORK/footage/acme/first
    echo first >WORK/footage/acme/first/file
    ok copy acme/first footage WORK NAS
    keep_state
}

# That measuring is ended in the midst: the next copy takes away what it left.
fault_trial_elsewhere() {
    local hit
    footage_elsewhere
    for hit in 3 12 25; do
        reset
        shim "$CHANGES $PWD/NAS* $hit 1 kill"
        strike "${SHIM[@]}"
        [ "$STATUS" = 137 ] || fail "it was not killed"
        rerun
        check_clean NAS
        conclude "a trial on another filesystem is ended"
    done
}
on_trial_elsewhere="ext4 btrfs"

# A replaced file that a dead copy left under an exchange name cannot be moved to the versions there.
fault_rescue_elsewhere() {
    local name=.autobackup-x-0123456789abcdef hit=20
    footage_elsewhere
    measured
    until grep -qsa 'changed/take 1.mov' NAS/.autobackup/operations/*.open; do    # before that it was not at work there
        reset
        hit=$((hit + 10))
        shim "$CHANGES $PWD/NAS* $hit 1 kill"
        strike "${SHIM[@]}"
        [ "$STATUS" = 137 ] || fail "it was not killed"
    done
    bytes 5000 >replaced
    cp replaced "NAS/$REPLICA/changed/$name"
    rerun
    check_clean NAS
    find NAS/.autobackup/versions -path "*/changed/$name" -exec cmp -s {} replaced \; -print | grep -q . ||
        violation "the replaced file is not among the versions"
    conclude "a replaced file left on another filesystem is kept"
}
on_rescue_elsewhere="ext4 xfs btrfs"

# The replica lies on another filesystem than .autobackup: versions are copies.
fault_replica_elsewhere() {
    local n
    footage_elsewhere
    for n in $(points 250); do
        reset
        shim "$CHANGES $PWD/NAS* $n 1 kill"
        strike "${SHIM[@]}"
        judge "the replica on another filesystem: kill -9 at the n-th change"
        [ "$STATUS" = 137 ] || break
    done
}
on_replica_elsewhere="ext4 xfs btrfs"
CHANGES=write,pwrite,fsync,syncfs,renameat2,renameat,unlinkat,linkat,mkdirat,symlinkat,mknodat,setxattr,utimensat,close
