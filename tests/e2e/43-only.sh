# copy --only: a file, a folder, a pattern. Oracles: rsync's dry run, find, sha256sum.
. ./studio.sh

spot() {    # more to choose from in footage of acme/spot on WORK
    studio
    mkdir -p "WORK/footage/acme/spot/day 2/audio"
    echo sound >"WORK/footage/acme/spot/day 2/audio/a.wav"
    echo sound >"WORK/footage/acme/spot/day 1/b.wav"
    echo odd >"WORK/footage/acme/spot/day 2/clip[1].mov"
    echo other >"WORK/footage/acme/spot/day 2/clip1.mov"
    touch -d 2020-05-05 "WORK/footage/acme/spot/day 2" WORK/footage/acme/spot
}

test_a_folder_is_copied_as_rsync_would() {
    need rsync
    spot
    ok copy acme/spot footage WORK NAS --only 'day 2' --json
    assert_eq "$(json 'o.files_copied, o.files_unchanged, o.failed, o.only')" "3 0 0 day 2"
    assert_eq "$(rsync_lists -anci --delete "WORK/footage/acme/spot/day 2/" "NAS/footage/acme/spot/day 2/")" "" "rsync's list"
    assert_eq "$(cat "NAS/footage/acme/spot/day 1/clip 1.mov" | wc -c)" 10005 "what was not asked for"
}

test_a_pattern_over_folders() {
    need rsync
    spot
    ok copy acme/spot footage WORK STORAGE --only '**/*.wav' --dry-run --json
    assert_eq "$(json 'o.type == "action" and o.file_type == "file" and o.path or nil' | sort)" \
        "$(find "$PWD/WORK/footage/acme/spot" -name '*.wav' | sed "s|^$PWD/WORK|$PWD/STORAGE|" | sort)" "the plan"
    refute_exists "STORAGE/footage/acme/spot/day 2"
    ok copy acme/spot footage WORK STORAGE --only '**/*.wav'
    assert_eq "$(rsync_lists -anc --include='*/' --include='*.wav' --exclude='*' -m --out-format=%n WORK/footage/acme/spot/ \
        STORAGE/footage/acme/spot/ | grep -v "/$" || :)" "" "rsync's list"
    assert_eq "$(cd STORAGE && find footage/acme/spot -name '*.wav' | wc -l)" 2
    refute_exists "STORAGE/footage/acme/spot/day 2/clip1.mov"
}

test_what_is_nowhere_names_the_nearest_and_does_nothing() {
    spot
    ab copy acme/spot footage WORK NAS --only 'day 3' --only '**/*.wav'
    assert_status 1
    assert_err "'day 3'" "did you mean 'day 1'?"
    refute_exists "NAS/footage/acme/spot/day 2"
    ab copy acme/spot footage WORK NAS --only 'day 2/audio/*.mov'
    assert_status 1
    assert_err "a.wav"
    ab copy acme/spot footage WORK NAS --only ../dune
    assert_status 1
    assert_err "no path below a project"
}

test_a_name_that_looks_like_a_pattern_is_itself() {
    spot
    ok copy acme/spot footage WORK NAS --only 'day 2/clip[1].mov' --json
    assert_eq "$(json 'o.files_copied')" 1
    refute_exists "NAS/footage/acme/spot/day 2/clip1.mov"
    assert_exists "NAS/footage/acme/spot/day 2/clip[1].mov"
}

test_a_name_is_found_in_its_other_form() {
    studio
    local composed=$'caf\303\251' apart=$'cafe\314\201'
    echo 1 >"WORK/footage/acme/spot/$apart.mov"
    ok copy acme/spot footage WORK NAS --only "$composed.mov" --json
    assert_eq "$(json 'o.files_copied')" 1
    cmp {WORK,NAS}/footage/acme/spot/"$apart.mov"
    echo 2 >"WORK/footage/acme/spot/$composed.mov"    # the very name means itself alone
    echo 11 >"WORK/footage/acme/spot/$apart.mov"
    ok copy acme/spot footage WORK NAS --only "$composed.mov" --json
    assert_eq "$(json 'o.files_copied')" 1
    cmp {WORK,NAS}/footage/acme/spot/"$composed.mov"
    assert_eq "$(cat "NAS/footage/acme/spot/$apart.mov")" 1
    ok copy acme/spot footage WORK NAS --only "caf?.mov" --json
    assert_eq "$(json 'o.files_copied')" 1
    diff "WORK/footage/acme/spot/$apart.mov" "NAS/footage/acme/spot/$apart.mov"
}

test_a_mirror_of_a_folder_leaves_the_rest() {
    spot
    mkdir -p "NAS/footage/acme/spot/day 2/old" NAS/footage/acme/spot/old
    echo x | tee "NAS/footage/acme/spot/day 2/old/x" >NAS/footage/acme/spot/old/x
    touch -d 2021-06-06 NAS/footage/acme/spot
    ok copy acme/spot footage WORK NAS --only 'day 2' --mirror
    refute_exists "NAS/footage/acme/spot/day 2/old"
    assert_exists NAS/footage/acme/spot/old/x "NAS/footage/acme/spot/day 1/clip 1.mov"
    assert_eq "$(stat -c %y NAS/footage/acme/spot | cut -c1-10)" 2021-06-06 "time of the folder above"
    ok undo
    assert_exists "NAS/footage/acme/spot/day 2/old/x"
    refute_exists "NAS/footage/acme/spot/day 2/clip1.mov"
}

test_the_catalog_knows_what_was_copied() {
    spot
    ok copy acme/spot footage WORK NAS --only 'day 2'
    ab compare acme/spot footage WORK NAS --files --json
    assert_status 4    # of "day 1", which was not copied
    assert_eq "$(json 'o.path and o.path:match("day 1/clip 1") or nil')" "day 1/clip 1" "what differs"
    assert_eq "$(json 'o.path and o.path:match("day 2") or nil')" "" "what differs in it"
    assert_eq "$(query \
        "SELECT files FROM operation WHERE kind = 'copy' ORDER BY started_at DESC LIMIT 1")" 3
    ok verify acme/spot footage NAS
}

# From a script: `inside` of a row of files{} is such a path.
test_lua_takes_lists() {
    spot
    ok -e 'local r = copy("acme/spot", "footage", "WORK", "NAS", {only = {"day 2/audio", "day 1/b.wav"}}) print(r[1].files_copied)'
    assert_out_is 2
}
