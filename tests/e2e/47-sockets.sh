# A socket holds no data: what the other disk has under its name is judged as if there were none. Oracles: find, rsync.
. ./studio.sh

P=WORK/footage/acme/spot Q=NAS/footage/acme/spot

sockets() {    # PATH...: each becomes one
    need python3
    rm -rf "$@"
    python3 -c 'import socket, os, sys
top = os.getcwd()
for path in sys.argv[1:]:
    os.chdir(os.path.join(top, os.path.dirname(path)))
    socket.socket(socket.AF_UNIX).bind(os.path.basename(path))' "$@"
}

copied() {
    mkdir -p "$P"/folder/deep "$P"/sub NAS
    local name
    for name in file folder/{a,deep/b} sub/{x,y} stays; do echo "$name" >"$P/$name"; done
    ln -s file "$P/link"
    find "$P" -exec touch -h -d '2024-05-06 07:08:09' {} +
    work_and_nas
    ok copy acme/spot footage WORK NAS
}

counts='o.type == "copy" and table.concat({o.files_copied, o.files_removed, o.others_copied, o.directories_made, o.directories_removed, o.sockets, o.conflicts + o.failed}, " ") or nil'

# A dry run says what the copy then does.
as_planned() {    # WORDS...
    ok copy acme/spot footage WORK NAS "$@" --dry-run --json
    json "$counts" >planned
    ok copy acme/spot footage WORK NAS "$@" --json
    json "$counts" | diff planned - || fail "the plan was another one"
}

# Once more there is nothing to do, and an undo takes all of it back.
mirrored_and_back() {
    ok copy acme/spot footage WORK NAS --mirror
    assert_out "nothing to do"
    ok undo --yes
    tree_of "$Q" | diff - before || fail "it is not as it was before"
}

test_what_became_a_socket_is_not_at_the_source_any_more() {
    copied
    sockets "$P"/{file,folder,link}
    tree_of "$Q" >before
    ok load WORK
    ab compare acme/spot footage WORK NAS --json
    assert_status 4
    assert_eq "$(json 'o.inside and o.status .. " " .. o.inside or nil' | sort | tr '\n' ' ')" "- file - folder/a - folder/deep/b - link "
    ok copy acme/spot footage WORK NAS    # as extra files do, they stay
    assert_out "nothing to do"
    assert_err "3 sockets of the source left out"
    tree_of "$Q" | diff - before || fail "something was touched"
    as_planned --mirror --yes
    assert_eq "$(cat planned)" "0 4 0 0 2 3 0"
    assert_eq "$(find "$Q" -mindepth 1 -printf '%P\n' | sort | tr '\n' ' ')" "stays sub sub/x sub/y "
    ok compare acme/spot footage WORK NAS
    mirrored_and_back
}

test_a_socket_in_the_way_is_told_and_a_mirror_replaces_it() {
    copied
    sockets "$Q"/{file,folder,link}
    tree_of "$Q" >before
    ok load NAS
    ab compare acme/spot footage WORK NAS --json
    assert_status 4
    assert_eq "$(json 'o.inside and o.status .. " " .. o.inside or nil' | sort | tr '\n' ' ')" "+ file + folder/a + folder/deep/b + link "
    ab copy acme/spot footage WORK NAS
    assert_status 3
    assert_err "a file at the source, a socket at the destination: left alone; --mirror replaces it" "a directory at the source, a socket"
    tree_of "$Q" | diff - before || fail "something was touched"
    as_planned --mirror --yes
    ok compare acme/spot footage WORK NAS
    assert_same_tree "$P" "$Q"
    mirrored_and_back
}

# A folder that only the destination has goes with the sockets in it, which would keep it there for ever; in one that both have they stay.
test_a_mirror_clears_a_folder_that_holds_only_a_socket() {
    copied
    mkdir -p "$Q"/extra/deep "$Q"/more
    echo more >"$Q/more/file"
    sockets "$Q"/extra/deep/socket "$Q"/more/socket "$Q"/folder/socket
    tree_of "$Q" >before
    ok load NAS
    ab compare acme/spot footage WORK NAS
    assert_status 4
    ok copy acme/spot footage WORK NAS    # as extra files do, they stay
    tree_of "$Q" | diff - before || fail "something was touched"
    as_planned --mirror --yes
    assert_eq "$(cat planned)" "0 3 0 0 3 0 0"
    assert_eq "$(find "$Q" -type s -printf '%P ')" "folder/socket "
    refute_exists "$Q/extra" "$Q/more"
    ok compare acme/spot footage WORK NAS
    mirrored_and_back
    ab compare acme/spot footage WORK NAS
    assert_status 4
}
