# shellcheck shell=bash
# Disks that several people use: a group's NAS, private folders.

# shellcheck source=tests/e2e/members.sh
. ./members.sh

# edit USER TEXT NAME: the file at WORK gets another content, a minute later than the last time
edit() {
    member "$1" one sh -c "echo $2 > WORK/footage/acme/spot/$3"
    touch -d "2025-01-01 12:00:0${#2}" "WORK/footage/acme/spot/$3"
}

test_a_second_member_replaces_and_undoes_what_the_first_copied() {
    share
    one copy acme/spot footage WORK NAS && assert_status 0
    edit 2002 333 b
    two copy acme/spot footage WORK NAS && assert_status 0
    edit 2001 22 a
    one copy acme/spot footage WORK NAS && assert_status 0
    diff -r WORK/footage/acme/spot NAS/footage/acme/spot
    two undo "$(tail -n 1 <(grep -o 'undo [0-9a-f]*' "$OUT") | cut -d ' ' -f 2)" --yes && assert_status 0
    [ "$(cat NAS/footage/acme/spot/a)" = 1 ]
    refute_err "cannot hold"
    two history && assert_status 0
    assert_out 2001@ 2002@
    # nothing of ours shuts out a member, or lets in anybody else than the root does
    [ "$(find NAS/.autobackup -type d -printf '%m %G\n' | sort -u)" = "2775 3000" ]
    [ -z "$(find NAS/.autobackup/operations NAS/.autobackup/lock -type f ! -perm 664)" ]
}

# The first member works on a disk of their own: what that says of a client is no reason to shut the group out.
test_a_clients_folder_on_a_share_is_the_groups() {
    share
    mkdir -p WORK/footage/acme/other
    chmod 755 WORK/footage WORK/footage/acme
    chown 2001:2001 WORK/footage WORK/footage/acme
    one load && assert_status 0
    one copy acme/spot footage WORK NAS && assert_status 0
    assert_eq "$(stat -c '%a %g' NAS/footage NAS/footage/acme | sort -u)" "2775 3000" "of what leads there"
    two load && assert_status 0
    two copy acme/other footage WORK NAS && assert_status 0
    [ -d NAS/footage/acme/other ]
    # Where the root is no group's, they look like the source's.
    chmod 00755 NAS WORK/footage WORK/footage/acme
    rm -r NAS/footage
    one load && assert_status 0
    one copy acme/spot footage WORK NAS && assert_status 0
    assert_eq "$(stat -c %a NAS/footage NAS/footage/acme | sort -u)" 755 "of what leads there"
}

test_a_private_root_keeps_its_versions_private() {
    share
    chmod 00700 NAS
    rm -r NAS/.autobackup
    chown -R 0:0 NAS
    ok add database WORK WORK
    ok add database NAS NAS
    ok add category footage footage
    ok load
    ok copy acme/spot footage WORK NAS
    edit 2001 22 a
    ok copy acme/spot footage WORK NAS
    [ "$(cat NAS/.autobackup/versions/*/footage/acme/spot/a)" = 1 ]
    [ "$(find NAS/.autobackup -type d -printf '%m\n' | sort -u)" = 700 ]
}

test_versions_of_a_private_folder_are_as_private_as_it() {
    share 2755
    mkdir WORK/footage/acme/spot/secret
    echo 1 >WORK/footage/acme/spot/secret/s
    touch -d 2025-01-01 WORK/footage/acme/spot/secret/s
    chown -R 2001:3000 WORK/footage/acme/spot/secret
    chmod 700 WORK/footage/acme/spot/secret
    one copy acme/spot footage WORK NAS && assert_status 0
    edit 2001 22 a
    edit 2001 333 secret/s
    one copy acme/spot footage WORK NAS && assert_status 0
    local kept
    kept=$(echo NAS/.autobackup/versions/*/footage/acme/spot)
    [ "$(cat "$kept/secret/s")" = 1 ]
    [ "$(member 2002 two cat "$kept/a")" = 1 ]
    ! member 2002 two cat "$kept/secret/s" 2>/dev/null || fail "another member reads it"
}

# Folders that an older version of the program made, or that somebody shut, are named, and opened again by their user.
test_a_folder_of_the_versions_that_is_shut_is_named() {
    share
    one copy acme/spot footage WORK NAS && assert_status 0
    edit 2001 22 a
    one copy acme/spot footage WORK NAS && assert_status 0
    chmod 700 NAS/.autobackup/versions
    edit 2002 333 b
    two copy acme/spot footage WORK NAS && assert_status 3
    assert_err ".autobackup/versions belongs to user 2001" "spot/b"
    [ "$(cat NAS/footage/acme/spot/b)" = 1 ]
    one copy acme/spot footage WORK NAS && assert_status 0
    [ "$(stat -c %a NAS/.autobackup/versions)" = 2775 ]
    edit 2002 4444 b
    two copy acme/spot footage WORK NAS && assert_status 0
    [ "$(cat NAS/footage/acme/spot/b)" = 4444 ]
}

# A manifest that this user may not read hides what was done: that is said, and nothing is guessed without it.
test_a_manifest_that_cannot_be_read_is_not_taken_for_none() {
    local hidden
    need_root users
    mkdir -p {WORK,NAS}/footage WORK/footage/acme/spot
    to_nobody ..
    echo 1 >WORK/footage/acme/spot/f
    run as_nobody add database WORK WORK
    run as_nobody add database NAS NAS
    run as_nobody add category footage
    run as_nobody load
    run as_nobody copy acme/spot footage WORK NAS
    sleep 1.1
    echo 22 >WORK/footage/acme/spot/f
    run as_nobody copy acme/spot footage WORK NAS
    hidden=$(find NAS/.autobackup/operations -type f | sort | tail -n 1)
    chown root "$hidden"
    chmod 600 "$hidden"
    run as_nobody history
    assert_status 3
    assert_err "NAS: the manifest of ${hidden##*/} cannot be read (EACCES): what it did there is not known"
    run as_nobody undo --yes
    assert_status 1
    assert_err "the manifest of ${hidden##*/} cannot be read (EACCES)"
    run as_nobody undo "${hidden##*/}" --yes
    assert_status 1
    assert_err "the manifest of ${hidden##*/} cannot be read (EACCES)"
    run as_nobody restore acme/spot footage --from NAS --to WORK --as-of 1h
    assert_status 1
    assert_err "the manifest of ${hidden##*/} on NAS cannot be read (EACCES), so what was there before it is not known"
    run as_nobody prune --older 0s --yes
    assert_status 3
    assert_err "its manifest cannot be read (EACCES), so its versions stay"
    assert_eq "$(cat NAS/.autobackup/versions/"${hidden##*/}"/footage/acme/spot/f)" 1
    chown nobody "$hidden"
    run as_nobody undo --yes
    assert_status 0
    assert_eq "$(cat NAS/footage/acme/spot/f)" 1
}

# Folders of a group that a colleague owns at the source: they are the group's at the share too, and what is made there later.
test_a_colleagues_folders_stay_the_groups() {
    share
    mkdir WORK/footage/acme/spot/clip
    echo 1 >WORK/footage/acme/spot/clip/c
    chown -R 4000:3000 WORK/footage
    find WORK/footage -type d -exec chmod 2775 {} +
    one load && assert_status 0
    one copy acme/spot footage WORK NAS && assert_status 0
    assert_eq "$(find NAS/footage -type d -printf '%m %G\n' | sort -u)" "2775 3000" "folders"
    one copy acme/spot footage WORK NAS && assert_status 0
    assert_out "nothing to do"
    find NAS/footage -type d -exec chmod g-s {} +    # as an older version of the program left them
    one load && assert_status 0
    one copy acme/spot footage WORK NAS && assert_status 0
    assert_eq "$(find NAS/footage/acme/spot -type d -printf '%m %G\n' | sort -u)" "2775 3000" "folders"
    chmod g+s NAS/footage NAS/footage/acme
    rm -r WORK/footage/acme/spot/clip
    one load && assert_status 0
    one copy acme/spot footage WORK NAS --mirror --yes && assert_status 0
    # made again by who did not put it away
    two undo "$(tail -n 1 <(grep -o 'undo [0-9a-f]*' "$OUT") | cut -d ' ' -f 2)" --yes && assert_status 0
    assert_eq "$(find NAS/footage -type d -printf '%m %G\n' | sort -u)" "2775 3000" "folders"
}

test_a_copy_that_another_member_took_away_comes_back_the_groups() {
    share
    one copy acme/spot footage WORK NAS && assert_status 0
    one undo --yes && assert_status 0
    [ ! -e NAS/footage ]
    two undo last --yes && assert_status 0
    assert_eq "$(find NAS/footage -type d -printf '%m %G\n' | sort -u)" "2775 3000" "folders"
}

# A bit that the kernel drops in silence, since the user is not in the folder's group, is said.
test_a_set_group_bit_that_is_refused_is_told() {
    share
    chown -R 4000:5000 WORK/footage
    find WORK/footage -type d -exec chmod 2775 {} +
    chgrp 5000 NAS
    chmod 2777 NAS
    one load && assert_status 0
    one copy acme/spot footage WORK NAS && assert_status 0
    assert_eq "$(stat -c '%a %g' NAS/footage)" "775 5000" "folder"
    assert_err "NAS: cannot hold all permissions: left out there"
    assert_out "1 without some rights"
}
