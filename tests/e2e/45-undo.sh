# history, undo, prune. Oracles: find, sha256sum, getfacl, getfattr, diff, du, strace.
. ./studio.sh

# Everything that can be said of a tree, directories' times too, but for what is ours.
snapshot() {    # FOLDER
    (
        cd "$1"
        find . -name '.autobackup*' -prune -o -printf '%P\0%y %m %U %G %s %T@ %n %l\0' | tr '\n' '?' | tr '\0' '\n' |
            paste -d ' ' - - | LC_ALL=C sort
        find . -name '.autobackup*' -prune -o -type f -print0 | LC_ALL=C sort -z | xargs -0r sha256sum -z | tr '\0' '\n'
        find . -name '.autobackup*' -prune -o -print0 | LC_ALL=C sort -z | xargs -0r getfattr -hd -m - 2>/dev/null || :
        find . -name '.autobackup*' -prune -o ! -type l -print0 | LC_ALL=C sort -z | xargs -0r getfacl -p 2>/dev/null || :
        # names of one file
        find . -name '.autobackup*' -prune -o -type f -links +1 -printf '%i %P\0' | tr '\n' '?' | tr '\0' '\n' |
            LC_ALL=C sort | awk '{ i = $1; $1 = ""; if (i != last) print "--"; last = i; print }'
    )
}

one_file() {    # FOLDER: 1, 3, 4 and below/2 in it are one file
    mkdir -p "$1/below"
    echo "one of four" >"$1/1"
    touch -d 2001-05-05 "$1/1"
    ln "$1/1" "$1/below/2"
    ln "$1/1" "$1/3"
    ln "$1/1" "$1/4"
}

another_file() {    # FOLDER: 1 is another, 4 is not there
    rm "$1/1" "$1/4"
    echo "not the same any more" >"$1/1"
}

# A/render/one/spot and B/render/one/spot that differ in every way, with LINKS in names of one file too; two databases,
# loaded.
differing() {    # [FOLDER OF B]
    local b=${1:-B} p
    mkdir -p A/render/one "$b/render/one"
    p=A/render/one/spot
    mkdir -p $p/{same,new/deep/er,changed,meta}
    [ -z "${LINKS:-}" ] || one_file $p/linked
    for n in 1 2 3; do
        echo "same $n" >$p/same/$n
        echo "fresh $n" >$p/new/deep/$n
        echo "now it is longer $n" >$p/changed/$n
        echo "meta $n" >$p/meta/$n
    done
    printf 'x%.0s' {1..255} | xargs -I{} sh -c "echo long >$p/changed/{}"
    ln $p/new/deep/1 "$p/new/another name"
    ln -s ../same/1 $p/new/link
    ln -s elsewhere $p/changed/link
    mkfifo $p/new/fifo
    printf 'hostile' >"$p/changed/$(printf 'a\nb\033[31m\xff')"
    cp -a $p "$b/render/one/"
    [ -z "${LINKS:-}" ] || another_file $p/linked
    (
        cd "$b/render/one/spot"
        rm -r new
        echo older >changed/1
        echo "older too" >changed/2
        echo "was here" >"changed/$(printf 'a\nb\033[31m\xff')"
        ln -sf nowhere changed/link
        echo "only here" >changed/extra
        mkdir -p gone/below
        echo g >gone/below/file
        mkfifo gone/fifo
        ln -s x gone/dangling
        chmod 4711 meta/1
        setfattr -n user.kept -v "old value" meta/2 2>/dev/null || :
        setfacl -m u:1234:r meta/3 2>/dev/null || :
        chown 1234:1234 meta/3 2>/dev/null || :
        setfattr -n user.folder -v "old" meta 2>/dev/null || :
        chmod 750 meta
        touch -hd '2001-02-03 04:05:06.789' changed/* changed/link
        touch -d '1999-01-01 01:01:01.5' gone/below changed meta same .
        touch -d '2002-02-02' gone
    )
    ok add database A A
    ok add database B "$b"
    ok add category render render
    ok load
}

undo_is_exact() {    # FOLDER OF B
    local b=$1
    snapshot "$b/render/one" >before
    ok copy one/spot render A B --mirror
    snapshot "$b/render/one" >after
    diff -q before after >/dev/null && fail "the copy changed nothing"
    ok undo --json
    assert_eq "$(json 'o.type, o.conflicts, o.failed, o.unchanged')" "undo 0 0 0"
    snapshot "$b/render/one" >undone
    diff before undone >&2 || fail "undo left differences on $b"
    assert_eq "$(find "$b" -name '.autobackup-*')" "" "temps"
    ok undo last --yes
    snapshot "$b/render/one" >redone
    diff after redone >&2 || fail "undo of undo left differences on $b"
    ok undo last --yes
    snapshot "$b/render/one" >undone
    diff before undone >&2 || fail "a third undo left differences on $b"
    ok load B --json
    assert_eq "$(json 'o.added, o.changed, o.removed')" "0 0 0" "the catalog knew it"
}

test_undo_is_exact_here() {
    LINKS=1 differing
    undo_is_exact B
}

test_undo_is_exact_on_ext4() { need setfattr setfacl; mount_image D 64 ext4; LINKS=1 differing D; undo_is_exact D; }
test_undo_is_exact_on_xfs() { need setfattr setfacl; mount_image D 400 xfs; LINKS=1 differing D; undo_is_exact D; }
test_undo_is_exact_on_btrfs() { need setfattr setfacl; mount_image D 160 btrfs; LINKS=1 differing D; undo_is_exact D; }

test_undo_is_exact_on_tmpfs() {
    mount_tmpfs D 64
    LINKS=1 differing D
    undo_is_exact D
}

# B/render/one/spot/{a,b,c} and elsewhere are one file; at A a is another, the other names are missing. $F is the folder.
linked() {
    F=B/render/one/spot
    mkdir -p A/render/one/spot $F
    echo "another content" >A/render/one/spot/a
    echo "one file" >$F/a
    touch -d 2001-05-05 $F/a
    ln $F/a $F/b
    ln $F/a $F/c
    ln $F/a B/elsewhere
    ok add database A A
    ok add database B B
    ok add category render render
}

names_of() {    # FILE
    find B -path B/.autobackup -prune -o -samefile "$1" -printf '%P\n' | LC_ALL=C sort | tr '\n' ' '
}

test_a_name_comes_back_as_a_name_of_its_file() {
    linked
    ok copy one/spot render A B
    assert_eq "$(names_of $F/b)" "elsewhere render/one/spot/b render/one/spot/c "
    assert_eq "$(find B/.autobackup -samefile $F/b)" "" "the version is a file of its own"
    ok undo
    refute_err "links"
    assert_eq "$(names_of $F/b)" "elsewhere render/one/spot/a render/one/spot/b render/one/spot/c "
    assert_eq "$(cat $F/a) $(stat -c %y $F/a | cut -c 1-10)" "one file 2001-05-05"
    ok undo last --yes
    assert_eq "$(cat $F/a)" "another content"
    ok undo last --yes
    assert_eq "$(names_of $F/a)" "elsewhere render/one/spot/a render/one/spot/b render/one/spot/c "
    assert_eq "$(find B -name '.autobackup-*' -o -name '*.open')" "" "left behind"
}

test_names_of_a_file_that_is_gone_are_names_of_one_again() {
    linked
    rm B/elsewhere
    ok copy one/spot render A B --mirror
    refute_exists $F/b $F/c
    ok undo
    refute_err "links"
    assert_eq "$(names_of $F/b)" "render/one/spot/a render/one/spot/b render/one/spot/c "
    assert_eq "$(cat $F/b)" "one file"
}

test_a_file_that_changed_since_gets_no_name_back() {
    local change
    linked
    cp -a B B.fresh
    for change in 'echo "ONE FILE" >$F/b; touch -d 2001-05-05 $F/b' 'echo longer than that >$F/b' 'chmod 600 $F/b' \
        'setfattr -n user.note -v new $F/b' 'touch $F/b' 'rm $F/b $F/c'; do
        rm -rf B
        cp -a B.fresh B
        ok copy one/spot render A B
        eval "$change"
        names_of B/elsewhere >before
        ok undo
        assert_err "1 of the files that are back was once linked" "those links are not there again"
        assert_eq "$(cat $F/a) $(stat -c '%a %h %y' $F/a | cut -c 1-16)" "one file 644 1 2001-05-05" "$change: the file"
        assert_eq "$(getfattr -hd $F/a)" "" "$change: attributes"
        assert_eq "$(names_of B/elsewhere)" "$(cat before)" "$change: the other names"
        assert_eq "$(find B -name '.autobackup-*')" "" "left behind"
    done
}

test_a_version_does_not_change_with_a_name_that_stays() {
    linked
    ok copy one/spot render A B
    ok undo
    ok undo last --yes
    assert_eq "$(find B/.autobackup -samefile $F/b)" "" "shared with the versions"
    echo "written over" >$F/b
    ok undo last --yes
    assert_eq "$(cat $F/a)" "one file"
    # a name that the copy itself made of a file that was there
    rm -r A/render/one/spot/*
    cp -a $F/b $F/c A/render/one/spot/
    ln A/render/one/spot/b A/render/one/spot/d
    ok copy one/spot render A B
    assert_eq "$(names_of $F/b)" "elsewhere render/one/spot/b render/one/spot/c render/one/spot/d "
    ok undo
    refute_exists $F/d
    assert_eq "$(find B/.autobackup -samefile $F/b)" "" "shared with the versions"
    ok undo last --yes
    assert_eq "$(names_of $F/b)" "elsewhere render/one/spot/b render/one/spot/c render/one/spot/d "
}

# Names that all go are moved, not copied.
test_links_that_all_go_keep_their_file() {
    mkdir -p A/render/one/spot B
    one_file A/render/one/spot/linked
    ok add database A A
    ok add database B B
    ok add category render render
    ok copy one/spot render A B
    local file
    file=$(stat -c %i B/render/one/spot/linked/1)
    ok undo
    assert_eq "$(find B/.autobackup/versions -inum "$file" | wc -l)" 4
    ok undo last --yes
    assert_eq "$(stat -c '%i %h' B/render/one/spot/linked/1)" "$file 4"
}

test_killed_while_links_are_made_a_rerun_finishes_them() {
    need_injection
    local call n id kills=0
    for call in linkat renameat2 unlinkat syncfs; do
        for n in $(points {1..20}); do
            rm -rf A B "$XDG_DATA_HOME"
            linked
            ok copy one/spot render A B
            id=$(ls B/.autobackup/operations)
            killed_at $call $n undo "$id" --yes || break
            kills=$((kills + 1))
            ab undo "$id" --lock-wait 10s
            [ "$STATUS" = 0 ] || grep -q 'was undone by' "$ERR" || fail "$call $n: the rerun"
            assert_eq "$(names_of $F/a)" "elsewhere render/one/spot/a render/one/spot/b render/one/spot/c " "$call $n"
            assert_eq "$(cat $F/a)" "one file" "$call $n"
            ok prune --yes --keep 1000 B
            assert_eq "$(find B -name '.autobackup-*' -o -name '*.open')" "" "left behind after $call $n"
        done
    done
    assert_struck $kills 6 10
}

test_a_link_that_cannot_be_made_again_is_said() {
    need_root
    linked
    ok copy one/spot render A B
    chattr +i $F/c $F/b 2>/dev/null || skip "this filesystem knows no immutable files"
    ok undo
    chattr -i $F/c $F/b
    assert_err "1 of the files that are back was once linked"
    assert_eq "$(cat $F/a) $(stat -c %h $F/a)" "one file 1"
    assert_eq "$(find B -name '.autobackup-*')" "" "left behind"
}

test_a_whole_replica_that_was_new_goes_again() {
    differing
    rm -r B/render/one
    rmdir B/render
    ok copy one/spot render A B
    assert_exists B/render/one/spot/same/1
    ok undo --json
    refute_exists B/render
    assert_eq "$(json 'o.files_removed > 10, o.directories_removed')" "true 9"
    ok undo last --yes
    assert_same_tree A/render B/render
    ok compare one/spot render A B
}

test_what_changed_since_is_left_alone() {
    differing
    ok copy one/spot render A B --mirror
    local d=B/render/one/spot
    echo edited >>$d/changed/1
    echo edited >>$d/new/deep/2
    rm $d/changed/2
    echo mine >$d/gone
    touch -r $d/new/deep/3 stamp
    printf 'FRESH 3\n' >$d/new/deep/3
    touch -r stamp $d/new/deep/3
    chmod 611 $d/meta/1
    echo mine >$d/changed/extra
    ab undo
    assert_status 3
    assert_err "changed/1" "new/deep/2" "changed/2" "meta/1" "changed/extra"
    assert_eq "$(tail -n 1 $d/changed/1) $(tail -n 1 $d/new/deep/2) $(cat $d/gone) $(stat -c %a $d/meta/1)" \
        "edited edited mine 611"
    assert_eq "$(cat $d/new/deep/3)" "FRESH 3" "same size and time, other content"
    assert_eq "$(cat $d/changed/extra)" mine
    refute_exists $d/changed/2 $d/new/deep/1
    assert_eq "$(cat "$d/changed/$(printf 'a\nb\033[31m\xff')")" "was here"
}

test_only_metadata_that_nobody_touched_since_is_put_back() {
    differing
    ok copy one/spot render A B
    chown 77 B/render/one/spot/meta/1 2>/dev/null || skip "needs root"
    ab undo --json
    assert_status 3
    assert_eq "$(json 'o.type == "problem" and o.path:match("[^/]*/[^/]*$") or nil')" meta/1
    assert_eq "$(stat -c '%u' B/render/one/spot/meta/1)" 77
}

test_another_catalog_can_undo() {
    differing
    snapshot B/render/one >before
    ok copy one/spot render A B --mirror
    local id
    id=$(ls B/.autobackup/operations | head -n 1)
    mkdir other
    ok --catalog other/catalog.db add database NAS B
    ok --catalog other/catalog.db add category pictures render
    ok --catalog other/catalog.db history --json
    assert_eq "$(json 'o.operation, o.kind, o.project, o.category, o.database, o.host')" \
        "$id copy one/spot pictures NAS $(hostname)"
    ab --catalog other/catalog.db undo
    assert_status 1
    assert_err "history"
    ok --catalog other/catalog.db undo "${id: -4}" --yes
    snapshot B/render/one >undone
    diff before undone >&2 || fail "differences"
    ok history --json
    assert_eq "$(json 'o.operation == "'"$id"'" and tostring(o.undone_by ~= nil) or nil')" true
}

test_words_for_an_operation() {
    differing
    ab undo
    assert_status 1
    assert_err "nothing to undo"
    ab undo 9999
    assert_status 1
    assert_err "no operation '9999'"
    ok copy one/spot render A B
    local id
    id=$(ls B/.autobackup/operations)
    ok history "${id:0:8}"
    assert_out "$id" "changed/1" "is kept in .autobackup/versions/$id"
    ok undo -n "${id: -4}"
    assert_out "nothing was undone"
    assert_eq "$(ls B/.autobackup/operations)" "$id" "a dry run leaves no trace"
    ok undo "$id"
    ab undo "$id"
    assert_status 1
    assert_err "was undone by"
    ok history --json --project 'one/*' --since 1h
    assert_eq "$(json 'o.kind, o.state')" "undo done
copy done"
    ok history --project 'two/*'
    assert_err "no operation is known that matches"
}

COUNTS='o.type == "operation" and o.kind, o.created, o.replaced, o.removed, o.corrected, o.directories'

test_an_unplugged_disk_keeps_its_counts() {
    differing
    need rsync
    rsync -aniHAX --delete A/render/one/spot/ B/render/one/spot/ | grep -v '/$' >lines
    local new changed gone
    new=$(grep -aEc '^[>ch][^d][+]{9}' lines)
    changed=$(grep -aEc '^[>c][^d][^+]{9}' lines)
    gone=$(grep -ac '^[*]deleting' lines)
    ok copy one/spot render A B --mirror
    ok undo
    ok history --json
    json "$COUNTS" >plugged
    assert_eq "$(sed -n 2p plugged | cut -d ' ' -f 1-4)" "copy $new $changed $gone"
    assert_eq "$(sed -n 1p plugged | cut -d ' ' -f 1-4)" "undo $gone $changed $new"
    mv B away
    ok history --json
    assert_eq "$(json "$COUNTS")" "$(cat plugged)" "of an unplugged disk"
    # what an operation did that was written down by an older program is not known
    query "UPDATE operation SET created = NULL, replaced = NULL,
        removed = NULL, touched = NULL, directories = NULL"
    ok history --json
    assert_eq "$(json "$COUNTS" | head -n 1)" "undo nil nil nil nil nil"
    mv away B
    ok history --json
    assert_eq "$(json "$COUNTS")" "$(cat plugged)" "plugged in again"
}

test_copy_says_how_to_undo() {
    differing
    ok copy one/spot render A B
    assert_out "'undo $(ls B/.autobackup/operations | sed 's/.*-//')' puts it back"
}

# A manifest that somebody made up: record FIELD... appends one to $manifest with its check.
record() {
    printf '%s\0' "$@" >rec
    cat rec >>"$manifest"
    printf '%s\0' "$(xxhsum -H3 <rec | grep -o '[0-9a-f]\{16\}')" >>"$manifest"
}

test_hostile_manifests_lead_nowhere() {
    need xxhsum
    differing
    echo canary >canary
    mkdir -p B/private
    echo private >B/private/key
    local id=20300101T000000Z-0bad v=.autobackup/versions target
    target=$(json_of B/.autobackup/database.json 'o.id')
    manifest=B/.autobackup/operations/$id
    mkdir -p B/.autobackup/operations "B/$v/$id/render/one/spot"
    local old="file 5 0 644 0 0 -"
    echo evil >"B/$v/$id/render/one/spot/evil"
    touch -d @0 "B/$v/$id/render/one/spot/evil"
    record autobackup-manifest 1 $id copy render/one/spot "$target" S host 1 1
    for path in ../../../../canary ../../../private/key /etc/passwd .autobackup/x same/../../x ./same "a//b" \
        same/.autobackup-0123456789abcdef; do
        record remove "$path" $old
        record create "$path" file 8 0 644 0 0 -
        record folder "$path" directory 0 0 777 0 0 -
        record remove "$path" directory 0 0 777 0 0 -
        record above "$path" directory 0 0 777 0 0 -
    done
    record remove evil file 5 0 4755 0 0 -
    record touch same/1 file 7 "$(stat -c %Y B/render/one/spot/same/1)000000000" 644 0 0 - file 7 0 4777 0 0 -
    snapshot . >before
    ab undo $id
    assert_err "paths that lead elsewhere"
    assert_eq "$(cat canary) $(cat B/private/key)" "canary private"
    assert_exists B/render/one/spot/evil
    [ "$(stat -c %a B/render/one/spot/evil)" = 644 ] || fail "mode"
    refute_exists B/x B/render/x B/render/one/x B/.autobackup/x
    ok undo last --yes
    # of another disk, of another operation, of no category
    manifest=B/.autobackup/operations/${id}a
    record autobackup-manifest 1 ${id}a copy render/one/spot 00000000-aaaa S host 1 1
    record remove evil $old
    ab undo ${id}a
    assert_status 1
    assert_err "another disk"
    manifest=B/.autobackup/operations/${id}b
    record autobackup-manifest 1 ${id}b copy private "$target" S host 1 1
    record remove evil $old
    ab undo ${id}b
    assert_status 1
    assert_err "no category"
    ab history
    assert_status 0
}

test_foreign_manifests_set_no_owner_as_root() {
    need_root
    need xxhsum
    differing
    local id=20300101T000000Z-0bad target
    target=$(json_of B/.autobackup/database.json 'o.id')
    manifest=B/.autobackup/operations/$id
    mkdir -p B/.autobackup/operations
    local at
    at=$(date -r B/render/one/spot/same/1 +%s%N)
    record autobackup-manifest 1 $id copy render/one/spot "$target" S host 1 1
    record touch same/1 file 7 "$at" 644 0 0 - file 7 "$at" 6755 4321 4321 -
    chown 1234 "$manifest"
    ok undo $id
    assert_err "not root's own"
    assert_eq "$(stat -c '%a %u' B/render/one/spot/same/1)" "755 0"
    chmod 644 B/render/one/spot/same/1
    manifest=B/.autobackup/operations/${id}a
    record autobackup-manifest 1 ${id}a copy render/one/spot "$target" S host 1 1
    record touch same/1 file 7 "$at" 644 0 0 - file 7 "$at" 6755 4321 4321 -
    ok undo ${id}a
    assert_eq "$(stat -c '%a %u' B/render/one/spot/same/1)" "6755 4321"
}

# A crash left the old content of one file under a name of ours; another file had the same size and time.
stray_of() {    # NAME: a manifest to be filled, and "old-NAME", all that is left of its versions
    local id=20300101T000000Z-0bad kept=B/.autobackup/versions/20300101T000000Z-0bad/render/one/spot
    mkdir -p A/render B/render/one/spot B/.autobackup/operations "$kept"
    printf 'old-%s' "$1" >"$kept/.autobackup-x-0123456789abcdef"
    touch -d @1000000000 "$kept/.autobackup-x-0123456789abcdef"
    ok add database A A
    ok add database B B
    ok add category render render
    manifest=B/.autobackup/operations/$id
    record autobackup-manifest 1 $id copy render/one/spot "$(json_of B/.autobackup/database.json 'o.id')" S host 1 1
}

file_of() {    # CONTENT: its fields in a record
    echo "file 5 1000000000000000000 644 0 0 $(printf %s "$1" | xxh128sum | cut -d ' ' -f 1)"
}

test_a_stray_is_known_by_its_content() {
    need xxhsum xxh128sum
    stray_of b
    local name
    for name in a b; do
        printf 'new-%s' $name >B/render/one/spot/$name
        touch -d @1100000000 B/render/one/spot/$name
        # shellcheck disable=SC2046
        record replace $name file 5 1100000000000000000 644 0 0 "$(printf 'new-%s' $name | xxh128sum | cut -d ' ' -f 1)" \
            $(file_of old-$name)
        # shellcheck disable=SC2046
        record remove gone-$name $(file_of gone$name)
    done
    ok load
    ab undo 20300101T000000Z-0bad --yes
    assert_status 3
    assert_eq "$(cat B/render/one/spot/a)" new-a "what had another file's content put in its place"
    assert_eq "$(cat B/render/one/spot/b)" old-b
    refute_exists B/render/one/spot/gone-a B/render/one/spot/gone-b
    assert_err "its old version is not kept any more"
}

test_of_several_strays_the_one_with_its_content_is_taken() {
    need xxhsum xxh128sum
    stray_of a
    local kept=B/.autobackup/versions/20300101T000000Z-0bad/render/one/spot
    printf 'old-c' >$kept/.autobackup-x-00000000000000cc
    touch -d @1000000000 $kept/.autobackup-x-00000000000000cc
    # shellcheck disable=SC2046
    record remove a $(file_of old-a)
    # shellcheck disable=SC2046
    record remove c $(file_of old-c)
    ok load
    ok undo 20300101T000000Z-0bad --yes
    assert_eq "$(cat B/render/one/spot/a B/render/one/spot/c)" old-aold-c
}

# What lies at the name of a removed file and is as large and as old may still be another one.
test_another_file_of_the_same_size_and_time_is_no_old_version() {
    need xxhsum xxh128sum
    stray_of a
    printf 'mine!' >B/render/one/spot/a
    touch -d @1000000000 B/render/one/spot/a
    # shellcheck disable=SC2046
    record remove a $(file_of old-a)
    ok load
    ab undo 20300101T000000Z-0bad --yes
    assert_status 3
    assert_err "there is another one by now: left alone"
    assert_eq "$(cat B/render/one/spot/a)" 'mine!'
}

# The same undo is killed at the n-th call of a kind, for every kind that changes the disk; a rerun finishes it.
test_killed_at_any_call_a_rerun_finishes_it() {
    need_injection
    differing
    cp -a B B.fresh
    snapshot B/render/one >before
    ok copy one/spot render A B --mirror
    snapshot B/render/one >after
    cp -a "$XDG_DATA_HOME" data.fresh
    rm -rf B.done && cp -a B B.done
    local call n id kills=0
    id=$(ls B.done/.autobackup/operations)
    for call in renameat2 unlinkat mkdirat fsync syncfs fchownat utimensat write renameat; do
        for n in $(points 1 2 3 5 8 13 21); do
            rm -rf B "$XDG_DATA_HOME"
            cp -a B.done B
            cp -a data.fresh "$XDG_DATA_HOME"
            killed_at $call $n undo "$id" --yes || break
            kills=$((kills + 1))
            # nothing lost: each old or new file still is somewhere on the disk
            for sum in $(cat before after | grep -o '^[0-9a-f]\{64\}' | sort -u); do
                echo "$sum"
            done >wanted
            find B -type f -print0 | xargs -0r sha256sum -z | tr '\0' '\n' | grep -o '^[0-9a-f]\{64\}' | sort -u >there
            [ -z "$(comm -23 wanted there)" ] || fail "$call $n: lost: $(comm -23 wanted there)"
            ab undo "$id" --lock-wait 10s
            [ "$STATUS" = 0 ] || grep -q 'was undone by' "$ERR" || fail "$call $n: the rerun"
            snapshot B/render/one >undone
            diff before undone >&2 || fail "$call $n: differences after the rerun"
            ok prune --yes --keep 1000 B
            assert_eq "$(find B -name '.autobackup-*' -o -name '*.open')" "" "leftovers after $call $n"
        done
    done
    assert_struck $kills 14 20
}

state_of() { json "o.type == 'operation' and o.operation == '$1' and o.state or nil"; }    # OPERATION

# Whoever holds the lock next finishes the manifest of a dead one; until then history says that it never ended.
test_what_holds_the_lock_next_ends_a_dead_undo() {
    need_injection
    local next id dead
    for next in "undo %s" "prune --keep 1000 B" "copy one/spot render A B" "copy one/spot render A B --mirror"; do
        rm -rf A B "$XDG_DATA_HOME"
        differing
        ok copy one/spot render A B --mirror
        id=$(ls B/.autobackup/operations)
        killed_at renameat2 4 undo "$id" --yes || fail "it was not killed"
        dead=$(cd B/.autobackup/operations && ls ./*.open | sed 's|./||; s/.open$//')
        ok history --json
        assert_eq "$(state_of "$dead")" unfinished
        ok --catalog other.db add database B B
        ok --catalog other.db add category render render
        ok --catalog other.db history --json
        assert_eq "$(state_of "$dead")" unfinished "from another workstation"
        ok load
        ab ${next/\%s/$id}
        [ "$STATUS" = 0 ] || [ "$STATUS" = 3 ] || fail "$next: status $STATUS"
        assert_eq "$(find B -name '*.open' -o -name '.autobackup-*')" "" "left after $next"
        assert_exists "B/.autobackup/operations/$dead"
        ok history --json
        assert_eq "$(state_of "$dead")" failed "after $next"
        ok --catalog other.db history --json
        assert_eq "$(state_of "$dead")" failed "from another workstation, after $next"
        rm other.db*
    done
}

# It fails, and cannot say so: the disk takes no more records.
test_what_an_undo_on_a_full_disk_leaves_is_ended_too() {
    mount_image D 16 ext4
    differing D
    ok copy one/spot render A B --mirror
    local id next
    id=$(ls D/.autobackup/operations)
    dd if=/dev/zero of=D/filler bs=64k 2>/dev/null || :
    dd if=/dev/zero of=D/filler2 bs=512 2>/dev/null || :
    ab undo "$id"
    [ -n "$(find D -name '*.open')" ] || skip "there was room for it"
    assert_status 1
    ok history --json
    assert_eq "$(json 'o.type == "operation" and o.kind == "undo" and o.state or nil')" failed
    rm D/filler D/filler2
    ok prune --yes --keep 1000 B
    assert_eq "$(find D -name '*.open' -o -name '.autobackup-*')" "" "left behind"
    ok undo "$id"
}

test_killed_at_random_and_an_interrupted_copy_undone() {
    need timeout
    mkdir -p A/render/one/spot B/render/one/spot
    (cd A/render/one/spot && for n in $(seq 40); do mkdir d$n; for m in $(seq 50); do echo "new $n $m" >d$n/$m; done; done)
    (cd B/render/one/spot && for n in $(seq 20); do mkdir d$n; for m in $(seq 50); do echo "o $n $m" >d$n/$m; done; done
        find . -type f -exec touch -d 2001-01-01 {} +; find . -type d -exec touch -d 2000-01-01 {} +)
    ok add database A A
    ok add database B B
    ok add category render render
    snapshot B/render/one >before
    local delay id i
    for delay in 0.03 0.05 0.08 0.12 0.2; do
        timeout -s KILL $delay "$AUTOBACKUP" copy one/spot render A B >/dev/null 2>&1 || :
        for i in 1 2 3; do
            timeout -s KILL 0.0$((RANDOM % 9 + 1)) "$AUTOBACKUP" undo --yes >/dev/null 2>&1 || :
        done
        for id in $(ls -r B/.autobackup/operations 2>/dev/null | sed 's/\.open$//'); do
            ok history "$id" --json
            [ "$(json 'o.type == "operation" and o.kind or nil')" = copy ] || continue
            ab undo "$id" --lock-wait 10s
            [ "$STATUS" = 0 ] || grep -q -e 'was undone by' -e 'changed nothing' "$ERR" || fail "$delay: $id"
        done
        snapshot B/render/one >undone
        diff before undone >diffs || { grep -v "^[0-9]" diffs | sed 8q >&2; ok history; fail "$delay: differences"; }
        rm -rf B/.autobackup/versions B/.autobackup/operations
    done
}

test_a_symlink_swapped_in_for_a_folder_leads_nowhere() {
    differing
    mkdir -p canary/deep
    echo c >canary/1
    echo c >canary/deep/1
    ok copy one/spot render A B --mirror
    snapshot canary >before
    local d=B/render/one/spot i
    ln -s "$PWD/canary" swap
    python3 - "$d/changed" swap <<'PY' &
import ctypes, os, sys
libc = ctypes.CDLL(None)
a, b = (os.fsencode(x) for x in sys.argv[1:])
while os.path.exists("swap") or os.path.islink("swap"):
    libc.renameat2(-100, a, -100, b, 2)
PY
    local swapper=$!
    for i in $(seq 15); do
        ab undo last
        [ "$STATUS" = 0 ] || [ "$STATUS" = 3 ] || [ "$STATUS" = 1 ] || fail "status $STATUS"
    done
    kill "$swapper" && wait "$swapper" 2>/dev/null || :
    snapshot canary >after
    diff before after >&2 || fail "the canary was touched"
}

test_a_full_disk_stops_an_undo_and_loses_nothing() {
    mount_image D 16 ext4
    differing D
    snapshot D/render/one >before
    ok copy one/spot render A B --mirror
    local id
    id=$(ls D/.autobackup/operations)
    dd if=/dev/zero of=D/filler bs=64k 2>/dev/null || :
    dd if=/dev/zero of=D/filler2 bs=512 2>/dev/null || :
    find D -path D/filler\* -prune -o -path D/.autobackup/lock -prune -o -type f -print0 | xargs -0r sha256sum -z |
        tr '\0' '\n' | grep -o '^[0-9a-f]\{64\}' | sort -u >wanted
    ab undo
    [ "$STATUS" = 1 ] || [ "$STATUS" = 0 ] || fail "status $STATUS"
    [ "$STATUS" = 0 ] || assert_err "No space left on device"
    find D -path D/filler\* -prune -o -type f -print0 | xargs -0r sha256sum -z |
        tr '\0' '\n' | grep -o '^[0-9a-f]\{64\}' | sort -u >there
    assert_eq "$(comm -23 wanted there)" "" "lost"
    rm D/filler D/filler2
    ok undo "$id"
    snapshot D/render/one >undone
    diff before undone >&2 || fail "differences"
}

test_a_busy_database_is_waited_for_or_said() {
    need flock
    differing
    ok copy one/spot render A B
    exec 7>>B/.autobackup/lock
    flock 7
    ab undo
    assert_status 75
    assert_err "busy" "--lock-wait"
    ab prune --yes --keep 0
    assert_status 75
    flock -u 7
    ok undo
}

test_prune_by_age_and_by_number() {
    differing
    local n
    for n in 1 2 3; do
        echo "edition $n, longer and longer $(seq -s ' ' "$n")" >A/render/one/spot/changed/1
        ok copy one/spot render A B
        ls B/.autobackup/versions >"ops$n"
    done
    assert_eq "$(ls B/.autobackup/versions | wc -l)" 3
    ab prune
    assert_status 2
    assert_err "--older" "settings.versions"
    find B | sort >before
    ok prune --keep 1 --dry-run --json
    find B | sort | diff before - || fail "a dry run changed something"
    local files bytes
    assert_eq "$(json 'o.type == "expired" and o.operation or nil' | sort)" "$(cat ops2)" "the older two"
    files=$(cd B/.autobackup/versions && find $(cat ../../../ops2) ! -type d -printf x | wc -c)
    bytes=$(cd B/.autobackup/versions && find $(cat ../../../ops2) -type f -printf '%s\n' | awk '{ n += $1 } END { print n }')
    assert_eq "$(json 'o.type == "prune" and o.database == "B" and o.files or nil')" "$files"
    assert_eq "$(json 'o.type == "prune" and o.database == "B" and o.bytes or nil')" "$bytes"
    ok prune --yes --older 1h
    assert_eq "$(ls B/.autobackup/versions | wc -l)" 3 "none is that old"
    ok prune --yes --keep 1 --json
    assert_eq "$(json 'o.type == "prune" and o.database == "B" and o.files or nil')" "$files"
    assert_eq "$(ls B/.autobackup/versions | wc -l)" 1
    ok prune --yes --older 0s --keep 1
    assert_eq "$(ls B/.autobackup/versions | wc -l)" 1
    echo 'settings.versions = {older = "0s", keep = 0}' >conf.lua
    ok --config conf.lua prune B --yes
    assert_eq "$(ls B/.autobackup/versions | wc -l)" 0
    ok history last --json
    assert_eq "$(json 'o.kind, o.state')" "prune done"
    ab undo last
    assert_status 1
    # what is pruned cannot come back, and is said; undo alone passes over it
    ab undo "$(query "SELECT id FROM operation WHERE kind = 'copy' ORDER BY started_at DESC LIMIT 1")"
    assert_status 3
    assert_err "not kept any more"
}

# In ns, 293 years are more than a number holds; what wraps is less than nothing, and every version is older.
test_no_age_is_so_great_that_all_is_older() {
    differing
    ok copy one/spot render A B
    find B/.autobackup/versions >before
    [ -s before ] || fail "no versions"
    local age
    for age in 293y 999y 99999999999w 99999999999999999999999999y; do
        ab prune --yes --older "$age"
        assert_status 2
        assert_err "'$age' is more than 292 years: write 292y or less"
        echo "settings.versions = {older = '$age'}" >conf.lua
        ab --config conf.lua prune --yes
        [ "$STATUS" != 0 ] || fail "settings: $age"
    done
    ok prune --yes --older 292y
    find B/.autobackup/versions | diff before - || fail "something was removed"
}

# The age of versions without a manifest is in their operation's name, in UTC. Neither a summer time that was kept in the
# winter of 1970 nor a zone that has crossed the date line moves it.
test_the_date_in_an_id_is_utc_everywhere() {
    differing
    local zone minutes
    for minutes in 50 70; do
        mkdir -p "B/.autobackup/versions/$(date -u -d "$minutes minutes ago" +%Y%m%dT%H%M%SZ)-aa$minutes/render"
        echo x >"$(echo B/.autobackup/versions/*-aa$minutes/render)/f"
    done
    for zone in Europe/London Pacific/Apia America/New_York UTC; do
        [ -e "/usr/share/zoneinfo/$zone" ] || skip "no tzdata"
        TZ=$zone ok prune --older 1h --dry-run --json
        assert_eq "$zone: $(json 'o.type == "expired" and o.operation or nil')" "$zone: $(ls B/.autobackup/versions | grep aa70)"
    done
}

test_prune_follows_no_symlink_and_takes_leftovers() {
    differing
    ok copy one/spot render A B
    mkdir canary
    echo c >canary/file
    local v
    v=B/.autobackup/versions/$(ls B/.autobackup/versions)
    ln -s "$PWD/canary" "$v/render/one/spot/out"
    ln -s "$PWD/canary" B/.autobackup/versions/20200101T000000Z-aaaa
    local d=B/render/one/spot/same
    echo part >$d/.autobackup-p-0123456789abcdef
    echo young >$d/.autobackup-p-1123456789abcdef
    echo user >$d/.autobackup-p-123
    echo kept >$d/.autobackup-x-0123456789abcdef
    touch -d '40 days ago' $d/.autobackup-*
    touch $d/.autobackup-p-1123456789abcdef
    touch -d 2001-01-01 $d
    ok prune --yes --keep 0 --json
    assert_eq "$(json 'o.type == "prune" and o.database == "B" and o.leftovers or nil')" 1
    assert_eq "$(cat canary/file)" c
    refute_exists "$v" $d/.autobackup-p-0123456789abcdef
    assert_exists $d/.autobackup-p-1123456789abcdef $d/.autobackup-p-123 $d/.autobackup-x-0123456789abcdef
    assert_eq "$(stat -c %Y $d)" "$(date -d 2001-01-01 +%s)" "the folder's time"
}

test_a_prune_that_is_killed_is_finished_by_the_next() {
    need_injection
    differing
    ok copy one/spot render A B --mirror
    local id n
    id=$(ls B/.autobackup/versions)
    for n in 1 3; do
        killed_at unlinkat $n prune --yes --keep 0 B || fail "it was not killed"
    done
    refute_exists "B/.autobackup/versions/$id"
    ok prune --yes --keep 0
    assert_eq "$(find B/.autobackup/versions -mindepth 1)" "" "versions"
    assert_eq "$(find B -name '*.open')" "" "open manifests"
}

test_prune_works_on_a_full_disk() {
    mount_image D 16 ext4
    differing D
    head -c 3M /dev/urandom >D/render/one/spot/changed/1
    touch -d 2001-01-01 D/render/one/spot/changed/1
    ok copy one/spot render A B
    dd if=/dev/zero of=D/filler bs=64k 2>/dev/null || :
    dd if=/dev/zero of=D/filler2 bs=512 2>/dev/null || :
    ok prune --yes --keep 0 B
    assert_eq "$(find D/.autobackup/versions -type f)" "" "versions"
    [ "$(df --output=avail -k D | tail -n 1)" -gt 2000 ] || fail "nothing was freed"
}

# On btrfs nothing can be linked or moved from one subvolume to another: what is replaced or removed is copied, and comes back.
test_subvolumes_at_the_destination() {
    need btrfs
    mount_image NAS 128 btrfs
    mkdir -p NAS/footage/acme/spot WORK/footage/acme/spot/{day1,plain}
    local folder
    btrfs subvolume create NAS/footage/acme/spot/day1 >/dev/null
    mkdir NAS/footage/acme/spot/plain
    for folder in day1 plain; do
        echo old >"NAS/footage/acme/spot/$folder/replaced"
        echo extra >"NAS/footage/acme/spot/$folder/extra"
        echo same >"NAS/footage/acme/spot/$folder/same"
        cp -p "NAS/footage/acme/spot/$folder/same" "WORK/footage/acme/spot/$folder/"
        chmod 600 "WORK/footage/acme/spot/$folder/same"
        echo "a new one" >"WORK/footage/acme/spot/$folder/replaced"
        touch -d 2001-02-03 "NAS/footage/acme/spot/$folder/"*
        touch -d 2001-02-03 "WORK/footage/acme/spot/$folder/same"
    done
    cp -a NAS/footage before
    ok add category footage footage
    ok add database WORK WORK
    ok add database NAS NAS
    ok load
    ok copy acme/spot footage WORK NAS --mirror --yes
    assert_eq "$(diff -r WORK/footage NAS/footage)" ""
    assert_eq "$(find NAS/.autobackup/versions -type f | wc -l)" 4
    assert_eq "$(find NAS -name '.autobackup-*')" ""
    ok undo --yes
    assert_eq "$(diff -r before NAS/footage)" ""
    assert_eq "$(rsync -anci --delete before/ NAS/footage/ | sed '/^\.d/d')" ""
    assert_eq "$(find NAS -name '.autobackup-*')" ""
    ok copy acme/spot footage WORK NAS --mirror --yes
    assert_eq "$(diff -r WORK/footage NAS/footage)" ""
}

# What an undo does to folders alone is in its plan too: new ones go, lost ones come back, rights and attributes are put back.
test_the_plan_knows_the_folders() {
    need setfattr getfattr
    local op folders='o.type == "undo" and o.metadata_only .. " " .. o.directories_made .. " " .. o.directories_removed or nil'
    mkdir -p A/render/one/spot/{kept,new/deep} B/render/one/spot/{kept,lost/deep}
    echo x | tee A/render/one/spot/kept/f >B/render/one/spot/kept/f
    setfattr -n user.tag -v one B/render/one/spot/kept 2>/dev/null || skip "no extended attributes here"
    setfattr -n user.tag -v two A/render/one/spot/kept
    touch -d 2024-05-06 {A,B}/render/one/spot/kept/f
    ok add database A A
    ok add database B B
    ok add category render render
    ok copy one/spot render A B --mirror --yes --json
    op=$(json 'o.type == "copy" and o.operation or nil')
    ok undo "$op" --dry-run --json
    assert_eq "$(json "$folders")" "1 2 2" "in the plan"
    assert_eq "$(json 'o.type == "undo_action" and o.kind .. " " .. o.path or nil' | sed "s#$PWD/B/##" | sort | xargs)" \
        "correct render/one/spot/kept make render/one/spot/lost make render/one/spot/lost/deep unmake render/one/spot/new unmake render/one/spot/new/deep"
    ok undo "$op" --yes --json
    assert_eq "$(json "$folders")" "1 2 2"
    assert_eq "$(getfattr --only-values -n user.tag B/render/one/spot/kept)" one
    assert_eq "$(cd B/render/one/spot && find . -type d | sort | xargs)" ". ./kept ./lost ./lost/deep"

    ok copy one/spot render A B --json              # rights, and new folders with a file
    echo x >A/render/one/spot/new/deep/f
    chmod 700 A/render/one/spot/kept
    ok copy one/spot render A B --json
    op=$(json 'o.type == "copy" and o.operation or nil')
    ok undo "$op" --dry-run --json
    assert_eq "$(json "$folders")" "1 0 0" "rights in the plan"
    ok undo "$op" --dry-run
    refute_out "everything is as it was"
    ok undo "$op" --yes --json
    assert_eq "$(json "$folders")" "1 0 0" "rights"
    rm -r B/render/one/spot/new
    ok load
    ok copy one/spot render A B --json              # folders that come with files, and go with them
    op=$(json 'o.type == "copy" and o.operation or nil')
    echo mine >B/render/one/spot/new/mine
    ok undo "$op" --dry-run --json
    assert_eq "$(json "$folders")" "1 0 1" "one that somebody uses stays"
    ok undo "$op" --yes --json
    assert_eq "$(json "$folders")" "1 0 1" "and does"
    assert_eq "$(cat B/render/one/spot/new/mine)" mine
}

# A file one step of FAT's times away is another one: what goes is nowhere else, and that is asked about.
test_a_file_of_another_time_holds_nothing() {
    local name
    mkdir -p {NAS,WORK,SOURCE}/footage/acme/spot
    rmdir WORK/footage/acme/spot
    printf old0 >NAS/footage/acme/spot/f
    printf new1 >SOURCE/footage/acme/spot/f
    touch -d 2024-01-01T12:00:10 NAS/footage/acme/spot/f
    touch -d 2024-01-01T12:00:12 SOURCE/footage/acme/spot/f
    for name in NAS WORK SOURCE; do ok add database $name $name; done
    ok add category footage
    ok load
    query "UPDATE traits SET granularity = 2000000000 WHERE database < 3"
    ok copy acme/spot footage SOURCE WORK
    rm -r SOURCE/footage/acme/spot
    ok load
    ab undo last
    assert_status 1
    assert_err "1 file (4 B) that no other database holds"
    [ -e WORK/footage/acme/spot/f ] || fail "the last copy was taken away without a question"
}
