# Size and time are not the content: files whose inode or ctime moved while these did not. Oracles: diff, cmp, sha256sum,
# find, getfattr, strace.
. ./studio.sh

F=footage/acme/spot

# WORK and NAS with ten frames of one size and time, copied; nothing is too young.
frames() {    # [DATABASE...]: copied there; NAS
    local n
    mkdir -p "WORK/$F" NAS STORAGE
    for n in $(seq -w 10); do head -c 3000 /dev/urandom >"WORK/$F/beauty.$n.exr"; done
    touch -d '2024-05-06 07:08:09' "WORK/$F"/*
    ok add category footage footage
    for n in WORK NAS STORAGE; do ok add database "$n" "$n"; done
    ok load
    ok copy acme/spot footage WORK "${@:-NAS}"
    sleep 0.1
}

# A frame is put before the others, as a sequence is renumbered.
renumber() {    # FOLDER
    local n
    for n in $(seq 9 -1 1); do mv "$(printf '%s/beauty.%02d.exr' "$1" "$n")" "$(printf '%s/beauty.%02d.exr' "$1" $((n + 1)))"; done
    head -c 3000 /dev/urandom >"$1/beauty.01.exr"
    touch -d '2024-05-06 07:08:09' "$1/beauty.01.exr"
}

assert_unknown() {    # A B: compare, fetch and check say so of both
    ab compare acme/spot footage "$1" "$2" --json
    assert_status 3
    assert_eq "$(json 'o.type == "compare" and o.state or nil')" incomplete
    ok fetch acme/spot --json
    assert_eq "$(json 'o.database and o.compared or nil' | sort -u)" unknown
    ok fetch acme/spot
    ab check acme/spot
    assert_status 3
}

assert_alike() {    # A B: the disks and all commands say so
    diff -r "$1/$F" "$2/$F" || fail "$1 and $2 differ"
    ok compare acme/spot footage "$1" "$2"
    ok fetch acme/spot --json
    assert_eq "$(json 'o.database and o.compared or nil' | sort -u)" same
    ok check acme/spot
}

# A disk of whole seconds, and of an end in 2038, holds both times for one: what was copied before looks like what is there now.
test_what_changed_within_a_step_of_the_other_disks_times_is_read() {
    need_root
    local i
    truncate -s 64M NAS.img
    mkfs.ext4 -q -F -I 128 NAS.img >/dev/null 2>&1
    mkdir -p NAS WORK/footage/acme/spot/shot
    mount -o loop NAS.img NAS
    unmount_at_end NAS
    for i in 1 2 3 4 5 6; do
        echo "frame $i" >"WORK/footage/acme/spot/shot/f.$i"
        touch -d "2024-01-01 10:00:00.$i" "WORK/footage/acme/spot/shot/f.$i"
    done
    echo one | tee WORK/footage/acme/spot/{quick,never} >/dev/null
    touch -d '2024-01-01 10:00:00.1' WORK/footage/acme/spot/quick
    echo one >WORK/footage/acme/spot/late
    touch -d '2039-01-01' WORK/footage/acme/spot/late
    work_and_nas
    ok copy acme/spot footage WORK NAS
    pause 1.1
    for i in 6 5 4 3 2 1; do mv "WORK/footage/acme/spot/shot/f.$i" "WORK/footage/acme/spot/shot/f.$((i + 1))"; done
    echo two >WORK/footage/acme/spot/quick
    touch -d '2024-01-01 10:00:00.9' WORK/footage/acme/spot/quick
    echo two >WORK/footage/acme/spot/late
    touch -d '2040-01-01' WORK/footage/acme/spot/late
    ok load
    ab compare acme/spot footage WORK NAS
    [ "$STATUS" != 0 ] || fail "they are not the same"
    ok copy acme/spot footage WORK NAS --mirror --yes
    assert_eq "$(cd WORK/footage && find . -type f -exec sha256sum {} + | sort -k 2)" "$(cd NAS/footage && find . -type f -exec sha256sum {} + | sort -k 2)"
    ok copy acme/spot footage WORK NAS
    assert_out "nothing to do"
    ok compare acme/spot footage WORK NAS
}

test_renumbered_frames_are_read_and_copied() {
    local option op
    for option in '' --mirror; do
        rm -rf WORK NAS STORAGE "$XDG_DATA_HOME"
        frames
        renumber "WORK/$F"
        ok load
        assert_unknown WORK NAS
        # shellcheck disable=SC2086
        ok copy acme/spot footage WORK NAS $option --yes --dry-run --json
        assert_eq "$(json 'o.type == "copy" and o.files_replaced or nil')" 10 "foreseen $option"
        # shellcheck disable=SC2086
        ok copy acme/spot footage WORK NAS $option --yes --json
        assert_eq "$(json 'o.type == "copy" and o.files_replaced or nil')" 10 "replaced $option"
        op=$(json 'o.operation')
        assert_alike WORK NAS
        ok load
        assert_alike WORK NAS
        ok copy acme/spot footage WORK NAS --json
        assert_eq "$(json 'o.type == "copy" and o.files_copied or nil')" 0
        ok undo "$op" --yes
        cmp -s "WORK/$F/beauty.05.exr" "NAS/$F/beauty.05.exr" && fail "the old ones are not there"
        ab compare acme/spot footage WORK NAS --read
        assert_status 4
    done
}

# A name that nobody knew at the source, as that of a frame which was there before the last copy but one.
test_frames_renumbered_onto_names_that_only_the_destination_has() {
    local n
    frames
    renumber "WORK/$F"
    rm "WORK/$F/beauty.01.exr"
    ok copy acme/spot footage WORK NAS
    rm "WORK/$F/beauty.02.exr"
    for n in $(seq -w 3 10); do mv "WORK/$F/beauty.$n.exr" "$(printf '%s/beauty.%02d.exr' "WORK/$F" $((10#$n - 2)))"; done
    ok load
    ab compare acme/spot footage WORK NAS --files
    assert_status 4
    assert_out '? beauty.01-08.exr (8 files)'
    ok copy acme/spot footage WORK NAS --mirror --yes --json
    assert_eq "$(json 'o.type == "copy" and o.files_replaced or nil')" 8
    assert_alike WORK NAS
    ok load
    assert_alike WORK NAS
}

# Renamed at the destination alone, it is the destination's that came later.
test_frames_renumbered_at_the_destination_are_left_alone() {
    frames
    rm "NAS/$F/beauty.01.exr" "WORK/$F/beauty.01.exr"
    ok load
    mv "NAS/$F/beauty.02.exr" "NAS/$F/beauty.01.exr"
    head -c 3000 /dev/urandom >"WORK/$F/beauty.01.exr"
    touch -d '2024-05-06 07:08:09' "WORK/$F/beauty.01.exr"
    sha256sum "NAS/$F/beauty.01.exr" >before
    ab copy acme/spot footage WORK NAS
    assert_status 3
    assert_err "beauty.01.exr"
    sha256sum --quiet --check before || fail "it was overwritten"
}

test_what_only_moved_is_read_once_and_not_copied() {
    local before
    frames
    before=$(cd NAS && find . -path ./.autobackup -prune -o -type f -exec stat -c '%n %i %Y' {} + | sort)
    chmod g+w "WORK/$F"/*
    ln "WORK/$F/beauty.03.exr" link && rm link
    ok load
    assert_unknown WORK NAS
    ok copy acme/spot footage WORK NAS --json
    assert_eq "$(json 'o.type == "copy" and o.files_copied .. " " .. o.metadata_only or nil')" "0 10"
    assert_eq "$(cd NAS && find . -path ./.autobackup -prune -o -type f -exec stat -c '%n %i %Y' {} + | sort)" "$before"
    assert_alike WORK NAS
    need strace
    run env ASAN_OPTIONS=detect_leaks=0 strace -f -qq -o trace -e trace=openat,openat2,llistxattr "$AUTOBACKUP" copy acme/spot footage WORK NAS
    assert_status 0
    assert_eq "$(grep -c 'open.*beauty.*exr' trace || :)" 0 "files that were opened"
    assert_eq "$(grep -c 'llistxattr.*beauty.*exr' trace || :)" 20 "files whose attributes were looked at"
    assert_alike WORK NAS
}

test_a_change_with_its_time_put_back_is_a_change() {
    frames NAS STORAGE
    rewrite "WORK/$F/beauty.04.exr"
    cp -p "WORK/$F/beauty.04.exr" new
    ab verify acme/spot footage WORK --json
    assert_status 3
    assert_eq "$(json 'o.state, o.inside, o.good_on')" "renewed beauty.04.exr NAS,STORAGE"
    assert_eq "$(json 'o.type == "verify" and o.files_renewed .. " " .. o.files_damaged or nil')" "1 0"
    ok verify acme/spot footage WORK --repair
    cmp new "WORK/$F/beauty.04.exr"
    ab compare acme/spot footage WORK NAS --json --files
    assert_status 4
    assert_eq "$(json 'o.type == "compare" and o.newer_reference or nil')" 1
    ok copy acme/spot footage WORK NAS
    cmp new "NAS/$F/beauty.04.exr"
    ab compare acme/spot footage NAS STORAGE
    assert_status 4
    ab copy acme/spot footage STORAGE NAS --json    # that one is the older now, whatever its time
    assert_status 3
    assert_eq "$(json 'o.type == "problem" and o.code or nil')" ENEWER
    cmp new "NAS/$F/beauty.04.exr"
    ok copy acme/spot footage NAS STORAGE
    assert_alike WORK NAS
    assert_alike NAS STORAGE
    cmp -s new "$(find STORAGE/.autobackup/versions -name 'beauty.04.exr')" && fail "the old one is not kept"
    rewrite "WORK/$F/beauty.04.exr"    # and once more
    ok copy acme/spot footage WORK NAS STORAGE
    assert_alike WORK NAS
    assert_alike WORK STORAGE
}

test_a_change_at_the_destination_is_left_alone() {
    frames
    rewrite "NAS/$F/beauty.04.exr"
    cp -p "NAS/$F/beauty.04.exr" new
    ab copy acme/spot footage WORK NAS --json
    assert_status 3
    assert_eq "$(json 'o.type == "problem" and o.code or nil')" ENEWER
    cmp new "NAS/$F/beauty.04.exr"
    ok copy acme/spot footage WORK NAS --newer=overwrite
    assert_alike WORK NAS
}

# Nobody knows what was there before, so nobody knows which is the later one.
test_without_a_digest_only_reading_tells() {
    mkdir -p "WORK/$F" NAS STORAGE
    head -c 3000 /dev/urandom >"WORK/$F/beauty.04.exr"
    cp -a WORK/footage NAS
    ok add category footage footage
    ok add database WORK WORK
    ok add database NAS NAS
    ok load
    ok compare acme/spot footage WORK NAS
    rewrite "WORK/$F/beauty.04.exr"
    ok load
    assert_unknown WORK NAS
    ok verify acme/spot footage WORK    # of the other one nothing is known yet
    assert_unknown WORK NAS
    ab compare acme/spot footage WORK NAS --read
    assert_status 4
    ab copy acme/spot footage WORK NAS --json
    assert_status 3
    assert_eq "$(json 'o.type == "problem" and o.code or nil')" EDIGEST
}

test_checksum_trusts_nothing() {
    frames
    rot "NAS/$F/beauty.07.exr" 100
    ok compare acme/spot footage WORK NAS
    ok copy acme/spot footage WORK NAS
    ab compare acme/spot footage WORK NAS --checksum
    assert_status 4
    ab copy acme/spot footage WORK NAS --checksum --json
    assert_status 3
    assert_eq "$(json 'o.type == "problem" and o.code or nil')" EDAMAGED
    cmp -s "WORK/$F/beauty.07.exr" "NAS/$F/beauty.07.exr" && fail "it was not left alone"
    ab verify acme/spot footage NAS --repair
    ok copy acme/spot footage WORK NAS --checksum
    assert_alike WORK NAS
}

# Two files that decayed the same way under all that stat tells, and were never read.
test_checksum_finds_what_nothing_else_tells() {
    mkdir -p "WORK/$F" NAS
    head -c 3000 /dev/urandom >"WORK/$F/a"
    cp -a WORK/footage NAS
    rewrite "NAS/$F/a" 9
    ok add category footage footage
    ok add database WORK WORK
    ok add database NAS NAS
    ok load
    ok compare acme/spot footage WORK NAS
    ab compare acme/spot footage WORK NAS --checksum
    assert_status 4
    ab copy acme/spot footage WORK NAS
    assert_status 3
}

test_tags_and_acls_arrive() {
    local file="beauty.02.exr"
    frames NAS STORAGE
    need setfattr
    setfattr -n user.tag -v one "WORK/$F/$file" 2>/dev/null || skip "no extended attributes here"
    ok copy acme/spot footage WORK NAS --json
    assert_eq "$(json 'o.type == "copy" and o.files_copied .. " " .. o.metadata_only or nil')" "0 1"
    assert_eq "$(getfattr --only-values -n user.tag "NAS/$F/$file")" one
    assert_alike WORK NAS
    ok copy acme/spot footage WORK NAS STORAGE --json
    assert_eq "$(json 'o.type == "copy" and o.metadata_only or nil' | tr '\n' ' ')" "0 1 "
    setfattr -x user.tag "WORK/$F/$file"
    ok copy acme/spot footage WORK NAS --json
    assert_eq "$(getfattr -d "NAS/$F/$file")" ""
    ok copy acme/spot footage WORK NAS --json
    assert_eq "$(json 'o.type == "copy" and o.metadata_only or nil')" 0
    assert_alike WORK NAS
}

# A name that was given to a source's file since it was loaded moves its ctime: the copy reads it, and nothing stays in doubt.
test_a_file_that_got_another_name_is_read_with_the_copy() {
    mkdir -p A/footage/acme/spot/day B/footage
    echo one >A/footage/acme/spot/day/clip
    touch -d '2024-01-01' A/footage/acme/spot/day/clip
    ok add database A A
    ok add database B B
    ok add category footage
    ok load
    ln A/footage/acme/spot/day/clip A/footage/acme/spot/another
    ok copy acme/spot footage A B
    assert_same_tree A/footage/acme B/footage/acme
    ok compare acme/spot footage A B
    refute_out "to be read"
}

# Of a symlink its target is compared: fetch says what compare says, also where no digest is known.
test_the_time_of_a_symlink_is_no_difference() {
    need_root
    mkdir WORK NAS
    mount -t tmpfs none WORK && unmount_at_end WORK    # of these every time is exact
    mount -t tmpfs none NAS && unmount_at_end NAS
    mkdir -p "WORK/$F"
    echo frame >"WORK/$F/beauty.01.exr"
    ln -s beauty.01.exr "WORK/$F/best"
    cp -a WORK/footage NAS/
    touch -h -d 2001-01-01 "NAS/$F/best"
    ok add category footage footage
    ok add database WORK WORK
    ok add database NAS NAS
    ok load
    ok compare acme/spot
    ok fetch acme/spot --json
    assert_eq "$(json 'o.compared')" "$(printf 'same\nsame')"
}
