# accept: what lies on one database is right, and copies bring the others to it. Oracles: cmp, sha256sum, sqlite3, find.
. ./studio.sh

marks() {
    json 'o.category == "footage" and o.project == "acme/spot" and o.compared and o.database .. ":" .. o.compared or nil' |
        sort | tr '\n' ' '
}

F=footage/acme/spot
CLIP="$F/day 1/clip 2.mov"

# Three replicas; on WORK clip 2 is another, at the same size and time.
apart() {
    studio
    equal_footage
    rot "WORK/$CLIP" 5
    ok load
    sleep 0.1
    touch mark
    sleep 0.1
    ab verify acme/spot footage
    assert_status 11
}

# Since mark, on a disk: content, metadata and names.
written() { find WORK NAS STORAGE -newer mark -o -newercm mark; }

test_what_is_accepted_is_brought_to_the_others() {
    local theirs
    apart
    assert_out "1 file differs between" 'accept acme/spot footage WORK "day 1/clip 2.mov"'
    theirs=$(sha256sum <"NAS/$CLIP")
    assert_eq "$(written)" "" "written by verify"
    touch mark
    sleep 0.1
    ok accept acme/spot footage WORK 'day 1/clip 2.mov' --yes
    assert_out "copy acme/spot footage WORK NAS" "copy acme/spot footage WORK STORAGE"
    assert_eq "$(written)" "" "written by accept"
    assert_eq "$(query "SELECT kind, state, files, target FROM operation WHERE kind = 'accept'")" "accept|done|1|WORK"
    ab verify acme/spot footage --json
    assert_status 11
    assert_eq "$(json 'o.state == "differs" and o.database .. ":" .. o.accepted or nil' | sort | tr '\n' ' ')" \
        "NAS:WORK STORAGE:WORK "
    ab copy acme/spot footage NAS WORK        # not the other way round
    assert_status 3
    assert_err "accepted as the right one"
    cmp "WORK/$CLIP" "NAS/$CLIP" >/dev/null && fail "it was copied the wrong way"
    ok copy acme/spot footage WORK NAS STORAGE
    cmp "WORK/$CLIP" "NAS/$CLIP"
    cmp "WORK/$CLIP" "STORAGE/$CLIP"
    assert_eq "$(find NAS/.autobackup/versions -type f -exec sha256sum {} + | cut -c1-64)" "${theirs%% *}"
    ok fetch acme/spot --json
    assert_eq "$(marks)" "NAS:same STORAGE:same WORK:same "
    ok verify acme/spot footage
    assert_out "identical on WORK, STORAGE and NAS"
    ok history
    assert_out accept
    ab undo "$(query "SELECT id FROM operation WHERE kind = 'accept'")"
    assert_status 1
    assert_err "wrote nothing to a disk"
}

test_damage_can_be_accepted() {
    apart
    ok accept acme/spot footage NAS --yes
    ok copy acme/spot footage NAS WORK STORAGE
    rot "NAS/$CLIP" 77
    ab verify acme/spot footage NAS
    assert_status 11
    assert_out "damaged: 1 file on NAS"
    ok fetch acme/spot --json
    assert_eq "$(json 'o.compared == "damaged" and o.database or nil')" NAS
    ok accept acme/spot footage NAS "$PWD/NAS/$CLIP" --yes --json    # a path as verify shows it
    assert_eq "$(json 'o.files_accepted, o.files_renewed')" "1 1"
    ab verify acme/spot footage NAS --json
    assert_status 11                                                 # the others are not it
    assert_eq "$(json 'o.files_ok, o.files_damaged')" "3 0"
    assert_eq "$(query 'SELECT SUM(damaged) FROM directory')" 0
    ok fetch acme/spot --json
    assert_eq "$(marks)" "NAS:differs STORAGE:same WORK:same "
    ok copy acme/spot footage NAS WORK
    cmp "NAS/$CLIP" "WORK/$CLIP"
    ab check acme/spot
    assert_status 10
    assert_out "1 file on STORAGE and NAS differs in content"
}

test_a_change_of_mind() {
    apart
    ok accept acme/spot footage WORK --yes
    ok accept acme/spot footage NAS 'day 1' --yes    # a folder
    ab copy acme/spot footage WORK NAS
    assert_status 3
    ok copy acme/spot footage NAS WORK
    cmp "WORK/$CLIP" "NAS/$CLIP"
    ok compare acme/spot footage WORK NAS
}

test_newer_work_elsewhere_is_not_overwritten() {
    apart
    ok accept acme/spot footage WORK --yes
    echo newer >"NAS/$CLIP"
    ab copy acme/spot footage WORK NAS
    assert_status 3
    assert_eq "$(cat "NAS/$CLIP")" newer
}

test_nothing_is_accepted_without_a_yes_or_by_mistake() {
    apart
    ab accept acme/spot footage WORK
    assert_status 1
    assert_err "3 files (60 kB)" "--yes"
    ab accept acme/spot footage WORK 'day 1/clip 9.mov' --yes
    assert_status 1
    assert_err "nothing that 'day 1/clip 9.mov' is" "clip"
    ab accept acme/spot footage WORK 'day 1/clip 2.mov' 'no/such' --yes    # one mistake: nothing is done
    assert_status 1
    ab accept acme/spot footage WORK "$PWD/NAS/$CLIP" --yes
    assert_status 1
    assert_err "is not below"
    ab accept 'acme/*' footage WORK --yes
    assert_status 2
    assert_eq "$(query "SELECT count(*) FROM operation WHERE kind = 'accept'")" 0
    mv WORK WORK.away
    ab accept acme/spot footage WORK --yes
    assert_status 75
    mv WORK.away WORK
    ab copy acme/spot footage WORK NAS
    assert_status 3
}

test_a_file_whose_name_is_a_pattern_means_itself() {
    apart
    cp -p "WORK/$CLIP" "WORK/$F/day 1/clip [23].mov"
    cp -p "NAS/$CLIP" "NAS/$F/day 1/clip [23].mov"
    ab verify acme/spot footage WORK NAS
    assert_status 11
    ok accept acme/spot footage WORK 'day 1/clip [23].mov' --yes --json
    assert_eq "$(json o.files_accepted)" 1
    ok accept acme/spot footage WORK 'day 1/clip [12].mov' --yes --json
    assert_eq "$(json o.files_accepted)" 2
}

test_it_needs_no_lock_and_takes_what_lies_there_now() {
    apart
    exec {lock}>WORK/.autobackup/lock
    flock -n "$lock" || fail "somebody else holds the lock"
    ab copy acme/spot footage NAS WORK
    assert_status 75    # it is the lock
    ok accept acme/spot footage WORK --yes
    exec {lock}<&-
    printf x >>"WORK/$CLIP"
    ok accept acme/spot footage WORK --yes --json    # what lies there is read first
    assert_eq "$(json 'o.files_accepted, o.files_changed')" "3 0"
}
