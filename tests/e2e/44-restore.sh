# restore, versions, move. Oracles: diff, sha256sum, find, rsync's dry run.
. ./studio.sh

CLIP="footage/acme/spot/day 1/clip 1.mov"

operation() {    # KIND: the id of the newest one of that kind
    "$AUTOBACKUP" history --json 2>/dev/null >history.json
    json_of history.json "o.kind == '$1' and o.operation or nil" | sed -n 1p
}

# Four states of a replica on NAS, each kept as a tree: before the first copy, and behind it, a mirror, an undo of it.
past() {
    studio
    keep 0
    ok copy acme/spot footage WORK NAS
    C1=$(operation copy)
    keep 1
    sleep 0.1
    echo "a second state" >"WORK/$CLIP"
    rm "WORK/footage/acme/spot/day 1/clip 2.mov"
    mkdir -p "WORK/footage/acme/spot/day 2/sub"
    echo new >"WORK/footage/acme/spot/day 2/sub/new.mov"
    ok copy acme/spot footage WORK NAS --mirror --newer=overwrite
    C2=$(operation copy)
    keep 2
}

keep() { cp -a NAS/footage/acme/spot "state.$1"; }

# The files (and folders) of two trees, by content and time; folders' times are those of now.
assert_same_files() {    # A B
    diff <(cd "$1" && find . -printf '%P %y\n' | sort) <(cd "$2" && find . -printf '%P %y\n' | sort) ||
        fail "$1 and $2 have other names"
    diff <(cd "$1" && find . -type f -printf '%P %s %T@ %m\n' | sort && find . -type f -exec sha256sum {} + | sort) \
        <(cd "$2" && find . -type f -printf '%P %s %T@ %m\n' | sort && find . -type f -exec sha256sum {} + | sort) ||
        fail "$1 and $2 have other files"
}

test_each_state_comes_back_on_another_disk() {
    past
    local n=0 id
    for id in "$C1" "$C2"; do
        mkdir -p "EMPTY$n"
        ok add database "EMPTY$n" "EMPTY$n"
        ok restore acme/spot footage --from NAS --to "EMPTY$n" --as-of "$id"
        assert_same_files "state.$n" "EMPTY$n/footage/acme/spot"
        n=$((n + 1))
    done
    assert_same_files state.2 NAS/footage/acme/spot
}

test_in_place_and_taken_back() {
    past
    cp -a NAS/footage/acme/spot now
    ok restore acme/spot footage --from NAS --to NAS --as-of "$C2" --newer=overwrite
    diff "state.1/day 1/clip 1.mov" "NAS/$CLIP" || fail "clip 1 is not back"
    diff "state.1/day 1/clip 2.mov" "NAS/footage/acme/spot/day 1/clip 2.mov" || fail "clip 2 is not back"
    assert_exists "NAS/footage/acme/spot/day 2/sub/new.mov"
    ok undo
    assert_same_files now NAS/footage/acme/spot
    assert_same_tree now NAS/footage/acme/spot
}

# A version that was moved back by an undo, and away again by what came after, is found where it lies now.
test_through_an_undo() {
    past
    ok undo "$C2"
    assert_same_files state.1 NAS/footage/acme/spot
    ok copy acme/spot footage WORK NAS --mirror --newer=overwrite
    mkdir E
    ok add database E E
    ok restore acme/spot footage --from NAS --to E --as-of "$C2"
    assert_same_files state.1 E/footage/acme/spot
}

test_newer_work_is_left_alone_unless_named() {
    past
    echo "the newest work" >"WORK/$CLIP"
    ab restore acme/spot footage 'day 1/clip 1.mov' --from NAS --to WORK --as-of "$C1"
    assert_status 3
    assert_err "newer at the destination" --newer=overwrite
    assert_eq "$(cat "WORK/$CLIP")" "the newest work"
    ok restore acme/spot footage 'day 1/clip 1.mov' --from NAS --to WORK --as-of "$C1" --newer=overwrite
    diff "state.0/day 1/clip 1.mov" "WORK/$CLIP" || fail "not what it was"
    assert_eq "$(cat "WORK/.autobackup/versions/$(operation restore)/$CLIP")" "the newest work"
    refute_exists "WORK/footage/acme/spot/day 1/clip 2.mov"
    ab undo                                             # what was restored is a version there, and nowhere else
    assert_status 1
    assert_err "that no other database holds"
    ok undo --yes
    assert_eq "$(cat "WORK/$CLIP")" "the newest work"
}

test_a_file_a_folder_a_pattern_from_a_disk() {
    need rsync
    past
    rm -r "WORK/footage/acme/spot/day 1"
    ab restore acme/spot footage 'day 1/clip 9.mov' --from NAS --to WORK
    assert_status 1
    assert_err "did you mean" "versions acme/spot footage"
    ok restore acme/spot footage 'day 1/clip 3.mov' --from NAS --to WORK --dry-run --json
    assert_eq "$(json 'o.type == "action" and o.file_type == "file" and o.path or nil')" \
        "$PWD/WORK/footage/acme/spot/day 1/clip 3.mov"
    refute_exists "WORK/footage/acme/spot/day 1"
    ok restore acme/spot footage 'day 1/clip 3.mov' --from NAS --to WORK
    assert_eq "$(find "WORK/footage/acme/spot/day 1" -type f | wc -l)" 1
    ok restore acme/spot footage 'day 1' --from NAS --to WORK
    assert_eq "$(rsync_lists -anci "NAS/footage/acme/spot/day 1/" "WORK/footage/acme/spot/day 1/")" ""
}

test_a_date_means_that_moment() {
    past
    local before
    before=$(date +%Y-%m-%dT%H:%M:%SZ)
    sleep 1.2
    echo "third state" >"WORK/$CLIP"
    ok copy acme/spot footage WORK NAS
    mkdir E
    ok add database E E
    # what came a moment before this second is not older than it: folders and files of state 2 are
    ok restore acme/spot footage --from NAS --to E --as-of "$(date -d "$before + 1 second" +%Y-%m-%dT%H:%M:%SZ)"
    assert_same_files state.2 E/footage/acme/spot
    ab restore acme/spot footage --from NAS --to E --as-of 2099-01-01
    assert_status 2
}

test_what_is_not_to_be_had_is_said() {
    past
    rm -r "NAS/.autobackup/versions/$C2"
    mkdir E
    ok add database E E
    ab restore acme/spot footage --from NAS --to E --as-of "$C2"
    assert_status 3
    assert_err "the version that $C2 kept of it is not there any more" "clip 1.mov" "clip 2.mov"
    refute_exists "E/$CLIP" "E/footage/acme/spot/day 1/clip 2.mov"
    assert_exists "E/footage/acme/spot/day 1/clip 3.mov"
    ab restore acme/spot footage 'day 1/clip 1.mov' --from NAS --to E --as-of "$C2"
    assert_status 1
    assert_err "not kept any more"
    echo "changed by hand" >"NAS/footage/acme/spot/day 1/clip 3.mov"
    ab restore acme/spot footage 'day 1/clip 3.mov' --from NAS --to E --as-of "$C2"
    assert_status 1
    assert_err "by no operation"
}

# A version whose bytes are not those any more is not given out as what it was.
test_a_rotten_version_is_no_version() {
    past
    local version="NAS/.autobackup/versions/$C2/$CLIP" at
    at=$(stat -c %y "$version")
    printf X | dd of="$version" bs=1 conv=notrunc status=none
    touch -d "$at" "$version"
    mkdir E
    ok add database E E
    ab restore acme/spot footage 'day 1/clip 1.mov' --from NAS --to E --as-of "$C2"
    assert_status 3
    refute_exists "E/$CLIP"
}

test_misuse() {
    studio
    ab restore acme/spot footage
    assert_status 2
    assert_err "--from"
    ab restore acme/spot footage --from NAS --to NAS
    assert_status 2
    assert_err "--as-of"
    ab restore acme/spot footage --from NAS --to WORK --as-of nonsense
    assert_status 1
    assert_err "no operation 'nonsense'" "2031-05-27"
}

# ---- versions ----

test_versions_lists_what_is_kept() {
    past
    ok versions "NAS/$CLIP"
    ok versions "$PWD/NAS/$CLIP" --json
    assert_eq "$(json 'o.operation, o.verb, o.by, o.size, o.database')" \
        "$(printf '%s replaced copy %s NAS\n' "$C2" "$(stat -c %s "state.1/day 1/clip 1.mov")" "$C1" \
            "$(stat -c %s "state.0/day 1/clip 1.mov")")"
    assert_eq "$(json 'o.version' | while read -r path; do sha256sum <"$path"; done)" \
        "$(for n in 1 0; do sha256sum <"state.$n/day 1/clip 1.mov"; done)" "what lies there"
    ok versions acme/spot --json
    assert_eq "$(json 'o.version' | sort)" "$(find "$PWD/NAS/.autobackup/versions" -type f | sort)"
    ok versions acme/spot footage 'day 1/*2.mov' --json
    assert_eq "$(json 'o.verb, o.operation')" "removed $C2"
    ok versions 'clip 1' --json
    assert_eq "$(json 'o.operation')" "$C2
$C1"
}

# What it says brings it back does.
test_the_command_of_versions_works() {
    past
    ok versions acme/spot footage --json
    json 'o.restore .. "\t" .. o.version' >list
    assert_eq "$(wc -l <list)" 3
    local command version path
    while IFS=$'\t' read -r command version; do
        sha256sum <"$version" >before
        path=${version#*/versions/*/}
        echo "$command" | "$AUTOBACKUP" >/dev/null 2>&1 || fail "failed: $command"
        sha256sum <"NAS/$path" | diff before - || fail "not brought back by: $command"
    done <list
}

test_versions_says_what_it_did_not_look_at() {
    past
    mv NAS NAS.away
    ok versions acme/spot footage
    assert_err "offline: NAS" "no version of it is kept on the disks that are there"
    mv NAS.away NAS
    ok versions acme/spot --limit 2 --json
    assert_eq "$(json 'o.operation' | wc -l)" 2
    assert_err "more than 2"
    ln -s NAS link
    ok versions "$PWD/link/footage/acme/spot" --json
    assert_eq "$(json 'o.operation' | sort -u)" "$("$AUTOBACKUP" versions acme/spot footage --json | json_of /dev/stdin 'o.operation' | sort -u)"
    ok versions "$PWD/link/footage/acme/spot/no longer/there" --json
    ab versions "$PWD/link/footage"
    assert_status 1
    assert_err "in no project of a category"
    ab versions /nowhere/at/all
    assert_status 1
    assert_err "on no database"
    ok versions acme/spto
    assert_err "no version of it is kept; did you mean 'acme/spot'?"
    ok versions acme/spto footage
    assert_err "no version of it is kept; did you mean 'acme/spot'?"
    ok versions spto
    assert_err "no version of it is kept; did you mean 'acme/spot'?"
    ok versions nothing.mov
    refute_err "did you mean"
}

# ---- move ----

test_move_copies_reads_back_and_keeps_the_source() {
    studio
    ok move acme/spot render WORK NAS
    assert_err "10 files read back from NAS and right" "its replica on WORK is kept" "does not exist yet"
    assert_same_tree WORK/scratch/render/acme/spot NAS/scratch/render/acme/spot
    ok move acme/spot render WORK NAS
    assert_err "10 were there already and were not read: 'verify acme/spot render NAS'"
    ab move acme/spot render WORK WORK
    assert_status 2
    ok move acme/spot project,render WORK STORAGE
    assert_same_tree WORK/scratch/render/acme/spot STORAGE/scratch/render/acme/spot
    assert_same_tree WORK/project/acme/spot STORAGE/project/acme/spot
    rm -r STORAGE/scratch/render/acme STORAGE/project/acme
    ok restore acme/spot render,project --from WORK --to STORAGE
    assert_same_tree WORK/scratch/render/acme/spot STORAGE/scratch/render/acme/spot
    assert_same_tree WORK/project/acme/spot STORAGE/project/acme/spot
    echo newer >NAS/scratch/render/acme/spot/beauty.0001.exr
    touch -d tomorrow NAS/scratch/render/acme/spot/beauty.0001.exr
    ab move acme/spot render WORK NAS
    assert_status 3
    assert_err "not all of it is on NAS: everything stays on WORK"
}

# What NAS holds, as sums: of the project and of versions.
held() { find NAS/footage NAS/.autobackup/versions -type f -exec sha256sum {} + | cut -c 1-64 | sort -u; }

# Killed at the n-th call of a kind, twice, for every kind that changes the disk: nothing is lost or torn, and a rerun ends
# where an undisturbed one does.
test_killed_at_any_call_a_rerun_finishes_it() {
    need_injection
    past
    local n call kills=0 restore=(restore acme/spot footage --from NAS --to NAS --as-of "$C2" --newer=overwrite)
    cp -a NAS NAS.template
    cp -a "$XDG_DATA_HOME/autobackup" catalog.template
    held >before
    for call in openat write fchownat,fchown utimensat fsync,syncfs mkdirat renameat,renameat2 unlinkat; do
        for n in $(points 1 2 3 5 8 13 34); do
            rm -rf NAS "$XDG_DATA_HOME/autobackup"
            cp -a NAS.template NAS
            cp -a catalog.template "$XDG_DATA_HOME/autobackup"
            killed_at $call $n "${restore[@]}" || break
            kills=$((kills + 1))
            ! killed_at $call $n "${restore[@]}" || kills=$((kills + 1))
            cmp -s "NAS/$CLIP" "state.1/day 1/clip 1.mov" || cmp "NAS/$CLIP" "state.2/day 1/clip 1.mov" || fail "torn: $call $n"
            assert_eq "$(comm -23 before <(held))" "" "lost by $call $n"
            ok "${restore[@]}" --lock-wait 10s
            diff -r "state.1/day 1" "NAS/footage/acme/spot/day 1" || fail "not what it was, after $call $n"
            assert_eq "$(comm -23 before <(held))" "" "lost by the rerun after $call $n"
            assert_eq "$(find NAS -name '.autobackup-*' -o -name '*.open')" "" "left behind after $call $n"
        done
    done
    assert_struck $kills 20 30
}
