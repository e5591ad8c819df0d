# shellcheck shell=bash
# Two workstations and one disk whose locks they do not see of each other, as on sshfs: two namespaces, each with a host name
# and a boot of its own, in which flock of the disk always succeeds. Oracles: rsync, find.
. ./studio.sh

SHIM=$(dirname "$(readlink -f "$AUTOBACKUP")")/tests/fault/shim.so
BLIND='flock */.autobackup/lock 1 0 lie'

setup() {
    local host
    need_root
    need rsync unshare
    [ -e "$SHIM" ] || fail "$SHIM is not there: make check-e2e makes it"
    mkdir -p one/footage/acme/spot two/footage/{acme/spot,bmx/show} NAS
    for host in one two; do
        cat /proc/sys/kernel/random/uuid >boot.$host
        (cd $host/footage/acme/spot && for n in 1 2 3 4 5; do echo "$host $n" >"f$n"; done)
    done
    touch -d '2024-01-01 12:00' one/footage/acme/spot/*
    touch -d '2024-02-02 12:00' two/footage/acme/spot/*
    seq 9 >two/footage/bmx/show/g
    on one true || skip "no namespaces here"
    for host in one two; do
        ok_at $host add database "$host" $host
        ok_at $host add database NAS NAS
        ok_at $host add category footage footage
    done
    printf '#!/bin/bash\n: >%q/waits\nuntil [ -e %q/go ]; do sleep 0.1; done\n' "$PWD" "$PWD" >hold
    chmod +x hold
}

at() {    # HOST COMMAND...: there, in place of this shell; $FAULT: besides the blindness
    local host=$1
    shift
    AUTOBACKUP_CATALOG=$PWD/catalog.$host exec -a workstation unshare --uts --mount --propagation private bash -c '
        hostname "$1" && mount --bind "boot.$1" /proc/sys/kernel/random/boot_id || exit 99
        export LD_PRELOAD=$2 FAULTS=$3 ASAN_OPTIONS="${ASAN_OPTIONS:+$ASAN_OPTIONS:}verify_asan_link_order=0"
        shift 3
        exec "$@"' - "$host" "$SHIM" "$BLIND${FAULT:+;$FAULT}" "$@"
}
on() { (at "$@"); }    # the same without leaving this shell

ok_at() {    # HOST WORDS...
    local host=$1
    shift
    run on "$host" "$AUTOBACKUP" "$@"
    assert_status 0
}

start_one() {    # it copies acme/spot, and waits with all temps written; $ONE: its pid
    FAULT="syncfs */NAS/* 1 1 run=$PWD/hold" at one "$AUTOBACKUP" copy acme/spot footage one NAS --newer=overwrite >out.one 2>err.one &
    ONE=$!
    until [ -e waits ]; do
        kill -0 $ONE || fail "one has ended: $(cat err.one)"
        pause
    done
}

end_of_one() {
    local status=0
    wait $ONE || status=$?
    [ $status = "$1" ] || fail "one ends with $status: $(cat err.one)"
}

same() {    # HOST PROJECT: on its disk and on the NAS
    assert_eq "$(rsync -anci --delete "$1/footage/$2/" "NAS/footage/$2/")" "" "$2 of $1"
}

left() { find NAS -name '.autobackup-*' -o -name '*.open' -o -path '*/.autobackup/holder*'; }

test_a_holder_elsewhere_that_beats_is_respected() {
    setup
    start_one
    temps=$(find NAS -name '.autobackup-*' | sort)
    [ "$(wc -l <<<"$temps")" = 5 ] || fail "temps: $temps"
    run on two "$AUTOBACKUP" copy bmx/show footage two NAS
    assert_status 75
    assert_err "NAS: it is locked by copy, pid $ONE, since " ", on one: waiting up to" "NAS is busy: copy, pid $ONE" "--lock-wait"
    assert_eq "$(find NAS -name '.autobackup-*' | sort)" "$temps" "temps of the other"
    on two "$AUTOBACKUP" copy bmx/show footage two NAS --lock-wait 5m >out.two 2>err.two &
    two=$!
    pause 3
    : >go
    end_of_one 0
    wait $two || fail "two: $(cat err.two)"
    same one acme/spot
    same two bmx/show
    assert_eq "$(left)" "" "left"
    ok_at two undo --yes
    refute_err "locked"
    same one acme/spot
}

test_one_that_died_is_taken_over_with_a_word_and_on_its_own_machine_without() {
    setup
    start_one
    kill -KILL $ONE
    wait $ONE 2>/dev/null || :
    assert_exists NAS/.autobackup/holder
    cp NAS/.autobackup/holder kept
    : >go
    ok_at one copy acme/spot footage one NAS
    refute_err "locked"
    same one acme/spot
    cp kept NAS/.autobackup/holder
    run on two "$AUTOBACKUP" copy bmx/show footage two NAS
    assert_status 0
    assert_err "NAS: the lock of copy, pid $ONE, since " ", on one was taken over: nothing of it moved for 15 s"
    same two bmx/show
    assert_eq "$(left)" "" "left"
}

# It is stopped before its first name is in place. When it goes on, the disk and the names are the other's.
test_one_that_stood_still_writes_nothing_more() {
    setup
    start_one
    kill -STOP $ONE
    ok_at two copy acme/spot footage two NAS
    assert_err "was taken over"
    same two acme/spot
    find NAS -printf '%P %i %T@ %s\n' | sort >before
    : >go
    kill -CONT $ONE
    end_of_one 1
    grep -q "NAS was taken over while nothing moved here" err.one || fail "$(cat err.one)"
    find NAS -printf '%P %i %T@ %s\n' | sort | diff before - || fail "something was written"
    same two acme/spot
    ok_at one copy acme/spot footage one NAS --newer=overwrite
    same one acme/spot
    assert_eq "$(left)" "" "left"
}

# A look that fails says nothing of the other one: it is at work as before.
test_a_disk_error_at_a_holder_that_beats_gives_nobody_its_lock() {
    setup
    start_one
    find NAS -printf '%P %i\n' | grep -v 'holder$' | sort >before
    FAULT='openat */NAS/.autobackup/holder 4 1 errno=EIO;statx */NAS/.autobackup/holder 1 0 errno=EIO' \
        run on two "$AUTOBACKUP" copy bmx/show footage two NAS
    assert_status 75
    assert_err "NAS is busy: copy, pid $ONE" "--lock-wait"
    FAULT='openat */NAS/.autobackup/holder 3 0 errno=EIO;statx */NAS/.autobackup/holder 1 0 errno=EIO' \
        run on two "$AUTOBACKUP" copy bmx/show footage two NAS
    assert_status 1
    refute_exists NAS/footage/bmx
    assert_err "whether another workstation is at work on NAS cannot be told" "(Input/output error): nothing was written; run it again"
    find NAS -printf '%P %i\n' | grep -v 'holder$' | sort | diff before - || fail "something was written"
    : >go
    end_of_one 0
    same one acme/spot
    ok_at two copy bmx/show footage two NAS
    same two bmx/show
    assert_eq "$(left)" "" "left"
}

# The signal comes while it is said that the lock is waited for, and is neither lost nor waited through.
test_an_interrupt_ends_the_look_at_a_holder() {
    need strace
    setup
    start_one
    kill -KILL $ONE
    wait $ONE 2>/dev/null || :
    : >go
    cp NAS/.autobackup/holder kept
    run on two strace -qq -o /dev/null -P "$ERR" -e trace=write -e inject=write:signal=TERM:when=1 \
        "$AUTOBACKUP" copy bmx/show footage two NAS
    assert_status 143
    assert_err "is locked by"
    refute_err "taken over"
    cmp kept NAS/.autobackup/holder
    refute_exists NAS/footage/bmx
}

# One that another thread took would leave a prompt waiting.
test_every_thread_but_the_first_leaves_signals_to_it() {
    local mask task
    setup
    start_one
    for task in /proc/$ONE/task/*; do
        mask=$(awk '/^SigBlk/ { print $2 }' "$task/status")
        [ "${task##*/}" = $ONE ] || (((0x$mask & 0x4003) == 0x4003)) || fail "thread ${task##*/} blocks $mask"
    done
    [ "$(find /proc/$ONE/task -mindepth 1 -maxdepth 1 | wc -l)" -gt 2 ] || fail "there are no threads"
    : >go
    end_of_one 0
}

# Each stands for itself, at the same time: the wait for one that does not move is long.
test_a_holder_that_means_nothing_blocks_no_disk() {
    local kind
    mkdir -p WORK/footage/acme/spot
    seq 5 >WORK/footage/acme/spot/a
    for kind in empty noise folder symlink foreign; do
        mkdir -p $kind/.autobackup home.$kind
    done
    : >empty/.autobackup/holder
    head -c 5000 /dev/urandom >noise/.autobackup/holder
    mkdir folder/.autobackup/holder
    ln -s ../canary symlink/.autobackup/holder
    echo "autobackup-holder 1 " >foreign/.autobackup/holder
    to_nobody foreign home.foreign
    shut foreign/.autobackup/holder
    for kind in empty noise folder symlink foreign; do
        (
            export AUTOBACKUP_CATALOG=$PWD/home.$kind/catalog
            [ $kind != foreign ] || as() { as_nobody "$@"; }
            [ $kind = foreign ] || as() { "$AUTOBACKUP" "$@"; }
            as add database WORK WORK && as add database DISK $kind && as add category footage footage &&
                as copy acme/spot footage WORK DISK
        ) >out.$kind 2>err.$kind &
    done
    wait
    for kind in empty noise folder symlink foreign; do
        assert_eq "$(rsync -anciO --no-o --no-g WORK/footage/ $kind/footage/)" "" "$kind: $(cat err.$kind)"
        grep -q "locked by somebody whose .autobackup/holder cannot be read" err.$kind || fail "$kind: $(cat err.$kind)"
        [ $kind = folder ] || refute_exists $kind/.autobackup/holder
    done
    grep -q "holder cannot be written (Is a directory).*remove that file by hand" err.folder || fail "$(cat err.folder)"
    refute_exists canary symlink/canary
}

# What was said of the rounds before is not the end of a wait that was rewarded.
test_a_wait_for_the_lock_that_was_rewarded_is_no_failure() {
    local word
    mkdir -p WORK/footage/acme/spot NAS
    seq 5 >WORK/footage/acme/spot/a
    ok add database WORK WORK
    ok add database NAS NAS
    ok add category footage footage
    ok copy acme/spot footage WORK NAS
    seq 6 >WORK/footage/acme/spot/a
    ok copy acme/spot footage WORK NAS
    for word in undo 'prune NAS --older 0s'; do
        flock NAS/.autobackup/lock sleep 1.5 &
        until ! flock -n NAS/.autobackup/lock true; do pause; done
        # shellcheck disable=SC2086
        ok $word --yes --lock-wait 1m
        refute_err "busy"
        refute_out "failed"
        wait
    done
    assert_eq "$(seq 5 | diff - NAS/footage/acme/spot/a)" "" "what was undone"
    ok history
    refute_out "failed"
}
