# kill -9 at every moment.

CALLS="renameat2 openat,openat2 write,pwrite64 fsync,fdatasync syncfs unlinkat,unlink linkat mkdirat symlinkat,mknodat"

# Before each thread's n-th call, by strace.
fault_kill_at_call() {
    local calls n
    filesystem "$KIND"
    studio
    for calls in $CALLS; do
        for n in $(points 400); do
            reset
            strike strace -f -qq -o /dev/null -e trace="$calls" -e inject="$calls:signal=KILL:when=$n"
            judge "kill -9 at the n-th ${calls%%,*}"
            [ "$STATUS" = 137 ] || break
        done
    done
}

# Before the n-th call of any kind that changes the destination, over all threads.
fault_kill_at_change() {
    local n
    filesystem "$KIND"
    studio
    for n in $(points 1000); do
        reset
        shim "write,fsync,syncfs,renameat2,unlinkat,linkat,mkdirat,symlinkat,mknodat,setxattr,fchmod,fchown,utimensat,ftruncate,close $PWD/NAS* $n 1 kill"
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
