# A destination that lies in its source, or the other way round, by way of a second mount. Oracles: find, cmp.
. ./studio.sh

bind() {    # FOLDER MOUNTPOINT
    mkdir -p "$1" "$2"
    mount --bind "$1" "$2" 2>/dev/null || skip "cannot make a bind mount here"
    unmount_at_end "$2"
}

databases() {
    work_and_nas
}

seen() { find WORK NAS -name .autobackup -prune -o -print | sort; }
tree_is_as_before() { seen | cmp - "$HOME/before" || fail "the copy wrote"; }

# In a dry run as well; both where the destination's root is in the replica, and where it is the replica.
test_a_destination_inside_of_its_source_is_refused() {
    need_root "a bind mount"
    local inside cases=0
    for inside in /deep/backup ""; do
        mkdir "case$((cases += 1))" && cd "case$cases"
        export AUTOBACKUP_CATALOG=$PWD/catalog.db
        mkdir -p WORK/footage/acme/spot/day WORK/footage/bmx/show
        echo x | tee WORK/footage/acme/spot/f WORK/footage/bmx/show/g >/dev/null
        bind "WORK/footage/acme/spot$inside" NAS
        databases
        seen >"$HOME/before"
        ab copy acme/spot footage WORK NAS -n
        assert_status 1
        assert_err "NAS lies in what is to be copied" "$PWD/WORK/footage/acme/spot$inside," "give NAS a folder outside of that project"
        ab copy acme/spot footage WORK NAS
        assert_status 1
        tree_is_as_before
        ok copy bmx/show footage WORK NAS    # which does not hold it
        cmp WORK/footage/bmx/show/g NAS/footage/bmx/show/g
        rm -rf NAS/footage
        cd "$HOME/../work"
    done
}

# A mirror would take its own source for something that the source lacks.
test_a_source_inside_of_its_destination_is_refused() {
    need_root "a bind mount"
    bind NAS/footage/acme/spot/old/disk WORK
    mkdir -p WORK/footage/acme/spot
    echo x >WORK/footage/acme/spot/f
    echo y >NAS/footage/acme/spot/g
    databases
    seen >"$HOME/before"
    ab copy acme/spot footage WORK NAS --mirror --yes
    assert_status 1
    assert_err "the source lies in what is to be written" "$PWD/NAS/footage/acme/spot/old/disk,"
    tree_is_as_before
}

# Every subvolume of btrfs has the inode 256 for its root, as the root of the disk has.
test_subvolumes_of_the_same_number_are_not_taken_for_one() {
    need btrfs
    mount_image disk 160 btrfs
    mkdir disk/WORK disk/WORK/footage disk/WORK/footage/acme disk/WORK/footage/acme/spot
    btrfs subvolume create -q disk/NAS 2>/dev/null || btrfs subvolume create disk/NAS >/dev/null
    btrfs subvolume create disk/WORK/footage/acme/spot/sub >/dev/null
    echo x | tee disk/WORK/footage/acme/spot/f disk/WORK/footage/acme/spot/sub/g >/dev/null
    assert_eq "$(stat -c %i disk/NAS)" "$(stat -c %i disk/WORK/footage/acme/spot/sub)" "the inodes"
    ok add database WORK disk/WORK
    ok add database NAS disk/NAS
    ok add category footage footage
    ok load
    ab copy acme/spot footage WORK NAS
    refute_err "lies in what is to be"
    cmp disk/WORK/footage/acme/spot/f disk/NAS/footage/acme/spot/f
}
