# Names of one file, and what is no file: what lies at the source lies at the destination, links between names too. Oracles:
# stat, cmp, rsync -anH, getfattr, find.
. ./studio.sh

two_disks() {
    mkdir -p WORK/footage/acme/spot NAS
    ok add database WORK WORK
    ok add database NAS NAS
    ok add category footage footage
}

S=WORK/footage/acme/spot D=NAS/footage/acme/spot

# Files of a verify that were read and had a digest, and those that had none.
verified() {    # DATABASE
    ok verify acme/spot footage "$1" --json
    json 'o.type == "verify" and o.files .. " " .. o.files_new or nil'
}

# Names of one file at one side are names of one file at the other: as rsync sees it.
assert_linked_alike() {
    need rsync
    assert_eq "$(rsync_lists -anH --out-format=%n%L "$S/" "$D/" | grep -e '=>' || :)" "" "links that differ"
    diff <(cd "$S" && find . ! -type d -printf '%P %n\n' | sort) <(cd "$D" && find . ! -type d -printf '%P %n\n' | sort) >&2 ||
        fail "numbers of names"
}

test_every_name_carries_the_digest() {
    two_disks
    mkdir "$S/day"
    head -c 50000 /dev/urandom >"$S/a"
    ln "$S/a" "$S/b"
    ln "$S/a" "$S/day/c"
    echo alone >"$S/alone"
    ok copy acme/spot footage WORK NAS
    assert_linked_alike
    assert_eq "$(verified NAS)" "4 0"
    assert_eq "$(verified WORK)" "4 0"
    # a further name of a file that is there
    ln "$S/a" "$S/d"
    ok load
    ok copy acme/spot footage WORK NAS
    assert_linked_alike
    assert_eq "$(verified NAS)" "5 0"
    # where the file decays, all its names are mended, and stay names of one file
    ok load
    rot "$D/b" 777
    ab verify acme/spot footage NAS --repair --json
    assert_status 11
    assert_eq "$(json 'o.type == "verify" and o.files_damaged .. " " .. o.files_repaired .. " " .. o.damaged or nil')" "4 4 0"
    cmp "$S/a" "$D/a" && cmp "$S/a" "$D/day/c"
    assert_linked_alike
    assert_eq "$(verified NAS)" "5 0"
}

# What is written to the file between its first name and the next, its time put back, is neither good nor damage that a
# repair takes back.
test_what_is_written_before_the_second_name_is_seen() {
    local n edited=0
    cat >edit <<END
#!/bin/bash
[ -e "$PWD/$D/a" ] || exit 0
before=\$(stat -c %y "$PWD/$D/a")
printf X | dd of="$PWD/$D/a" conv=notrunc bs=1 seek=9 status=none
touch -d "\$before" "$PWD/$D/a"
END
    chmod +x edit
    for n in $(seq 12); do
        rm -rf WORK NAS "$XDG_DATA_HOME"
        two_disks
        head -c 50000 /dev/zero >"$S/a"
        ln "$S/a" "$S/b"
        run env LD_PRELOAD="$(dirname "$(readlink -f "$AUTOBACKUP")")/tests/fault/shim.so" FAULTS="write *.open $n 1 run=$PWD/edit" \
            "$AUTOBACKUP" copy acme/spot footage WORK NAS
        ! cmp -s "$S/a" "$D/a" || continue
        edited=$((edited + 1))
        ab verify acme/spot footage NAS --json
        [ "$STATUS" != 0 ] || fail "written at $n, it is said to be good"
        assert_eq "$(json 'o.type == "verify" and o.files_damaged or nil')" 0 "files damaged, written at $n"
    done
    [ "$edited" -gt 0 ] || fail "it was never written"
    echo "written at $edited moments"
}

# What was announced and could not be made is whoever's makes it.
test_undo_leaves_a_folder_that_it_did_not_make() {
    two_disks
    mkdir "$S/new"
    echo 1 >"$S/a"
    run env LD_PRELOAD="$(dirname "$(readlink -f "$AUTOBACKUP")")/tests/fault/shim.so" FAULTS="mkdirat */$D/new 1 0 errno=EACCES" \
        "$AUTOBACKUP" copy acme/spot footage WORK NAS
    assert_status 3
    assert_exists "$D/a"
    mkdir "$D/new"
    ok undo --yes
    refute_exists "$D/a"
    assert_exists "$D/new"
}

# A file that cannot even be opened was found damaged now, and not in 1970.
test_damage_found_at_open_has_its_time() {
    two_disks
    echo 1 >"$S/a"
    ok copy acme/spot footage WORK NAS
    ok verify acme/spot footage NAS
    run env LD_PRELOAD="$(dirname "$(readlink -f "$AUTOBACKUP")")/tests/fault/shim.so" FAULTS="openat */$D/a 1 0 errno=EIO" \
        "$AUTOBACKUP" verify acme/spot footage NAS --json
    assert_status 11
    assert_eq "$(json 'o.type == "problem" and o.found_at:sub(1, 4) or nil')" "$(date -u +%Y)"
    # and what is listed of the file stays: with its disk well again, it is good
    ok verify acme/spot footage NAS --json
    assert_eq "$(json 'o.type == "verify" and o.files_ok .. " " .. o.files_new .. " " .. o.damaged or nil')" "1 0 0"
}
