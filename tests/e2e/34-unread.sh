# What could not be read is an error of all that lies above it: said, with exit status 3, by every command. Oracle: chmod.
. ./studio.sh

alone_in() {    # WORDS...: as an ordinary user, with a catalog of its own
    run as_nobody --catalog "$PWD/mine/c.db" "$@"
}

# The studio as an ordinary user's, NAS without a part of acme/spot's footage. PART: what is shut.
shut() {    # PART, or ""
    need_root
    folders
    mkdir mine
    cp -a WORK/footage/bmx NAS/footage/
    chown -R 65534 WORK NAS mine
    chmod a+rx . "$HOME"
    alone_in add database WORK "$PWD/WORK"
    alone_in add database NAS "$PWD/NAS"
    alone_in add category footage footage
    chmod 000 "NAS/footage${1:+/$1}"
    alone_in load
    assert_status 3
    assert_err "NAS/footage${1:+/$1}: Permission denied"
}

says() {    # WITHIN WORDS...: what could not be read is said, and the status is 3
    local within=$1
    shift
    alone_in "$@"
    assert_status 3
    assert_err "NAS could not be read for $within"
}

every_command_says() {    # WITHIN
    says "$1" find clip
    assert_out "WORK/footage/acme/spot/day 1/clip 1.mov"
    says "$1" list projects
    says "$1" list clients
    alone_in fetch acme
    assert_status 3
    alone_in compare acme/spot footage WORK NAS
    assert_status 3
    assert_out "not known"
    alone_in copy acme/spot footage WORK NAS --mirror --yes
    [ "$STATUS" != 0 ] || fail "a copy that could not read its destination is done"
    # of others nothing is wrong
    alone_in find raw --client bmx
    assert_status 0
    alone_in fetch bmx
    assert_status 0
    alone_in list projects in WORK
    assert_status 0
}

test_a_folder_of_a_project_that_cannot_be_read() {
    shut "acme/spot/day 1"
    every_command_says footage/acme/spot
}

test_a_folder_of_one_side_that_cannot_be_read_is_told_once() {
    mkdir -p NAS/footage/acme/spot/locked
    shut acme/spot/locked
    alone_in compare acme/spot footage WORK NAS --json
    assert_status 4
    assert_eq "$(grep '"inside":"locked"' "$OUT" | grep -o '"status":"."')" '"status":"!"'
}

test_a_project_that_cannot_be_read() {
    shut acme/spot
    every_command_says footage/acme/spot
}

test_a_client_that_cannot_be_read() {
    shut acme
    every_command_says footage/acme
}

test_a_category_that_cannot_be_read() {
    shut ""
    says footage find clip
    says footage list projects
    alone_in fetch bmx
    assert_status 3
    chmod 755 NAS/footage
    alone_in load
    assert_status 0
    alone_in find clip
    assert_status 0
    refute_err "could not be read"
}
