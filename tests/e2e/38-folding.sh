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

# ---- inside a project ----

# WORK and NAS, where names fold, have the same; then the source spells some names otherwise.
respelled() {    # [KIND]
    fresh_filesystem "${1:-folding}"
    mkdir -p WORK/footage/acme/spot/Shot_010/Plates NAS/footage
    head -c 200000 /dev/urandom >WORK/footage/acme/spot/Shot_010/Plates/A.MOV
    echo edit >WORK/footage/acme/spot/Edit.txt
    echo other >WORK/footage/acme/spot/other
    find WORK/footage -exec touch -d '2024-05-06 07:08:08' {} +
    ok add database WORK WORK
    ok add database NAS NAS
    ok add category footage
    ok load
    ok copy acme/spot footage WORK NAS
    [ "$KIND" = exfat_fuse ] || assert_folds
    INODE=$(stat -c %i NAS/footage/acme/spot/Shot_010/Plates/A.MOV)
    mv WORK/footage/acme/spot/Shot_010 WORK/footage/acme/spot/shot_010
    mv WORK/footage/acme/spot/shot_010/Plates WORK/footage/acme/spot/shot_010/plates
    mv WORK/footage/acme/spot/shot_010/plates/A.MOV WORK/footage/acme/spot/shot_010/plates/a.mov
    mv WORK/footage/acme/spot/Edit.txt WORK/footage/acme/spot/edit.txt
}

assert_folds() {
    ok list databases --json
    assert_eq "$(json 'o.database == "NAS" and table.concat(o.folds, " ") or nil')" "case forms"
}

same_names() { assert_eq "$(listed NAS)" "$(listed WORK)"; }

a_rename_in_case_arrives() {    # KIND WORDS...
    local words=("${@:2}")
    respelled "$1"
    ok copy acme/spot footage WORK NAS "${words[@]}" --json
    assert_eq "$(json 'o.type == "copy" and o.files_copied + o.files_removed + o.conflicts + o.failed or nil')" 0
    same_names
    diff -r WORK/footage NAS/footage
    assert_eq "$(find NAS/.autobackup/versions -type f 2>/dev/null | wc -l)" 0
    ok compare acme/spot footage WORK NAS
    ok copy acme/spot footage WORK NAS "${words[@]}" --json
    assert_eq "$(json 'o.type == "copy" and o.files_copied + o.metadata_only or nil')" 0
}

test_a_rename_in_case_arrives() {
    a_rename_in_case_arrives folding
    assert_eq "$(stat -c %i NAS/footage/acme/spot/shot_010/plates/a.mov)" "$INODE"
}

test_a_rename_in_case_arrives_on_exfat() { a_rename_in_case_arrives exfat_fuse; }
# A name in other letters is still that name: what was done to its file meanwhile is known to have been done.
test_what_was_rewritten_under_the_other_spelling_is_copied() {
    respelled
    rewrite WORK/footage/acme/spot/edit.txt
    rewrite WORK/footage/acme/spot/other
    ok copy acme/spot footage WORK NAS --json
    assert_eq "$(json 'o.type == "copy" and o.files_copied .. " " .. o.files_replaced or nil')" "2 2"
    diff -r WORK/footage NAS/footage
}

test_a_mirror_does_not_take_it_away() { a_rename_in_case_arrives folding --mirror; }

test_each_name_is_changed_by_one_rename() {
    need strace
    respelled
    run strace -f -o trace -e trace=renameat,renameat2,rename,unlink,unlinkat,rmdir,mkdir,mkdirat \
        "$AUTOBACKUP" copy acme/spot footage WORK NAS --mirror
    assert_status 0
    same_names
    assert_eq "$(grep -acE '"(Shot_010|Plates|A\.MOV|Edit\.txt)", [0-9]+, "(shot_010|plates|a\.mov|edit\.txt)"' trace)" 4
    assert_eq "$(grep -aE '"(Shot_010|Plates|A\.MOV|Edit\.txt|shot_010|plates|a\.mov|edit\.txt)"' trace | grep -avc rename)" 0
}

test_undo_gives_the_old_spelling_back() {
    local before
    respelled
    before=$(listed NAS)
    ok copy acme/spot footage WORK NAS
    same_names
    ok undo --yes
    assert_eq "$(listed NAS)" "$before"
    ok undo last --yes
    same_names
}

test_undo_of_one_that_was_killed() {
    local before
    need strace
    respelled
    before=$(listed NAS)
    run strace -f -o trace -e inject=renameat:signal=KILL:when=2 -e trace=renameat "$AUTOBACKUP" copy acme/spot footage WORK NAS
    [ "$(listed NAS)" != "$before" ] || fail "nothing had begun"
    ok undo last --yes
    assert_eq "$(listed NAS)" "$before"
}

test_undo_leaves_what_has_another_name_by_now() {
    respelled
    ok copy acme/spot footage WORK NAS
    mv NAS/footage/acme/spot/edit.txt NAS/footage/acme/spot/cut.txt
    echo new >NAS/footage/acme/spot/Edit.TXT
    ab undo --yes
    assert_status 3
    assert_err "has another name by now: left alone"
    assert_eq "$(cd NAS/footage/acme/spot && echo * && cat cut.txt Edit.TXT)" "Edit.TXT Shot_010 cut.txt other
edit
new"
}

test_a_dry_run_says_it_and_does_nothing() {
    local before
    respelled
    before=$(listed NAS)
    ok copy acme/spot footage WORK NAS --mirror --dry-run --json
    assert_err "'Edit.txt' is called 'edit.txt' at the source: the copy first gives it that name there, and so with 1 more name"
    assert_eq "$(json 'o.type == "copy" and o.files_copied + o.files_removed or nil')" 0
    assert_eq "$(json 'o.type == "copy" and o.respelled .. " " .. o.files_unchanged or nil')" "2 1" "what is not compared is not unchanged"
    ok copy acme/spot footage WORK NAS --mirror --dry-run
    assert_out "nothing was copied: this is the plan"
    assert_eq "$(listed NAS)" "$before"
}

test_of_two_names_that_fold_into_one_the_second_is_a_problem() {
    respelled
    echo second >WORK/footage/acme/spot/EDIT.TXT
    ab copy acme/spot footage WORK NAS --mirror
    assert_status 3
    assert_err "edit.txt: the destination cannot hold names that differ only in case from EDIT.TXT"
    assert_eq "$(cd NAS/footage/acme/spot && echo *)" "EDIT.TXT other shot_010"
    assert_eq "$(cat NAS/footage/acme/spot/EDIT.TXT)" second
    assert_eq "$(cat NAS/.autobackup/versions/*/footage/acme/spot/EDIT.TXT)" edit
    cmp WORK/footage/acme/spot/shot_010/plates/a.mov NAS/footage/acme/spot/shot_010/plates/a.mov
}

test_what_keeps_its_spelling_is_left_alone() {
    local before
    export FOLDING=stubborn
    respelled
    before=$(listed NAS)
    ab copy acme/spot footage WORK NAS --mirror --yes
    assert_status 3
    assert_err "keeps that spelling: left alone"
    assert_eq "$(listed NAS)" "$before"
    assert_eq "$(find NAS/.autobackup/versions -type f 2>/dev/null | wc -l)" 0
}

test_where_names_do_not_fold_a_rename_is_one_to_another_name() {
    mkdir -p WORK/footage/acme/spot NAS/footage/acme/spot
    echo 1 >WORK/footage/acme/spot/a.mov
    echo 1 >NAS/footage/acme/spot/A.MOV
    touch -d 2024-05-06 {WORK,NAS}/footage/acme/spot/*
    ok add database WORK WORK
    ok add database NAS NAS
    ok add category footage
    ok load
    ok copy acme/spot footage WORK NAS
    assert_eq "$(cd NAS/footage/acme/spot && echo *)" "A.MOV a.mov"
}

test_killed_at_any_rename_the_next_run_does_the_rest() {
    need strace
    for n in 1 2 3 4; do
        (
            mkdir -p at$n && cd at$n && export XDG_DATA_HOME=$PWD/data
            respelled
            run strace -f -o trace -e inject=renameat:signal=KILL:when=$n -e trace=renameat "$AUTOBACKUP" copy acme/spot footage WORK NAS
            [ "$STATUS" != 0 ] || fail "it was not killed"
            ok copy acme/spot footage WORK NAS --mirror
            same_names
            diff -r WORK/footage NAS/footage
            unmount_filesystem
        )
    done
}

# ---- typed words ----

# Two forms of one name on two disks, as a Mac and Linux make them.
both_forms() {
    local form
    for form in "WORK $COMPOSED" "NAS $DECOMPOSED"; do
        mkdir -p "${form% *}/footage/${form#* }/${form#* }"
        echo 1 >"${form% *}/footage/${form#* }/${form#* }/${form#* }.mov"
    done
    mkdir -p "NAS/footage/Stra$(printf '\xc3\x9f')e/one"
    ok add database WORK WORK
    ok add database NAS NAS
    ok add category footage
    ok load
}

test_find_meets_both_forms() {
    local word
    both_forms
    for word in "$COMPOSED" "$DECOMPOSED" "$COMPOSED*" "*$DECOMPOSED.mov" "*/$COMPOSED.mov" 'Caf?.mov' "Caf[$(printf '\xc3\xa9')].mov"; do
        [[ $word != */* ]] || continue
        ok find "$word"
        assert_eq "$(grep -ac '\.mov$' "$OUT")" 2 "what find $word finds"
    done
    ok find "$(printf 'CAFE\xcc\x81')" -i
    assert_eq "$(grep -ac '\.mov$' "$OUT")" 2
    ok find Cafe
    assert_eq "$(grep -ac '\.mov$' "$OUT")" 1    # an e is none with an accent, but where bytes say so
    ok find 'Caf?.mov' --client "Caf?"
    assert_eq "$(grep -ac '\.mov$' "$OUT")" 2
    ok find '*' --project "$COMPOSED*/*$DECOMPOSED"
    assert_eq "$(grep -ac '\.mov$' "$OUT")" 2
}

test_a_typed_name_is_the_one_of_its_bytes_first() {
    both_forms
    ok list projects in "$DECOMPOSED" --json
    assert_eq "$(json o.project)" "$DECOMPOSED/$DECOMPOSED"
    ok list projects in "$COMPOSED" --json
    assert_eq "$(json o.project)" "$COMPOSED/$COMPOSED"
}

test_and_else_the_one_in_the_other_form() {
    mkdir -p WORK "NAS/footage/$DECOMPOSED/$DECOMPOSED"
    echo 1 >"NAS/footage/$DECOMPOSED/$DECOMPOSED/$DECOMPOSED.mov"
    ok add database WORK WORK
    ok add database NAS NAS
    ok add category footage
    ok load
    ok list projects in "$COMPOSED" --json
    assert_eq "$(json o.project)" "$DECOMPOSED/$DECOMPOSED"
    ok fetch "$COMPOSED/$COMPOSED" --json
    assert_eq "$(json 'o.type == "replica" and o.state == "present" and o.project or nil')" "$DECOMPOSED/$DECOMPOSED"
    ok fetch "$(printf 'caf\xc3\xa9/CAF\xc3\x89')" --json    # nor in the case of its letters
    assert_eq "$(json 'o.type == "replica" and o.state == "present" and o.project or nil')" "$DECOMPOSED/$DECOMPOSED"
    ok fetch "$COMPOSED/*" --json
    assert_eq "$(json 'o.type == "replica" and o.state == "present" and o.project or nil')" "$DECOMPOSED/$DECOMPOSED"
}

test_what_may_be_either_is_told_by_its_bytes() {
    both_forms
    ab fetch "$(printf 'CAF\xc3\x89/CAF\xc3\x89')"
    assert_status 1
    assert_err "they look alike and differ in their bytes: 65 cc 81 / c3 a9"
}

test_names_that_are_no_utf8_stay_bytes() {
    local latin
    latin=$(printf 'Caf\xe9')
    both_forms
    mkdir -p "WORK/footage/$latin/$latin"
    echo 1 >"WORK/footage/$latin/$latin/$latin.mov"
    ok load
    ok find "$latin"
    assert_eq "$(grep -ac '\.mov$' "$OUT")" 1
    ok find 'Caf?.mov'
    assert_eq "$(grep -ac '\.mov$' "$OUT")" 3
    ok fetch "$latin/$latin"
}

# ---- what looks alike ----

test_what_looks_alike_is_said_with_its_bytes() {
    local pair="they are two projects, and one name to disks on which names fold"
    both_forms
    mkdir -p {WORK,NAS}/footage/acme/{spot,Spot}
    echo 1 >WORK/footage/acme/spot/1
    echo 1 >NAS/footage/acme/spot/1
    echo 1 >NAS/footage/acme/Spot/1
    echo 1 >"WORK/footage/acme/spot/$COMPOSED"
    echo 1 >"NAS/footage/acme/spot/$DECOMPOSED"
    ok load
    for words in "fetch all" "fetch acme" "list projects" check; do
        # shellcheck disable=SC2086
        ab $words
        assert_err "'acme/Spot' and 'acme/spot' differ in the case of letters alone: $pair"
    done
    assert_err "look alike and differ in their bytes (65 cc 81 / c3 a9): $pair"
    ok list clients
    assert_err "look alike and differ in their bytes (65 cc 81 / c3 a9): they are two clients"
    ok fetch acme/spot --json
    assert_eq "$(json 'o.type == "replica" and o.database == "WORK" and o.alike[1] or nil')" acme/Spot
    ab compare acme/spot footage WORK NAS
    assert_status 4
    assert_err "'$DECOMPOSED' and '$COMPOSED' look alike and differ in their bytes (65 cc 81 / c3 a9): they are two files"
    ab compare acme/spot footage WORK NAS --json
    assert_eq "$(json 'o.type == "difference" and o.alike and 1 or nil')" 1
    assert_err "they are two files"
}
