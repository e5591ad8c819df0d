# A mirror of a source of which one folder cannot be read: that costs what lies in it, and nothing else. Oracles: chmod, find, diff.
. ./studio.sh

P=WORK/footage/acme/spot Q=NAS/footage/acme/spot

everybodys() {
    chmod a+x "$HOME/.."
    chmod -R a+rwX . "$HOME"
    to_nobody . "$HOME"
}

# A project with a folder `in`, which is going to be shut, and one beside it; copied. Then changed everywhere.
changed() {
    need_root
    mkdir -p "$P"/in/{sub,gone} "$P"/{beside/sub,was_folder/deep,most/some} NAS
    local name
    for name in in/{a,b,sub/c,gone/d,will_be} beside/{a,b,sub/c,will_be} was_folder/{x,deep/y} {was_file,to_shut,link,old} most/{keep,some/z}; do
        echo "$name" >"$P/$name"
    done
    find "$P" -exec touch -h -d '2024-05-06 07:08:09' {} +
    work_and_nas
    ok copy acme/spot footage WORK NAS
    rm -r "$P"/in/{b,gone,will_be} "$P"/beside/{b,will_be} "$P"/{was_folder,was_file,to_shut,link,old}
    mkdir "$P"/{in,beside}/will_be "$P"/{was_file,to_shut} "$P"/was_file/shut
    echo inside | tee "$P"/{in,beside}/will_be/f "$P"/{was_file,to_shut,was_file/shut}/f >/dev/null
    echo "a file now" >"$P/was_folder"
    ln -s beside "$P/link"
    echo new >"$P/beside/new"
    everybodys
}

# After the mirror, with and without what the load knew of `in` before it was shut: what goes, what stays, what comes.
assert_mirrored() {
    assert_eq "$(cat "$Q"/in/{a,b,sub/c,gone/d,will_be} | tr '\n' ' ')" "in/a in/b in/sub/c in/gone/d in/will_be "
    assert_eq "$(cat "$Q/to_shut")" to_shut
    refute_exists "$Q"/{beside/b,old,was_file/shut/f}
    assert_eq "$(cat "$Q"/{beside/{a,new,sub/c,will_be/f},was_file/f,was_folder,most/{keep,some/z}} | tr '\n' ' ')" \
        "beside/a new beside/sub/c inside inside a file now most/keep most/some/z "
    assert_eq "$(readlink "$Q/link")" beside
    find NAS/.autobackup/versions -type f -printf '%P\n' | sed 's,.*acme/spot/,,' | sort | tr '\n' ' ' >kept
    assert_eq "$(cat kept)" "beside/b beside/will_be link old was_file was_folder/deep/y was_folder/x "
}

counts='o.type == "copy" and table.concat({o.files_copied, o.files_removed, o.others_copied, o.directories_made, o.directories_removed}, " ") or nil'

mirror_is_planned_and_done() {
    tree_of "$Q" >before
    run as_nobody copy acme/spot footage WORK NAS --mirror --yes --dry-run --json
    assert_status 3
    json "$counts" >planned
    json 'o.removes and o.path:match("spot/(.*)") or nil' | sort | tr '\n' ' ' >removes
    tree_of "$Q" | diff before - || fail "a dry run wrote"
    run as_nobody copy acme/spot footage WORK NAS --mirror --yes --json
    assert_status 3
    assert_eq "$(cat removes)" "beside/b beside/will_be old was_file was_folder was_folder/deep was_folder/deep/y was_folder/x " "what the plan removes"
    json "$counts" | diff planned - || fail "the plan was another one"
    json 'o.type == "problem" and o.path:match("spot/(.*)") or nil' | sort -u | tr '\n' ' ' >problems
    assert_mirrored
}

# Once it can be read, the same command makes it whole.
whole_at_last() {
    chmod -R a+rwX "$P"
    to_nobody "$P"
    run as_nobody load
    run as_nobody compare acme/spot footage WORK NAS --json
    assert_status 4
    run as_nobody copy acme/spot footage WORK NAS --mirror --json
    assert_status 0
    diff -r --no-dereference "$P" "$Q" || fail "it is not the source"
    run as_nobody compare acme/spot footage WORK NAS
    assert_status 0
}

# The load keeps what it knew of it, with no mark in there.
test_a_folder_that_was_read_once_and_is_not_readable_any_more() {
    changed
    run as_nobody load
    assert_status 0
    shut "$P"/{in,to_shut,was_file/shut}
    mirror_is_planned_and_done
    grep -q ' in/will_be ' problems || fail "the folder that could not come is not told"
    assert_eq "$(tr ' ' '\n' <problems | grep -v -e '^in' -e '^to_shut$' -e '^was_file/shut')" "" "what has nothing to do with it"
    whole_at_last
}

# Nothing is known of it.
test_a_folder_that_was_never_readable() {
    changed
    rm -r "$XDG_DATA_HOME/autobackup"
    run as_nobody add database WORK "$PWD/WORK"
    run as_nobody add database NAS "$PWD/NAS"
    run as_nobody add category footage footage
    shut "$P"/{in,to_shut,was_file/shut}
    mirror_is_planned_and_done
    assert_eq "$(cat problems)" "in to_shut was_file/shut "
    whole_at_last
}

# One that can be entered and not listed: a name in it can be looked for, and yet nothing is concluded.
test_a_folder_that_can_be_entered_and_not_listed() {
    changed
    run as_nobody load
    for name in "$P"/{in,to_shut,was_file/shut}; do
        shut "$name"
        chmod 711 "$name"
    done
    mirror_is_planned_and_done
    whole_at_last
}
test_a_clients_folder_that_cannot_be_read_is_no_empty_one() {
    mkdir -p WORK/footage/{acme/spot,beta/two} NAS
    echo a >WORK/footage/acme/spot/a
    echo b >WORK/footage/beta/two/b
    need_root
    chmod -R a+rwX . "$HOME"
    shut WORK/footage/acme
    run as_nobody add database WORK "$PWD/WORK"
    run as_nobody add database NAS "$PWD/NAS"
    run as_nobody add category footage footage
    for words in '' --mirror --dry-run; do
        run as_nobody copy '*/*' footage WORK NAS $words
        assert_status 3
        assert_err "WORK/footage/acme" "what is in there was not copied"
    done
    run as_nobody copy '*/*' footage WORK NAS
    assert_status 3
    refute_out "everything is there already"
    run as_nobody copy 'beta/*' footage WORK NAS
    assert_status 0
    shut WORK/footage
    run as_nobody copy '*/*' footage WORK NAS
    assert_status 3
    assert_err "WORK/footage: " "what is in there was not copied"
    chmod 755 WORK/footage WORK/footage/acme
}

# Two disks, acme/spot and beta/two on both; nobody may do all, but not look into what the test shuts.
two_clients() {
    mkdir -p WORK/footage/{acme/spot,beta/two}
    echo a >WORK/footage/acme/spot/a
    echo b >WORK/footage/beta/two/b
    need_root
    cp -a WORK NAS
    chmod -R a+rwX . "$HOME"
    chown -R 65534:65534 WORK NAS
    run as_nobody add database WORK "$PWD/WORK"
    run as_nobody add database NAS "$PWD/NAS"
    run as_nobody add category footage footage
}

# Each command that goes through several projects tells what could not be read among them; who asks for others does not hear of it.
test_what_could_not_be_read_is_told_by_all_that_go_through_several_projects() {
    local command
    two_clients
    shut WORK/footage/acme
    run as_nobody load
    assert_status 3
    for command in "compare */*" "compare */* footage WORK NAS" "compare */* --fresh" "verify */*" "verify */* footage WORK" "check */*" \
        "list projects" "list clients" "list loose" "find *" "fetch" "fetch */*"; do
        read -ra words <<<"$command"
        run as_nobody "${words[@]}"
        [ "${words[*]:0:2}" = "check */*" ] || assert_status 3
        cat "$OUT" >>"$ERR"
        assert_err "WORK could not be read for footage"
    done
    for command in "compare beta/*" "verify beta/*" "verify */* footage NAS"; do
        read -ra words <<<"$command"
        run as_nobody "${words[@]}"
        assert_status 0
    done
    run as_nobody verify '*/*'
    assert_out "not all of it could be read"
    run as_nobody compare '*/*' --json
    assert_eq "$(json 'o.type == "compare" and o.project .. " " .. o.state or nil' | xargs)" "acme/spot incomplete beta/two same"
}

# A project of which nothing is known, since its client cannot be read, is not one that is not there.
test_a_project_in_a_client_that_cannot_be_read_is_not_absent() {
    local command
    two_clients
    rm -r NAS/footage/acme
    shut WORK/footage/acme
    run as_nobody load
    for command in compare verify check fetch find; do
        [ $command != find ] || command="find * --project"
        read -ra words <<<"$command"
        run as_nobody "${words[@]}" acme/spot
        assert_status 3
        refute_err "no project"
        assert_err "acme/spot" "WORK could not be read for footage/acme"
    done
    run as_nobody compare 'acme/*'
    assert_status 3
    assert_err "WORK could not be read for footage/acme"
    for words in '' --dry-run; do
        run as_nobody copy acme/spot footage WORK NAS $words
        assert_status 3
        assert_err "Permission denied: $PWD/WORK/footage/acme: what is in there was not copied"
        run as_nobody copy '*/spot' footage WORK NAS $words
        assert_status 3
        assert_err "Permission denied: $PWD/WORK/footage/acme: what is in there was not copied"
    done
    run as_nobody copy beta/nothing footage WORK NAS
    assert_status 1
    assert_err "no project 'beta/nothing'"
}

# A project's own folder: what was not read is the source's, and unknown.
test_a_projects_own_folder_that_cannot_be_read() {
    local words
    two_clients
    shut WORK/footage/acme/spot
    run as_nobody load
    for words in "acme/spot" "acme/spot --dry-run" "*/*" "*/* --mirror --yes"; do
        read -ra words <<<"${words/ / footage WORK NAS }"
        [ ${#words[@]} -gt 1 ] || words+=(footage WORK NAS)
        run as_nobody copy "${words[@]}" --json
        assert_status 3
        assert_eq "$(json 'o.type == "problem" and o.path or nil')" "$PWD/WORK/footage/acme/spot" "${words[*]}"
        run as_nobody copy "${words[@]}"
        assert_status 3
        assert_err "Permission denied: $PWD/WORK/footage/acme/spot: what is in there was not copied"
        refute_err "$PWD/NAS: "
    done
    assert_exists NAS/footage/acme/spot/a
    run as_nobody verify acme/spot footage WORK
    assert_status 3
    assert_err "$PWD/WORK/footage/acme/spot: Permission denied"
    refute_out "all good"
    run as_nobody compare acme/spot --json
    assert_status 3
    assert_eq "$(json 'o.type == "compare" and o.state .. " " .. o.files_only_database + o.files_only_reference or nil')" "incomplete 0"
    rm -r NAS/footage/acme
    run as_nobody load
    run as_nobody compare acme/spot
    assert_err "WORK/footage/acme/spot: 1 entry could not be read"
}
