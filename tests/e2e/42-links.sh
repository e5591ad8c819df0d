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

# By name: its type, and which names are one: the first of them. (How many there are, a version counts in.)
links_of() {    # FOLDER
    (cd "$1" && find . ! -type d -printf '%i %y %P\n' | sort -k 3 |
        awk '{ if (!($1 in first)) first[$1] = $3; print $3, $2, first[$1] }')
}

regrouped() {
    ok compare acme/spot footage WORK NAS --json
    json 'o.type == "compare" and o.state .. " " .. o.regrouped or nil'
}

# compare sees it, a copy does nothing a second time, and undo brings back what was.
copied_and_undone() {    # WHAT HOW MANY NAMES ARE TO CHANGE
    local before
    before=$(links_of $D)
    ok load
    # whose inode or ctime moved is read, so nothing but the links is left to tell
    ok verify acme/spot footage WORK
    assert_eq "$(regrouped)" "same ${2:-1}" "$1: what compare says"
    ok copy acme/spot footage WORK NAS
    diff <(links_of $S) <(links_of $D) >&2 || fail "$1: not as at the source"
    assert_eq "$(regrouped)" "same 0" "$1: what compare says after the copy"
    ok copy acme/spot footage WORK NAS --json
    assert_eq "$(json 'o.type == "copy" and o.files_copied or nil')" 0 "$1: files copied by the second copy"
    rsync_agrees
    ok undo --yes
    assert_eq "$(links_of $D)" "$before" "$1: after undo"
    ok load
    ok copy acme/spot footage WORK NAS
    diff <(links_of $S) <(links_of $D) >&2 || fail "$1: not as at the source, after undo"
}

rsync_agrees() {
    need rsync
    assert_eq "$(rsync_lists -anHc --delete "$S/" "$D/")" "" "what rsync would do"
}

some_links() {
    two_disks
    mkdir $S/day
    for name in a c; do head -c 20000 /dev/urandom >$S/$name; done
    cp -p $S/a $S/day/b
    cp -p $S/c $S/d
    ok copy acme/spot footage WORK NAS
}

test_links_made_alone_are_carried_over() {
    some_links
    ln -f $S/a $S/day/b
    copied_and_undone "links made"
}

test_links_broken_alone_are_carried_over() {
    some_links
    ln -f $S/a $S/day/b
    ln -f $S/c $S/d
    ok load
    ok copy acme/spot footage WORK NAS
    cp -p --remove-destination $S/a $S/day/b
    copied_and_undone "links broken"
}

test_links_regrouped_alone_are_carried_over() {
    two_disks
    head -c 20000 /dev/urandom >$S/a
    cp -p $S/a $S/b
    ln $S/a $S/c
    ln $S/b $S/d
    ok copy acme/spot footage WORK NAS
    diff <(links_of $S) <(links_of $D) >&2
    mv $S/c $S/e
    mv $S/d $S/c
    mv $S/e $S/d
    copied_and_undone "links regrouped" 2
}

# Only some names are asked for: the file that is in place under another name is the one they become.
test_links_made_alone_arrive_under_the_name_that_was_asked_for() {
    some_links
    ln -f $S/a $S/day/b
    ok load
    ok verify acme/spot footage WORK    # whose ctime moved is read, so that it is known to be the same
    ok copy acme/spot footage WORK NAS --only day
    diff <(links_of $S) <(links_of $D) >&2
}

# btrfs writes all names of a file at each fsync of their folder: 12,000 took minutes.
test_a_folder_of_many_links_is_not_synced_by_itself() {
    local i
    need strace
    two_disks
    echo content >$S/0
    for i in $(seq 300); do ln $S/0 $S/$i; done
    run env ASAN_OPTIONS=detect_leaks=0 strace -f -qq -y -o trace -e trace=fsync,syncfs "$AUTOBACKUP" copy acme/spot footage WORK NAS
    assert_status 0
    diff <(links_of $S) <(links_of $D) >&2
    grep -q syncfs trace || skip "syncfs promises nothing on this filesystem"
    assert_eq "$(grep -c "fsync(.*/$D>" trace)" 1 "fsyncs of the folder: with the first name"
}

test_names_of_what_is_no_file_stay_together() {
    two_disks
    mkfifo $S/pipe
    ln $S/pipe $S/pipe.2
    ln -s a $S/link
    ln $S/link $S/link.2
    [ "$(id -u)" != 0 ] || { mknod $S/device c 1 3 && ln $S/device $S/device.2; }
    ok copy acme/spot footage WORK NAS
    diff <(links_of $S) <(links_of $D) >&2
    rm $S/link.2 $S/pipe.2
    ln -s a $S/link.2
    touch -h -r $S/link $S/link.2
    mkfifo $S/pipe.2
    touch -r $S/pipe $S/pipe.2
    copied_and_undone "special files parted" 2
}

test_a_device_of_another_number_is_another_one() {
    [ "$(id -u)" = 0 ] || skip "devices need root"
    two_disks
    mknod $S/device c 1 3
    ok copy acme/spot footage WORK NAS
    rm $S/device
    mknod $S/device c 1 5
    touch -r $D/device $S/device
    ok load
    ab compare acme/spot footage WORK NAS
    assert_status 4
    ok copy acme/spot footage WORK NAS
    assert_eq "$(stat -c %t:%T $D/device)" 1:5
    ok undo --yes
    assert_eq "$(stat -c %t:%T $D/device)" 1:3
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

# An operation that made day/b one file with a; then another one, which the undo of the first one leaves alone. What the first one
# did is undone where nobody touched it since, and no content changes with it.
regrouped_then() {    # WHAT STATUS OF THE UNDO OF THE FIRST, COMMAND at the source...
    local what=$1 status=$2 first second
    shift 2
    rm -rf WORK NAS "$XDG_DATA_HOME/autobackup"
    some_links
    links_of $D >links.0
    ln -f $S/a $S/day/b
    ok copy acme/spot footage WORK NAS --json
    first=$(json 'o.type == "copy" and o.operation or nil')
    links_of $D >links.1
    diff links.0 links.1 >/dev/null && fail "$what: nothing was linked"
    tree_of $D >tree.1
    (cd $S && "$@")
    ok copy acme/spot footage WORK NAS --mirror --yes --json
    second=$(json 'o.type == "copy" and o.operation or nil')
    links_of $D >links.2
    tree_of $D >tree.2
    diff <(links_of $S) links.2 >&2 || fail "$what: not as at the source"
    # the first one, out of turn: contents and times stay those of the second one
    ab undo "$first" --yes
    assert_status "$status"
    tree_of $D | diff tree.2 - >&2 || fail "$what: the undo of the first operation changed more than links"
    links_of $D >links.first
    [ "$status" = 3 ] || ok undo last --yes
    links_of $D | diff links.2 - >&2 || fail "$what: that was not taken back"
    # and in turn: as it was before each of them
    ok undo "$second" --yes
    tree_of $D | diff tree.1 - >&2 || fail "$what: not as before the second operation"
    links_of $D | diff links.1 - >&2 || fail "$what: other links than before the second operation"
    ok undo "$first" --yes
    tree_of $D | diff tree.1 - >&2 || fail "$what: not as before the first operation"
    links_of $D | diff links.0 - >&2 || fail "$what: other links than before the first operation"
}

new_content() { echo "$1" >new && mv new "$2" && touch -d '2031-02-03 04:05:06' "$2"; }

test_undo_of_a_regroup_after_later_operations() {
    local apart='a f a day/b f day/b'
    regrouped_then "another file changed" 0 new_content other c
    assert_eq "$(grep -e '^a ' -e '^day/b ' links.first | tr '\n' ' ')" "$apart "
    regrouped_then "a third name came" 0 ln a e
    assert_eq "$(grep -e '^a ' -e '^day/b ' -e '^e ' links.first | tr '\n' ' ')" "a f a day/b f day/b e f a "
    regrouped_then "the other name is another file by now" 0 new_content other a
    assert_eq "$(grep -e '^a ' -e '^day/b ' links.first | tr '\n' ' ')" "$apart "
    regrouped_then "the other name is gone" 0 rm a
    assert_eq "$(grep -e '^a ' -e '^day/b ' links.first)" "day/b f day/b"
    regrouped_then "the name itself is another file by now" 3 new_content other day/b
    regrouped_then "the name itself is gone" 3 rm day/b
    regrouped_then "both changed as one" 3 sh -c 'echo more >>a'
}

# btrfs: a subvolume and its snapshot have the same inodes, sizes and times on two devices. Each one's names are its own.
test_links_in_a_snapshot_of_a_subvolume() {
    need btrfs
    need rsync
    local name
    mount_image WORK 128 btrfs
    mkdir -p "$S" NAS
    btrfs subvolume create "$S/day" >/dev/null
    mkdir "$S/day/sub"
    for name in a b sub/c; do head -c 5000 /dev/urandom >"$S/day/$name"; done
    ln "$S/day/a" "$S/day/a2"
    ln "$S/day/a" "$S/day/sub/a3"
    ln "$S/day/b" "$S/day/sub/b2"
    find "$S" -exec touch -h -d '2024-05-06 07:08:09' {} +
    btrfs subvolume snapshot "$S/day" "$S/day.before" >/dev/null
    btrfs subvolume snapshot "$S/day" "$S/day/sub/nested" >/dev/null
    ok add database WORK WORK
    ok add database NAS NAS
    ok add category footage footage
    ok copy acme/spot footage WORK NAS --dry-run --json
    json 'o.type == "copy" and o.files_copied .. " " .. o.bytes_copied or nil' >planned
    ok copy acme/spot footage WORK NAS --json
    assert_eq "$(json 'o.type == "copy" and o.files_copied .. " " .. o.bytes_copied or nil')" "18 45000"
    assert_eq "$(cat planned)" "18 45000" "the plan"
    assert_same_tree "$S" "$D"
    assert_linked_alike
    ok copy acme/spot footage WORK NAS
    assert_out "nothing to do"
    ok compare acme/spot footage WORK NAS --json
    assert_eq "$(json 'o.regrouped or 0')" 0
    ok compare acme/spot footage NAS WORK --json
    assert_eq "$(json 'o.regrouped or 0')" 0
    rm "$D/day/sub/a3"    # one that came apart there is linked again, to its own
    cp -p "$D/day/a" "$D/day/sub/a3"
    ok copy acme/spot footage WORK NAS
    assert_linked_alike
    # what is written to one of them by now is no other one's
    echo other >"$S/day/a2"
    ok copy acme/spot footage WORK NAS
    assert_same_tree "$S" "$D"
    assert_linked_alike
}

# The same at the destination, whose names lie apart: nothing is linked from one to the other, and a second run finds nothing.
test_links_to_a_snapshot_of_a_subvolume() {
    need btrfs
    need rsync
    mount_image NAS 128 btrfs
    mkdir -p "$S/day" "$D"
    btrfs subvolume create "$D/day" >/dev/null
    head -c 5000 /dev/urandom >"$S/day/a"
    ln "$S/day/a" "$S/day/a2"
    touch -d '2024-05-06 07:08:09' "$S/day/a"
    ok add database WORK WORK
    ok add database NAS NAS
    ok add category footage footage
    ok copy acme/spot footage WORK NAS
    btrfs subvolume snapshot "$D/day" "$D/day.before" >/dev/null
    mkdir "$S/day.before"
    cp -p "$S/day/a" "$S/day.before/a"
    ln "$S/day.before/a" "$S/day.before/a2"
    ok load
    ok copy acme/spot footage WORK NAS
    ok copy acme/spot footage WORK NAS
    assert_out "nothing to do"
    assert_same_tree "$S" "$D"
    assert_linked_alike
    ok compare acme/spot footage WORK NAS
}
