# verify: what is damaged is found, remembered and repaired, whatever happens meanwhile. Oracles: sha256sum, cmp, stat.
. ./studio.sh

CATALOG() { echo "$XDG_DATA_HOME/autobackup/catalog.db"; }

# Change one byte on the medium below a mounted filesystem, where its content says MARK: no time moves, and what
# memory holds of the file stays as it was.
rot_below() {    # IMAGE MARK
    local at
    sync
    at=$(grep -abo -m1 -F "$2" "$1" | head -n 1 | cut -d: -f1)
    [ -n "$at" ] || fail "the image lacks $2"
    printf '\377' | dd of="$1" conv=notrunc bs=1 seek="$at" status=none
    sync "$1"
}

row() { json 'o.type == "verify" and o.database .. ":" .. ('"$1"') or nil'; }
export ASAN_OPTIONS=detect_leaks=0    # which does not work under strace

# The program, where readings of one file fail.
with_bad_sectors() {    # FILE WORDS...
    local file=$1
    shift
    need strace
    run strace -f -qq -o /dev/null -P "$PWD/$file" -e trace=pread64,read \
        -e inject=pread64,read:error=EIO "$AUTOBACKUP" "$@"
}

states() { json 'o.state and ("%s:%s"):format(o.state, o.path:match("[^/]+$")) or nil' | sort | tr '\n' ' '; }

# A studio whose footage of acme/spot is the same everywhere, with digests.
copied() {
    studio
    ok copy acme/spot footage WORK NAS STORAGE --newer=overwrite
    ok verify acme/spot footage
}

test_what_was_copied_is_ok_and_bit_rot_is_found() {
    local clip="NAS/footage/acme/spot/day 1/clip 2.mov" good
    copied
    (cd WORK/footage/acme/spot && find . -type f -exec sha256sum {} +) >sums
    ok verify acme/spot footage --json
    assert_eq "$(row 'o.files_ok .. o.files_damaged .. o.files_new .. o.files')" "WORK:3003
STORAGE:3003
NAS:3003"
    good=$(cat "$clip" | sha256sum)
    rot "$clip" 777
    ab verify acme/spot footage --json
    assert_status 11
    assert_eq "$(row o.files_damaged | tr '\n' ' ')" "WORK:0 STORAGE:0 NAS:1 "
    assert_eq "$(json 'o.state, o.code, o.good_on, o.database, o.certain')" "damaged EDAMAGED WORK,STORAGE NAS true"
    (cd NAS/footage/acme/spot && sha256sum -c "$OLDPWD/sums" 2>/dev/null | grep -v ': OK$') >bad || :
    assert_eq "$(cat bad)" "./day 1/clip 2.mov: FAILED"
    ab verify acme/spot footage NAS
    assert_status 11
    assert_out "verify acme/spot footage NAS --repair"
    assert_err "clip 2.mov: damaged" "good on WORK, STORAGE"
    assert_eq "$(cat "WORK/footage/acme/spot/day 1/clip 2.mov" | sha256sum)" "$good"
}

test_damage_is_remembered_until_it_is_gone() {
    local clip="NAS/footage/acme/spot/day 1/clip 2.mov"
    copied
    cp -p "$clip" whole
    rot "$clip"
    ab verify acme/spot footage NAS
    assert_status 11
    ok fetch acme/spot
    assert_out "!" "damaged"
    ab check acme --json
    assert_status 10
    assert_out "1 damaged on NAS"
    ok load
    ok fetch acme/spot --json
    assert_eq "$(json 'o.damaged == 1 and o.database .. o.category or nil')" NASfootage
    ab verify acme/spot footage --older 1d --json    # not read again, and told again
    assert_status 11
    assert_eq "$(row o.files | grep NAS)" NAS:0
    assert_eq "$(json 'o.state')" damaged
    ab compare acme/spot footage WORK NAS
    assert_status 4
    ab copy acme/spot footage WORK NAS      # nor is it overwritten unasked, or copied on
    assert_status 3
    assert_err "damaged at the destination"
    ab copy acme/spot footage NAS STORAGE
    assert_status 3
    assert_err "damaged at the source"
    cp -p whole "$clip"                     # put back by hand
    ok verify acme/spot footage NAS
    ok fetch acme/spot
    refute_out damaged
}

# Another content in one of two replicas, at the same size and time, before anybody took its digest.
apart() {    # DATABASE
    studio
    rm -rf STORAGE/footage/acme NAS/footage/acme && cp -a WORK/footage/acme NAS/footage/
    find WORK/footage/acme NAS/footage/acme -exec touch -h -d '2024-05-06 07:08:09' {} +
    clip="footage/acme/spot/day 1/clip 2.mov"
    rot "$1/$clip" 5
    ok load
    sleep 0.1    # what is read within a tick of its ctime proves nothing
}

marks() { json 'o.category == "footage" and o.project == "acme/spot" and o.compared and o.database .. ":" .. o.compared .. ":" .. o.differing or nil' | sort | tr '\n' ' '; }

test_what_verify_found_to_differ_all_commands_say() {
    local clip
    apart NAS
    ok fetch acme/spot --json
    assert_eq "$(marks)" "NAS:same:0 WORK:same:0 "    # nobody has read them
    ab verify acme/spot footage
    assert_status 11
    cmp "WORK/$clip" "NAS/$clip" >/dev/null && fail "they are the same"
    assert_eq "$(diff -rq WORK/footage/acme/spot NAS/footage/acme/spot | wc -l)" 1
    ok fetch acme/spot --json
    assert_eq "$(marks)" "NAS:differs:1 WORK:differs:1 "
    ok fetch acme/spot
    assert_out "1 file differs in content though not in size and time"
    ab check acme/spot
    assert_status 10
    assert_out "1 file on WORK and NAS differs in content, though not in size and time"
    ab compare acme/spot footage --files
    assert_status 4
    assert_out "clip 2.mov  another content"
    ab copy acme/spot footage WORK NAS --dry-run
    assert_status 3
    assert_out "another content there"
    ab copy acme/spot footage WORK NAS
    assert_status 3
    assert_err "accept says which of the two is right"
    ok load                                    # it is remembered
    ok fetch acme/spot --json
    assert_eq "$(marks)" "NAS:differs:1 WORK:differs:1 "
    assert_eq "$(query 'SELECT count(*) FROM judged WHERE content = 1')" 1
    cp -p "WORK/$clip" "NAS/$clip"             # mended by hand: another ctime, so nobody knows until it is read
    ok load
    ok fetch acme/spot --json
    assert_eq "$(marks)" "NAS:unknown:0 WORK:unknown:0 "
    ab compare acme/spot footage WORK NAS
    assert_status 3
    ok verify acme/spot footage --json
    diff -rq WORK/footage/acme/spot NAS/footage/acme/spot || fail "they differ"
    ok fetch acme/spot --json
    assert_eq "$(marks)" "NAS:same:0 WORK:same:0 "
    ok compare acme/spot footage
}

test_a_file_that_is_changed_ends_what_was_found_about_it() {
    local clip
    apart NAS
    ab verify acme/spot footage
    assert_status 11
    echo newer >"WORK/$clip"
    ok load
    ok fetch acme/spot --json
    assert_eq "$(marks)" "NAS:differs:0 WORK:differs:0 "
    ok copy acme/spot footage WORK NAS
    cmp "WORK/$clip" "NAS/$clip"
    ok fetch acme/spot --json
    assert_eq "$(marks)" "NAS:same:0 WORK:same:0 "
}

test_the_disk_is_read_and_not_the_memory() {
    mount_image NAS 64
    mkdir -p NAS/footage/acme/spot
    { head -c 3000000 /dev/urandom; echo the-mark-in-the-middle; head -c 300000 /dev/urandom; } >NAS/footage/acme/spot/a.mov
    { head -c 3000 /dev/urandom; echo the-mark-in-a-small-one; } >NAS/footage/acme/spot/b.mov
    local sums times
    ok add database NAS NAS
    ok add category footage footage
    ok load
    ok verify acme/spot
    sums=$(cat NAS/footage/acme/spot/* | sha256sum) times=$(stat -c %y%z NAS/footage/acme/spot/*)
    ok verify acme/spot --json
    assert_eq "$(row o.files_ok)" NAS:2
    rot_below NAS.img the-mark-in-the-middle
    rot_below NAS.img the-mark-in-a-small-one
    assert_eq "$(cat NAS/footage/acme/spot/* | sha256sum)" "$sums" "what memory still holds"
    ok verify acme/spot --cached --json
    assert_eq "$(row o.files_ok)" NAS:2
    ab verify acme/spot --json
    assert_status 11
    assert_eq "$(states)" "damaged:a.mov damaged:b.mov "
    assert_eq "$(json 'o.certain')" "true
true"
    assert_eq "$(stat -c %y%z NAS/footage/acme/spot/*)" "$times"
    assert_eq "$(cat NAS/footage/acme/spot/* | sha256sum)" "$sums" "memory after verify"
    umount NAS
    mount -o loop NAS.img NAS
    [ "$(cat NAS/footage/acme/spot/* | sha256sum)" != "$sums" ] || fail "the rot never was on the medium"
}

test_other_filesystems_are_read_too() {    # without O_DIRECT (vfat has it, tmpfs may not), with checksums (btrfs)
    local kind
    mkdir SHM
    need_root
    mount -t tmpfs none SHM
    MOUNTS+=("$PWD/SHM")
    command -v mkfs.xfs >/dev/null && mount_image XFS 320 xfs
    command -v mkfs.vfat >/dev/null && mount_image STICK 32 vfat
    trap 'for m in "${MOUNTS[@]}"; do umount -l "$m" 2>/dev/null || :; done' EXIT
    ok add category footage footage
    for kind in SHM XFS STICK; do
        mountpoint -q "$kind" || continue
        mkdir -p "$kind/footage/acme/$kind"
        head -c 5000001 /dev/urandom >"$kind/footage/acme/$kind/a"
        echo small >"$kind/footage/acme/$kind/b"
        ok add database "$kind" "$kind"
        ok load "$kind"
        ok verify "acme/$kind" --json
        assert_eq "$(row o.files_new)" "$kind:2"
        ok verify "acme/$kind" --json
        assert_eq "$(row o.files_ok)" "$kind:2"
        rot "$kind/footage/acme/$kind/a" 4321234
        ab verify "acme/$kind" --json
        assert_status 11
        assert_eq "$(states)" "damaged:a "
    done
}

folder_times() { find NAS/footage -type d -exec stat -c '%n %y' {} + | sort; }

test_repair() {
    local clip="NAS/footage/acme/spot/day 1/clip 2.mov" before op
    copied
    chmod 640 "$clip"
    setfattr -n user.colour -v blue "$clip" 2>/dev/null || :
    before=$(stat -c '%a %u %g %y %s' "$clip")
    ok load
    ok verify acme/spot footage NAS    # what moved since it was read may have been written
    rot "$clip" 100
    cp -p "$clip" damaged
    touch -d '2003-04-05 06:07:08.9' NAS/footage/acme/spot
    touch -d '2002-03-04 05:06:07.8' "NAS/footage/acme/spot/day 1"
    folder_times >folders
    ab verify acme/spot footage NAS --repair --json
    assert_status 11
    assert_eq "$(row 'o.files_damaged .. o.files_repaired .. o.damaged')" NAS:110
    assert_eq "$(json 'o.repaired_from')" WORK
    cmp "$clip" "WORK/footage/acme/spot/day 1/clip 2.mov"
    assert_eq "$(stat -c '%a %u %g %y %s' "$clip")" "$before"
    folder_times | diff folders - >&2 || fail "times of folders"
    getfattr -n user.colour damaged >/dev/null 2>&1 && getfattr -n user.colour "$clip" >/dev/null
    op=$(query "SELECT id FROM operation WHERE kind = 'repair'")
    cmp damaged "NAS/.autobackup/versions/$op/footage/acme/spot/day 1/clip 2.mov"
    assert_exists "NAS/.autobackup/operations/$op"
    assert_eq "$(query "SELECT state, target, files FROM operation WHERE id = '$op'")" "done|NAS|1"
    assert_eq "$(find NAS -name '.autobackup-*')" ""
    ok verify acme/spot footage NAS
    ok fetch acme/spot
    refute_out damaged
    ok compare acme/spot footage WORK NAS
}

test_a_repair_that_was_killed_is_ended_by_the_next() {
    local clip="NAS/footage/acme/spot/day 1/clip 2.mov" next dead
    need_injection
    for next in "verify acme/spot footage NAS --repair" "prune --yes --keep 1000 NAS" "copy acme/spot footage WORK NAS"; do
        rm -rf WORK STORAGE NAS "$XDG_DATA_HOME"
        copied
        ok load
        rot "$clip" 100
        { run strace -f -qq -o /dev/null -e trace=syncfs,fsync -P "$PWD/NAS/footage/acme/spot" \
            -e inject=syncfs,fsync:signal=KILL:when=1 "$AUTOBACKUP" verify acme/spot footage NAS --repair; } 2>/dev/null
        [ "$STATUS" = 137 ] || fail "it was not killed"
        dead=$(cd NAS/.autobackup/operations && ls ./*.open | sed 's|./||; s/.open$//')
        ok history --json
        assert_eq "$(json "o.operation == '$dead' and o.kind .. ' ' .. o.state or nil")" "repair unfinished"
        ab $next
        assert_eq "$(find NAS -name '*.open' -o -name '.autobackup-*')" "" "left after $next"
        ok history --json
        assert_eq "$(json "o.operation == '$dead' and o.kind .. ' ' .. o.state or nil")" "repair failed"
        ab verify acme/spot footage NAS --repair
        cmp "$clip" "WORK/footage/acme/spot/day 1/clip 2.mov"
        ok verify acme/spot footage NAS
    done
}

test_repair_of_a_file_with_two_names() {
    studio
    mkdir -p WORK/footage/acme/links/d
    head -c 20000 /dev/urandom >WORK/footage/acme/links/a
    ln WORK/footage/acme/links/a WORK/footage/acme/links/d/b
    ok copy acme/links footage WORK NAS
    assert_eq "$(stat -c %h NAS/footage/acme/links/a)" 2
    ok verify acme/links footage
    rot NAS/footage/acme/links/a 5
    folder_times >folders
    ab verify acme/links footage NAS --repair --json
    assert_status 11
    folder_times | diff folders - >&2 || fail "times of folders"
    assert_eq "$(row 'o.files_damaged .. o.files_repaired')" NAS:22
    assert_eq "$(stat -c %h NAS/footage/acme/links/a)" 2
    cmp NAS/footage/acme/links/a NAS/footage/acme/links/d/b
    cmp NAS/footage/acme/links/a WORK/footage/acme/links/a
    ok verify acme/links footage NAS
}

test_repair_waits_for_the_lock() {
    copied
    rot "NAS/footage/acme/spot/day 1/clip 2.mov"
    flock NAS/.autobackup/lock "$AUTOBACKUP" verify acme/spot footage NAS --repair >"$OUT" 2>"$ERR" || STATUS=$?
    assert_status 11    # damage is the worse of the two
    assert_err "NAS is busy" "--lock-wait"
    ab verify acme/spot footage NAS
    assert_status 11
}

test_repair_takes_only_the_very_bytes() {
    local clip="footage/acme/spot/day 1/clip 2.mov"
    copied
    ok verify acme/spot footage NAS
    rot "NAS/$clip" 100
    rot "WORK/$clip" 200    # nobody knows that yet
    rot "STORAGE/$clip" 300
    folder_times >folders
    ab verify acme/spot footage NAS --repair
    assert_status 11
    assert_err "not the content that it should have"
    folder_times | diff folders - >&2 || fail "times of folders where nothing was repaired"
    cmp "NAS/$clip" "WORK/$clip" >/dev/null && fail "bad bytes were taken"
    assert_eq "$(find NAS -name '.autobackup-*')" ""
    find NAS/.autobackup/versions -name 'clip 2*' >kept
    assert_eq "$(cat kept)" ""
    ab verify acme/spot footage --json
    assert_status 11
    assert_eq "$(json 'o.good_on and #o.good_on == 0 and o.database or nil' | tr '\n' ' ')" "WORK STORAGE NAS "
    ab verify acme/spot footage
    assert_out "no disk here is known to have"
}

test_repair_of_what_an_earlier_run_found() {
    local clip="footage/acme/spot/day 1/clip 2.mov"
    copied
    rot "NAS/$clip" 100
    ab verify acme/spot footage NAS
    assert_status 11
    ab verify acme/spot all NAS --older 1d --repair --json
    assert_status 11
    assert_eq "$(row o.files_repaired)" NAS:1
    cmp "NAS/$clip" "WORK/$clip"
    ok verify acme/spot all NAS --older 1d
}

test_what_a_disk_cannot_read_any_more_is_damage() {
    local clip="NAS/footage/acme/spot/day 1/clip 2.mov"
    copied
    with_bad_sectors "$clip" verify acme/spot footage NAS --json
    assert_status 11
    assert_eq "$(states)" "damaged:clip 2.mov "
    assert_out "cannot be read any more (EIO)"
    ok verify acme/spot footage NAS
    echo unknown >NAS/footage/acme/spot/new
    ok load NAS
    with_bad_sectors NAS/footage/acme/spot/new verify acme/spot footage NAS --json
    assert_status 3    # of this one nothing is known that could be put back
    assert_eq "$(states)" "unread:new "
}

# A filesystem with checksums says EIO where the medium gives other bytes.
test_repair_of_a_disk_that_lost_a_sector() {
    mount_image NAS 128 btrfs
    mkdir -p WORK/footage/acme/spot
    { head -c 300000 /dev/urandom; echo the-mark-in-the-middle; head -c 300000 /dev/urandom; } >WORK/footage/acme/spot/a.mov
    echo small >WORK/footage/acme/spot/b.mov
    ok add category footage footage
    ok add database WORK WORK
    ok add database NAS NAS
    ok load WORK
    ok copy acme/spot footage WORK NAS
    ok verify acme/spot
    umount NAS
    rot_below NAS.img the-mark-in-the-middle
    mount -o loop NAS.img NAS
    cat NAS/footage/acme/spot/a.mov >/dev/null 2>&1 && skip "this filesystem has no checksums"
    ab verify acme/spot footage NAS --json
    assert_status 11
    assert_eq "$(states)" "damaged:a.mov "
    ab verify acme/spot footage NAS --repair --json
    assert_status 11
    assert_eq "$(row o.files_repaired)" NAS:1
    cmp WORK/footage/acme/spot/a.mov NAS/footage/acme/spot/a.mov
    assert_exists NAS/.autobackup/versions/*/footage/acme/spot/a.mov
    ok verify acme/spot
}

test_databases_are_compared_with_each_other() {
    mkdir -p {A,B,C}/footage/acme/spot
    printf 'frame one' | tee {A,B,C}/footage/acme/spot/1 >/dev/null
    printf 'frame two' | tee {A,C}/footage/acme/spot/2 >/dev/null
    printf 'frame twO' >B/footage/acme/spot/2
    touch -d 2031-01-01 {A,B,C}/footage/acme/spot/*
    ok add category footage footage
    ok add database A A
    ok add database B B
    ok load
    ok verify acme/spot footage A
    ab verify acme/spot --json    # two that disagree: one of them
    assert_status 11
    assert_eq "$(json 'o.code, o.state')" "EDIFFERS differs"
    ok add database C C
    ok load C
    ab verify acme/spot footage C --json    # the third tells which; it is compared whoever was read
    assert_status 11
    assert_eq "$(json 'o.state and o.database')" B
    ok compare acme/spot footage A C
}

test_changed_and_missing_files() {
    copied
    echo more >>"NAS/footage/acme/spot/day 1/clip 1.mov"
    rm "NAS/footage/acme/spot/day 1/clip 2.mov"
    ab verify acme/spot footage NAS --json
    assert_status 3
    assert_eq "$(row 'o.files_ok .. o.files_changed .. o.files_missing')" NAS:111
    assert_eq "$(states)" "changed:clip 1.mov missing:clip 2.mov "
    ab verify acme/spot footage NAS
    assert_out "1 file changed and 1 file gone" "load"
    refute_err "clip 1.mov"
    ab verify acme/spot footage NAS --files
    assert_err "clip 1.mov" "clip 2.mov"
    ok load
    ok verify acme/spot footage NAS --json
    assert_eq "$(row 'o.files_ok .. o.files_new')" NAS:11
}

test_a_file_that_changes_while_it_is_read() {
    need strace python3
    copied
    local clip="$PWD/NAS/footage/acme/spot/day 1/clip 2.mov" hour
    hour=$(stat -c %Y "$clip")
    # one process: on a busy machine those of a shell come too late
    python3 -c 'import itertools, os, sys
for n in itertools.count():
    os.chmod(sys.argv[1], 0o600 + (n & 1) * 0o44)
    if n == 2: open("began", "w")' "$clip" &
    local pid=$!
    until [ -e began ]; do pause; done
    run strace -f -qq -o /dev/null -P "$clip" -e inject=pread64:delay_exit=50000 \
        "$AUTOBACKUP" verify acme/spot footage NAS --json
    kill "$pid"
    wait "$pid" || :
    assert_status 3
    assert_eq "$(states)" "changed:clip 2.mov "
    assert_eq "$(stat -c %Y "$clip")" "$hour"
    ok verify acme/spot footage NAS
}

test_unreadable_files_are_a_problem() {
    copied
    ok verify acme/spot footage NAS
    shut "NAS/footage/acme/spot/day 1/clip 2.mov"
    to_nobody "$HOME"
    chmod 755 . ..
    run as_nobody verify acme/spot footage NAS --json
    assert_status 3
    assert_eq "$(states)" "unread:clip 2.mov "
    assert_eq "$(json 'o.code')" EACCES
}

test_offline_databases() {
    copied
    mv NAS away
    ab verify acme/spot footage NAS
    assert_status 75
    assert_err "NAS"
    ab verify acme/spot footage NAS STORAGE --json
    assert_status 75
    assert_eq "$(row o.files_ok)" STORAGE:3
    ok verify acme/spot footage
    assert_err "NAS" "not verified"
    mkdir NAS
    ab verify acme/spot footage NAS    # an empty mount point is not the disk
    assert_status 75
}

# A run of which every reading takes some time, so that it can be ended in the midst; its process is $pid.
slow_run() {    # WORDS...
    need strace sqlite3
    mkdir -p NAS/footage/acme/long
    (cd NAS/footage/acme/long && for n in $(seq 100 219); do head -c 20000 /dev/urandom >"f$n"; done)
    ok load
    strace -f -qq -o /dev/null -e inject=pread64:delay_enter=30000 -e trace=pread64 \
        env --default-signal=INT "$AUTOBACKUP" verify acme/long footage NAS --jobs 1 "$@" >slow.out 2>slow.err &
    tracer=$!
    local tries=0
    until [ "$(query 'SELECT count(*) FROM directory WHERE verified IS NOT NULL')" != 0 ]; do
        kill -0 "$tracer" 2>/dev/null || fail "it ended before anything was recorded"
        pause
        tries=$((tries + 1))
        [ "$tries" -lt 1000 ] || fail "nothing is recorded"
    done
    pid=$(children "$tracer" | head -n 1)
}

# How many of the 120 files have a time.
recorded() { query "SELECT hex(verified) FROM directory WHERE verified IS NOT NULL" | fold -w 8 | grep -vc 00000000; }

test_killed_and_gone_on() {
    studio
    slow_run
    kill -9 "$pid"
    wait "$tracer" || :
    local done_before
    done_before=$(recorded)
    [ "$done_before" -gt 0 ] && [ "$done_before" -lt 120 ] || fail "$done_before recorded"
    ok verify acme/long footage NAS --older 1d --json
    assert_eq "$(row 'o.files .. " " .. o.files_new .. " " .. o.files_left')" \
        "NAS:$((120 - done_before)) $((120 - done_before)) 0"
    ok verify acme/long footage NAS --older 1d --json
    assert_eq "$(row o.files)" NAS:0
    ok verify acme/long footage NAS --json
    assert_eq "$(row o.files_ok)" NAS:120
}

test_interrupted_and_gone_on() {
    studio
    slow_run
    kill -INT "$pid"
    STATUS=0
    wait "$tracer" || STATUS=$?
    assert_status 130
    cp slow.err "$ERR"
    assert_err "verify stopped: " "--older"
    local done_before
    done_before=$(recorded)
    [ "$done_before" -gt 0 ] && [ "$done_before" -lt 120 ] || fail "$done_before recorded"
    grep -q "verify stopped: $done_before files\? read" "$ERR" || fail "not $done_before"
    ok verify acme/long footage NAS --older 1d --json
    assert_eq "$(row o.files)" "NAS:$((120 - done_before))"
}

test_so_many_bytes_a_night() {
    local n night total=0 sizes
    mkdir -p A/footage/acme/one B/footage/acme/two
    for n in $(seq 10); do head -c 10000 /dev/urandom | tee "A/footage/acme/one/$n" >"B/footage/acme/two/$n"; done
    ok add category footage footage
    ok add database A A
    ok add database B B
    ok load
    for night in 1 2 3 4; do    # 200 kB, 55 kB a night, six files of it
        ok verify '*/*' --older 30d --max-bytes 55kB --json
        sizes=$(json 'o.files' | awk '{ sum += $1 } END { print sum }')
        total=$((total + sizes))
        assert_eq "$sizes" "$([ $night = 4 ] && echo 2 || echo 6)" "files of night $night"
    done
    assert_eq "$total" 20
    ok verify '*/*' --older 30d --max-bytes 55kB --json
    assert_eq "$(json 'o.files' | sort -u)" 0
    # Without --older the oldest come again; those of B are made to be.
    query "UPDATE directory SET verified = zeroblob(length(verified)) WHERE replica IN
        (SELECT r.id FROM replica r JOIN database d ON d.id = r.database WHERE d.name = 'B')"
    ok verify '*/*' --max-bytes 95kB --json
    assert_eq "$(json 'o.files, o.database' | sort)" "0 A
10 B"
}

test_nothing_to_verify_is_said() {
    studio
    ab verify acme/spot project NAS
    assert_status 1
    assert_err "NAS has no project of acme/spot; it is on WORK"
    ab verify acme/spto
    assert_err "acme/spot"
    ab verify acme/spot --older never
    assert_status 2
    ab verify acme/spot --cached --max-bytes 1GB
    assert_status 2
    assert_err "--cached"
}

test_the_catalog_is_not_opened() {
    studio
    mkdir -p NAS/footage/acme/inside
    echo x >NAS/footage/acme/inside/x
    ok load
    cp "$(CATALOG)" NAS/footage/acme/inside/c.db
    ok --catalog "$PWD/NAS/footage/acme/inside/c.db" load
    ab --catalog "$PWD/NAS/footage/acme/inside/c.db" verify acme/inside --json
    assert_out EINUSE
    ok --catalog "$PWD/NAS/footage/acme/inside/c.db" list databases
}

test_a_load_beside_it_keeps_what_was_verified() {
    studio
    slow_run
    ok load NAS
    ok load
    wait "$tracer" || fail "verify ended with $?"
    assert_eq "$(recorded)" 120
    ok verify acme/long footage NAS --older 1d --json
    assert_eq "$(row o.files)" NAS:0
}

test_a_policy_asks_for_it() {
    copied
    mkdir -p STORAGE/footage/acme/late
    echo x >STORAGE/footage/acme/late/x
    ok load
    cat >policy.lua <<'LUA'
policy("footage", {copies = 1, verified = "90d"})
LUA
    ab --config policy.lua check acme --json
    assert_status 10
    assert_out "not verified on STORAGE"
    refute_out "not verified on NAS"
    ok verify acme/late
    ab --config policy.lua check acme --json
    refute_out "not verified"
    echo y >>STORAGE/footage/acme/late/x    # what was verified is no more
    ok load
    ab --config policy.lua check acme --json
    assert_out "not verified on STORAGE"
    ok verify acme/late
    ok copy acme/late footage STORAGE NAS --verify=readback
    ab --config policy.lua check acme/late
    refute_out "not verified"
    rewrite STORAGE/footage/acme/late/x
    ok load
    ab --config policy.lua check acme --json
    assert_out "not verified on STORAGE"
    refute_out "not verified on NAS"
}

test_a_replica_that_is_gone() {
    copied
    rm -r NAS/footage/acme
    ab verify acme/spot footage
    assert_status 3
    assert_err "NAS/footage/acme/spot is gone since it was loaded"
    ab verify acme/spot footage --json
    assert_eq "$(row o.files_ok | tr '\n' ' ')" "WORK:3 STORAGE:3 NAS:0 "
}

# Several disks at a time: a line for each below that of all of it, as a copy has; what is read of a disk is in its own.
test_each_disk_has_a_line_of_its_own() {
    studio
    cat >slow.lua <<'LUA'
local core, disks, sys = require "core.verify", require "autobackup.disks", require "core.sys"
local board = require "autobackup.view.progress"
local most = 0
-- Each database counts as a disk, and a job as one that takes a second; it stands in for slow disks.
disks.lines = function(list)
    local lines = {}
    for i, thing in ipairs(list) do lines[i] = {thing} end
    return lines
end
core.start = function(request)
    local began, last = sys.monotonic(), 0
    return {
        next = function()
            local now = sys.monotonic()
            if now - began > 1 then
                local ended = last == math.huge
                last = math.huge
                return not ended and {type = "done", files = 3, bytes = 300, files_ok = 3, seconds = 1}
            elseif now - last > 0.05 then
                last = now
                return {type = "progress", files = 1, files_total = 3, bytes = 100, bytes_total = 300}
            end
        end,
        wait = function() os.execute("sleep 0.02") return true end,
        cancel = function() end, close = function() end,
    }
end
verify("acme/spot", "footage")
LUA
    sed -i 's/return not ended and/if ended then return false end return/' slow.lua
    run "$AUTOBACKUP" --progress=always ./slow.lua
    tr '\r' '\n' <"$ERR" >drawn
    grep -aq "all of it" drawn || fail "no total"
    local name
    for name in WORK STORAGE NAS; do
        grep -aq "^verify acme.* on $name .*33 %.*100 of 300 B" drawn || fail "no line of $name"
    done
    # one disk has one line
    run "$AUTOBACKUP" --progress=always -e "$(sed '$d' slow.lua)
        verify('acme/spot', 'footage', 'NAS')"
    tr '\r' '\n' <"$ERR" >drawn
    ! grep -aq -e "all of it" -e "on NAS" drawn || fail "a second line for one disk"
    grep -aq "^verify " drawn || fail "no line"
}

# That two databases differ in a file is said while both have it: of one that is gone or another by now nothing is known.
test_what_is_gone_differs_from_nothing() {
    mkdir -p A/footage/acme/spot B/footage/acme/spot
    echo one >A/footage/acme/spot/f
    echo two >B/footage/acme/spot/f
    touch -d '2024-01-01' ./*/footage/acme/spot/f
    ok add database A A
    ok add database B B
    ok add category footage
    ok load
    ab verify acme/spot footage --json
    assert_status 11
    assert_eq "$(json 'o.type == "verify" and o.files_differing or nil' | sort | xargs)" "0 1"
    mv B/footage/acme/spot/f elsewhere
    ab verify acme/spot footage --json
    assert_status 3
    assert_eq "$(json 'o.type == "verify" and o.files_differing or nil' | sort | xargs)" "0 0"
    echo other >B/footage/acme/spot/f
    ab verify acme/spot footage
    assert_status 3
    rm -r B/footage/acme
    ab verify acme/spot footage
    assert_status 3
}
