# shellcheck shell=bash
# Names that a disk takes for one: in letters of another case, in another form of Unicode.
# shellcheck source=tests/filesystems/lib.sh
. ../filesystems/lib.sh

COMPOSED=$(printf 'Caf\xc3\xa9') DECOMPOSED=$(printf 'Cafe\xcc\x81')

# WORK has acme/spot and bmx/one, and NAS, where names fold, ACME/Spot.
two_spellings() {    # [KIND]
    fresh_filesystem "${1:-folding}"
    mkdir -p WORK/footage/acme/spot WORK/footage/bmx/one NAS/footage/ACME/Spot
    echo new >WORK/footage/acme/spot/take
    echo one >WORK/footage/bmx/one/take
    echo theirs >NAS/footage/ACME/Spot/theirs
    ok add database WORK WORK
    ok add database NAS NAS
    ok add category footage
    ok load
}

listed() { (cd "$1" && find footage | LC_ALL=C sort); }

# Which projects the catalog counts on NAS, and their files.
counted() {
    ok fetch all --json
    json 'o.type == "replica" and o.database == "NAS" and o.state == "present" and (o.project .. " " .. o.files) or nil'
}

left_alone() {    # WORDS...: refused, and nothing has changed
    ab "$@"
    assert_eq "$STATUS" 1 "the status of $*"
    assert_err "there is no 'acme' there, but 'ACME', which this filesystem takes for the same: left alone. Rename one of the two"
    assert_eq "$(listed NAS)" "$BEFORE"
}

no_project_goes_into_another() {    # KIND
    two_spellings "$1"
    BEFORE=$(listed NAS)
    assert_eq "$(counted)" "ACME/Spot 1"
    left_alone copy acme/spot footage WORK NAS
    assert_eq "$(counted)" "ACME/Spot 1"
    left_alone copy acme/spot footage WORK NAS --mirror --yes
    left_alone copy acme/spot footage WORK NAS --dry-run
    ok load
    assert_eq "$(counted)" "ACME/Spot 1"
    assert_eq "$(cat NAS/footage/ACME/Spot/theirs)" theirs
}

test_no_project_is_copied_into_one_of_another_spelling() { no_project_goes_into_another folding; }
test_nor_on_exfat() { no_project_goes_into_another exfat_fuse; }

test_the_other_projects_of_the_run_go_on() {
    two_spellings
    ab copy '*/*' footage WORK NAS
    assert_status 1
    assert_err "takes for the same"
    assert_eq "$(cat NAS/footage/bmx/one/take)" one
    refute_exists NAS/footage/ACME/Spot/take
    assert_eq "$(counted)" "ACME/Spot 1
bmx/one 1"
}

test_what_is_taken_from_a_disk_has_the_name_that_was_asked_for() {
    two_spellings
    ok copy bmx/one footage WORK NAS
    mv NAS/footage/bmx NAS/footage/x && mv NAS/footage/x NAS/footage/BMX    # the catalog knows it as bmx still
    BEFORE=$(listed NAS)
    ab verify bmx/one footage NAS
    assert_status 1
    ab undo --yes
    assert_status 1
    assert_err "there is no 'bmx' there, but 'BMX'"
    ab copy bmx/one footage NAS WORK
    assert_status 1
    assert_err "NAS has no footage of bmx/one"
    assert_eq "$(listed NAS)" "$BEFORE"
}

test_forms_of_unicode_are_told_by_their_bytes() {
    two_spellings
    mkdir -p "WORK/footage/acme2/$COMPOSED" "NAS/footage/acme2/$DECOMPOSED"
    echo 1 >"WORK/footage/acme2/$COMPOSED/1"
    ok load
    ab copy "acme2/$COMPOSED" footage WORK NAS
    assert_status 1
    assert_err "they look alike and differ in bytes: c3 a9 / 65 cc 81"
    refute_exists "NAS/footage/acme2/$DECOMPOSED/1"
}
