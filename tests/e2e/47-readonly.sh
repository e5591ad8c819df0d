# shellcheck shell=bash
# What an ordinary user made read-only: folders (0555) and large files (0444) are kept up to date all the same.
. ./members.sh

SPOT=footage/acme/spot

# WORK and NAS, whose folders are there, are that user's, who has a catalog of them.
disks_of_nobody() {
    export AUTOBACKUP_CATALOG=$PWD/own/c.db
    mkdir own
    to_nobody WORK NAS own "$HOME"
    nobody add database WORK WORK
    nobody add database NAS NAS
    nobody add category footage footage
}

# studio_of_nobody: WORK has a read-only folder CLIP, and NAS a copy of it; all is nobody's, who runs the program.
studio_of_nobody() {
    mkdir -p WORK/$SPOT/CLIP NAS
    echo 1 >WORK/$SPOT/CLIP/a
    echo 1 >WORK/$SPOT/CLIP/b
    find WORK -exec touch -d 2025-01-01 {} +
    chmod 555 WORK/$SPOT/CLIP
    disks_of_nobody
    nobody load
    nobody copy acme/spot footage WORK NAS
}

nobody() { run as_nobody "$@" && assert_status 0; }

# The user opens CLIP, works in it and shuts it again.
work_in_clip() {
    chmod u+w WORK/$SPOT/CLIP
    echo 3 >WORK/$SPOT/CLIP/new
    echo 1111 >WORK/$SPOT/CLIP/a
    rm WORK/$SPOT/CLIP/b
    mkdir WORK/$SPOT/CLIP/deep
    echo 4 >WORK/$SPOT/CLIP/deep/d
    chmod 555 WORK/$SPOT/CLIP
    to_nobody WORK
}

# Content, modes and times of both are one.
alike() { [ -z "$(rsync -anciHA --delete WORK/$SPOT/ NAS/$SPOT/)" ] || fail "$(rsync -anciHA --delete WORK/$SPOT/ NAS/$SPOT/)"; }

test_a_read_only_folder_is_updated_mirrored_and_undone() {
    need rsync
    studio_of_nobody
    cp -a NAS/$SPOT before
    work_in_clip
    nobody copy acme/spot footage WORK NAS --mirror
    alike
    [ "$(stat -c %a NAS/$SPOT/CLIP)" = 555 ]
    nobody undo --yes
    [ -z "$(rsync -anciHA --delete before/ NAS/$SPOT/)" ] || fail "undone, it is not as before"
    nobody undo "$(grep -o "'undo [0-9a-f]*" "$OUT" | cut -d ' ' -f 2)" --yes    # that undo
    alike
}

test_a_read_only_folder_at_the_destination_alone_needs_one_run() {
    need rsync
    studio_of_nobody
    chmod 755 WORK/$SPOT/CLIP
    echo 3 >WORK/$SPOT/CLIP/new
    touch -d 2025-02-02 WORK/$SPOT/CLIP
    to_nobody WORK
    nobody copy acme/spot footage WORK NAS
    alike
    nobody copy acme/spot footage WORK NAS
    assert_out "nothing to do"
}

# Removed, each way: a mirror that removes it, the undo that makes it again, the undo of the copy that made it and the undo of that.
test_a_read_only_folder_that_was_removed_comes_back_read_only() {
    need rsync
    local undone
    studio_of_nobody
    cp -a NAS/$SPOT before
    chmod 755 WORK/$SPOT/CLIP
    rm -r WORK/$SPOT/CLIP
    to_nobody WORK
    nobody copy acme/spot footage WORK NAS --mirror --yes
    [ ! -e NAS/$SPOT/CLIP ]
    nobody undo --yes
    [ -z "$(rsync -anciHA --delete before/ NAS/$SPOT/)" ] || fail "undone, it is not as before"
    nobody undo --yes    # of the copy that made it
    [ ! -e NAS/$SPOT/CLIP ]
    undone=$(grep -o "'undo [0-9a-f]*" "$OUT" | cut -d ' ' -f 2)
    nobody undo "$undone" --yes
    [ -z "$(rsync -anciHA --delete before/ NAS/$SPOT/)" ] || fail "made again by an undo of the undo, it is not as before"
}

# A folder that becomes a file.
test_a_read_only_folder_that_a_file_replaced_comes_back_read_only() {
    need rsync
    studio_of_nobody
    cp -a NAS/$SPOT before
    chmod 755 WORK/$SPOT/CLIP
    rm -r WORK/$SPOT/CLIP
    echo file >WORK/$SPOT/CLIP
    to_nobody WORK
    nobody copy acme/spot footage WORK NAS --mirror --yes
    [ "$(cat NAS/$SPOT/CLIP)" = file ]
    nobody undo --yes
    [ -z "$(rsync -anciHA --delete before/ NAS/$SPOT/)" ] || fail "undone, it is not as before"
}

# Only part of the project: the folder keeps its own mode, whatever the source's is by now.
test_a_read_only_folder_that_only_leads_there_keeps_its_mode() {
    studio_of_nobody
    chmod 755 WORK/$SPOT/CLIP
    echo 3 >WORK/$SPOT/CLIP/new
    to_nobody WORK
    nobody copy acme/spot footage WORK NAS --only CLIP/new
    [ "$(cat NAS/$SPOT/CLIP/new)" = 3 ]
    [ "$(stat -c %a NAS/$SPOT/CLIP)" = 555 ]
}

# A folder of somebody else stays shut, and that is said of the file.
test_a_read_only_folder_of_another_user_stays_shut() {
    need_root "another user's folder"
    studio_of_nobody
    work_in_clip
    chown 0:0 NAS/$SPOT/CLIP
    run as_nobody copy acme/spot footage WORK NAS
    assert_status 3
    assert_err "Permission denied" "NAS/$SPOT/CLIP/new"
    [ "$(stat -c '%a %u' NAS/$SPOT/CLIP)" = "555 0" ]
}

# struck FAULTS WORDS...: as nobody
struck() {
    local shim AUTOBACKUP=$AUTOBACKUP program faults=$1
    program=$(readlink -f "$AUTOBACKUP")
    shim=$(dirname "$program")/tests/fault/shim.so
    shift
    [ -e "$shim" ] || skip "the shim is not built"
    AUTOBACKUP='env'
    { run as_nobody LD_PRELOAD="$shim" FAULTS="$faults" "$program" "$@"; } 2>/dev/null
}

# A beginning of a large file lies in CLIP. ACTION: how the copy is ended then.
cut_short_in_clip() {    # ACTION
    mkdir -p WORK/footage/acme/other
    echo 5 >WORK/footage/acme/other/o
    studio_of_nobody
    chmod u+w WORK/$SPOT/CLIP
    head -c 90M /dev/urandom >WORK/$SPOT/CLIP/reel
    touch -d 2025-01-01 WORK/$SPOT/CLIP/reel
    chmod 555 WORK/$SPOT/CLIP
    to_nobody WORK
    struck "pwrite,write $PWD/NAS/$SPOT/CLIP/.autobackup-p-* 20 1 $1" copy acme/spot footage WORK NAS
    assert_eq "$(find NAS/$SPOT/CLIP -name '.autobackup-p-*' | wc -l)" 1 "partials"
}

# Ended in good order, the copy has shut the folder: who opens it then means it.
test_a_folder_that_its_user_opens_after_a_cancelled_copy_stays_open() {
    printf '#!/bin/sh\nkill -TERM %s\n' "\$PPID" >stop
    chmod 755 stop
    cut_short_in_clip "run=$PWD/stop"
    assert_status 143
    [ "$(stat -c %a NAS/$SPOT/CLIP)" = 555 ]
    assert_eq "$(tr '\0' '\n' <"$(find NAS -name '*.open')" | grep -c -x -e opened -e shut)" 2 "records"
    chmod 755 NAS/$SPOT/CLIP
    nobody copy acme/other footage WORK NAS
    [ "$(stat -c %a NAS/$SPOT/CLIP)" = 755 ]
}

# No file is left whose beginning it is: it goes, and its operation ends. The folder is as it was.
test_a_beginning_in_a_read_only_folder_that_nobody_needs_goes() {
    local was
    cut_short_in_clip kill
    assert_status 137
    nobody copy acme/other footage WORK NAS    # that shuts the folder
    [ "$(stat -c %a NAS/$SPOT/CLIP)" = 555 ]
    chmod u+w WORK/$SPOT/CLIP
    rm WORK/$SPOT/CLIP/reel
    touch -d 2025-01-01 WORK/$SPOT/CLIP
    chmod 555 WORK/$SPOT/CLIP
    cp -a NAS before
    nobody copy acme/spot footage WORK NAS
    gone_from_clip "$(stat -c '%a %y' WORK/$SPOT/CLIP)"
    rm -rf NAS
    mv before NAS
    was=$(stat -c '%a %y' NAS/$SPOT/CLIP)
    nobody prune NAS --older 0s --yes
    gone_from_clip "$was"
}

gone_from_clip() {    # MODE-AND-TIME
    assert_eq "$(find NAS -name '.autobackup-p-*')" "" "left behind"
    assert_eq "$(stat -c '%a %y' NAS/$SPOT/CLIP)" "$1" "CLIP"
    nobody copy acme/other footage WORK NAS
    assert_eq "$(find NAS -name '*.open')" "" "left open"
}

# In a folder of somebody else it stays, and that is told.
test_a_beginning_in_a_folder_of_another_user_is_told() {
    need_root "another user's folder"
    cut_short_in_clip kill
    nobody copy acme/other footage WORK NAS
    chown 0:0 NAS/$SPOT/CLIP
    chmod u+w WORK/$SPOT/CLIP
    rm WORK/$SPOT/CLIP/reel
    to_nobody WORK
    run as_nobody copy acme/spot footage WORK NAS
    assert_err "the beginnings of large files could not all be removed: Permission denied"
    assert_eq "$(find NAS -name '.autobackup-p-*' | wc -l)" 1 "partials"
}

# A mode that its user sets would lose the bit for good, since that user is not in the folder's group.
test_a_setgid_folder_of_another_group_stays_shut() {
    need_root "another group's folder"
    studio_of_nobody
    chgrp 0 {WORK,NAS}/$SPOT/CLIP
    chmod 2555 {WORK,NAS}/$SPOT/CLIP
    nobody load
    echo 2222 >WORK/$SPOT/CLIP/a
    run as_nobody copy acme/spot footage WORK NAS
    assert_status 3
    assert_err "Permission denied"
    [ "$(stat -c '%a %g' NAS/$SPOT/CLIP)" = "2555 0" ]
    chgrp 65534 {WORK,NAS}/$SPOT/CLIP    # in that user's own group it is opened, and keeps it
    chmod 2555 {WORK,NAS}/$SPOT/CLIP
    run as_nobody copy acme/spot footage WORK NAS
    [ "$(cat NAS/$SPOT/CLIP/a)" = 2222 ]
    [ "$(stat -c %a NAS/$SPOT/CLIP)" = 2555 ]
}

# One member's copy dies while a folder is open. Another member cannot shut it, and leaves that to who can.
test_a_folder_that_another_member_left_open_waits_for_its_owner() {
    share
    mkdir -p WORK/$SPOT/CLIP WORK/footage/acme/other
    echo 1 >WORK/$SPOT/CLIP/a
    echo 5 >WORK/footage/acme/other/o
    chown -R 2001:3000 WORK
    chmod 555 WORK/$SPOT/CLIP
    one load
    one copy acme/spot footage WORK NAS
    assert_status 0
    local shut clip=NAS/$SPOT/CLIP shim
    shim=$(dirname "$(readlink -f "$AUTOBACKUP")")/tests/fault/shim.so
    [ -e "$shim" ] || skip "the shim is not built"
    shut=$(stat -c %a $clip)
    echo 2222 >WORK/$SPOT/CLIP/a
    { run member 2001 one env LD_PRELOAD="$shim" FAULTS="fchmod */$clip 2 1 kill" \
        "$AUTOBACKUP" --catalog "$PWD/one/c.db" copy acme/spot footage WORK NAS; } 2>/dev/null
    assert_status 137
    [ "$(stat -c %a $clip)" != "$shut" ]
    two copy acme/other footage WORK NAS
    assert_status 0
    assert_err $SPOT "an operation by root, or by who owns the folder"
    [ "$(stat -c %a $clip)" != "$shut" ]
    assert_eq "$(find NAS -name '*.open' | wc -l)" 1 "left open"
    one copy acme/other footage WORK NAS
    assert_eq "$(stat -c %a $clip)" "$shut" "mode"
    assert_eq "$(find NAS -name '*.open')" "" "left open"
}

# One that its user may list, but not enter, which came so from a source that was not read: what can be read by now arrives at once.
test_a_folder_that_cannot_be_entered_is_filled_in_one_run() {
    mkdir -p WORK/$SPOT/CLIP NAS
    echo 1 >WORK/$SPOT/CLIP/a
    chmod 444 WORK/$SPOT/CLIP
    disks_of_nobody
    for words in --dry-run ''; do
        run as_nobody copy acme/spot footage WORK NAS $words
        assert_status 3
        assert_err "WORK/$SPOT/CLIP/a: "
    done
    assert_eq "$(stat -c %a NAS/$SPOT/CLIP)" 444
    chmod 755 WORK/$SPOT/CLIP
    mkdir WORK/$SPOT/CLIP/deep
    echo 2 >WORK/$SPOT/CLIP/deep/d
    to_nobody WORK
    nobody copy acme/spot footage WORK NAS --dry-run --json
    json 'o.type == "copy" and o.files_copied .. " " .. o.directories_made .. " " .. o.metadata_only or nil' >planned
    nobody copy acme/spot footage WORK NAS --json
    json 'o.type == "copy" and o.files_copied .. " " .. o.directories_made .. " " .. o.metadata_only or nil' | diff planned - || fail "not as planned"
    assert_eq "$(cat planned)" "2 1 1"
    assert_same_tree WORK/$SPOT NAS/$SPOT
    chmod 444 WORK/$SPOT/CLIP
    run as_nobody copy acme/spot footage WORK NAS
    assert_status 3
    assert_eq "$(stat -c %a NAS/$SPOT/CLIP)" 444
}

# The folders above a project: the category's (0555 with FOLDER footage) or the client's. Made so by the copy, found so by the next,
# and in none of them stays anything that an undo takes away.
above_is_read_only() {    # FOLDER
    mkdir -p WORK/$SPOT WORK/footage/acme/other WORK/footage/later/film NAS
    echo 1 | tee WORK/$SPOT/a WORK/footage/acme/other/a >WORK/footage/later/film/a
    chmod 555 "WORK/$1"
    disks_of_nobody
    nobody load
    nobody copy acme/spot footage WORK NAS
    assert_same_tree WORK/$SPOT NAS/$SPOT
    assert_eq "$(stat -c %a "NAS/$1")" 555 "$1"
    nobody copy acme/other footage WORK NAS
    local other
    other=$(find NAS/.autobackup/operations -type f -printf '%f\n' | sort | tail -n 1)
    sleep 1.1
    nobody copy later/film footage WORK NAS
    assert_same_tree WORK/footage NAS/footage
    assert_eq "$(stat -c %a "NAS/$1")" 555 "$1"
    nobody undo --yes
    assert_eq "$(stat -c %a "NAS/$1") $(find NAS/footage -name later)" "555 " "$1"
    nobody undo "$(grep -o "'undo [0-9a-f]*" "$OUT" | cut -d ' ' -f 2)" --yes    # that undo
    assert_eq "$(stat -c %a "NAS/$1") $(cat NAS/footage/later/film/a)" "555 1" "$1"
    nobody undo "$other" --yes
    assert_eq "$(stat -c %a "NAS/$1") $(find NAS/footage -name other)" "555 " "$1"
    assert_eq "$(find NAS -name '*.open')" "" "left open"
}

test_a_client_that_is_read_only_gets_its_projects() { above_is_read_only footage/acme; }
test_a_category_that_is_read_only_gets_its_projects() { above_is_read_only footage; }

# Killed while the client's folder is open: before its project is made there, and before that goes in an undo.
test_a_read_only_client_is_shut_after_a_kill() {
    local client=NAS/footage/acme
    mkdir -p WORK/$SPOT WORK/footage/other/film NAS
    echo 1 | tee WORK/$SPOT/a >WORK/footage/other/film/a
    chmod 555 WORK/footage/acme
    disks_of_nobody
    nobody load
    struck "mkdirat */$client* 2 1 kill" copy acme/spot footage WORK NAS
    assert_status 137
    assert_eq "$(stat -c %a $client) $(ls $client)" "755 "
    nobody copy other/film footage WORK NAS
    assert_eq "$(stat -c %a $client)" 555
    nobody copy acme/spot footage WORK NAS
    assert_same_tree WORK/footage NAS/footage
    struck "unlinkat */$client* 1 1 kill" undo --yes
    assert_status 137
    assert_eq "$(stat -c %a $client)" 755
    nobody copy other/film footage WORK NAS
    assert_eq "$(stat -c %a $client)" 555
    assert_eq "$(find NAS -name '*.open')" "" "left open"
}

# One of somebody else stays shut, and that is said of the folder that could not be made.
test_a_read_only_client_of_another_user_stays_shut() {
    need_root "another user's folder"
    mkdir -p WORK/$SPOT NAS/footage/acme
    echo 1 >WORK/$SPOT/a
    disks_of_nobody
    chown 0:0 NAS/footage/acme
    chmod 555 NAS/footage/acme
    nobody load
    run as_nobody copy acme/spot footage WORK NAS
    assert_status 1
    assert_err "Permission denied: " "NAS/footage/acme/spot"
    assert_eq "$(stat -c '%a %u' NAS/footage/acme)" "555 0"
}
