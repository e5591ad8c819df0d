# A project that is on no database any more is not forgotten. Oracles: find, diff, sqlite3.
. ./studio.sh

gone_cells() { "$AUTOBACKUP" fetch all --json >cells || :; json_of cells 'o.state == "gone" and o.project .. " " .. o.category .. " " .. o.database or nil' | sort; }

test_what_went_away_is_still_told() {
    studio
    rm -r WORK/footage/bmx
    ok load
    assert_eq "$(gone_cells)" 'bmx/show two footage WORK'
    assert_eq "$(query 'SELECT files, bytes FROM gone')" '1|5000' 'what it held'
    ok fetch all
    assert_out 'bmx/show two' 'gone'
    assert_err 'bmx/show two footage is gone: it was on WORK (1 file, 5.0 kB)' 'no version of it is kept' \
        "'remove project \"bmx/show two\"' forgets it"
    ok list projects
    assert_out 'bmx/show two' 'gone'
    ab check
    assert_status 10
    assert_out 'gone: it was on WORK' '1 of them gone'
    ab check --json
    assert_eq "$(json 'o.state == "gone" and o.project or nil')" 'bmx/show two'
    ok find raw.mov
    assert_err 'what is gone'
    ab copy 'bmx/show two' footage WORK NAS
    assert_status 1
    ok list projects --json
    assert_eq "$(json 'o.project' | grep -c 'bmx')" 1
}

test_it_is_forgotten_when_told() {
    studio
    ab remove project acme/spot
    assert_status 1
    assert_err 'only what is gone can be forgotten'
    ab remove project nobody/nothing
    assert_status 1
    rm -r WORK/footage/bmx
    ok load
    ok remove project 'bmx/show two'
    assert_eq "$(gone_cells)" ''
    ok fetch all
    refute_out bmx
}

test_it_is_back_when_it_is_seen() {
    studio
    mv WORK/footage/bmx away
    ok load
    assert_eq "$(gone_cells)" 'bmx/show two footage WORK'
    mkdir -p STORAGE/footage
    cp -a away STORAGE/footage/bmx
    ok load STORAGE
    assert_eq "$(gone_cells)" ''
    assert_eq "$("$AUTOBACKUP" fetch 'bmx/show two' --json | grep -c '"state":"present"')" 1
    rm -r STORAGE/footage/bmx
    ok load
    assert_eq "$(gone_cells | tr '\n' ,)" 'bmx/show two footage STORAGE,bmx/show two footage WORK,'
}

# The case that it is for: the only copy left is in the versions of an undo.
test_where_its_versions_are_is_told() {
    studio
    ok copy 'bmx/show two' footage WORK NAS
    cp -a WORK/footage/bmx kept
    rm -r WORK/footage/bmx
    ok undo --yes
    ok load
    assert_eq "$(gone_cells | tr '\n' ,)" 'bmx/show two footage NAS,bmx/show two footage WORK,'
    ab check 'bmx/show two'
    assert_status 10
    assert_err 'versions of it are kept on NAS' "'undo "
    ok versions 'bmx/show two'
    assert_out raw.mov
    ab prune --older 0s
    assert_status 1
    assert_err 'bmx/show two footage is on no database any more: this is what is kept of it on NAS'
    local undo
    undo=$(sed -n "s/.*'undo \([0-9a-f]*\)' takes.*/\1/p" <("$AUTOBACKUP" check 2>&1) | head -n 1)
    ok undo "$undo"
    run diff -r kept NAS/footage/bmx
    assert_status 0
    assert_eq "$(gone_cells)" ''
}

test_a_forgotten_database_takes_its_own_with_it() {
    studio
    ok remove database WORK --yes
    assert_eq "$(gone_cells)" ''
}

test_an_empty_folder_is_no_replica() {
    local project='WORK/footage/bmx/show two'
    studio
    mv "$project/raw.mov" raw.mov
    ok load    # emptied in place
    assert_eq "$(gone_cells)" 'bmx/show two footage WORK'
    ok list projects --json
    assert_eq "$(json 'o.project == "bmx/show two" and o.state or nil')" gone
    ab check --json
    assert_status 10
    assert_eq "$(json 'o.project == "bmx/show two" and o.state or nil')" gone 'said once'
    rm -r "$project"
    ok load
    assert_eq "$(gone_cells)" 'bmx/show two footage WORK'
    mkdir -p "$project" "NAS/footage/bmx/show two"
    ok load    # an empty folder of its name brings nothing back
    assert_eq "$(gone_cells)" 'bmx/show two footage WORK'
    assert_eq "$(find ./*/footage/bmx -type f | wc -l)" 0
    cp raw.mov "$project/"
    ok load WORK
    assert_eq "$(gone_cells)" ''
    ab check 'bmx/show two' --json
    assert_eq "$(json 'o.state == "gone" and o.project or nil')" ''
}
