# Bad input: each with a message that names the thing, the right status, and nothing lost.
. ./studio.sh

test_typos_in_every_position() {
    studio
    ab ftech all
    assert_status 2
    assert_err "did you mean 'fetch'"
    ab --jsno list databases
    assert_status 2
    assert_err "did you mean '--json'"
    ab list proejcts
    assert_status 2
    assert_err "projects"
    ab list projects in acmee
    assert_status 1
    assert_err "did you mean 'acme'"
    ab copy acme/spot render WRK NAS
    assert_status 1
    assert_err "did you mean 'WORK'"
    ab copy acme/spot render WORK NAS --dry-rnu
    assert_status 2
    assert_err "did you mean '--dry-run'"
    ab copy acme/spot render WORK NAS --newer=owerwrite
    assert_status 2
    assert_err overwrite
    ab help coppy
    assert_err "did you mean 'copy'"
    ab list databases too many words
    assert_status 2
    printf 'fetch "acme\n' >in
    ab <in
    assert_status 2
    assert_err "stdin:1:"
}

test_words_that_need_more() {
    studio
    mkdir -p WORK/footage/empty
    ok load WORK
    ok fetch empty
    assert_err "empty has no projects"
    ab fetch client
    assert_status 2
    assert_err "a name is missing after 'client'"
    ab explore 'ac*/spot' footage WORK
    assert_status 2
    assert_err "name one project"
    ab copy acme footage WORK NAS
    assert_status 2
    assert_err "acme/*"
    local command
    mkdir -p WORK/footage/{acme/two,bmx/one}
    ok load WORK
    for command in "copy % footage WORK NAS" "verify %" "compare %" "fetch %" "check %" "move % footage WORK NAS"; do
        # shellcheck disable=SC2086
        ab ${command/\%/acme/spot,acme/two}
        assert_status 2
        assert_err "'acme/spot,acme/two' are 2 projects: write one command for each, or acme/* for all that acme has"
        # shellcheck disable=SC2086
        ab ${command/\%/acme/spot,bmx/one}
        assert_status 2
        assert_err "'acme/spot,bmx/one' are 2 projects: write one command for each"
        refute_err '*'
    done
    ab --no-config -c x list
    assert_status 2
    printf '# tasks\nlist clients\n\n   # more\nlist projects\n' >in
    ok <in
    assert_out "bmx/show two"
    printf 'list clients # all\n' >in
    ab <in
    assert_status 2
    assert_err "a comment takes a line of its own"
}

test_an_unreadable_folder_is_incomplete_not_empty() {
    studio
    to_nobody ..
    shut "WORK/footage/acme/spot/day 1"
    run as_nobody load WORK --json
    assert_status 3
    assert_eq "$(json 'o.type == "load" and o.errors .. " " .. o.files .. " " .. o.removed or nil')" "1 15 0"
    assert_eq "$(json 'o.type == "problem" and o.code .. " " .. o.path or nil')" "EACCES $PWD/WORK/footage/acme/spot/day 1"
    run as_nobody check acme --json
    assert_eq "$(json 'o.category == "footage" and o.state or nil')" unknown
    run as_nobody check acme
    assert_status 10    # what else is below its policy
    assert_out "WORK could not be read completely"
}

test_a_fifo_in_a_project_does_not_hang() {
    studio
    mkfifo WORK/project/acme/spot/pipe
    run timeout 20 "$AUTOBACKUP" load WORK
    assert_status 0
    run timeout 20 "$AUTOBACKUP" copy acme/spot project WORK NAS
    assert_status 0
    [ -p NAS/project/acme/spot/pipe ] || fail "the FIFO was not made again"
}

# It holds no data: no copy fails because of it, and no command takes a replica without it for another one.
test_a_socket_is_said_and_makes_no_difference() {
    need python3
    studio
    mkdir WORK/project/acme/spot/run
    python3 -c 'import socket, os, sys
for folder in sys.argv[1:]:
    os.chdir(folder); socket.socket(socket.AF_UNIX).bind("s")' "$PWD/WORK/project/acme/spot" "$PWD/WORK/project/acme/spot/run"
    ok load WORK
    ok copy acme/spot project WORK NAS STORAGE --json
    assert_eq "$(json 'o.type == "copy" and o.to .. o.sockets .. " " .. o.failed .. " " .. o.state or nil')" $'NAS2 0 done\nSTORAGE2 0 done'
    assert_exists NAS/project/acme/spot/scene.txt NAS/project/acme/spot/run
    refute_exists NAS/project/acme/spot/s
    ok copy acme/spot project WORK NAS
    assert_out "nothing to do"
    assert_err "NAS: 2 sockets of the source left out"
    ok copy acme/spot project NAS WORK --mirror --yes --json    # nor is a live one taken away
    assert_eq "$(json 'o.type == "copy" and o.files_removed + o.directories_removed or nil')" 0
    assert_exists WORK/project/acme/spot/s WORK/project/acme/spot/run/s
    ok compare acme/spot project WORK NAS
    ok compare acme/spot project NAS WORK
    ok fetch acme/spot --json
    assert_eq "$(json 'o.category == "project" and o.compared or nil' | sort -u)" same
    ab check acme/spot --all --json
    assert_eq "$(json 'o.category == "project" and o.state .. " " .. table.concat(o.current, "+") or nil')" "ok WORK+STORAGE+NAS"
    mkdir NAS/project/acme/spot/s    # what has its name elsewhere, only that one has
    ok load NAS
    ab compare acme/spot project WORK NAS
    assert_status 4
    ok copy acme/spot project WORK NAS
    assert_out "nothing to do"
    ok copy acme/spot project WORK NAS --mirror
    refute_exists NAS/project/acme/spot/s
    ok compare acme/spot project WORK NAS
}

test_hostile_names_never_reach_the_terminal_raw() {
    studio
    mkdir -p "WORK/footage/$(printf 'evil\033[31m\007')/$(printf 'pro\nject\xff')"
    echo x >"WORK/footage/$(printf 'evil\033[31m\007')/$(printf 'pro\nject\xff')/$(printf 'a\rb\xc2\x9b')"
    ok load
    ok fetch all
    ! grep -q "$(printf '\033')" "$OUT" || fail "an escape reached stdout"
    ok list projects --json
    assert_eq "$(json 'o.project_bytes' | head -n 1 | base64 -d | od -An -c | tr -d ' \n')" \
        "$(printf 'evil\033[31m\007/pro\nject\377' | od -An -c | tr -d ' \n')" "the bytes of a name"
    ok copy '*/*' footage WORK NAS
    ! grep -q "$(printf '[\033\007\r]')" "$OUT" "$ERR" || fail "a control character got through"
    assert_same_tree WORK/footage/evil* NAS/footage/evil*
}

test_a_corrupt_catalog_loses_nothing() {
    studio
    local catalog=$XDG_DATA_HOME/autobackup/catalog.db before
    before=$(find WORK STORAGE NAS -type f -exec sha256sum {} + | sort)
    ok list databases
    echo "not a database at all, but longer than nothing" >"$catalog"
    rm -f "$catalog"-*
    ab fetch all
    assert_status 1
    assert_err "$catalog" damaged "load"
    rm "$catalog"
    ok add database WORK WORK
    ok add category footage footage
    ok load
    ok fetch acme/spot
    assert_eq "$(find WORK STORAGE NAS -type f -exec sha256sum {} + | sort)" "$before"
}

test_a_damaged_listing_is_mended_by_load() {
    need sqlite3
    studio
    query "UPDATE directory SET listing = CAST('junk' AS BLOB), sum = 0"
    ab -e 'for f in files{database = "WORK"} do end'
    assert_status 1
    assert_err damaged load
    ok load
    ok -e 'local n = 0 for f in files{database = "WORK"} do n = n + 1 end print(n)'
    assert_out_is 15
}

test_a_catalog_that_cannot_be_written() {
    mkdir closed
    to_nobody .
    chmod 555 closed
    chmod 755 .. .
    run as_nobody --catalog "$PWD/closed/c.db" list databases
    assert_status 1
    assert_err "$PWD/closed"
    ab --catalog "" list databases
    [ "$STATUS" != 0 ] || fail "an empty catalog path"
}

test_output_that_cannot_be_written() {
    studio
    run bash -c '"$AUTOBACKUP" fetch all >/dev/full'
    assert_status 1
    run bash -c '"$AUTOBACKUP" help | head -n 1'
    assert_status 0
    refute_err traceback
}

test_a_damaged_marker_is_said() {
    studio
    echo '{"id": 7' >NAS/.autobackup/database.json
    ab load NAS
    assert_status 75
    assert_err NAS marker
    ok fetch acme/spot
}

# Options stand before or behind the command; what could mean two things is refused.
test_options_before_and_behind_the_command() {
    studio
    ok load -q
    ok -n copy acme/spot render WORK NAS
    refute_exists NAS/scratch/render/acme
    ok --older 1y verify acme/spot -q
    ab -n acme/spot copy render WORK NAS
    assert_status 2
    assert_err "'acme/spot' before the command 'copy' is no option of it"
    ab --bogus copy acme/spot render WORK NAS
    assert_status 2
    assert_err "copy: no option '--bogus'"
    refute_exists NAS/scratch/render/acme
}
