# Nothing final or one-sided without a question: shown with the numbers on a terminal, refused where nobody can be
# asked, done with --yes.
. ./terminal.sh
. ./studio.sh

# WORK and NAS with three editions of one file on NAS: two operations with versions, ids in ops1 and ops2.
editions() {
    mkdir -p WORK/footage/acme/spot NAS
    ok add database WORK WORK
    ok add database NAS NAS
    ok add category footage footage
    local n
    for n in 0 1 2; do
        seq "$((n + 1))000" >WORK/footage/acme/spot/take
        touch -d "2001-01-0$((n + 1))" WORK/footage/acme/spot/take
        ok load WORK
        ok copy acme/spot footage WORK NAS
        ls NAS/.autobackup/versions >"ops$n" 2>/dev/null || :
    done
    assert_eq "$(find NAS/.autobackup/versions -type f | wc -l)" 2 "versions"
}

versions() { find NAS/.autobackup/versions ! -type d -printf '%P %s %T@\n' | sort; }
version_bytes() { find NAS/.autobackup/versions -type f -printf '%s\n' | awk '{ n += $1 } END { print n }'; }

test_prune_is_refused_where_nobody_can_be_asked() {
    editions
    versions >before
    ab prune --keep 0
    assert_status 1
    assert_err "prune would remove for good" "NAS: 2 old versions of 2 operations ($((($(version_bytes) + 500) / 1000)) kB" \
        "say --yes to do it (yes = true in Lua)"
    assert_out_is ""
    versions | diff before - || fail "something was removed"
    # a script that the settings drive, at night
    echo 'settings.versions = {keep = 0}' >conf.lua
    echo 'prune()' >night.lua
    ab --config conf.lua ./night.lua
    assert_status 1
    assert_err "yes = true in Lua"
    versions | diff before - || fail "a script removed something"
    ab --config conf.lua -e 'local ok, err = pcall(prune, {keep = 0}) print(ok, err.code)'
    assert_out_is "$(printf 'false\tECONFIRM')"
    echo 'prune{yes = true}' >night.lua
    ok --config conf.lua ./night.lua
    assert_eq "$(versions)" ""
    # nothing goes: nothing is asked
    ok prune --keep 0
    assert_out "nothing to prune"
}

test_prune_asks_on_a_terminal() {
    editions
    versions >before
    start 80 24 prune --keep 1
    wait_for "NAS: 1 old version of 1 operation ("
    wait_for "Remove it? [y/N]"
    assert_fits 80
    send n Enter
    wait_for "nothing was removed"
    wait_dead
    assert_status 1
    versions | diff before - || fail "a no removed something"
    start 80 24 prune --keep 1
    wait_for "Remove it? [y/N]"
    # what comes to be expired while the question stands was not shown, so it stays
    seq 9999 >WORK/footage/acme/spot/take
    touch -d 2001-01-09 WORK/footage/acme/spot/take
    ok copy acme/spot footage WORK NAS
    send y Enter
    wait_dead
    assert_status 0
    assert_eq "$(ls NAS/.autobackup/versions)" "$(ls NAS/.autobackup/versions | grep -vxF -f ops1)" "ops1 went"
    assert_eq "$(ls NAS/.autobackup/versions | wc -l)" 2 "that of the question and the new one"
    # in the prompt, words and Lua
    start 80 24
    ready
    type_line 'prune{keep = 0}'
    wait_for "NAS: 2 old versions of 2 operations ("
    send n Enter
    ready
    assert_eq "$(ls NAS/.autobackup/versions | wc -l)" 2
    leave
}

# A clock that jumped makes everything old: a yes of a script was not said to that.
test_a_clock_that_jumped_prunes_nothing_unasked() {
    editions
    versions >before
    local now year load
    now=$(date +%s) year=$((365 * 86400))
    for load in $((now + 3 * year)) $((now - 30 * year)); do
        query "UPDATE database SET loaded_at = $load * 1000000000"
        ab prune --older 0s --yes
        assert_status 1
        assert_err "the clock may be wrong" "NAS: 2 of 2 operations with versions would go, but the newest load is dated" \
            "look at the clock"
        versions | diff before - || fail "something was removed"
        ok prune --older 0s --dry-run
        assert_err "the clock may be wrong: NAS: 2 of 2 operations"
        ok prune --older 30d --yes                 # nothing goes
    done
    start 80 24 prune --older 0s --yes
    wait_for "Is it right, and shall they go? [y/N]"
    send n Enter
    wait_for "nothing was removed"
    wait_dead
    versions | diff before - || fail "a no removed something"
    # by number no clock is asked
    ok prune --keep 1 --yes
    assert_eq "$(versions | wc -l)" 1
    ok load
    ok prune --older 0s --yes
    assert_eq "$(versions)" ""
    # the jumped clock dated a load and a copy too
    mkdir -p "NAS/.autobackup/versions/$(date -u -d '25 years ago' +%Y%m%d)T000000Z-aaaa"
    echo x >"$(echo NAS/.autobackup/versions/*-aaaa)/f"
    ab prune --older 30d --yes
    assert_status 1
    assert_err "nothing is known of the 2" "years after the newest of them"
    assert_exists NAS/.autobackup/versions/*-aaaa/f
}

test_an_age_names_its_unit() {
    editions
    versions >before
    ab prune --older 6m --yes
    assert_status 2
    assert_err "'6m' may be minutes or months: write 6min or 6mo"
    ab prune --older 30 --yes
    assert_status 2
    assert_err "'30' names no unit: write 30d (days)"
    ab -e 'prune{older = 30, yes = true}'
    assert_status 2
    ab verify acme/spot --older 6m
    assert_status 2
    ab find '*' --newer 6m
    assert_status 2
    ab history --since 90
    assert_status 2
    assert_err "names no unit"
    ab -e 'for f in files{older = "6m"} do end'
    assert_status 2
    for line in 'policy("footage", {verified = 90})' 'policy("footage", {verified = "6m"})' \
        'settings.versions = {older = "6m"}' 'settings.versions = {older = 6}'; do
        echo "$line" >conf.lua
        ab --config conf.lua prune --yes
        [ "$STATUS" != 0 ] || fail "accepted: $line"
        grep -aq "6min or 6mo\|names no unit" "$ERR" || fail "no advice for: $line"
    done
    versions | diff before - || fail "something was removed"
    ab copy acme/spot footage WORK NAS --bwlimit 50
    assert_status 2
    assert_err "'50' names no unit: write 50MB, or 50B for bytes"
    ab find '*' --larger 100
    assert_status 2
    ok find '*' --larger 100B --newer 6mo --older 1min
    ok prune --older 1mo --yes --lock-wait 10m
    versions | diff before - || fail "a month is over"
    ok prune --older 0s --yes
    assert_eq "$(versions)" ""
}

# A new project on WORK, copied to NAS; $N of its files.
copied() {
    mkdir -p WORK/footage/acme/spot/day NAS
    local n
    for n in 1 2 3; do seq "$((n * 300))" >"WORK/footage/acme/spot/day/take $n"; done
    ln -s "take 1" WORK/footage/acme/spot/day/best
    work_and_nas
    ok copy acme/spot footage WORK NAS
    tree_of NAS/footage >copied
}

refuse_undo() {    # TEXT...: undo does nothing, and says these
    ab undo
    assert_status 1
    assert_err "that no other database holds" "$@" "say --yes to do it (yes = true in Lua)"
    tree_of NAS/footage | diff copied - >&2 || fail "something was taken away"
    assert_eq "$(find NAS/.autobackup/versions -type f 2>/dev/null)" "" "versions"
}

kilobytes() { find "$@" -type f -printf '%s\n' | awk '{ n += $1 } END { printf "%.1f kB", n / 1000 }'; }

test_undo_of_a_copy_whose_source_is_whole_asks_nothing() {
    copied
    ok undo
    refute_exists NAS/footage/acme
}

test_undo_that_takes_the_only_replica_away_is_refused() {
    copied
    # the catalog still believes that WORK has it
    rm -r WORK/footage/acme
    refuse_undo "undo would take away 4 files ($(kilobytes NAS/footage))" "acme/spot footage on NAS: 4 files"
    ok load
    refuse_undo "acme/spot footage on NAS: 4 files"
    # a copy of the whole request from Lua
    ab -e 'local ok, err = pcall(undo) print(ok, err.code)'
    assert_out_is "$(printf 'false\tECONFIRM')"
    ok undo --dry-run
    tree_of NAS/footage | diff copied - >&2 || fail "a dry run did something"
    ok undo --yes
    refute_exists NAS/footage/acme
    ok undo last
    tree_of NAS/footage | diff copied - >&2 || fail "the undo of the undo"
}

test_undo_counts_the_files_that_only_it_has() {
    copied
    rm "WORK/footage/acme/spot/day/take 1"                  # gone
    echo x >>"WORK/footage/acme/spot/day/take 2"            # another
    refuse_undo "undo would take away 2 files ($(kilobytes "NAS/footage/acme/spot/day/take "[12]))"
    cp -p "NAS/footage/acme/spot/day/take 1" "NAS/footage/acme/spot/day/take 2" WORK/footage/acme/spot/day
    ok undo
}

test_undo_does_not_count_what_is_unplugged() {
    copied
    mv WORK WORK.unplugged
    mkdir WORK
    refuse_undo "WORK had acme/spot footage when it was read" "but is offline" "whether it still has them is not known"
    rmdir WORK
    mv WORK.unplugged WORK
    ok undo
}

# A path that leads back to the files themselves is no second replica.
test_undo_sees_through_a_link_to_the_same_files() {
    copied
    rm -r WORK/footage/acme
    ln -s "$PWD/NAS/footage/acme" WORK/footage/acme
    refuse_undo "4 files"
}

# What replaced an older file goes from its place too.
test_undo_of_a_replacement_that_only_the_target_has() {
    copied
    echo "the new edition" >"WORK/footage/acme/spot/day/take 3"
    touch -d tomorrow "WORK/footage/acme/spot/day/take 3"
    ok copy acme/spot footage WORK NAS
    tree_of NAS/footage >copied
    find NAS/.autobackup/versions -type f >versions
    rm "WORK/footage/acme/spot/day/take 3"
    ab undo
    assert_status 1
    assert_err "undo would take away 1 file (16 B) that no other database holds"
    tree_of NAS/footage | diff copied - >&2 || fail "something was taken away"
    find NAS/.autobackup/versions -type f | diff versions - || fail "versions"
}

test_undo_asks_on_a_terminal() {
    copied
    rm -r WORK/footage/acme
    start 80 24 undo
    wait_for "acme/spot footage on NAS: 4 files ("
    wait_for "Take them away? [y/N]"
    assert_fits 80
    send n Enter
    wait_for "nothing was undone"
    wait_dead
    assert_status 1
    tree_of NAS/footage | diff copied - >&2 || fail "a no took something away"
    start 80 24 undo
    wait_for "Take them away? [y/N]"
    send y Enter
    wait_dead
    assert_status 0
    refute_exists NAS/footage/acme
}

# WORK, NAS and USB hold the same 200 frames.
mirrored() {
    mkdir -p WORK/render/acme/spot/{a,b} NAS USB
    local n
    for n in $(seq 100); do
        echo "frame $n" | tee "WORK/render/acme/spot/a/$n.exr" >"WORK/render/acme/spot/b/$n.exr"
    done
    ok add database WORK WORK
    ok add database NAS NAS
    ok add database USB USB
    ok add category render render
    ok load
    ok copy acme/spot render WORK NAS USB
    tree_of NAS/render >mirror
}

untouched() {
    tree_of NAS/render | diff mirror - >&2 || fail "something was removed from NAS"
    tree_of USB/render | diff mirror - >&2 || fail "something was removed from USB"
    refute_exists NAS/.autobackup/versions/* USB/.autobackup/versions/*
}

test_a_mirror_that_takes_half_of_a_destination_is_refused() {
    mirrored
    rm -r WORK/render/acme/spot/b
    echo new >WORK/render/acme/spot/a/new.exr
    rm USB/render/acme/spot/b/7.exr
    cp -a USB/render USB/render.kept
    ab copy acme/spot render WORK NAS USB --mirror
    assert_status 1
    assert_err "acme/spot render to NAS: 100 of 200 files would be removed" "say --yes to do it (yes = true in Lua)"
    refute_err "USB: 99 of 199"
    tree_of NAS/render | diff mirror - >&2 || fail "something was done to NAS"
    assert_same_tree USB/render USB/render.kept
    ab -e 'local ok, err = pcall(copy, "acme/spot", "render", "WORK", "NAS", {mirror = true}) print(ok, err.code)'
    assert_out_is "$(printf 'false\tECONFIRM')"
    ab copy acme/spot render WORK NAS --mirror --dry-run
    assert_status 1
    tree_of NAS/render | diff mirror - >&2 || fail "a dry run did something"
    ok copy acme/spot render WORK NAS --mirror --yes
    assert_same_tree WORK/render NAS/render
    assert_eq "$(find NAS/.autobackup/versions -type f | wc -l)" 100
}

test_the_quarter_is_of_what_the_paths_cover() {
    mirrored
    mkdir {WORK,NAS}/render/acme/spot/{c,d}
    touch {WORK,NAS}/render/acme/spot/d/{1..300} NAS/render/acme/spot/c/{1..110} WORK/render/acme/spot/c/1
    ab copy acme/spot render WORK NAS --mirror --only c
    assert_status 1
    assert_err "109 of 110 files would be removed"
    assert_eq "$(find NAS/render/acme/spot/c -type f | wc -l)" 110
    ok copy acme/spot render WORK NAS --mirror --only c --yes
    assert_eq "$(find NAS/render/acme/spot/c -type f | wc -l)" 1
}

test_a_mirror_that_takes_little_asks_nothing() {
    mirrored
    rm WORK/render/acme/spot/b/?.exr
    ok copy acme/spot render WORK NAS USB --mirror
    assert_same_tree WORK/render NAS/render
    assert_same_tree WORK/render USB/render
}

test_a_mirror_of_an_empty_source_is_refused() {
    mirrored
    rm -r WORK/render/acme/spot/{a,b}
    ab copy acme/spot render WORK NAS USB --mirror
    assert_status 1
    assert_err "acme/spot render to NAS: all 200 files would be removed: the source has none" \
        "acme/spot render to USB: all 200 files would be removed: the source has none"
    untouched
    # few files as well
    mkdir -p WORK/render/acme/small
    echo 1 >WORK/render/acme/small/only
    ok copy acme/small render WORK NAS
    rm WORK/render/acme/small/only
    ab copy acme/small render WORK NAS --mirror
    assert_status 1
    assert_err "acme/small render to NAS: all 1 file would be removed"
    assert_exists NAS/render/acme/small/only
    # a whole request: nothing is begun
    ab copy 'acme/*' all WORK NAS USB --mirror
    assert_status 1
    untouched_small=$(cat NAS/render/acme/small/only)
    assert_eq "$untouched_small" 1
}

# Nothing goes for what was not read, but what goes may lie there under another name.
test_a_mirror_of_a_source_that_was_not_read_wholly_asks() {
    mirrored
    rm WORK/render/acme/spot/a/1.exr
    chmod -R a+rwX . "$HOME"
    shut WORK/render/acme/spot/b
    run as_nobody copy acme/spot render WORK NAS --mirror
    assert_status 1
    assert_err "acme/spot render to NAS: 1 file would be removed, and the source could not be read wholly"
    assert_exists NAS/render/acme/spot/a/1.exr
    run as_nobody copy acme/spot render WORK NAS --mirror --yes
    assert_status 3
    assert_err "what the destination has in the folders that were not read stays"
    assert_exists NAS/.autobackup/versions/*/render/acme/spot/a/1.exr
    assert_eq "$(find NAS/render/acme/spot -type f | wc -l)" 199
    # of what was read it still asks
    rm WORK/render/acme/spot/a/*
    run as_nobody copy acme/spot render WORK USB --mirror
    assert_status 1
    assert_err "acme/spot render to USB: 100 of 200 files would be removed"
    assert_eq "$(find USB/render/acme/spot -type f | wc -l)" 200
    chmod 755 WORK/render/acme/spot/b
}

test_a_mirror_asks_on_a_terminal() {
    mirrored
    rm -r WORK/render/acme/spot/b
    start 80 24 copy acme/spot render WORK NAS USB --mirror
    wait_for "acme/spot render to NAS: 100 of 200 files would be removed"
    wait_for "acme/spot render to USB: 100 of 200 files would be removed"
    wait_for "Mirror it all the same? [y/N]"
    assert_fits 80
    send n Enter
    wait_for "nothing was copied or removed"
    wait_dead
    assert_status 1
    untouched
    start 80 24 copy acme/spot render WORK NAS --mirror
    wait_for "Mirror it all the same? [y/N]"
    send y Enter
    wait_dead
    assert_status 0
    assert_same_tree WORK/render NAS/render
}

# Between two projects of one run the source may lose what the plan still saw: that is not done.
test_a_source_that_empties_after_the_plan_is_not_mirrored() {
    mirrored
    cat >late.lua <<'LUA'
local mirror = require "autobackup.mirror"
local ask = mirror.ask
mirror.ask = function(run, items)
    ask(run, items)
    os.execute("rm -r WORK/render/acme/spot/a WORK/render/acme/spot/b")
    run.read_at = {}    -- as after a minute
end
for _, problem in ipairs(copy("acme/spot", "render", "WORK", "NAS", {mirror = true}).problems) do
    print(problem.code .. ": " .. problem.message)
end
LUA
    ab ./late.lua
    assert_status 1
    assert_out_is "ECONFIRM: acme/spot render was not copied to NAS: the source changed since it was planned; all 200 files would \
be removed: the source has none; run it again"
    untouched
}

test_a_damaged_replica_holds_nothing_for_an_undo() {
    mkdir -p WORK/footage/acme/spot NAS
    echo good >WORK/footage/acme/spot/a
    touch -d '1 hour ago' WORK/footage/acme/spot/a
    ok add database WORK WORK
    ok add database NAS NAS
    ok add category footage footage
    ok copy acme/spot footage WORK NAS
    ok verify acme/spot footage
    rot WORK/footage/acme/spot/a
    ab verify acme/spot footage
    assert_status 11
    ab undo
    assert_status 1
    assert_err 'what WORK has of acme/spot footage is damaged or of another content'
    assert_eq "$(cat NAS/footage/acme/spot/a)" good
}

test_another_path_for_a_category_asks() {
    studio
    ab add category render renders --replace
    assert_status 1
    assert_err 'would forget what is known of 1 replica in scratch/render'
    assert_eq "$("$AUTOBACKUP" list categories --json | grep -c scratch/render)" 1
    ok add category render renders --replace --yes
}
