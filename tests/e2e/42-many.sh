# copy to several destinations at once, and large files that are cut short. Oracles: sha256sum, find, cmp, strace.
. ./studio.sh

# $1 MB of noise as a project of its own, old enough to be settled.
large() {
    mkdir -p WORK/footage/acme/long
    head -c "${1}M" /dev/urandom >WORK/footage/acme/long/reel.mov
    touch -d '1 hour ago' WORK/footage/acme/long/reel.mov
    ok load WORK
}

# Start a copy in the background and wait until a good part of the large file is there.
start_and_wait() {    # WORDS...
    "$AUTOBACKUP" "$@" >"$OUT" 2>"$ERR" &
    COPY=$!
    local i
    for ((i = 0; i < 3000; i++)); do
        PARTIAL=$(find NAS -name '.autobackup-p-*')    # room is made for all of it at once: look into it
        [ -z "$PARTIAL" ] ||
            [ "$(dd if="$PARTIAL" bs=1M skip=25 count=1 status=none | tr -d '\0' | wc -c)" = 0 ] || return 0
        kill -0 "$COPY" 2>/dev/null || fail "the copy ended early"
        pause 0.01
    done
    fail "no temp of a large file appeared"
}

test_one_reading_serves_all() {
    studio
    mkdir -p THIRD
    ok add database THIRD "$PWD/THIRD"
    ok copy 'acme/*' all WORK NAS STORAGE THIRD --json
    local name
    for name in NAS STORAGE THIRD; do
        assert_same_tree WORK/footage/acme "$name/footage/acme"
        assert_same_tree WORK/scratch/render/acme "$name/scratch/render/acme"
    done
    assert_eq "$(json 'o.type == "copy" and o.to or nil' | sort -u | xargs)" "NAS STORAGE THIRD"
}

test_a_file_is_opened_once_for_two_other_disks() {
    need strace
    studio
    mount_image NAS2 64
    mount_image STORAGE2 64
    ok add database NAS2 "$PWD/NAS2"
    ok add database STORAGE2 "$PWD/STORAGE2"
    run env ASAN_OPTIONS=detect_leaks=0 strace -f -qq -e trace=openat -o trace "$AUTOBACKUP" copy acme/spot render \
        WORK NAS2 STORAGE2
    assert_status 0
    find WORK/scratch/render/acme/spot -type f -printf '%f\n' | sort >names
    grep -oE '"[^"]*", O_RDONLY\|O_NOCTTY\|O_NONBLOCK' trace | cut -d '"' -f 2 | grep -v -e ^/dev/ -e '^holder$' | sort >opened
    run diff names opened
    assert_status 0
    assert_same_tree WORK/scratch/render/acme NAS2/scratch/render/acme
    assert_same_tree WORK/scratch/render/acme STORAGE2/scratch/render/acme
}

test_a_full_disk_does_not_spoil_the_other() {
    studio
    large 40
    mount_image SMALL 64
    ok add database SMALL "$PWD/SMALL"
    head -c 5M /dev/zero >SMALL/filler
    head -c 15M /dev/urandom >WORK/footage/acme/long/second.mov
    ok load WORK
    ab copy 'acme/*' footage WORK SMALL NAS --json
    assert_status 1
    assert_same_tree WORK/footage/acme NAS/footage/acme
    assert_out "no room"
}

test_an_interrupted_large_file_goes_on() {
    studio
    large 200
    start_and_wait copy acme/long footage WORK NAS --bwlimit 100MB
    kill -TERM "$COPY"    # a background job ignores SIGINT
    wait "$COPY" || STATUS=$?
    assert_eq "$STATUS" 143 "exit status"
    assert_exists "$PARTIAL"
    refute_exists NAS/footage/acme/long/reel.mov
    ok copy acme/long footage WORK NAS --json
    [ "$(json 'o.bytes_kept')" -gt 20000000 ] || fail "nothing of it was kept"
    assert_same_tree WORK/footage/acme/long NAS/footage/acme/long
    assert_eq "$(find NAS -name '.autobackup-*' -o -name '*.open')" "" "left behind"
}

test_a_killed_one_too_and_a_changed_source_is_seen() {
    studio
    large 200
    start_and_wait copy acme/long footage WORK NAS --bwlimit 100MB
    kill -KILL "$COPY"
    wait "$COPY" 2>/dev/null || :
    assert_exists "$PARTIAL"
    printf changed | dd of=WORK/footage/acme/long/reel.mov bs=1 seek=3000000 conv=notrunc status=none
    ok copy acme/spot footage WORK NAS    # another replica: the beginning stays
    assert_exists "$PARTIAL"
    ok copy acme/long footage WORK NAS --json
    assert_same_tree WORK/footage/acme/long NAS/footage/acme/long
    ok copy acme/long footage WORK NAS
    assert_eq "$(find NAS -name '.autobackup-*' -o -name '*.open')" "" "left behind"
}

test_a_beginning_that_nobody_needs_goes() {
    studio
    large 200
    start_and_wait copy acme/long footage WORK NAS --bwlimit 100MB
    kill -KILL "$COPY"
    wait "$COPY" 2>/dev/null || :
    rm WORK/footage/acme/long/reel.mov
    echo short >WORK/footage/acme/long/other.mov
    ok copy acme/long footage WORK NAS
    assert_eq "$(find NAS -name '.autobackup-*' -o -name '*.open')" "" "left behind"
}

test_readback() {
    studio
    large 70
    ok copy 'acme/*' all WORK NAS STORAGE --verify=readback
    assert_same_tree WORK/footage/acme NAS/footage/acme
    assert_same_tree WORK/footage/acme STORAGE/footage/acme
    ab copy acme/spot footage WORK NAS --verify=never
    assert_status 2
    assert_err readback
}

test_a_rate_and_idle_disks() {
    studio
    large 70
    local began=${EPOCHREALTIME/./}    # microseconds
    ok copy acme/long footage WORK NAS --bwlimit 70MB --idle
    assert_same_tree WORK/footage/acme/long NAS/footage/acme/long
    [ $((${EPOCHREALTIME/./} - began)) -ge 1000000 ] || fail "faster than its rate"
}
