# Is there room for all of a copy? Asked before it begins, of the whole. Oracles: df, du, find.
# shellcheck source=tests/filesystems/lib.sh
. ../filesystems/lib.sh

# A with three categories of one project of 20, 12 and 6 MB, and B on a filesystem of its own with about 30 MB free.
three_onto_small() {
    local sizes=(20 12 6) c i=0
    mkdir -p A/{one,two,three}
    for c in one two three; do
        mkdir -p A/$c/acme/spot
        head -c "${sizes[i]}M" /dev/urandom >A/$c/acme/spot/file
        i=$((i + 1))
    done
    mount_image B 40
    ok add database A A
    ok add database B B
    for c in one two three; do ok add category $c $c; done
    ok load
}

free_of() { df -B1 --output=avail "$1" | tail -1; }
files_in() { find "$@" -name .autobackup -prune -o -type f -printf '%p\n' | LC_ALL=C sort; }

test_a_whole_that_does_not_fit_is_not_begun() {
    three_onto_small
    [ "$(du -sb A/one A/two A/three | awk '{ s += $1 } END { print s }')" -gt "$(free_of B)" ] || fail "the set-up fits"
    for c in one two three; do    # each of them alone does
        [ "$(du -sb A/$c | cut -f1)" -lt "$(free_of B)" ] || fail "$c does not fit"
    done
    ab copy acme/spot all A B --dry-run
    assert_status 1
    assert_err "B has no room: 40 MB needed in all" "what fits, in order: acme/spot one, acme/spot three (27 MB)" \
        "what does not: acme/spot two (13 MB)"
    assert_out "this is the plan"
    ab copy acme/spot all A B
    assert_status 1
    assert_err "nothing was begun there" "--what-fits"
    assert_eq "$(files_in B)" ""
    assert_eq "$(query "SELECT count(*) FROM operation")" 0
}

test_what_fits_is_copied_in_order_when_asked() {
    three_onto_small
    ab copy acme/spot all A B --what-fits
    assert_status 1
    assert_err "what does not: acme/spot two"
    assert_eq "$(files_in B)" $'B/one/acme/spot/file\nB/three/acme/spot/file'
    assert_same_tree A/one B/one
    rm -r A/two    # all that is left is there already: no room is needed
    ok load
    ok copy acme/spot all A B
}

# Rows say what became of each, and how many files were not copied.
test_rows_say_how_each_ended() {
    three_onto_small
    ab copy acme/spot all A B --json
    assert_status 1
    assert_eq "$(json 'o.type == "copy" and o.state .. o.failed or nil' | sort | uniq -c | tr -s ' ')" " 3 no-room1"
    ab copy acme/spot all A B --what-fits --json
    assert_eq "$(json 'o.type == "copy" and o.category .. " " .. o.state .. " " .. o.failed or nil')" \
        $'one done 0\ntwo no-room 1\nthree done 0'
    echo "newer" >B/one/acme/spot/file
    ab copy acme/spot one A B --json
    assert_status 3
    assert_eq "$(json 'o.type == "copy" and o.state or nil')" partial
}

# Two databases on one filesystem share its room.
test_databases_of_one_disk_share_its_room() {
    three_onto_small
    mkdir B/first B/second
    ok add database FIRST B/first
    ok add database SECOND B/second
    ab copy acme/spot one A FIRST SECOND --dry-run
    assert_status 1
    assert_err "FIRST and SECOND have (on one disk) no room: 42 MB needed in all" "acme/spot one to FIRST (21 MB)"
}

# A file of holes takes no room, and what is the same needs none: the bound from the catalog is too high, so it is planned.
test_only_what_is_written_counts() {
    three_onto_small
    ok copy acme/spot one A B
    truncate -s 500M A/three/acme/spot/holes
    rm A/two/acme/spot/file
    echo small >A/one/acme/spot/more
    ok load
    ok copy acme/spot all A B
    assert_same_tree A/three B/three
    assert_same_tree A/one B/one
}

test_inodes_are_added_up_too() {
    local c i
    need_root
    mkdir -p A/{one,two}
    for c in one two; do
        mkdir -p A/$c/acme/spot
        for i in $(seq 60); do echo "$i" >A/$c/acme/spot/$i; done
    done
    truncate -s 8M B.img
    mkfs.ext4 -q -F -N 112 B.img
    mkdir B
    mount -o loop B.img B 2>/dev/null || skip "cannot mount a loop image here"
    MOUNTS+=("$PWD/B")
    trap 'for m in "${MOUNTS[@]}"; do umount -l "$m" 2>/dev/null || :; done' EXIT
    ok add database A A
    ok add database B B
    for c in one two; do ok add category $c $c; done
    ok load
    [ "$(df --output=iavail B | tail -1)" -gt 70 ] || fail "one does not fit"
    [ "$(df --output=iavail B | tail -1)" -lt 120 ] || fail "both fit"
    ab copy acme/spot all A B
    assert_status 1
    assert_err "no room for so many files" "what fits, in order: acme/spot one"
    assert_eq "$(files_in B)" ""
}

test_two_files_of_holes_beyond_all_numbers() {
    three_onto_small
    mount_image X 300 xfs
    mkdir -p X/one/acme/spot
    echo small >X/one/acme/spot/file
    truncate -s 7E X/one/acme/spot/a
    truncate -s 7E X/one/acme/spot/b
    ok add database X X
    ok load X
    ab copy acme/spot one X B --dry-run --json
    assert_status 0
    assert_eq "$(json 'o.type == "copy" and o.bytes_copied or nil')" 9223372036854775807
    ok fetch acme/spot
    ab compare acme/spot one A X
    assert_status 4
    ok find file --json
}

# What is larger than all that is free cannot fit, whatever else is left out: it alone stays behind, and the plan says so before.
test_a_file_too_large_for_the_disk_costs_no_other() {
    three_onto_small
    head -c 60M /dev/urandom >A/two/acme/spot/large
    ln A/two/acme/spot/large A/two/acme/spot/large.2
    ok load
    ab copy acme/spot two A B --dry-run
    assert_status 3
    assert_err "2 paths: too large for B: 63 MB needed" "A/two/acme/spot/large" "A/two/acme/spot/large.2"
    assert_eq "$(files_in B)" ""
    ab copy acme/spot two A B --json
    assert_status 3
    assert_eq "$(json 'o.type == "copy" and o.state .. " " .. o.files_copied .. " " .. o.failed or nil')" "partial 1 2"
    assert_eq "$(files_in B)" B/two/acme/spot/file
    cmp A/two/acme/spot/file B/two/acme/spot/file
    # what holds no room does not fail for its size, and what was there before stays
    truncate -s 0 A/two/acme/spot/large
    truncate -s 60M A/two/acme/spot/large
    ok load
    ok copy acme/spot two A B
    assert_same_tree A/two B/two
    head -c 60M /dev/urandom >A/two/acme/spot/large
    ok load
    ab copy acme/spot two A B
    assert_status 3
    assert_eq "$(stat -c %b B/two/acme/spot/large)" 0
}

# Where files have no holes they take their size.
test_holes_take_room_where_a_disk_has_none() {
    three_onto_small
    mount_image behind 90
    fresh_filesystem solid
    truncate -s 200M A/three/acme/spot/holes
    ok add database NAS NAS
    ok load
    ab copy acme/spot three A NAS --dry-run
    assert_status 3
    assert_err "three/acme/spot/holes: too large for NAS: 210 MB needed"
    ab copy acme/spot three A NAS
    assert_status 3
    assert_err "three/acme/spot/holes: too large for NAS: 210 MB needed"
    assert_eq "$(files_in NAS)" NAS/three/acme/spot/file
    cmp A/three/acme/spot/file NAS/three/acme/spot/file
}

# One category: 20 and 25 MB, of which one goes with 40 small ones; 30 MB are free.
large_and_small() {
    local i
    mkdir -p A/one/acme/spot/sub
    head -c 20M /dev/urandom >A/one/acme/spot/a-large
    head -c 25M /dev/urandom >A/one/acme/spot/b-larger
    for i in $(seq 40); do head -c 20k /dev/urandom >A/one/acme/spot/sub/$i; done
    mount_image B 40
    ok add database A A
    ok add database B B
    ok add category one one
    ok load
}

says_what_stays() {    # WORDS...
    ab copy acme/spot one A B "$@" --json
    assert_status 3
    assert_eq "$(json 'o.type == "copy" and o.state .. " " .. o.files_copied .. " " .. o.failed or nil')" "partial 41 1"
    assert_eq "$(json 'o.type == "problem" and o.path:match("[^/]*$") or nil')" b-larger
}

# Whatever is the first in the plan, the small ones go on, and what stays behind is named.
test_all_that_fits_goes_on() {
    large_and_small
    says_what_stays --dry-run
    assert_eq "$(files_in B)" ""
    says_what_stays
    ab copy acme/spot one A B
    assert_status 3
    assert_err "b-larger: " "not copied"
    rm A/one/acme/spot/b-larger
    ok copy acme/spot one A B
    assert_same_tree A/one B/one
}

test_of_one_project_too_when_asked_for_what_fits() {
    large_and_small
    says_what_stays --what-fits --dry-run
    says_what_stays --what-fits
    refute_err "none of it"
}

# Of many of one size as many as there is room for.
test_of_files_of_one_size_some_fit() {
    local i n
    mkdir -p A/one/acme/spot
    for i in $(seq 10 49); do head -c 1M /dev/urandom >A/one/acme/spot/frame.$i; done
    mount_image B 40
    ok add database A A
    ok add database B B
    ok add category one one
    ok load
    ab copy acme/spot one A B --dry-run --json
    assert_status 3
    n=$(json 'o.type == "copy" and o.files_copied or nil')
    [ "$n" -gt 20 ] || fail "$n of 40"
    ab copy acme/spot one A B --json
    assert_status 3
    assert_eq "$(json 'o.type == "copy" and o.files_copied .. " " .. o.failed or nil')" "$n $((40 - n))"
    assert_eq "$(files_in B | wc -l)" "$n"
    cmp A/one/acme/spot/frame.10 B/one/acme/spot/frame.10
}

# Several: those that fit as a whole, and of the others what goes into the rest.
test_what_fits_of_several_and_in_part() {
    three_onto_small
    echo small >A/two/acme/spot/little
    ok load
    ab copy acme/spot all A B --what-fits --dry-run --json
    assert_status 3
    assert_eq "$(json 'o.type == "copy" and o.category .. " " .. o.state .. " " .. o.failed or nil')" $'one done 0\ntwo partial 1\nthree done 0'
    ab copy acme/spot all A B --what-fits --json
    assert_status 3
    assert_eq "$(json 'o.type == "copy" and o.category .. " " .. o.state .. " " .. o.failed or nil')" $'one done 0\ntwo partial 1\nthree done 0'
    assert_eq "$(files_in B)" $'B/one/acme/spot/file\nB/three/acme/spot/file\nB/two/acme/spot/little'
}
