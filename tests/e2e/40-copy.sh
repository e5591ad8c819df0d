# copy: what arrives, what is left alone, what is kept. Oracles: sha256sum, find, diff.
. ./studio.sh

test_a_copy_is_the_same_tree() {
    studio
    ok copy acme/spot render WORK NAS --json
    assert_eq "$(json 'o.type, o.project, o.category, o.from, o.to, o.files_copied, o.bytes_copied, o.files_unchanged, o.files_replaced, o.conflicts, o.failed, o.dry_run')" "copy acme/spot render WORK NAS 10 100 0 0 0 0 false"
    assert_same_tree WORK/scratch/render/acme/spot NAS/scratch/render/acme/spot
    ok copy acme/spot render WORK NAS --json
    assert_eq "$(json 'o.files_copied, o.files_unchanged')" "0 10"
    assert_eq "$(find NAS -name '.autobackup-*')" "" "temps"
}

test_names_with_spaces_all_categories_and_globs() {
    studio
    ok copy "bmx/show two" footage WORK NAS STORAGE
    assert_same_tree "WORK/footage/bmx/show two" "NAS/footage/bmx/show two"
    assert_same_tree "WORK/footage/bmx/show two" "STORAGE/footage/bmx/show two"
    ok copy '*/*' all WORK STORAGE
    assert_same_tree WORK/project STORAGE/project
    assert_same_tree WORK/scratch/render STORAGE/scratch/render
}

test_a_changed_file_is_updated_and_the_old_one_kept() {
    studio
    sha256sum <"NAS/footage/acme/spot/day 1/clip 1.mov" >old
    ok copy acme/spot footage WORK NAS --json
    assert_eq "$(json 'o.files_replaced, o.files_unchanged, o.conflicts')" "1 2 0"
    assert_same_tree WORK/footage/acme/spot NAS/footage/acme/spot
    find NAS/.autobackup/versions -name 'clip 1.mov' -exec sha256sum {} \; | sed 's/ .*/  -/' >kept
    run cmp old kept
    assert_status 0
}

test_newer_at_the_destination_is_a_conflict() {
    studio
    echo edited >>"NAS/footage/acme/spot/day 1/clip 2.mov"
    sha256sum "NAS/footage/acme/spot/day 1/clip 2.mov" >before
    ab copy acme/spot footage WORK NAS --json
    assert_status 3
    assert_eq "$(json 'o.type == "copy" and o.conflicts or nil')" 1
    assert_eq "$(json 'o.type == "problem" and o.path:match("clip 2.mov") or nil')" "clip 2.mov"
    run sha256sum -c before
    assert_status 0
    ab copy acme/spot footage WORK NAS
    assert_status 3
    assert_err --newer=overwrite
    ok copy acme/spot footage WORK NAS --newer=overwrite
    assert_same_tree WORK/footage/acme/spot NAS/footage/acme/spot
    assert_eq "$(find NAS/.autobackup/versions -name 'clip 2.mov' -exec cat {} \; | sha256sum)" \
        "$(sed 's/  .*/  -/' before)" "kept version"
}

test_extra_files_stay_unless_mirrored() {
    studio
    echo extra >NAS/footage/acme/spot/extra.txt
    ok copy acme/spot footage WORK NAS
    assert_exists NAS/footage/acme/spot/extra.txt
    ok copy acme/spot footage WORK NAS --mirror
    refute_exists NAS/footage/acme/spot/extra.txt
    assert_eq "$(find NAS/.autobackup/versions -name extra.txt -exec cat {} \;)" extra
}

test_dry_run_changes_nothing() {
    studio
    local before
    before=$(find NAS -printf '%P %s %T@\n' | sort)
    ok copy acme/spot all WORK NAS --dry-run
    assert_out "clip 1.mov"
    assert_eq "$(find NAS -printf '%P %s %T@\n' | sort)" "$before"
    ok copy acme/spot render WORK NAS -n --json
    assert_eq "$(json 'o.type == "copy" and tostring(o.dry_run) or nil')" true
}

test_metadata_alone_is_corrected_without_a_copy() {
    studio
    ok copy acme/spot render WORK NAS
    chmod 600 WORK/scratch/render/acme/spot/beauty.0001.exr
    chmod 700 WORK/scratch/render/acme/spot
    ok copy acme/spot render WORK NAS --json
    assert_eq "$(json 'o.files_copied')" 0
    assert_same_tree WORK/scratch/render/acme NAS/scratch/render/acme
}

test_all_sorts_of_entries() {
    need setfattr getfattr setfacl getfacl
    studio
    local p=WORK/scratch/cache/acme/spot d=NAS/scratch/cache/acme/spot long
    mkdir -p "$p/sub" "$p/empty"
    long=$(printf 'x%.0s' {1..255})
    echo long >"$p/$long"
    echo nl >"$p/with
newline"
    echo bytes >"$p/$(printf 'bad\xff\xfeutf8')"
    echo one >"$p/linked"
    ln "$p/linked" "$p/sub/other name"
    ln -s linked "$p/symlink"
    ln -s /nowhere/at/all "$p/dangling"
    mkfifo "$p/fifo"
    truncate -s 5M "$p/sparse"
    echo tail >>"$p/sparse"
    setfattr -n user.note -v "keep me" "$p/linked" || skip "no xattrs here"
    setfacl -m u:1234:r "$p/linked" || skip "no ACLs here"
    chmod 4755 "$p/sub/other name"
    touch -d '1999-12-31 23:59:59.123456789' "$p/sub" "$p/empty"
    ok load WORK
    ok copy acme/spot cache WORK NAS
    assert_same_tree "$p" "$d"
    assert_eq "$(stat -c %h "$d/linked")" 2 "links"
    assert_eq "$(stat -c %i "$d/linked")" "$(stat -c %i "$d/sub/other name")" "inode"
    assert_eq "$(getfattr --only-values -n user.note "$d/linked")" "keep me"
    assert_eq "$(getfacl -cp "$d/linked")" "$(getfacl -cp "$p/linked")"
    [ "$(stat -c %b "$d/sparse")" -lt 1000 ] || fail "holes were filled: $(stat -c %b "$d/sparse") blocks"
    assert_eq "$(stat -c %Y "$d/sub")" "$(stat -c %Y "$p/sub")" "a directory's time"
    run rsync -anciHAX --delete "$p/" "$d/"
    assert_out_is ""
}

test_a_full_disk_loses_nothing() {
    studio
    mount_image small 16
    ok add database SMALL small
    head -c 9M /dev/urandom >WORK/footage/acme/spot/big.mov
    head -c 9M /dev/urandom >WORK/footage/acme/spot/other.mov
    ok load WORK
    ab copy acme/spot footage WORK SMALL
    assert_status 3
    assert_err "other.mov: no room for it on SMALL"
    refute_exists small/footage/acme/spot/other.mov
    assert_exists small/footage/acme/spot/big.mov
    assert_eq "$(find small -name '.autobackup-*')" "" "temps"
    local f
    for f in small/footage/acme/spot/*/* small/footage/acme/spot/*.mov; do
        cmp "$f" "WORK/${f#small/}" || fail "$f is not its source"
    done
}

test_an_unreadable_source_is_reported_and_the_rest_copied() {
    studio
    rm -r NAS/footage/acme
    to_nobody ..
    shut "WORK/footage/acme/spot/day 1/clip 2.mov"
    run as_nobody copy acme/spot footage WORK NAS
    assert_status 3
    assert_err "clip 2.mov" "Permission denied"
    assert_exists "NAS/footage/acme/spot/day 1/clip 1.mov" "NAS/footage/acme/spot/day 1/clip 3.mov"
    refute_exists "NAS/footage/acme/spot/day 1/clip 2.mov"
}

test_interrupted_and_run_again() {
    studio
    head -c 300M /dev/zero | tr '\0' x >WORK/footage/acme/spot/big.mov
    ok load WORK
    env --default-signal=INT "$AUTOBACKUP" copy acme/spot footage WORK NAS >"$OUT" 2>"$ERR" &
    local pid=$! tries=0
    until [ -n "$(find NAS -name '.autobackup-*' -size +0 2>/dev/null)" ] || [ $((tries += 1)) -gt 2000 ]; do
        kill -0 $pid 2>/dev/null || break
    done
    kill -INT $pid
    STATUS=0
    wait $pid || STATUS=$?
    LAST="copy, interrupted"
    assert_status 130
    refute_exists NAS/footage/acme/spot/big.mov
    ok copy acme/spot footage WORK NAS
    assert_same_tree WORK/footage/acme/spot NAS/footage/acme/spot
    assert_eq "$(find NAS -name '.autobackup-*')" "" "temps"
}

test_a_busy_destination_says_who() {
    studio
    exec 9>>NAS/.autobackup/lock
    flock 9
    ab copy acme/spot render WORK NAS
    exec 9>&-
    assert_status 75
    assert_err NAS busy
    ok copy acme/spot render WORK NAS
}

# Whatever keeps a destination from being locked: nothing is written there, and nothing is said of its files.
test_a_destination_that_cannot_be_locked_is_left_alone() {
    studio
    ok copy acme/spot footage WORK NAS --newer=overwrite
    rm -rf NAS/footage/acme/spot NAS/.autobackup/lock
    mkdir NAS/.autobackup/lock
    ab copy acme/spot footage WORK NAS STORAGE --newer=overwrite --json
    assert_status 1
    assert_eq "$(json 'o.type == "copy" and o.to .. " " .. o.state or nil')" "STORAGE done"
    assert_out "Is a directory: NAS cannot be locked"
    [ ! -e NAS/footage/acme/spot ] || fail "something was written"
    rmdir NAS/.autobackup/lock
    ok copy acme/spot footage WORK NAS --newer=overwrite
    assert_same_tree WORK/footage/acme/spot NAS/footage/acme/spot
}

test_offline_and_unknown_names() {
    studio
    ab copy acme/spot render WORK NSA
    assert_status 1
    assert_err "did you mean 'NAS'"
    ab copy acme/sopt render WORK NAS
    assert_status 1
    assert_err "did you mean 'acme/spot'"
    ab copy acme/spot rendr WORK NAS
    assert_status 1
    assert_err "did you mean 'render'"
    ab copy "dune/part one" footage WORK NAS
    assert_status 1
    assert_err STORAGE
    ab copy acme/spot render WORK WORK
    [ "$STATUS" != 0 ] || fail "copied onto itself"
    ab copy acme/spot render WORK
    assert_status 2
    ab copy acme/spot render WORK NAS --mirorr
    assert_status 2
    assert_err "did you mean '--mirror'"
    mv NAS NAS.away
    ab copy acme/spot render WORK NAS
    assert_status 75
    assert_err NAS
    refute_exists NAS
}

test_a_symlink_on_the_way_is_not_followed() {
    studio
    mkdir outside NAS/scratch
    ln -s "$PWD/outside" NAS/scratch/render
    ab copy acme/spot render WORK NAS
    [ "$STATUS" != 0 ] || fail "followed a symlink out of the database"
    assert_eq "$(ls outside)" "" "outside"
}

test_a_project_made_since_the_last_load() {
    studio
    mkdir -p WORK/footage/fresh/one
    echo new >WORK/footage/fresh/one/clip.mov
    ok copy fresh/one footage WORK NAS
    assert_same_tree WORK/footage/fresh NAS/footage/fresh
    ok list projects in fresh --json
    assert_eq "$(json 'o.project, o.databases')" "fresh/one WORK,NAS"
}

test_a_renamed_folder_is_copied_whole() {
    studio
    ok copy acme/spot footage WORK NAS --newer=overwrite
    mv "WORK/footage/acme/spot/day 1" "WORK/footage/acme/spot/day one"
    ok copy acme/spot footage WORK NAS --mirror
    assert_same_tree WORK/footage/acme/spot NAS/footage/acme/spot
    ok copy acme/spot footage WORK NAS --mirror
    assert_same_tree WORK/footage/acme/spot NAS/footage/acme/spot
}

test_the_summary_names_what_happened() {
    studio
    echo extra >NAS/footage/acme/spot/extra.txt
    ok copy acme/spot footage WORK NAS --mirror --dry-run
    assert_out "NAS: remove (kept as versions)" extra.txt "this is the plan"
    ok copy acme/spot footage WORK NAS --mirror
    assert_out "1 file copied (10 kB), 1 of them replaced, 1 removed and kept as versions, 2 unchanged" \
        "kept in .autobackup/versions/$(basename NAS/.autobackup/versions/*) on NAS"
    ok copy acme/spot footage WORK NAS --dry-run
    assert_out "nothing to do"
    mkdir WORK/footage/acme/spot/empty
    ok -v copy acme/spot footage WORK NAS
    assert_out "1 folder made, 3 unchanged"
    assert_err "acme/spot footage, WORK to NAS: operation 2"
}

test_a_copy_of_folders_alone_is_known() {
    studio
    mkdir -p WORK/footage/kino/folder
    ok copy kino/folder footage WORK NAS --dry-run --json
    assert_out '"directories_made":1'
    ok copy kino/folder footage WORK NAS --json
    assert_out '"directories_made":1'
    ok compare kino/folder footage WORK NAS
    mkdir -p NAS/footage/kino/folder/extra/deep
    ok copy kino/folder footage WORK NAS --mirror --yes --dry-run --json
    assert_out '"directories_removed":2'
    ok copy kino/folder footage WORK NAS --mirror --yes
    assert_out "2 folders removed"
    [ "$(find NAS/footage/kino/folder)" = NAS/footage/kino/folder ] || fail "the folder is still there"
    ok compare kino/folder footage WORK NAS
}

test_a_copy_without_a_load_says_what_is_known() {
    folders
    ok add database WORK WORK
    ok add database NAS NAS
    ok add category footage footage
    ok copy acme/spot footage WORK NAS
    ok fetch acme
    assert_out "WORK not read as a whole yet; NAS not read as a whole yet"
    refute_err "never read"
    ok load
    ok fetch acme
    assert_out "both read "
}

# The modes that a temp is made with depend on them, and on what the folder gives to what is made in it.
test_modes_and_acls_whatever_the_umask_and_the_folder() {
    need rsync setfacl getfacl
    local mode mask unreadable='' spot=footage/acme/spot
    ! is_root || unreadable="0000 0222"
    mkdir -p WORK/$spot NAS/footage/acme
    for mode in $unreadable 0400 0444 0600 0622 0640 0644 0664 0666 0755 1644 2755 4755; do
        echo "$mode" >"WORK/$spot/file $mode"
        chmod "$mode" "WORK/$spot/file $mode"
    done
    cp -a "WORK/$spot/file 0644" WORK/$spot/with
    setfacl -m u:daemon:rw WORK/$spot/with 2>/dev/null || skip "no ACLs on $PWD"
    ok add database WORK WORK
    ok add database NAS NAS
    ok add category footage
    for mask in 000 022 077 default; do
        rm -rf NAS/$spot
        [ "$mask" = default ] && setfacl -d -m u:daemon:rwx,o::rwx NAS/footage/acme || umask "$mask"
        ok copy acme/spot footage WORK NAS
        umask 022
        assert_eq "$(rsync_lists -anciHAX --delete WORK/$spot/ NAS/$spot/)" "" "what rsync would do with $mask"
        assert_eq "$(cd NAS && getfacl -R $spot)" "$(cd WORK && getfacl -R $spot)" "the ACLs with $mask"
    done
    need_root "in part: what its owner may not read"
}

test_a_project_with_spaces_that_is_not_quoted() {
    studio
    ab copy bmx/show two footage WORK NAS
    assert_status 1
    assert_err "no project 'bmx/show'; did you mean 'bmx/show two'? a name with spaces is quoted"
    ab copy acme/spot two footage WORK NAS
    assert_err "no category 'two'"
}

# Each subvolume of btrfs counts its inodes for itself: equal numbers, sizes and times make no links.
test_files_of_several_subvolumes_are_not_taken_for_one() {
    local day
    need btrfs
    mount_image WORK 128 btrfs
    mkdir -p WORK/footage/acme/spot NAS
    for day in day1 day2; do
        btrfs subvolume create "WORK/footage/acme/spot/$day" >/dev/null
        echo "take of $day" >"WORK/footage/acme/spot/$day/take"
        ln "WORK/footage/acme/spot/$day/take" "WORK/footage/acme/spot/$day/link"
        touch -d 2024-01-01 "WORK/footage/acme/spot/$day/take"
    done
    btrfs subvolume snapshot WORK/footage/acme/spot/day1 WORK/footage/acme/spot/snapshot >/dev/null
    ok add category footage footage
    ok add database WORK WORK
    ok add database NAS NAS
    ok load
    assert_eq "$(stat -c %i WORK/footage/acme/spot/*/take | sort -u | wc -l)" 1
    ok copy acme/spot footage WORK NAS
    assert_eq "$(diff -r WORK/footage NAS/footage)" ""
    for day in day1 day2; do
        assert_eq "$(stat -c %h "NAS/footage/acme/spot/$day/take")" 2    # in the snapshot a file, and what is a link there too
        assert_eq "$(stat -c %i "NAS/footage/acme/spot/$day"/* | sort -u | wc -l)" 1
    done
    ok compare acme/spot
    ok copy acme/spot footage WORK NAS --json
    assert_eq "$(json 'o.type == "copy" and o.files_copied or nil')" 0 "copied once more"
}

test_what_is_replaced_in_several_subvolumes_is_kept_for_each() {
    local day
    need btrfs
    mount_image NAS 128 btrfs
    mkdir -p NAS/footage/acme/spot WORK/footage/acme/spot
    for day in day1 day2; do
        btrfs subvolume create "NAS/footage/acme/spot/$day" >/dev/null
        echo "take of $day" >"NAS/footage/acme/spot/$day/take"
        ln "NAS/footage/acme/spot/$day/take" "NAS/footage/acme/spot/$day/link"
        touch -d 2024-01-01 "NAS/footage/acme/spot/$day/take"
        mkdir "WORK/footage/acme/spot/$day"
        echo "new one" >"WORK/footage/acme/spot/$day/take"
        cp -p "NAS/footage/acme/spot/$day/link" "WORK/footage/acme/spot/$day/link"
    done
    ok add category footage footage
    ok add database WORK WORK
    ok add database NAS NAS
    ok load
    ok copy acme/spot footage WORK NAS
    assert_eq "$(diff -r WORK/footage NAS/footage)" ""
    for day in day1 day2; do
        assert_eq "$(cat NAS/.autobackup/versions/*/footage/acme/spot/"$day/take")" "take of $day"
    done
}

# In the order of paths "a-b" lies between "a" and "a/b": a folder is finished when all that is in it is.
test_a_folder_is_finished_after_what_is_in_it() {
    local name
    mkdir -p {WORK,NAS}/footage/acme/spot/{kept,kept-old,kept.too} NAS/footage/acme/spot/{gone/inner,gone-old,gone!,kept/inner}
    for name in gone/inner gone-old 'gone!' kept/inner; do echo x >"NAS/footage/acme/spot/$name/f"; done
    find WORK NAS -depth -type d -exec touch -d 2001-02-03 {} +
    ok add category footage footage
    ok add database WORK WORK
    ok add database NAS NAS
    ok load
    ok copy acme/spot footage WORK NAS --mirror --yes
    assert_eq "$(find NAS/footage -printf '%P %TY-%Tm-%Td\n' | LC_ALL=C sort)" \
        "$(find WORK/footage -printf '%P %TY-%Tm-%Td\n' | LC_ALL=C sort)"
    ok copy acme/spot footage WORK NAS --mirror --yes --json
    grep -q '"directories_removed":0' "$OUT" || fail "folders were left"
}
