# add, remove, list: naming disks and categories; what is refused, and with which words.
. ./studio.sh

test_a_first_start_says_what_to_type() {
    ab </dev/null
    assert_status 0
    ab fetch all
    assert_err "add database" "add category" "load"
    assert_eq "$(cat "$OUT" "$ERR" | wc -l)" 3 "lines"
}

test_fetch_before_load_says_so() {
    mkdir WORK
    ok add database WORK WORK
    ok add category footage footage
    ab fetch all
    assert_eq "$(cat "$OUT" "$ERR" | grep -c load)" 1 "lines that name load"
}

test_add_writes_a_marker_and_is_idempotent() {
    mkdir WORK
    ok add database WORK WORK
    assert_exists WORK/.autobackup/database.json
    cp WORK/.autobackup/database.json before
    ok add database WORK "$PWD/WORK"
    ok add database WORK ./WORK/
    run cmp before WORK/.autobackup/database.json
    assert_status 0
    ok list databases --json
    assert_eq "$(json 'o.database, o.path, o.online')" "WORK $PWD/WORK true"
}

test_a_category_lies_where_its_name_says_and_a_disk_does_not() {
    ok add category sound
    ok --json list categories
    assert_eq "$(json 'o.category, o.path')" "sound sound"
    ab add database NAS
    assert_status 2
    assert_err "where is the root of NAS" "add database NAS /mnt/NAS"
}

test_a_home_path() {
    mkdir -p "$HOME/disk one"
    ok add database WORK '~/disk one'
    ok list databases --json
    assert_eq "$(json 'o.path')" "$HOME/disk one"
}

# What a message says to type is typed, also where a path has blanks.
test_what_is_said_of_another_path_can_be_typed() {
    mkdir WORK 'My "Disk"'
    ok add database WORK WORK
    ab add database WORK 'My "Disk"'
    assert_status 1
    eval "ok $(sed -n "s/.*'\(add database .*--replace\)' moves it.*/\1/p" "$ERR") --yes"
    ok list databases --json
    assert_eq "$(json 'o.path')" "$PWD/My \"Disk\""
}

test_a_marker_is_adopted_by_another_catalog() {
    mkdir WORK
    ok add database WORK WORK
    cp WORK/.autobackup/database.json before
    ok --catalog other.db add database ELSEWHERE WORK
    run cmp before WORK/.autobackup/database.json
    assert_status 0
}

test_one_disk_has_one_name() {
    mkdir WORK
    ok add database WORK WORK
    ln -s WORK alias
    ab add database AGAIN alias
    assert_status 1
    assert_err WORK
}

test_a_missing_root_is_refused() {
    ab add database WORK nowhere
    assert_status 1
    assert_err "$PWD/nowhere"
    touch file
    ab add database WORK file
    assert_status 1
    assert_err file
    ok list databases --json
    assert_out_is ""
}

test_another_path_needs_replace() {
    mkdir one two
    ok add database WORK one
    ab add database WORK two
    assert_status 1
    assert_err --replace
    ok add database WORK two --replace
    ok list databases --json
    assert_eq "$(json 'o.path')" "$PWD/two"
}

test_category_paths_that_cannot_be() {
    local path
    for path in /abs ../up a/../b .. . '' .autobackup; do
        ab add category bad "$path"
        [ "$STATUS" != 0 ] || fail "accepted '$path'"
        refute_err traceback
    done
    ok add category render scratch/render
    ab add category inner scratch/render/passes
    assert_status 1
    assert_err render
    ab add category outer scratch
    assert_status 1
    for path in scratch/Render SCRATCH Scratch/render/passes; do
        ab add category again "$path"
        assert_status 1
        assert_err "one folder"
    done
    ok add category render scratch/render
    ab add category render elsewhere
    assert_status 1
    assert_err --replace
    ok list categories --json
    assert_eq "$(json 'o.category, o.path')" "render scratch/render"
}

test_remove_forgets_and_touches_nothing() {
    studio
    local before
    before=$(find WORK | sort)
    ab remove database WORK
    assert_status 1
    assert_err --yes
    ok remove database WORK --yes
    assert_eq "$(find WORK | sort)" "$before"
    ok list databases --json
    assert_eq "$(json 'o.database' | tr '\n' ' ')" "NAS STORAGE "
    ok remove category cache --yes
    ok list categories --json
    assert_eq "$(json 'o.category' | wc -l)" 3
    ok add database WORK WORK
    ok load WORK
    ok list projects in bmx in WORK --json
    assert_eq "$(json 'o.project, o.files')" "bmx/show two 1"
}

test_a_read_only_root_is_known_by_its_filesystem() {
    mount_image disk 16
    mkdir -p disk/footage/a/b
    echo x >disk/footage/a/b/c
    mount -o remount,ro disk
    ok add database SHELF disk
    refute_exists disk/.autobackup
    ok add category footage footage
    ok load SHELF
    umount disk
    ab load SHELF
    assert_status 75
    assert_err SHELF
    ok list projects --json
    assert_eq "$(json 'o.project')" a/b
}

# An unplugged disk that is added again: nothing is planted in its mount point, nothing is forgotten.
test_an_unplugged_disk_is_not_replaced_by_its_mount_point() {
    studio
    ok load
    mv NAS NAS.unplugged
    ab add database NAS NAS
    assert_status 75
    assert_err "NAS's disk is not mounted at $PWD/NAS: plug it in"
    refute_err --replace
    mkdir NAS
    ab add database NAS NAS
    assert_status 75
    assert_err "NAS's disk is not mounted at $PWD/NAS: plug it in"
    refute_err --replace
    ab add database NAS NAS --replace
    assert_status 1
    assert_err "would forget what is known of NAS (2 replicas" --yes
    mkdir elsewhere
    ab add database NAS elsewhere --replace
    assert_status 1
    assert_err "would forget"
    ok list projects in dune in NAS --json
    assert_eq "$(json 'o.project')" "dune/part one"
    refute_exists NAS/.autobackup elsewhere/.autobackup
    echo other >NAS/other
    ab add database NAS NAS
    assert_status 75
    assert_err "plug it in" --replace
    rm NAS/other
    ok add database NAS NAS --replace --yes
    assert_exists NAS/.autobackup
    ok list projects in dune in NAS
    assert_out_is ""
}

test_an_empty_mount_point_gets_no_marker_unasked() {
    local private=-m
    is_root || private=-rm    # where the system has user namespaces
    mkdir disk
    echo "UUID=1 $PWD/disk ext4 defaults 0 2" >fstab
    unshare $private mount --bind fstab /etc/fstab 2>/dev/null || skip "cannot mount over /etc/fstab here"
    # shellcheck disable=SC2016
    run unshare $private bash -c 'mount --bind fstab /etc/fstab; "$AUTOBACKUP" add database NAS disk'
    assert_status 1
    assert_err "UUID=1 belongs at $PWD/disk (/etc/fstab), and is not mounted there" "--yes"
    refute_exists disk/.autobackup
    # shellcheck disable=SC2016
    run unshare $private bash -c 'mount --bind fstab /etc/fstab; "$AUTOBACKUP" add database NAS disk --yes'
    assert_status 0
    assert_exists disk/.autobackup
}
