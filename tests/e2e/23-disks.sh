# Which disk it is: marker and filesystem together, wherever it is mounted. Oracles: mount, cmp, find, sqlite3.
# shellcheck source=tests/filesystems/lib.sh
. ../filesystems/lib.sh
. ./studio.sh

# Two databases and a project on WORK; NAS is a filesystem of its own, in NAS.img.
two_disks() {
    mkdir -p WORK/footage/acme/spot
    echo one >WORK/footage/acme/spot/f
    mount_image NAS 16
    ok add database WORK WORK
    ok add database NAS NAS
    ok add category footage
    ok load
    ok copy acme/spot footage WORK NAS
}

marker_of() { sed -n 's/.*"id": "\([^"]*\)".*/\1/p' "$1/.autobackup/database.json"; }
path_of() { query "SELECT path FROM database WHERE name = '$1'"; }

test_a_startup_file_writes_no_marker() {
    mkdir -p disk "$XDG_CONFIG_HOME/autobackup"
    touch disk/.stray
    echo "add('database', 'NAS', '$PWD/disk') add('category', 'footage')" >"$XDG_CONFIG_HOME/autobackup/config.lua"
    ok list databases
    assert_err "has no marker yet: 'add database NAS $PWD/disk'"
    ab load NAS
    assert_status 75
    assert_eq "$(find disk -mindepth 1)" disk/.stray
    ok add database NAS disk
    assert_err "NAS: $PWD/disk is on "
    assert_exists disk/.autobackup/database.json
    ok load NAS
}

test_a_stray_dotfile_makes_no_disk_of_a_mount_point() {
    mkdir disk
    touch disk/.stray
    echo "UUID=1 $PWD/disk ext4 defaults 0 2" >fstab
    use_fstab fstab
    ab add database NAS disk
    assert_status 1
    assert_err "UUID=1 belongs at $PWD/disk (/etc/fstab), and is not mounted there"
    refute_exists disk/.autobackup
    mkdir -p disk/inner
    ab add database NAS disk/inner    # nor of a folder in it
    assert_status 1
    refute_exists disk/inner/.autobackup
    unset LIBMOUNT_FSTAB
    ok add database NAS disk
    rm -r disk/.autobackup
    use_fstab fstab
    ok add category footage
    ab load NAS
    assert_status 75
    assert_err "NAS is offline: UUID=1 belongs at $PWD/disk (/etc/fstab), and is not mounted there"
}

test_what_is_emptier_than_was_known_is_asked_about() {
    studio
    rm -rf NAS/.autobackup
    mv NAS NAS.unplugged
    mkdir NAS
    touch NAS/.stray
    ab add database NAS NAS --replace
    assert_status 1
    assert_err "as if NAS's disk were not mounted there" "--yes"
    refute_exists NAS/.autobackup
}

test_a_copied_folder_is_a_disk_of_its_own_only_when_that_is_said() {
    studio
    cp -a NAS COPY
    ab add database COPY COPY
    assert_status 1
    assert_err "has the marker of database NAS" "add database COPY $PWD/COPY --new-identity"
    cmp NAS/.autobackup/database.json COPY/.autobackup/database.json
    ab add database COPY NAS --new-identity    # NAS itself
    assert_status 1
    assert_err "is the disk of database NAS"
    cmp NAS/.autobackup/database.json COPY/.autobackup/database.json
    local before
    before=$(marker_of NAS)
    ok add database COPY COPY --new-identity
    assert_eq "$(marker_of NAS)" "$before"
    [ "$(marker_of COPY)" != "$before" ] || fail "the same marker"
    ok load
    ok list databases --json
    assert_eq "$(json 'o.online' | sort | uniq -c | tr -s ' ')" " 4 true"
}

test_a_copy_in_the_disks_place_is_not_the_disk() {
    two_disks
    cp -a NAS copied
    umount NAS
    mv NAS.img first.img
    mount_image NAS 16
    cp -a copied/. NAS/
    echo theirs >NAS/footage/acme/spot/f
    ab fetch acme/spot
    assert_out "NAS offline"
    ab copy acme/spot footage WORK NAS
    assert_status 75
    assert_err "is a copy of the disk that was added, on another filesystem"
    assert_eq "$(cat NAS/footage/acme/spot/f)" theirs
    ab add database NAS NAS
    assert_status 1
    assert_err "a copy of NAS's disk, on another filesystem, is at $PWD/NAS" "--replace"
    ab add database SECOND NAS
    assert_status 1
    assert_err "has the marker of database NAS" "--new-identity"
    ok add database NAS NAS --replace
    ok load NAS
    umount NAS
    mount -o loop first.img NAS
    ab load NAS    # now that one is the copy
    assert_status 75
    assert_err "on another filesystem"
    umount NAS
}

test_the_disk_at_another_mount_point_is_found() {
    two_disks
    umount NAS
    mkdir NAS1
    ab load NAS
    assert_status 75
    mount -o loop NAS.img NAS1
    unmount_at_end NAS1
    echo two >WORK/footage/acme/spot/g
    ok copy acme/spot footage WORK NAS
    assert_err "NAS is mounted at $PWD/NAS1 now; it was added at $PWD/NAS"
    cmp WORK/footage/acme/spot/g NAS1/footage/acme/spot/g
    assert_eq "$(find NAS -mindepth 1)" "" "what lies below the old mount point"
    ok load NAS
    assert_eq "$(cat "$ERR")" "" "it is said once"
    ok list databases --json
    assert_eq "$(json 'o.database, o.path, o.online' | head -1)" "NAS $PWD/NAS1 true"
    mkdir -p "$XDG_CONFIG_HOME/autobackup"
    echo "add('database', 'NAS', '$PWD/NAS')" >"$XDG_CONFIG_HOME/autobackup/config.lua"
    ok verify acme/spot footage NAS    # the startup file says where it was added
    assert_eq "$(path_of NAS)" "$PWD/NAS1"
    ok undo
    refute_exists NAS1/footage/acme/spot/g
    umount NAS1
    ab load NAS
    assert_status 75
    refute_err "again"
    assert_err "NAS is offline: $PWD/NAS has no marker"
    mount -o loop NAS.img NAS1
    ok load NAS
    umount NAS1
    mount -o loop NAS.img NAS
    ok load NAS
    assert_err "NAS is at $PWD/NAS again"
    assert_eq "$(path_of NAS)" "$PWD/NAS"
    umount NAS
    mount -o loop NAS.img NAS1
    ok add database NAS NAS1    # from now on there
    assert_eq "$(query "SELECT home IS NULL FROM database WHERE name = 'NAS'")" 1
    umount NAS1
}

test_two_disks_with_one_name_are_both_left_alone() {
    two_disks
    umount NAS
    cp NAS.img clone.img
    mkdir ONE TWO
    mount -o loop NAS.img ONE
    mount -o loop clone.img TWO
    unmount_at_end ONE
    unmount_at_end TWO
    ab copy acme/spot footage WORK NAS
    assert_status 75
    assert_err "two disks say that they are NAS: at $PWD/ONE and at $PWD/TWO"
    umount TWO
    ok load NAS
    assert_err "NAS is mounted at $PWD/ONE now"
    umount ONE
}

# Probed for what is mounted there only: a look for every format reads a megabyte of each disk, its far end too.
test_a_disk_has_the_name_that_blkid_tells_and_little_is_read_for_it() {
    need_root
    need blkid
    local kind told
    for kind in ext2 ext3 ext4 xfs btrfs vfat exfat; do
        command -v "mkfs.$kind" >/dev/null && grep -qw "$(case $kind in ext?) echo ext4 ;; *) echo "$kind" ;; esac)" /proc/filesystems || continue
        truncate -s 320M "$kind.img"
        "mkfs.$kind" "$kind.img" >mkfs.log 2>&1
        mkdir "$kind"
        mount -o loop "$kind.img" "$kind"
        unmount_at_end "$kind"
        ok add database "$kind" "$kind"
        told=$(blkid -p -o value -s UUID "$kind.img")
        ok list databases --json
        assert_out "@uuid:$told\""
        ok -e 'local function read() return tonumber(io.open("/proc/self/io"):read("a"):match("rchar: (%d+)")) end
            local before = read(); list("databases"); print("read", read() - before)' -q
        [ "$(sed -n 's/^read\t//p' "$OUT")" -lt 150000 ] || fail "$kind: $(cat "$OUT")"
        ok remove database "$kind" --yes
        umount "$kind"
        rm "$kind.img"
    done
}

test_locked_cards_are_told_by_their_filesystems() {
    need_root
    local card
    mkdir CARD WORK
    for card in 1 2; do
        mount_image IN 16
        mkdir -p IN/footage/acme/spot
        echo "card $card" >IN/footage/acme/spot/f
        umount IN
        mv IN.img "card$card.img"
    done
    mount -o loop,ro card1.img CARD
    unmount_at_end CARD
    ok add database WORK WORK
    ok add database CARD CARD
    assert_err "CARD is recognised by its filesystem"
    ok add category footage
    ok load
    umount CARD
    mount -o loop,ro card2.img CARD
    ab copy acme/spot footage CARD WORK
    assert_status 75
    assert_err "$PWD/CARD holds another disk"
    refute_exists WORK/footage/acme
    ab add database OTHER CARD    # two cards are two disks
    assert_status 0
    ok copy acme/spot footage OTHER WORK
    umount CARD
    mount -o loop,ro card1.img CARD
    ok load CARD
    ab load OTHER
    assert_status 75
    umount CARD
}

test_without_a_name_a_locked_disk_is_refused() {
    need_root
    mkdir CARD
    mount -t tmpfs none CARD
    unmount_at_end CARD
    mkdir -p CARD/footage/acme/spot
    mount -o remount,ro CARD
    ab add database CARD CARD
    assert_status 1
    assert_err "no marker could be written to $PWD/CARD (EROFS)" "nothing tells its filesystem from another one"
    ok list databases
    assert_out_is ""
    umount CARD
}

test_one_disk_gets_one_name_from_many_programs_at_once() {
    local i pids=() added=0
    mkdir disk
    ok list databases
    for i in {1..12}; do
        "$AUTOBACKUP" add database "D$i" disk >"said.$i" 2>&1 &
        pids+=($!)
    done
    for i in "${!pids[@]}"; do
        ! wait "${pids[i]}" || added=$((added + 1))
    done
    assert_eq "$added" 1
    assert_eq "$(query 'SELECT count(*), count(DISTINCT identity) FROM database')" "1|1"
    grep -qs "is the disk of database" said.*
}

test_workstations_at_once_agree_on_one_marker() {
    local i round
    for round in 1 2 3; do
        mkdir "disk.$round"
        for i in {1..12}; do
            AUTOBACKUP_CATALOG=$PWD/$round.$i.db "$AUTOBACKUP" add database NAS "disk.$round" >/dev/null 2>&1 &
        done
        wait
        for i in {1..12}; do
            assert_eq "$(AUTOBACKUP_CATALOG=$PWD/$round.$i.db query "SELECT substr(identity, 1, 36) FROM database")" \
                "$(marker_of "disk.$round")" "round $round, catalog $i"
        done
        assert_eq "$(find "disk.$round/.autobackup" -name 'database.json*')" "disk.$round/.autobackup/database.json"
    done
}

# A copy block by block that cannot be written gets no marker: it cannot become a disk of its own, and that is said once.
test_a_locked_clone_without_a_marker_is_refused() {
    need_root mounts
    mkdir -p N M
    mount_image N 8
    umount N
    cp N.img M.img
    mount -o loop,ro N.img N || skip "cannot mount a loop image here"
    mount -o loop,ro M.img M || skip "cannot mount a loop image here"
    unmount_at_end N
    unmount_at_end M
    ok add database N N
    ab add database M M
    assert_status 1
    assert_err "has the filesystem of database N"
    run timeout 20 "$AUTOBACKUP" add database M M --new-identity
    assert_status 1
    assert_err "cannot be written, and without a marker nothing tells it from database N"
}

# A FUSE program that shows a folder is named by that, whoever asks first.
test_a_shown_folder_is_the_same_disk_at_each_look() {
    fresh_filesystem solid
    umount NAS
    serve "$SERVERS/solid" "$PWD/behind" NAS
    ok add database NAS NAS
    ok add category footage
    ok load
    ok list databases --json
    assert_eq "$(json 'o.online')" true
    ok add database NAS NAS
    ok list databases --json
    assert_eq "$(json 'o.online')" true
    assert_eq "$(json 'o.identity:match("@in:") ~= nil')" true
}
