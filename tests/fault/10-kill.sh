# kill -9 at every moment.

CALLS="renameat2 openat,openat2 write,pwrite64 fsync,fdatasync syncfs unlinkat,unlink linkat mkdirat symlinkat,mknodat"

# Before each thread's n-th call, by strace.
fault_kill_at_call() {
    local calls n short
    filesystem "$KIND"
    studio
    for calls in $CALLS; do
        case $calls in renameat2 | write*) short="3 25" ;; *) short=3 ;; esac
        for n in $(points 400 $short); do
            reset
            strike strace -f -qq -o /dev/null -e trace="$calls" -e inject="$calls:signal=KILL:when=$n"
            judge "kill -9 at the n-th ${calls%%,*}"
            [ "$STATUS" = 137 ] || break
        done
    done
}

CHANGES=write,pwrite,fsync,syncfs,renameat2,renameat,unlinkat,linkat,mkdirat,symlinkat,mknodat,setxattr,fchmod,fchown
CHANGES+=,utimensat,ftruncate,close

# Before the n-th call of any kind that changes the destination, over all threads.
fault_kill_at_change() {
    local n
    filesystem "$KIND"
    studio
    for n in $(points 1000); do
        reset
        shim "$CHANGES $PWD/NAS* $n 1 kill"
        strike "${SHIM[@]}"
        judge "kill -9 at the n-th change"
        [ "$STATUS" = 137 ] || break
    done
}

fault_kill_at_random_times() {
    local n start took
    filesystem "$KIND"
    studio
    start=$(date +%s%N)
    ok "${SCENARIO[@]}"
    took=$((($(date +%s%N) - start) / 1000))
    for n in $(points 100); do
        reset
        strike timeout -s KILL "$(printf '0.%06d' $((SRANDOM % took)))"
        judge "kill -9 at a random time"
    done
}

# Asked to stop: it says so, and takes its temps with it (a large file's may wait to be resumed).
fault_interrupted() {
    local n signal found short
    filesystem "$KIND"
    studio
    for signal in INT:130 TERM:143 HUP:129; do
        [ "$signal" = INT:130 ] && short="3 25" || short=12
        for n in $(points 300 $short); do
            reset
            strike strace -f -qq -o /dev/null -e trace=openat -e inject="openat:signal=${signal%:*}:when=$((n + 20))"
            case $STATUS in 0 | "${signal#*:}") ;; *) violation "status $STATUS after SIG${signal%:*}" ;; esac
            found=$(find NAS/footage -name '.autobackup-*' ! -name '.autobackup-p-*')
            [ -z "$found" ] || violation "temps are left: $found"
            judge "SIG${signal%:*} at the n-th openat"
            [ "$STATUS" != 0 ] || break
        done
    done
}
