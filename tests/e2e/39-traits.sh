# shellcheck shell=bash
# What a filesystem keeps is measured, and what it stored is what the next copy compares with.
# shellcheck source=tests/filesystems/lib.sh
. ../filesystems/lib.sh
. ./studio.sh

# From before what most can store to after it; the ends of FAT and exFAT, of a number of 32 bits, of ns in 64 bits, ext4 and xfs.
DATES="1901-01-01T00:00:00.5 1901-12-13T20:45:52.5 1901-12-14T00:00:00.25 1969-12-31T23:59:59.999999999
1970-01-01T00:00:00 1970-01-01T00:00:01.123456789 1979-12-31T23:59:59.5 1980-01-01T00:00:00.75 1980-01-02T00:00:01.99
2001-09-09T01:46:41.987654321 2026-02-03T04:05:07.000000001 2038-01-19T03:14:07.999999999 2038-01-19T03:14:08
2106-02-07T06:28:15.5 2106-02-07T06:28:16 2107-12-31T23:59:59.99 2108-01-01T00:00:00 2262-04-11T23:47:16.5
2262-04-11T23:47:17 2300-01-01T00:00:00.25 2446-05-10T22:38:55.5 2446-05-10T22:38:56 2486-07-02T20:20:24.75
2486-07-02T20:20:25.5 2600-01-01T00:00:00"

# A project in which a file, a folder and a link have each of these times. It lies in memory, where all of them are kept.
dated_project() {
    local date name at=WORK/footage/acme/spot n=0
    mount_tmpfs WORK 16
    mkdir -p $at
    for date in $DATES; do
        n=$((n + 1))
        mkdir $at/d$n
        echo $n >$at/f$n
        echo "in $n" >$at/d$n/inside
        [[ $KIND = *fat* ]] || ln -s f$n $at/l$n    # which has no links
        for name in f$n d$n/inside d$n l$n; do
            [ ! -e $at/$name ] || touch -h -d "${date}Z" $at/$name
        done
    done
    touch -d 2020-05-05T05:05:05.5Z $at
}

DID='o.type == "copy" and o.files_copied + o.files_replaced + o.others_copied + o.directories_made + o.metadata_only + o.conflicts + o.failed or nil'

ten_copies_do_nothing() {    # KIND
    local n
    fresh_filesystem "$1"
    dated_project
    ok add database WORK WORK
    ok add database NAS NAS
    ok add category footage
    ab list databases --json
    echo "$KIND: $(grep -a '"NAS"' "$OUT" | sed 's/.*"filesystem"/"filesystem"/')"
    ok load
    ok copy acme/spot footage WORK NAS
    for n in {1..10}; do
        remount
        ab copy acme/spot footage WORK NAS --json
        echo "copy $n: $(json "$DID") done, status $STATUS; $(find NAS/.autobackup/operations -type f | wc -l) operations"
        [ "$STATUS" = 0 ] || sed -n '2{s/.*"code"/"code"/p}' "$OUT"
        [ "$(json "$DID")" = 0 ] || TOLD=1
    done
    assert_eq "${TOLD:-}" ""
    assert_eq "$(find NAS/.autobackup/operations -type f | wc -l)" 1
    assert_eq "$(cd WORK/footage && find . -type f -exec sha256sum {} + | sort)" \
        "$(cd NAS/footage && find . -type f -exec sha256sum {} + | sort)"
    ok load
    ok compare acme/spot footage WORK NAS
    ok fetch acme/spot --json
    assert_eq "$(json 'o.database == "NAS" and (o.compared == "same" or o.compared == "similar") or nil')" true
}

asked() {    # KIND: all are, in `make check-filesystems`
    [ -n "${FILESYSTEMS:-}" ] || skip "$1: make check-filesystems"
    ten_copies_do_nothing "$1"
}

test_ten_copies_on_ext4_with_small_inodes() { ten_copies_do_nothing ext4_128; }
test_ten_copies_on_a_disk_on_which_names_fold() { ten_copies_do_nothing folding; }
test_ten_copies_on_a_server_that_drops_times() { ten_copies_do_nothing timeless; }
test_ten_copies_on_ext4() { asked ext4; }
test_ten_copies_on_xfs() { asked xfs; }
test_ten_copies_on_xfs_without_bigtime() { asked xfs_old; }
test_ten_copies_on_btrfs() { asked btrfs; }
test_ten_copies_on_f2fs() { asked f2fs; }
test_ten_copies_on_tmpfs() { asked tmpfs; }
test_ten_copies_on_vfat() { asked vfat; }
test_ten_copies_on_exfat() { asked exfat; }
test_ten_copies_on_exfat_through_fuse() { asked exfat_fuse; }
test_ten_copies_on_ntfs_through_fuse() { asked ntfs_fuse; }
test_ten_copies_on_bindfs() { asked bindfs; }
test_ten_copies_on_sshfs() { asked sshfs; }

# As after a change of zone: all times are an hour off, and the contents the same.
test_a_modify_window_passes_over_whole_hours() {
    studio
    mkdir -p NAS/scratch/render/acme
    cp -a WORK/scratch/render/acme/spot NAS/scratch/render/acme/
    find NAS/scratch/render/acme/spot -type f -exec touch -d '-1 hour' -r {} {} \;
    printf x >>NAS/scratch/render/acme/spot/beauty.0005.exr
    touch -d '2 hours ago' NAS/scratch/render/acme/spot/beauty.0006.exr
    touch -d '30 minutes ago' WORK/scratch/render/acme/spot/beauty.000[56].exr
    ok load
    ab compare acme/spot render WORK NAS --json
    assert_eq "$(json 'o.type == "compare" and o.files_different or nil')" "$(find WORK/scratch/render/acme/spot -type f | wc -l)"
    ab compare acme/spot render WORK NAS --modify-window 1h --json
    assert_eq "$(json 'o.type == "compare" and o.files_different or nil')" 2
    ok copy acme/spot render WORK NAS --modify-window 1h --dry-run --json
    assert_eq "$(json 'o.type == "action" and o.path:match("[^/]*$") or nil' | sort)" "$(printf '%s\n' beauty.0005.exr beauty.0006.exr)"
    ab copy acme/spot render WORK NAS --modify-window soon
    assert_status 2
    assert_err "'soon' is no duration"
}

test_traits_are_told() {
    mkdir -p A
    ok add category footage
    ok add database A A
    assert_eq "$(find A | sort)" "$(printf '%s\n' A A/.autobackup A/.autobackup/database.json)"
    ok list databases --json
    assert_eq "$(json 'o.measured_at ~= nil')" true
    touch -d @1000000000.123456789 A/probe
    assert_eq "$(json 'o.granularity == 1')" "$([ "$(stat -c %.9Y A/probe)" = 1000000000.123456789 ] && echo true || echo false)"
    ln -s probe A/symlink
    assert_eq "$(json 'table.concat(o.keeps, " "):find("symlinks", 1, true) ~= nil')" true
    query \
        "UPDATE traits SET granularity = 2000000000, oldest = 315532800000000000, newest = 4354819199000000000"
    ok list databases
    assert_out "TIMES"
    assert_out "2 s, from 1980, to 2107"
    query "UPDATE traits SET filesystem = 'another'"
    ok load
    ok list databases --json
    assert_eq "$(json 'o.measured_at == nil')" true
}

# What cannot be written is added, is not measured, and that is said.
test_a_read_only_disk_is_not_measured() {
    fresh_filesystem ext4_128
    mkdir -p NAS/.autobackup NAS/footage
    echo '{"id": "0123abcd-0123-0123-0123-0123456789ab"}' >NAS/.autobackup/database.json
    mkdir -p {WORK,NAS}/footage/acme/{old,spot}
    echo 1 | tee {WORK,NAS}/footage/acme/old/f >WORK/footage/acme/spot/f
    touch -d 2024-01-01T12:00:00.5 {WORK,NAS}/footage/acme/old/f WORK/footage/acme/spot/f
    mount -o remount,ro NAS
    ok add database NAS NAS
    assert_err "NAS cannot be written (EROFS), so what it keeps is not measured: its times count as ext4 stores them"
    ok list databases --json
    assert_eq "$(json 'o.measured_at == nil')" true
    ok list databases
    assert_out "not measured: 1 s by its type"
    ok add database WORK WORK
    ok add category footage
    ok load
    ok fetch acme/old --json
    assert_eq "$(json 'o.compared' | sort -u)" "$(printf 'same\nsimilar')"
    mount -o remount,rw NAS
    ok copy acme/spot footage WORK NAS
    ok list databases --json
    assert_eq "$(json 'o.database == "NAS" and o.granularity or nil')" 1000000000
    ok fetch acme/spot --json
    assert_eq "$(json 'o.compared' | sort)" "$(printf 'same\nsimilar')"
}

# Behind a server or a FUSE program may lie any filesystem. Where it cannot be tried, a time that may be another one, rounded,
# is neither the same nor another one.
test_how_exactly_a_locked_server_keeps_times_is_not_known() {
    fresh_filesystem solid
    mkdir -p {WORK,NAS}/footage/acme/{rounded,apart,equal}
    printf 1 | tee {WORK,NAS}/footage/acme/{rounded,apart,equal}/f >one
    touch -d 2024-01-01T12:00:00.5 WORK/footage/acme/{rounded,apart}/f {WORK,NAS}/footage/acme/equal/f
    touch -d 2024-01-01T12:00:00 NAS/footage/acme/rounded/f
    touch -d 2024-01-01T12:00:00.7 NAS/footage/acme/apart/f
    mkdir -p NAS/.autobackup
    echo '{"id": "0123abcd-0123-0123-0123-0123456789ab"}' >NAS/.autobackup/database.json
    mount -o remount,bind,ro NAS || skip "cannot be mounted again as read-only"
    ok add database NAS NAS
    assert_err "NAS cannot be written (EROFS), so how exactly it keeps times is not known"
    ok list databases
    assert_out "not measured"
    ok list databases --json
    assert_eq "$(json 'o.measured_at == nil and o.granularity == nil')" true
    ok add database WORK WORK
    ok add category footage
    ok load
    ok fetch --json    # all was read: what is not known is a cell's word
    assert_eq "$(json 'o.database == "NAS" and o.compared and o.name .. " " .. o.compared or nil' | sort)" \
        "$(printf 'apart differs\nequal same\nrounded unknown')"
    ab check acme/rounded
    assert_status 3
    ab compare acme/rounded footage WORK NAS
    assert_status 3
    assert_err "how exactly NAS keeps times was never measured"
    ok compare acme/rounded footage WORK NAS --read
    ok fetch acme/rounded --json
    assert_eq "$(json 'o.compared' | sort)" "$(printf 'same\nsimilar')"
    ab compare acme/apart footage WORK NAS
    assert_status 4
}

# NAS behind FUSE, and locked: how exactly it keeps times is not known.
locked_nas() {
    fresh_filesystem solid
    mkdir -p {WORK,NAS}/footage/acme/spot NAS/.autobackup
    echo '{"id": "0123abcd-0123-0123-0123-0123456789ab"}' >NAS/.autobackup/database.json
}

lock_nas() { mount -o remount,bind,"$1" NAS || skip "cannot be mounted again as $1"; }

lock_and_load() {    # WORK, and NAS that cannot be written
    lock_nas ro
    ok add database WORK WORK
    ok add database NAS NAS
    ok add category footage
    ok load
}

dated() {    # FILE CONTENT SECOND
    printf %s "$2" >"$1"
    touch -d "2024-01-01T12:00:$3" "$1"
}

# Neither time tells which of two contents is newer, whichever way it may be rounded: that is for a person to say.
test_contents_that_differ_at_times_that_may_be_one_are_in_conflict() {
    locked_nas
    dated WORK/footage/acme/spot/down aaaa 00.5
    dated NAS/footage/acme/spot/down bbbb 00
    dated WORK/footage/acme/spot/up aaaa 00.5
    dated NAS/footage/acme/spot/up bbbb 01
    lock_and_load
    ab copy acme/spot footage NAS WORK --json
    assert_status 3
    assert_eq "$(json 'o.code')" "$(printf 'EDIGEST\nEDIGEST')"
    assert_eq "$(cat WORK/footage/acme/spot/*)" aaaaaaaa
    ab verify acme/spot
    assert_status 11
    assert_out DIFFERING
    assert_out "accept acme/spot footage WORK PATH..."
    assert_err "though the size is the same, and no time tells which is newer"
    ab compare acme/spot footage WORK NAS --json
    assert_status 4
    assert_eq "$(json 'o.type == "compare" and o.newer_reference + o.newer_database or nil') $(json 'o.newer')" "0 "
    ab check --json
    assert_status 10
    assert_eq "$(json 'o.type == "check" and #o.current or nil')" 0
    ok accept acme/spot footage NAS --yes
    assert_out "WORK differs in 2 files"
    ok copy acme/spot footage NAS WORK
    assert_eq "$(cat WORK/footage/acme/spot/*)" bbbbbbbb
    ok verify acme/spot
}

# A file that is known to be written after the other is the newer one, whatever their times are.
test_the_later_content_is_the_newer_one_where_times_may_be_rounded() {
    locked_nas
    dated WORK/footage/acme/spot/f aaaa 03.2
    dated NAS/footage/acme/spot/f aaaa 02
    lock_and_load
    ok compare acme/spot footage WORK NAS --read
    lock_nas rw
    sleep 1.1    # times that the kernel remembers of a FUSE file, and of its own
    dated NAS/footage/acme/spot/f bbbb 02
    lock_nas ro
    sleep 1.1
    ok load
    ab compare acme/spot footage WORK NAS --read --json
    assert_status 4
    assert_eq "$(json 'o.type == "compare" and o.newer_reference .. o.newer_database or nil')" 01
    ab check --json
    assert_eq "$(json 'o.type == "check" and table.concat(o.current, " ") or nil')" NAS
    ok copy acme/spot footage NAS WORK
    assert_eq "$(cat WORK/footage/acme/spot/f)" bbbb
    ok compare acme/spot footage WORK NAS
}

# Its time is when it came, so it is no later work than what was there before.
test_what_came_to_where_no_times_are_kept_is_not_newer_for_that() {
    fresh_filesystem timeless
    mkdir -p {WORK,NAS}/footage/acme/spot
    dated WORK/footage/acme/spot/f aaaa 00
    printf bbbb >NAS/footage/acme/spot/f
    ok add database WORK WORK
    ok add database NAS NAS
    ok add category footage
    ok load
    ab copy acme/spot footage NAS WORK --json
    assert_status 3
    assert_eq "$(json 'o.code')" EDIGEST
    assert_eq "$(cat WORK/footage/acme/spot/f)" aaaa
    ab verify acme/spot
    assert_status 11
    sleep 1.1
    printf cccc >WORK/footage/acme/spot/f    # after it came
    ok copy acme/spot footage WORK NAS
    assert_eq "$(cat NAS/footage/acme/spot/f)" cccc
    ok compare acme/spot footage WORK NAS
}

# Once it could be tried, what it keeps is what counts.
test_a_typed_add_measures_what_a_startup_file_added() {
    fresh_filesystem solid
    mkdir -p {WORK,NAS}/footage/acme/spot NAS/.autobackup
    echo '{"id": "0123abcd-0123-0123-0123-0123456789ab"}' >NAS/.autobackup/database.json
    printf 1 | tee {WORK,NAS}/footage/acme/spot/f >one
    touch -d 2024-01-01T12:00:00.5 WORK/footage/acme/spot/f
    touch -d 2024-01-01T12:00:00 NAS/footage/acme/spot/f
    printf 'add("database", "NAS", "%s")\nadd("database", "WORK", "%s")\nadd("category", "footage", "footage")\n' \
        "$PWD/NAS" "$PWD/WORK" >config.lua
    ok --config config.lua add database WORK WORK
    ok --config config.lua load
    ok --config config.lua fetch acme/spot --json
    assert_eq "$(json 'o.compared' | sort -u)" unknown
    ok --config config.lua add database NAS NAS
    ok --config config.lua fetch acme/spot --json
    assert_eq "$(json 'o.compared' | sort -u)" differs
}

# Its time there is when it arrived: what changed at the source after that is copied, of whatever size.
test_a_change_arrives_where_no_times_are_kept() {
    fresh_filesystem timeless
    mkdir -p WORK/footage/acme/spot
    printf aaaa >WORK/footage/acme/spot/changed
    printf aaaa >WORK/footage/acme/spot/longer
    printf aaaa >WORK/footage/acme/spot/same
    touch -d 2001-01-01 WORK/footage/acme/spot/*
    ok add database WORK WORK
    ok add database NAS NAS
    ok add category footage
    ok load
    ok copy acme/spot footage WORK NAS
    sleep 1.1    # what arrived within the same second could as well be newer
    printf bbbb >WORK/footage/acme/spot/changed
    printf bbbbb >WORK/footage/acme/spot/longer
    remount
    ok copy acme/spot footage WORK NAS --json
    assert_eq "$(json 'o.files_replaced')" 2
    assert_eq "$(diff -r WORK/footage NAS/footage)" ""
}

# Of a file that came there by another way nothing is known: its size proves nothing.
test_where_no_times_are_kept_equal_sizes_are_not_the_same() {
    fresh_filesystem timeless
    mkdir -p {WORK,NAS}/footage/acme/spot
    printf aaaa >WORK/footage/acme/spot/f
    printf bbbb >NAS/footage/acme/spot/f
    touch -d 2001-01-01 WORK/footage/acme/spot/f
    ok add database WORK WORK
    ok add database NAS NAS
    ok add category footage
    ok load
    ab compare acme/spot footage WORK NAS --files
    assert_status 3
    assert_out '? f'
    ok fetch acme/spot --json
    assert_eq "$(json 'o.compared' | sort -u)" unknown
    ab compare acme/spot footage WORK NAS --read
    assert_status 4
    ok fetch acme/spot --json
    assert_eq "$(json 'o.compared' | sort -u)" differs
    ab copy acme/spot footage WORK NAS
    assert_eq "$(cat NAS/footage/acme/spot/f "$(find NAS/.autobackup/versions -name f 2>/dev/null | grep . || echo /dev/null)" | grep -c bbbb)" 1
}

test_a_measurement_that_is_killed_leaves_nothing_to_the_next_copy() {
    need_injection
    mkdir -p A/footage/acme/spot B
    echo 1 >A/footage/acme/spot/f
    ok add database A A
    ok add category footage
    killed_at utimensat 5 add database B B || fail "it was not killed"
    [ -n "$(find B -name '.autobackup-*')" ] || fail "it left nothing, so this proves nothing"
    ok add database B B
    ok load
    ok copy acme/spot footage A B
    assert_eq "$(find B -name '.autobackup-*')" ""
    ok list databases --json
    assert_eq "$(json 'o.database == "B" and o.measured_at ~= nil or nil')" true
}

# What was put there has the time that could be stored, so an undo and a restore know it for the operation's own.
test_undo_and_restore_know_what_was_stored() {
    fresh_filesystem ext4_128
    dated_project
    ok add database WORK WORK
    ok add database NAS NAS
    ok add category footage
    ok load
    ok copy acme/spot footage WORK NAS
    for name in WORK/footage/acme/spot/f*; do echo "another $name" >"$name"; done
    ok load
    cp -a NAS/footage before
    ok copy acme/spot footage WORK NAS --newer=overwrite
    remount
    ok load
    ok undo --yes
    assert_eq "$(diff -r before NAS/footage)" ""
    assert_eq "$(cd before && find . -type f -printf '%P %T@\n' | sort)" "$(cd NAS/footage && find . -type f -printf '%P %T@\n' | sort)"
    ok undo --yes
    assert_eq "$(find NAS -path NAS/.autobackup -prune -o -type f -print)" ""
}

# A database with this marker at NAS, and one file of one size and content there and on WORK.
marked_pair() {    # TIME AT WORK, TIME AT NAS
    mkdir -p {WORK,NAS}/footage/acme/spot NAS/.autobackup
    echo '{"id": "0123abcd-0123-0123-0123-0123456789ab"}' >NAS/.autobackup/database.json
    printf 1 | tee {WORK,NAS}/footage/acme/spot/f >one
    touch -d "2024-01-01T12:00:$1" WORK/footage/acme/spot/f
    touch -d "2024-01-01T12:00:$2" NAS/footage/acme/spot/f
}

test_what_was_measured_of_a_disk_goes_with_it() {
    mkdir -p NAS WORK
    mount_tmpfs NAS 16
    ok add database NAS NAS
    ok add database WORK WORK
    ok add category footage
    ok load
    query "UPDATE traits SET granularity = 2000000000 WHERE database = 1"
    umount NAS
    fresh_filesystem ext4
    marked_pair 00.5 01.7
    mount -o remount,ro NAS
    ok add database NAS NAS --replace --yes
    ok load WORK
    ab copy acme/spot footage NAS WORK --dry-run
    ok fetch acme/spot --json
    assert_eq "$(json 'o.database == "NAS" and o.compared or nil')" differs
}

# What an older program guessed of a category's own disk is looked at again.
test_a_guess_of_an_older_catalog_is_no_answer() {
    export AUTOBACKUP_CATALOG=$PWD/catalog.db
    mkdir -p NAS/footage WORK
    mount_tmpfs NAS/footage 16
    mkdir -p {WORK,NAS}/footage/acme/spot
    printf 1 | tee {WORK,NAS}/footage/acme/spot/f >one
    touch -d 2024-01-01T12:00:00.5 WORK/footage/acme/spot/f
    touch -d 2024-01-01T12:00:00 NAS/footage/acme/spot/f
    ok add database NAS NAS
    ok add database WORK WORK
    ok add category footage
    ok load
    assert_eq "$(query 'SELECT granularity FROM apart')" 1
    query "DELETE FROM traits; UPDATE apart SET granularity = 1000000000; UPDATE database SET granularity = 1000000000,
        fs_type = 'fuse'; PRAGMA user_version = 8; DROP VIEW told_replica"
    ab fetch acme/spot --json
    assert_eq "$(json 'o.compared' | sort -u)" unknown
    ok load
    assert_eq "$(query 'SELECT granularity FROM apart')" 1
    ok fetch acme/spot --json
    assert_eq "$(json 'o.compared' | sort -u)" differs
}

# A file that was verified, and written again within a second that its disk cannot tell apart: of what the disk of an overlay is,
# nothing is known.
test_what_may_count_in_seconds_is_young_for_as_long() {
    need_root overlays
    mkdir -p NAS WORK below
    fresh_filesystem ext4_128
    mkdir -p NAS/{upper,work} over
    mount -t overlay over -o "lowerdir=below,upperdir=NAS/upper,workdir=NAS/work" over 2>/dev/null || skip "no overlay here"
    unmount_at_end over
    mkdir -p {WORK,over}/footage/acme/spot over/.autobackup
    echo '{"id": "0123abcd-0123-0123-0123-0123456789ac"}' >over/.autobackup/database.json
    printf 'add("database", "OVER", "%s")\nadd("category", "footage", "footage")\n' "$PWD/over" >config.lua
    ok --config config.lua add database WORK WORK
    printf aaaa >over/footage/acme/spot/f
    cp -p over/footage/acme/spot/f WORK/footage/acme/spot/f
    ok --config config.lua load
    while [ "$(date +%N | cut -c1-1)" != 0 ]; do sleep 0.02; done
    printf aaaa >over/footage/acme/spot/f
    cp -p over/footage/acme/spot/f WORK/footage/acme/spot/f
    ok --config config.lua load
    ok --config config.lua verify acme/spot
    printf bbbb >over/footage/acme/spot/f
    touch -r WORK/footage/acme/spot/f over/footage/acme/spot/f
    sleep 1.2
    ok --config config.lua load
    ab --config config.lua compare acme/spot footage
    [ "$STATUS" != 0 ] || fail "two contents are called the same"
}

# A filesystem that was made anew under the same files is looked at before a plan is made.
test_a_plan_reads_what_another_filesystem_left_open() {
    need_root mounts
    fresh_filesystem ext4
    mkdir -p WORK/footage/acme/spot
    echo 1 >WORK/footage/acme/spot/f
    touch -d 2024-01-01T12:00:00.5 WORK/footage/acme/spot/f
    ok add database WORK WORK
    ok add database NAS NAS
    ok add category footage
    ok load
    ok copy acme/spot footage WORK NAS
    cp -a NAS kept
    umount NAS
    mkfs.ext4 -q -F -I 128 -U "$(blkid -o value -s UUID NAS.img)" NAS.img 2>/dev/null || skip "mkfs.ext4 cannot make it"
    mount -o loop NAS.img NAS
    cp -a kept/. NAS
    ok copy acme/spot footage WORK NAS --dry-run --json
    assert_eq "$(json 'o.type == "copy" and o.conflicts + o.failed + o.files_copied or nil')" 0
    ok copy acme/spot footage WORK NAS --json
    assert_eq "$(json 'o.type == "copy" and o.conflicts + o.failed + o.files_copied or nil')" 0
}
