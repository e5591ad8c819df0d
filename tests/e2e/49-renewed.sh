# A file that became another one at the same size and time: where that is known, size and time prove nothing of its
# other replicas, copies and versions. Oracles: cmp, find.
. ./studio.sh

F=footage/acme/spot
CLIP="$F/day 1/clip 2.mov"

# Three equal replicas at one time. What is known of their contents is up to the test.
equal() {
    studio
    equal_footage
    ok load
    mkdir -p "$XDG_CONFIG_HOME/autobackup"
    echo 'policy("footage", {copies = 3})' >"$XDG_CONFIG_HOME/autobackup/config.lua"
    sleep 0.1    # no digest is too young
}

# Neither fetch says that A and B are the same, nor check that all is well.
neither_calls_same() {    # A B
    ok fetch acme/spot --json
    [ "$(json 'o.category == "footage" and o.project == "acme/spot" and o.compared == "same" and
        (o.database == "'"$1"'" or o.database == "'"$2"'") and o.database or nil' | wc -l)" -lt 2 ] ||
        fail "fetch says that both are the same"
    ab check acme/spot
    [ "$STATUS" -ne 0 ] || fail "check says that all is well"
}

# compare, fetch and check say that A and B have to be read.
is_to_be_read() {    # A B
    ab compare acme/spot footage "$1" "$2" --json
    assert_eq "$(json 'o.type == "compare" and o.state .. " " .. o.files_doubtful or nil')" "incomplete 1" "compare $1 $2"
    neither_calls_same "$1" "$2"
    assert_out "verify has to read whether 1 file on"
}

test_a_copy_of_what_was_accepted_says_no_more_than_its_source() {
    equal
    ok verify acme/spot footage WORK
    rot "WORK/$CLIP" 5
    ok accept acme/spot footage WORK --yes
    mv STORAGE STORAGE.away
    rm -rf "NAS/${F%/spot}"
    ok load NAS
    ok copy acme/spot footage WORK NAS    # to where nothing was known
    mv STORAGE.away STORAGE
    ok load STORAGE
    cmp -s "NAS/$CLIP" "STORAGE/$CLIP" && fail "they are equal"
    is_to_be_read NAS STORAGE
    is_to_be_read WORK STORAGE
    ok compare acme/spot footage WORK NAS
    ok load NAS
    is_to_be_read NAS STORAGE
    ok accept acme/spot footage WORK --yes    # again: the copies do not forget it
    is_to_be_read NAS STORAGE
    ab verify acme/spot footage STORAGE NAS
    assert_status 11
    ab compare acme/spot footage NAS STORAGE
    assert_status 4
}

test_verify_that_takes_another_content_for_right_says_so() {
    equal
    ok verify acme/spot footage WORK NAS
    mv STORAGE STORAGE.away
    rewrite "WORK/$CLIP" 5
    rewrite "NAS/$CLIP" 5
    ok accept acme/spot footage NAS --yes
    ok load WORK
    ok verify acme/spot footage WORK    # it is what NAS has: put right by somebody
    mv STORAGE.away STORAGE
    is_to_be_read WORK STORAGE
}

test_an_undone_copy_of_accepted_content_is_read_again() {
    equal
    ab verify acme/spot footage WORK NAS
    rot "WORK/$CLIP" 5
    ok accept acme/spot footage WORK --yes
    ok copy acme/spot footage WORK NAS
    cmp "WORK/$CLIP" "NAS/$CLIP"
    ok undo --yes
    cmp -s "WORK/$CLIP" "NAS/$CLIP" && fail "not undone"
    is_to_be_read WORK NAS
    ok load
    is_to_be_read WORK NAS
    ab verify acme/spot footage WORK NAS
    assert_status 11    # they differ
    refute_out "damaged"
    ok undo last --yes
    cmp "WORK/$CLIP" "NAS/$CLIP"
    ok verify acme/spot footage WORK NAS
    ok compare acme/spot footage WORK NAS
}

# is_damaged DATABASE SOUND: all know that what that one has is not what it was, and none copies it.
is_damaged() {
    ab compare acme/spot footage "$1" "$2"
    assert_status 4
    neither_calls_same "$1" "$2"
    rm -f "STORAGE/$CLIP"
    ok load STORAGE
    ab copy acme/spot footage "$1" STORAGE
    assert_status 3
    assert_err "damaged at the source"
    refute_exists "STORAGE/$CLIP"
    ab copy acme/spot footage "$2" "$1"
    assert_status 3
    refute_out "nothing to do"
}

test_an_undone_repair_is_as_damaged_as_before() {
    equal
    ok verify acme/spot footage WORK NAS
    rot "NAS/$CLIP" 5
    ab verify acme/spot footage NAS --repair
    cmp "WORK/$CLIP" "NAS/$CLIP"
    ok compare acme/spot footage WORK NAS
    ok undo --yes
    cmp -s "WORK/$CLIP" "NAS/$CLIP" && fail "not undone"
    is_damaged NAS WORK
    ok load
    is_damaged NAS WORK
    ab verify acme/spot footage WORK NAS
    assert_status 11
    is_damaged NAS WORK
    ab verify acme/spot footage NAS --repair
    cmp "WORK/$CLIP" "NAS/$CLIP"
    ok compare acme/spot footage WORK NAS
    ok verify acme/spot footage NAS
}

# Who undid a repair because the content was right says so.
test_an_undone_repair_can_be_accepted() {
    equal
    ok verify acme/spot footage WORK NAS
    rot "NAS/$CLIP" 5
    ab verify acme/spot footage NAS --repair
    ok undo --yes
    ok accept acme/spot footage NAS --yes
    ok copy acme/spot footage NAS WORK
    cmp "WORK/$CLIP" "NAS/$CLIP"
    ok verify acme/spot footage NAS WORK
}

test_what_a_copy_found_damaged_is_remembered() {
    equal
    ok verify acme/spot footage WORK NAS
    rot "NAS/$CLIP" 5
    rm "STORAGE/$CLIP"
    ok load STORAGE
    ab copy acme/spot footage NAS STORAGE
    assert_status 3
    assert_err "damaged at the source"
    is_damaged NAS WORK
    ok load
    is_damaged NAS WORK
    ab verify acme/spot footage NAS --repair
    cmp "WORK/$CLIP" "NAS/$CLIP"
    ok compare acme/spot footage WORK NAS
}

# A catalog of an older version has digests, and no number of what they say.
test_what_an_older_catalog_knew_to_differ_still_differs() {
    equal
    rot "WORK/$CLIP" 5
    ab verify acme/spot footage WORK NAS
    assert_status 11
    query 'UPDATE replica SET evidence = NULL; DELETE FROM judged'
    ok fetch acme/spot --json
    assert_eq "$(json 'o.category == "footage" and o.database == "WORK" and o.compared or nil')" differs
    ab compare acme/spot footage WORK NAS
    assert_status 4
    ab verify acme/spot footage STORAGE    # it is added up
    assert_status 11
    query 'DELETE FROM judged'
    ok fetch acme/spot --json
    assert_eq "$(json 'o.category == "footage" and o.database == "WORK" and o.compared or nil')" differs
}

# NAS has a file that is known to be damaged.
rotted() {
    rm -rf WORK NAS STORAGE "$XDG_DATA_HOME"
    equal
    ok verify acme/spot footage WORK NAS
    rot "NAS/$CLIP" 5
    ab verify acme/spot footage NAS
    assert_status 11
    sleep 0.1
}

# Then a program writes another content of that size there, and puts its time back.
written_over_damage() {
    rotted
    rewrite "NAS/$CLIP" 9
    cp -p "NAS/$CLIP" mine
}

# The mark of damage was that of another file.
test_what_was_written_over_damage_is_no_damage() {
    local loads
    for loads in "" load; do
        written_over_damage
        [ -z "$loads" ] || ok load
        ab verify acme/spot footage NAS --repair --json
        assert_status 11    # two contents, and only a person knows which one is right
        assert_eq "$(json 'o.type == "problem" and o.state or nil' | sort | tr '\n' ' ')" "differs renewed " "after: $loads"
        cmp mine "NAS/$CLIP"
        ab verify acme/spot footage NAS --repair    # asked again
        assert_status 11
        cmp mine "NAS/$CLIP"
        settled_by_accept    # it was read and told: now it is another content
    done
}

# NAS's file, which is in "mine", replaces nothing by itself, until somebody says that it is right.
settled_by_accept() {
    cp -p "WORK/$CLIP" theirs
    ab copy acme/spot footage NAS WORK
    assert_status 3
    cmp theirs "WORK/$CLIP"
    ok accept acme/spot footage NAS --yes
    ok copy acme/spot footage NAS WORK
    cmp mine "WORK/$CLIP"
}

# A chmod moves a ctime, too: what had rotted may be all that is there.
test_what_rotted_and_got_other_rights_replaces_nothing() {
    local loads
    for loads in "" load; do
        rotted
        chmod g-r "NAS/$CLIP"
        cp -p "NAS/$CLIP" mine
        [ -z "$loads" ] || ok load
        rm "STORAGE/$CLIP"
        ab copy acme/spot footage NAS STORAGE
        assert_err "damaged"
        refute_exists "STORAGE/$CLIP"
        settled_by_accept
    done
}

test_nor_does_it_under_another_name_and_back() {
    rotted
    mv "NAS/$CLIP" "NAS/$CLIP.bad"
    ok load
    mv "NAS/$CLIP.bad" "NAS/$CLIP"
    ok load
    cp -p "NAS/$CLIP" mine
    settled_by_accept
}

# Frames that are renumbered: its name is that of another frame of the same size and time.
test_nor_as_another_frame() {
    local last="footage/acme/spot/day 1/clip 3.mov"
    rotted
    head -c "$(stat -c %s "NAS/$CLIP")" /dev/urandom >"WORK/$last"
    touch -r "WORK/$CLIP" "WORK/$last"
    ab copy acme/spot footage WORK NAS
    assert_status 3    # of the damaged one
    cmp "WORK/$last" "NAS/$last"
    sleep 0.1
    cp -p "WORK/$last" theirs
    mv "NAS/$CLIP" "NAS/$last"
    ok load
    ab copy acme/spot footage NAS WORK
    assert_status 3
    assert_err "clip 3.mov: damaged"
    cmp theirs "WORK/$last"
}

test_what_was_written_over_damage_is_not_the_same() {
    written_over_damage
    ok load
    ab compare acme/spot footage WORK NAS
    assert_status 4
    settled_by_accept
    cmp mine "NAS/$CLIP"
}

test_what_was_written_over_an_undone_repair_is_no_damage() {
    equal
    ok verify acme/spot footage WORK NAS
    rot "NAS/$CLIP" 5
    ab verify acme/spot footage NAS --repair
    ok undo --yes
    sleep 0.1
    rewrite "NAS/$CLIP" 9
    cp -p "NAS/$CLIP" mine
    ab verify acme/spot footage NAS --repair
    assert_status 11
    cmp mine "NAS/$CLIP"
}

# What was good on the other disk when it was last read is not what is there now.
test_what_was_written_is_not_called_good_for_a_repair() {
    equal
    rm -r STORAGE
    ok verify acme/spot footage WORK NAS
    rot "NAS/$CLIP" 5
    rewrite "WORK/$CLIP" 9
    ab verify acme/spot footage WORK NAS
    assert_status 11
    refute_err "good on WORK"
    refute_err "is on NAS"
    refute_out "--repair"
}
