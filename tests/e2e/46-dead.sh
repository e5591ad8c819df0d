# What dead operations left, and books that are torn: nothing of ours blocks a disk, takes what is not ours, or grows
# without end. Oracles: find, stat, cmp, du, tests/fault/manifest.lua.
. ./studio.sh

SHIM=$(dirname "$(readlink -f "$AUTOBACKUP")")/tests/fault/shim.so
READER=$PWD/../fault/manifest.lua
SPOT=NAS/footage/acme/spot

# Three old files at NAS, new ones at WORK; bmx/show is only at WORK.
two_states() {
    local n
    mkdir -p WORK/footage/{acme/spot,bmx/show} $SPOT
    for n in 1 2 3; do
        echo "new $n" >WORK/footage/acme/spot/f$n
        echo "an old one $n" >$SPOT/f$n
        touch -d 2001-01-01 $SPOT/f$n
    done
    echo show >WORK/footage/bmx/show/g
    work_and_nas
}

faulty() {    # FAULTS WORDS...: the program, struck
    local faults=$1
    shift
    [ -e "$SHIM" ] || fail "$SHIM is not there: make check-e2e makes it"
    { run env LD_PRELOAD="$SHIM" ASAN_OPTIONS="${ASAN_OPTIONS:+$ASAN_OPTIONS:}verify_asan_link_order=0:detect_leaks=0" \
        FAULTS="$faults" "$AUTOBACKUP" "$@"; } 2>/dev/null    # the shell's word on what was killed
}

dies() {    # FAULTS WORDS...: it is killed by them
    faulty "$@"
    assert_status 137
}

open_ones() { find NAS/.autobackup/operations -name '*.open' -printf '%f\n' | sed 's/.open$//'; }
ours() { find NAS -path NAS/.autobackup -prune -o -name '.autobackup*' -print; }
manifest() { lua5.4 "$READER" "$1"; }    # FILE

# ---- a place that cannot be swept ----

test_a_folder_that_became_a_symlink_or_a_file_blocks_nothing() {
    two_states
    cp -a NAS NAS.fresh
    cp -a "$XDG_DATA_HOME" data.fresh
    local what dead
    for what in symlink file; do
        rm -rf NAS moved "$XDG_DATA_HOME"
        cp -a NAS.fresh NAS
        cp -a data.fresh "$XDG_DATA_HOME"
        dies "renameat2 */$SPOT/* 2 1 kill" copy acme/spot footage WORK NAS
        dead=$(open_ones)
        [ -n "$(find $SPOT -name '.autobackup-*')" ] || fail "no temp is left"
        mv NAS/footage/acme moved
        if [ $what = symlink ]; then ln -s ../../moved NAS/footage/acme; else echo x >NAS/footage/acme; fi
        ok copy bmx/show footage WORK NAS
        cmp WORK/footage/bmx/show/g NAS/footage/bmx/show/g || fail "it did not arrive"
        assert_err "$dead" footage/acme/spot
        assert_eq "$(open_ones)" "" "what lies nowhere is ended, and so told once"
        ok undo --yes
        refute_err "$dead"
        refute_exists NAS/footage/bmx
        ok prune --older 0d --yes
        [ -n "$(find moved -name '.autobackup-*')" ] || fail "$what: something was swept behind it"
    done
}

# A subvolume of btrfs is of a device of its own, and belongs to the replica.
test_what_lies_in_a_subvolume_is_swept() {
    need btrfs
    mount_image NAS 128 btrfs
    mkdir -p WORK/footage/acme/spot/day1 NAS/footage/acme/spot
    btrfs subvolume create NAS/footage/acme/spot/day1 >/dev/null
    head -c 100000 /dev/urandom >WORK/footage/acme/spot/day1/clip
    work_and_nas
    dies "write,pwrite $PWD/NAS/footage/* 1 1 kill" copy acme/spot footage WORK NAS
    [ -n "$(ours)" ] || fail "nothing was left: the test proves nothing"
    ok copy acme/spot footage WORK NAS
    assert_eq "$(ours)" ""
    assert_eq "$(open_ones)" ""
    assert_eq "$(diff -r WORK/footage NAS/footage)" ""
}

# Another user's folder, in the middle of what was left: all else is swept, each time it is told, and then somebody can.
test_a_folder_of_another_user_blocks_nothing() {
    need_root "two users"
    need setpriv
    two_states
    mkdir $SPOT/sub WORK/footage/acme/spot/sub
    echo new >WORK/footage/acme/spot/sub/n
    ok load
    dies "syncfs * 1 1 kill" copy acme/spot footage WORK NAS
    [ "$(ours | wc -l)" = 4 ] || fail "not a temp for each file: $(ours)"
    to_nobody . "$HOME"
    chown -R 0:0 $SPOT/sub
    chmod 700 $SPOT/sub
    run as_nobody copy bmx/show footage WORK NAS
    assert_status 0
    assert_err "footage/acme/spot/sub stays there" "root"
    assert_eq "$(ours | xargs -n 1 dirname)" "$SPOT/sub" "all else is swept"
    [ -n "$(open_ones)" ] || fail "it was ended"
    run as_nobody prune --older 100y --yes
    assert_status 0
    assert_err "footage/acme/spot/sub stays there"
    ok prune --older 100y --yes
    assert_eq "$(ours)$(open_ones)" "" "root can"
}

test_a_manifest_that_is_none_blocks_nothing() {
    need mkfifo
    two_states
    local id=20300101T000000Z-
    mkdir -p NAS/.autobackup/operations
    mkfifo NAS/.autobackup/operations/${id}0001.open
    mkdir NAS/.autobackup/operations/${id}0002.open
    ln -s /etc/passwd NAS/.autobackup/operations/${id}0003.open
    : >NAS/.autobackup/operations/${id}0004.open
    printf 'no manifest' >NAS/.autobackup/operations/${id}0005.open
    ok copy acme/spot footage WORK NAS
    cmp WORK/footage/acme/spot/f1 $SPOT/f1
    assert_err ${id}0001 ${id}0002 ${id}0003
    ok undo --yes
    ok prune --older 0d --yes
}

# ---- only what the manifest names ----

# A prune works in no replica: a name like ours elsewhere is a user's.
test_a_killed_prune_makes_nobody_sweep_the_disk() {
    two_states
    ok copy acme/spot footage WORK NAS
    mkdir NAS/private
    echo mine >NAS/private/.autobackup-00112233445566aa
    echo mine >NAS/private/.autobackup-x-00112233445566aa
    dies "unlinkat */NAS/.autobackup/versions/* 1 1 kill" prune --older 0d --yes
    [ -n "$(open_ones)" ] || fail "it had ended"
    ok copy bmx/show footage WORK NAS
    assert_eq "$(cat NAS/private/.autobackup-00112233445566aa NAS/private/.autobackup-x-00112233445566aa)" "mine
mine"
    assert_eq "$(open_ones)" ""
}

# On a disk without hard links a replaced file waits under a name of ours; killed then.
waits() {    # PROJECT [FAULTS]
    dies "linkat * 1 0 errno=EPERM;renameat2 */versions/* 1 1 kill${2:+;$2}" copy "$1" footage WORK NAS
}

test_a_killed_prune_takes_no_file_of_another_operation() {
    two_states
    local dead n
    waits acme/spot
    dead=$(open_ones)
    for n in 1 2 3; do    # the first sweeps it
        echo "show $n" >WORK/footage/bmx/show/g
        ok copy bmx/show footage WORK NAS
    done
    assert_eq "$(find "NAS/.autobackup/versions/$dead" -name '.autobackup-x-*' | wc -l)" 1 "rescued"
    dies "unlinkat */NAS/.autobackup/versions/* 1 1 kill" prune --keep 1 --older 0s --yes
    ok copy bmx/show footage WORK NAS
    assert_eq "$(find NAS/.autobackup/versions -name '.autobackup-x-*' -path "*/versions/$dead/*" | wc -l)" 1 "it is where it was"
    ok undo "$dead" --yes
    assert_eq "$(cat $SPOT/f1 $SPOT/f2 $SPOT/f3)" "an old one 1
an old one 2
an old one 3"
}

# Two are dead, and the first could not be swept for a while: each gets its own files back.
test_each_of_two_dead_operations_gets_its_own_file() {
    two_states
    mkdir WORK/footage/acme/spot/sub $SPOT/sub
    local n first second
    for n in 1 2; do
        echo "new sub $n" >WORK/footage/acme/spot/sub/s$n
        echo "an old sub $n" >$SPOT/sub/s$n
        touch -d "2002-02-0$n" $SPOT/sub/s$n
    done
    rm WORK/footage/acme/spot/f*
    rm $SPOT/f*
    ok load
    waits acme/spot
    first=$(open_ones)
    assert_eq "$(find $SPOT -name '.autobackup-x-*' | wc -l)" 1
    # it cannot be swept: each try to move the file fails
    dies "linkat * 1 0 errno=EPERM;renameat2 */versions/$first/* 1 0 errno=EIO;renameat2 */versions/* 2 1 kill" \
        copy acme/spot footage WORK NAS
    second=$(open_ones | grep -v "$first")
    [ -n "$second" ] || fail "the second did not begin"
    assert_eq "$(find $SPOT -name '.autobackup-x-*' | wc -l)" 2 "files that wait"
    find $SPOT -name '.autobackup-x-*' -exec cat {} + | sort >waiting
    ok copy bmx/show footage WORK NAS
    assert_eq "$(open_ones)$(ours)" "" "left"
    cat "NAS/.autobackup/versions/$first"/footage/acme/spot/sub/.autobackup-x-* >one
    cat "NAS/.autobackup/versions/$second"/footage/acme/spot/sub/.autobackup-x-* >two
    assert_eq "$(sort one two)" "$(cat waiting)"
    ok undo "$second" --yes
    ok undo "$first" --yes
    assert_eq "$(cat $SPOT/sub/s1 $SPOT/sub/s2)" "an old sub 1
an old sub 2"
}

# ---- kept once ----

# The link that keeps an old file is no reason to keep it in full once more.
test_what_an_interruption_kept_is_not_kept_twice() {
    two_states
    local n
    for n in 1 2 3; do
        head -c 300000 /dev/urandom >$SPOT/f$n
        touch -d 2001-01-01 $SPOT/f$n
        cp -p $SPOT/f$n old$n
    done
    ok load
    for n in 1 2; do
        dies "syncfs * 1 1 kill" copy acme/spot footage WORK NAS
        [ -n "$(find $SPOT -name 'f?' -links +1)" ] || fail "nothing was linked yet"
    done
    ok copy acme/spot footage WORK NAS
    for n in 1 2 3; do
        cmp old$n "$(find NAS/.autobackup/versions -name f$n)" || fail "f$n is not kept once"
    done
    [ "$(du -sk NAS/.autobackup/versions | cut -f 1)" -lt 1100 ] || fail "$(du -sk NAS/.autobackup/versions)"
    ok undo --yes
    for n in 1 2 3; do cmp old$n $SPOT/f$n || fail "f$n is not back"; done
}

# The same where it was not killed but failed, for want of room in its manifest.
test_what_a_failed_copy_kept_is_not_kept_twice() {
    two_states
    faulty "syncfs * 1 1 errno=EIO" copy acme/spot footage WORK NAS
    assert_status 1
    assert_eq "$(find NAS/.autobackup/versions -type f)" "" "versions of what was not replaced"
    ok copy acme/spot footage WORK NAS
    assert_eq "$(find NAS/.autobackup/versions -type f -links 1 | wc -l)" 3
}

# ---- torn ----

test_a_torn_manifest_is_ended_and_its_versions_are_pruned() {
    two_states
    local dead cut
    dies "renameat2 */$SPOT/f* 2 1 kill" copy acme/spot footage WORK NAS
    dead=$(open_ones)
    cp -a NAS NAS.dead
    cp -a "$XDG_DATA_HOME" data.dead
    for cut in 1 5 17 40 60; do
        rm -rf NAS "$XDG_DATA_HOME"
        cp -a NAS.dead NAS
        cp -a data.dead "$XDG_DATA_HOME"
        truncate -s -$cut "NAS/.autobackup/operations/$dead.open"
        ok copy bmx/show footage WORK NAS
        assert_eq "$(manifest "NAS/.autobackup/operations/$dead" | cut -f 1,2)" "end	failed" "cut by $cut"
        ok prune --older 0d --yes
        assert_eq "$(find NAS/.autobackup/versions -mindepth 1)" "" "cut by $cut: versions"
    done
}

# One that was ended behind the tear, as this program once did, or whose middle is damaged.
test_an_end_that_cannot_be_reached_is_one() {
    two_states
    local id
    ok copy acme/spot footage WORK NAS
    id=$(ls NAS/.autobackup/operations)
    manifest "NAS/.autobackup/operations/$id" | awk -F '\t' '$1 == "end" { print $4 + 2 }' >where
    tail -c +"$(cat where)" "NAS/.autobackup/operations/$id" >rest
    truncate -s "$(cat where)" "NAS/.autobackup/operations/$id"
    cat rest >>"NAS/.autobackup/operations/$id"
    ok history --json
    assert_eq "$(json "o.operation == '$id' and o.state or nil")" done
    rm -r "$XDG_DATA_HOME"
    ok add database NAS NAS
    ok add category footage footage
    ok history --json
    assert_eq "$(json "o.operation == '$id' and o.state or nil")" failed "as the disk tells it"
    ok prune --older 0d --yes
    assert_eq "$(find NAS/.autobackup/versions -mindepth 1)" "" "versions"
}

test_a_manifest_torn_by_a_full_disk_is_ended() {
    need_root
    local n long id
    mount_image NAS 32 ext4
    long=$(printf 'n%.0s' {1..200})
    mkdir -p WORK/footage/acme/spot
    for n in {1..300}; do echo v1 >WORK/footage/acme/spot/$long.$n; done
    find WORK -type f -exec touch -d 2025-01-01 {} +
    work_and_nas
    ok copy acme/spot footage WORK NAS
    for n in {1..300}; do : >WORK/footage/acme/spot/$long.$n; done
    find WORK -type f -exec touch -d 2025-02-01 {} +
    dd if=/dev/zero of=NAS/filler bs=4k 2>/dev/null || :
    truncate -s -200k NAS/filler
    ab copy acme/spot footage WORK NAS
    [ -n "$(open_ones)" ] || skip "there was room for it"
    id=$(open_ones)
    assert_status 1
    rm NAS/filler
    ok copy acme/spot footage WORK NAS
    assert_eq "$(manifest "NAS/.autobackup/operations/$id" | cut -f 1,2)" "end	failed"
    ok prune --older 0d --yes NAS
    assert_eq "$(find NAS/.autobackup/versions -type f | wc -l)" 0 "versions"
}

test_a_prune_counts_what_it_removed() {
    studio
    ok copy acme/spot footage WORK NAS --newer=overwrite
    echo another >WORK/footage/acme/spot/more
    ok load
    ok copy acme/spot footage WORK NAS
    echo "yet another" >WORK/footage/acme/spot/more
    ok load
    ok copy acme/spot footage WORK NAS
    faulty "unlinkat */.autobackup/versions/* 1 0 errno=EACCES" prune --older 0s --yes NAS --json
    assert_status 3
    assert_eq "$(json 'o.type == "prune" and o.files or nil')" 0
}

test_a_problem_with_an_extra_file_is_told_of_the_disk_that_has_it() {
    studio
    ok copy acme/spot footage WORK NAS --newer=overwrite
    echo extra >NAS/footage/acme/spot/extra
    ok load
    faulty "renameat2,renameat,linkat */versions/*/extra 1 0 errno=EIO" copy acme/spot footage WORK NAS --mirror --yes
    assert_status 3
    assert_err "$PWD/NAS/footage/acme/spot/extra: Input/output error"
    ! grep -q WORK/footage/acme/spot/extra "$ERR" || fail "WORK has no such file"
}

test_something_in_the_place_of_the_versions_is_named() {
    local kind
    studio
    echo first >WORK/footage/acme/spot/notes
    ok copy acme/spot footage WORK NAS --newer=overwrite
    for kind in file link; do
        echo "once more, a $kind" >"WORK/footage/acme/spot/notes"
        rm -rf NAS/.autobackup/versions
        if [ $kind = file ]; then : >NAS/.autobackup/versions; else ln -s "$PWD" NAS/.autobackup/versions; fi
        ok load
        ab copy acme/spot footage WORK NAS
        assert_status 3
        assert_err "notes: something that is no folder has the place of .autobackup/versions"
        rm NAS/.autobackup/versions
        ok copy acme/spot footage WORK NAS
        cmp WORK/footage/acme/spot/notes NAS/footage/acme/spot/notes
    done
}

test_nothing_is_cleared_for_a_file_that_cannot_be_read() {
    mkdir -p WORK/footage/acme/spot/d NAS
    echo 1 >WORK/footage/acme/spot/d/f
    echo 2 >WORK/footage/acme/spot/k
    work_and_nas
    ok copy acme/spot footage WORK NAS
    rm -r WORK/footage/acme/spot/d
    echo x >WORK/footage/acme/spot/d
    faulty "openat,openat2 */WORK/footage/acme/spot/d 1 0 errno=EIO" copy acme/spot footage WORK NAS --mirror --yes
    assert_status 3
    assert_err "$PWD/WORK/footage/acme/spot/d: Input/output error"
    assert_eq "$(cat NAS/footage/acme/spot/d/f)" 1
    ok copy acme/spot footage WORK NAS --mirror --yes
    assert_eq "$(cat NAS/footage/acme/spot/d)" x
}
