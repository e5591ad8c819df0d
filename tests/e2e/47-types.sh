# A name that becomes something of another type: left alone, or replaced by a mirror, and taken back. Oracles: find, sha256sum,
# diff, rsync.
. ./studio.sh

P=WORK/footage/acme/spot Q=NAS/footage/acme/spot

# What a project begins with, one name of each type, copied.
types() {
    mkdir -p "$P/folder/deep/empty" "$P/folder/.hidden" "$P/plain" NAS
    echo one >"$P/file"
    echo two >"$P/other"
    echo three >"$P/folder/a"
    echo four >"$P/folder/deep/b"
    ln "$P/folder/a" "$P/folder/a2"
    ln -s file "$P/link"
    mkfifo "$P/pipe"
    find "$P" -exec touch -h -d '2024-05-06 07:08:09' {} +
    work_and_nas
    ok copy acme/spot footage WORK NAS
    alike
}

# Each of them becomes something else.
change() {
    rm -r "$P"/{file,other,link,pipe,folder}
    mkdir -p "$P/file/in/it" "$P/link"
    echo new >"$P/file/in/it/f"
    ln -s nowhere "$P/other"
    echo linked >"$P/link/f"
    echo content >"$P/pipe"
    echo "no folder any more" >"$P/folder"
    ln "$P/folder" "$P/plain/again"
    find "$P" -exec touch -h -d '2025-05-06 07:08:09' {} +
}

alike() {
    assert_same_tree "$P" "$Q"
    assert_eq "$(rsync_lists -anic --delete --exclude=.autobackup "$P/" "$Q/")" "" "what rsync would do"
}

test_without_mirror_each_is_left_alone_and_told() {
    need rsync
    types
    tree_of "$Q" >before
    change
    ab copy acme/spot footage WORK NAS
    assert_status 3
    assert_err "a directory at the source, a file at the destination: left alone; --mirror replaces it" \
        "a file at the source, a directory at the destination" "a symlink at the source, a file at the destination"
    tree_of "$Q" | grep -v ' again \|plain' | diff - <(grep -v plain before) || fail "something of another type was touched"
}

test_a_mirror_replaces_them_and_undo_brings_them_back() {
    need rsync
    local op
    types
    tree_of "$Q" >before
    change
    ok copy acme/spot footage WORK NAS --mirror --yes --dry-run --json
    json 'o.type == "copy" and table.concat({o.files_copied, o.files_removed, o.others_copied, o.directories_made, o.directories_removed}, " ") or nil' >planned
    assert_eq "$(json 'o.kind == "type" and o.removes and o.path:match("[^/]*$") or nil' | sort | tr '\n' ' ')" "file folder link "
    tree_of "$Q" | diff - before || fail "a dry run wrote"
    ok copy acme/spot footage WORK NAS --mirror --yes --json
    json 'o.type == "copy" and table.concat({o.files_copied, o.files_removed, o.others_copied, o.directories_made, o.directories_removed}, " ") or nil' | diff planned - ||
        fail "the plan was another one"
    op=$(json 'o.type == "copy" and o.operation or nil')
    alike
    find "$P" -type f -links 2 -printf '%P\n' | sort | diff - <(find "$Q" -type f -links 2 -printf '%P\n' | sort)
    ok compare acme/spot footage WORK NAS
    tree_of "$Q" >after
    cat NAS/.autobackup/versions/"$op"/footage/acme/spot/{file,other,folder/a,folder/deep/b} | diff - <(printf '%s\n' one two three four) ||
        fail "not all old ones are kept"
    ok copy acme/spot footage WORK NAS --mirror --yes
    assert_out "nothing to do"

    ok undo "$op" --dry-run
    tree_of "$Q" | diff - after || fail "a dry run wrote"
    ok undo "$op"
    tree_of "$Q" | diff - before || fail "it is not as it was before"
    ok undo last --yes           # and the undo of that, both ways
    tree_of "$Q" | diff - after || fail "it is not as it was after the copy"
    ok undo last --yes
    tree_of "$Q" | diff - before || fail "it is not as it was before, the second time"
}

# What comes into a folder that is to go stays; the rest goes on.
test_what_came_since_the_load_stays() {
    local shim
    types
    rm -r "$P/folder" "$P/file"
    echo now >"$P/folder"
    mkdir "$P/file"
    touch -d '2025-05-06' "$P/folder" "$P/file"
    shim=$(dirname "$(readlink -f "$AUTOBACKUP")")/tests/fault/shim.so
    [ -e "$shim" ] || skip "$shim is missing"
    printf '#!/bin/sh\necho late >"%s/folder/late"\n' "$PWD/$Q" >late && chmod +x late
    run env LD_PRELOAD="$shim" FAULTS="unlinkat */footage/acme/spot/folder 1 1 run=$PWD/late" "$AUTOBACKUP" copy acme/spot footage WORK NAS \
        --mirror --yes
    assert_exists "$Q/folder/late"
    assert_status 3
    assert_err "something came since: left alone"
    [ -d "$Q/file" ] || fail "the other one did not go on"
    ok copy acme/spot footage WORK NAS --mirror --yes
    assert_same_tree "$P" "$Q"
}

# Killed at any of these calls, the same command makes it whole, and nothing that was there is lost.
test_a_kill_in_the_middle_leaves_what_the_next_run_finishes() {
    need rsync
    need_injection
    local call n kills=0
    for call in renameat2 renameat unlinkat mkdirat linkat fsync; do
        for n in $(points 1 4 9); do
            rm -rf WORK NAS "$XDG_DATA_HOME"
            types
            (cd "$Q" && find . -type f -exec cat {} + | sort -u) >content
            change
            killed_at "$call" "$n" copy acme/spot footage WORK NAS --mirror --yes || break
            kills=$((kills + 1))
            ok copy acme/spot footage WORK NAS --mirror --yes
            alike
            find NAS -type f -exec cat {} + | tr '\0' '\n' | sort -u | comm -23 content - | diff - /dev/null || fail "lost at $call $n"
        done
    done
    assert_struck $kills 6 7
}

# A copy, and a mirror after it that makes a folder a file, a file and a link folders, and a folder a link.
retyped() {
    mkdir -p "$P"/{d/deep/er,to_link} NAS
    for n in 1 2 3; do echo "in d $n" >"$P/d/f$n"; done
    echo deepest >"$P/d/deep/er/f"
    echo y >"$P/y"
    ln -s y "$P/link"
    echo linked >"$P/to_link/f"
    find "$P" -exec touch -h -d '2024-05-06 07:08:09' {} +
    work_and_nas
    ok copy acme/spot footage WORK NAS
    rm -r "$P"/{d,y,link,to_link}
    echo "no folder" >"$P/d"
    mkdir -p "$P/y/deep/er" "$P/link"
    echo in y >"$P/y/in"
    echo deep in y >"$P/y/deep/er/in"
    echo in link >"$P/link/in"
    ln -s y "$P/to_link"
    find "$P" -exec touch -h -d '2025-05-06 07:08:09' {} +
    tree_of "$Q" >before
    ok copy acme/spot footage WORK NAS --mirror --yes
    alike
    cp -a NAS NAS.template
    cp -a "$XDG_DATA_HOME/autobackup" catalog.template
}

again() {
    rm -rf NAS "$XDG_DATA_HOME/autobackup"
    cp -a NAS.template NAS
    cp -a catalog.template "$XDG_DATA_HOME/autobackup"
}

# Of each copy, the newest first: undone, in part, or neither.
how_undone() {
    ok history --json
    json 'o.kind == "copy" and (o.undone_in_part and "part" or o.undone_by and "undone" or "stands") or nil' | tr '\n' ' '
}

# An undo that broke off, then one that is not disturbed: all is as it was, and the older copy is the next to be undone.
finish_undo() {    # HOW
    ok undo --dry-run
    ok undo --yes
    tree_of "$Q" | diff before - || fail "$1: it is not as it was before the copy"
    assert_eq "$(how_undone)" "undone stands " "$1: what is undone"
    ok undo --yes
    assert_eq "$(find NAS -name .autobackup -prune -o -type f -print)" "" "$1: left by the undo of the older copy"
    assert_eq "$(how_undone)" "undone undone " "$1: what is undone at last"
}

test_an_undo_that_was_killed_is_made_whole_by_the_next() {
    need rsync
    need_injection
    local call n kills=0
    retyped
    for call in renameat2 mkdirat unlinkat fchmodat,fchmod,utimensat; do
        for n in $(points 1 2 3 4 6 8 10 12); do
            again
            killed_at "$call" "$n" undo --yes || break
            kills=$((kills + 1))
            finish_undo "killed at $call $n"
        done
    done
    assert_struck $kills 9 13
}

# The same with Ctrl-C, which the program hears: it stops, says so, and what follows makes it whole, be it the undo once more or
# the undo of what was undone.
test_an_undo_that_was_interrupted_is_made_whole_by_the_next() {
    need rsync
    local shim call n way stops=0 back=0
    shim=$(dirname "$(readlink -f "$AUTOBACKUP")")/tests/fault/shim.so
    [ -e "$shim" ] || skip "$shim is missing"
    retyped
    tree_of "$Q" >after
    # the call goes on when the signal has been heard
    printf '#!/bin/sh\nkill -INT $PPID\nsleep 0.3\n' >interrupt && chmod +x interrupt
    for call in renameat,renameat2 mkdirat unlinkat; do
        for n in 1 3 5; do
            for way in again back; do
                again
                run env --default-signal=INT LD_PRELOAD="$shim" FAULTS="$call */NAS/footage/* $n 1 run=$PWD/interrupt" \
                    "$AUTOBACKUP" undo --yes
                [ "$STATUS" = 0 ] && continue    # it was at its end
                assert_status 130
                stops=$((stops + 1))
                if [ $way = again ]; then
                    finish_undo "interrupted at $call $n"
                elif [ -n "$(newest_undo)" ]; then
                    back=$((back + 1))
                    ok undo "$(newest_undo)" --yes
                    tree_of "$Q" | diff after - || fail "interrupted at $call $n: it is not as it was after the copy"
                fi
            done
        done
    done
    [ "$stops" -gt 8 ] || fail "interrupted only $stops times"
    [ "$back" -gt 3 ] || fail "taken back only $back times"
}

newest_undo() {
    ok history --json
    json 'o.kind == "undo" and o.operation or nil' | head -n 1
}

# Killed when only its end was to be told, it is whole, before and after somebody buries it.
test_an_undo_that_was_killed_at_its_end_is_done() {
    need rsync
    need_injection
    retyped
    again
    killed_at renameat 1 undo --yes || fail "it was not killed"
    tree_of "$Q" | diff before - || fail "it was not at its end"
    assert_eq "$(how_undone)" "undone stands "
    ok undo --yes
    assert_eq "$(how_undone)" "undone undone "
}

# One error of the disk: what follows makes it whole, be it the undo of that undo or the undo once more.
test_an_undo_that_failed_in_part_can_be_undone_or_tried_again() {
    local shim fault way undo
    shim=$(dirname "$(readlink -f "$AUTOBACKUP")")/tests/fault/shim.so
    [ -e "$shim" ] || skip "$shim is missing"
    need rsync
    retyped
    tree_of "$Q" >after
    for fault in "renameat,renameat2 */NAS/footage/*/y" "mkdirat */NAS/footage/*/d" "renameat,renameat2 */NAS/footage/*/d/f2"; do
        for way in back again; do
            again
            run env LD_PRELOAD="$shim" FAULTS="$fault 1 1 errno=EIO" "$AUTOBACKUP" undo --yes --json
            assert_status 3
            undo=$(json 'o.type == "undo" and o.operation or nil')
            if [ $way = again ]; then
                finish_undo "$fault"
            else
                ok undo "$undo" --yes
                tree_of "$Q" | diff after - || fail "$fault: it is not as it was after the copy"
            fi
        done
    done
}

# A folder that cannot be cleared away is left alone, also where its name is a hard link at the source.
test_a_folder_in_the_place_of_a_link_that_cannot_go_stays() {
    need_root
    mkdir -p WORK/footage/acme/spot NAS
    echo hello >WORK/footage/acme/spot/a
    ln WORK/footage/acme/spot/a WORK/footage/acme/spot/x
    work_and_nas
    ok copy acme/spot footage WORK NAS
    rm NAS/footage/acme/spot/x
    mkdir -p NAS/footage/acme/spot/x/mounted
    mount -t tmpfs none NAS/footage/acme/spot/x/mounted 2>/dev/null || skip "cannot mount here"
    unmount_at_end NAS/footage/acme/spot/x/mounted
    echo precious >NAS/footage/acme/spot/x/mounted/file
    ab load
    ab copy acme/spot footage WORK NAS --mirror --yes
    assert_status 3
    assert_eq "$(cat NAS/footage/acme/spot/x/mounted/file)" precious
    assert_eq "$(find NAS/.autobackup/versions -mindepth 1 2>/dev/null)" "" "versions"
}

test_a_linked_socket_is_no_name_of_a_file() {
    mkdir -p WORK/footage/acme/spot/day NAS
    echo hello >WORK/footage/acme/spot/day/a
    need python3
    (cd WORK/footage/acme/spot/day && python3 -c 'import socket; socket.socket(socket.AF_UNIX).bind("s")')
    ln WORK/footage/acme/spot/day/s WORK/footage/acme/spot/s
    work_and_nas
    ok copy acme/spot footage WORK NAS --only day
    ok copy acme/spot footage WORK NAS --only day --dry-run
    assert_eq "$(cat NAS/footage/acme/spot/day/a)" hello
}

# Only the names below were asked for: they are gone there, since the folder is none any more.
test_what_lay_in_a_folder_that_became_a_file_is_gone() {
    mkdir -p WORK/footage/acme/spot/d NAS
    echo 1 >WORK/footage/acme/spot/d/f
    work_and_nas
    ok copy acme/spot footage WORK NAS
    rm -r WORK/footage/acme/spot/d
    echo x >WORK/footage/acme/spot/d
    ok copy acme/spot footage WORK NAS --mirror --yes --only d/f
    assert_eq "$(find NAS/footage/acme/spot -type f)" ""
    ok undo --yes
    assert_eq "$(cat NAS/footage/acme/spot/d/f)" 1
}

counted='o.type == "copy" and table.concat({o.files_copied, o.bytes_copied, o.files_replaced, o.files_unchanged, o.files_removed, o.directories_removed}, " ") or nil'

# A folder's name that becomes one more name of a file, new or there already, before it and behind it in the order of names: the
# plan says what the run counts, and rsync has nothing to add.
test_a_folder_that_becomes_a_name_of_another_file() {
    need rsync
    local op
    mkdir -p "$P"/{a,m,z,fresh} NAS
    for name in a/x m/x z/x fresh/x kept moved; do echo "$name" >"$P/$name"; done
    find "$P" -exec touch -h -d '2024-05-06 07:08:09' {} +
    work_and_nas
    ok copy acme/spot footage WORK NAS
    tree_of "$Q" >before
    rm -r "$P"/{a,m,z,fresh}
    ln "$P/kept" "$P/a"
    ln "$P/moved" "$P/z"
    echo "new and linked" >"$P/fresh"
    ln "$P/fresh" "$P/m"
    ln "$P/fresh" "$P/again"
    ok copy acme/spot footage WORK NAS --mirror --yes --dry-run --json
    json "$counted" >planned
    ok copy acme/spot footage WORK NAS --mirror --yes --json
    json "$counted" | diff planned - || fail "the plan was another one"
    op=$(json 'o.type == "copy" and o.operation or nil')
    assert_eq "$(rsync_lists -anicH --delete --exclude=.autobackup "$P/" "$Q/")" "" "what rsync would do"
    diff <(cd "$P" && find . -type f -printf '%P %n\n' | sort) <(cd "$Q" && find . -type f -printf '%P %n\n' | sort) || fail "numbers of names"
    ok copy acme/spot footage WORK NAS --mirror --yes
    assert_out "nothing to do"
    ok undo "$op"
    tree_of "$Q" | diff - before || fail "it is not as it was before"
}

# What cannot be read of the source leaves the destination's folder of that name as it is, and the plan says so.
test_an_unreadable_file_in_the_place_of_a_folder_removes_nothing_in_the_plan_either() {
    need_root
    mkdir -p WORK/footage/acme/spot NAS/footage/acme/spot/name/deep
    echo file >WORK/footage/acme/spot/name
    echo a | tee NAS/footage/acme/spot/name/{a,deep/b} >/dev/null
    chmod -R a+rwX . "$HOME"
    to_nobody WORK NAS
    run as_nobody add database WORK "$PWD/WORK"
    run as_nobody add database NAS "$PWD/NAS"
    run as_nobody add category footage footage
    run as_nobody load
    shut WORK/footage/acme/spot/name
    run as_nobody copy acme/spot footage WORK NAS --mirror --yes --dry-run --json
    assert_status 3
    assert_eq "$(json 'o.type == "copy" and o.files_removed + o.directories_removed .. " " .. o.failed or nil')" "0 1" "in the plan"
    assert_eq "$(json 'o.type == "action" and o.path or nil')" "" "actions"
    run as_nobody copy acme/spot footage WORK NAS --mirror --yes --json
    assert_status 3
    assert_eq "$(json 'o.type == "copy" and o.files_removed + o.directories_removed .. " " .. o.failed or nil')" "0 1" "in the run"
    assert_exists NAS/footage/acme/spot/name/deep/b
}

# The path that is told is the one where it stands against the copy: with several destinations their names are all that tells which.
test_a_conflict_is_told_with_the_destinations_path() {
    local n
    mkdir -p WORK/footage/acme/spot {NAS,STORAGE}/footage/acme/spot/take
    echo take >WORK/footage/acme/spot/take
    echo old >WORK/footage/acme/spot/late
    touch -d 2020-01-01 WORK/footage/acme/spot/late
    echo newer >NAS/footage/acme/spot/late
    for n in WORK NAS STORAGE; do ok add database $n $n; done
    ok add category footage footage
    ok load
    ab copy acme/spot footage WORK NAS STORAGE
    assert_status 3
    assert_err "$PWD/NAS/footage/acme/spot/take" "$PWD/STORAGE/footage/acme/spot/take" \
        "$PWD/NAS/footage/acme/spot/late: newer at the destination"
    refute_err "$PWD/WORK/footage"
}
