# A plan says what the copy would do: the same problems, the same exit status, nothing that will not be done. Oracles:
# the copy itself, stat, find.
. ./terminal.sh
. ./studio.sh

# What the last run said could not be done, and what it counted.
told() {
    json 'o.type == "problem" and o.path .. ": " .. o.code or nil' | sort
    json 'o.type == "copy" and o.to .. " " .. o.files_copied .. " " .. o.bytes_copied .. " " .. o.others_copied .. " " ..
        o.files_removed .. " " .. o.metadata_only .. " " .. o.conflicts .. " " .. o.failed or nil'
}

# A dry run, then the copy: both end with STATUS and tell the same.
as_planned() {    # STATUS USER WORDS...: USER is `ab` or `as_nobody`
    local status=$1 who=$2
    shift 2
    if [ "$who" = ab ]; then ab "$@" --dry-run --json; else run as_nobody "$@" --dry-run --json; fi
    assert_status "$status"
    told >planned
    cp "$OUT" plan.json
    if [ "$who" = ab ]; then ab "$@" --json; else run as_nobody "$@" --json; fi
    assert_status "$status"
    diff planned <(told) >&2 || fail "the plan and the copy differ"
}

two_disks() {
    mkdir -p WORK/render/acme/spot/a NAS
    local n
    for n in 1 2 3; do echo "frame $n" >"WORK/render/acme/spot/a/$n.exr"; done
    ok add database WORK WORK
    ok add database NAS NAS
    ok add category render render
}

everybodys() { chmod -R a+rwX . "$HOME"; to_nobody . "$HOME"; }

test_what_cannot_be_read_is_planned_as_such() {
    two_disks
    chmod a+x "$HOME/.."
    everybodys
    shut WORK/render/acme/spot/a/2.exr
    as_planned 3 as_nobody copy acme/spot render WORK NAS
    json_of plan.json 'o.type == "action" and o.path or nil' >paths
    grep -q 1.exr paths || fail "1.exr is not planned"
    ! grep -q 2.exr paths || fail "2.exr is planned to be copied"
    grep -q '2.exr: EACCES' planned || fail "2.exr is not named"
    as_planned 3 as_nobody copy acme/spot render WORK NAS --mirror --yes
    run as_nobody restore acme/spot render --from WORK --to NAS --dry-run
    assert_status 3
    assert_err "2.exr: Permission denied"
    # a changed one too, and another name of it
    chmod 644 WORK/render/acme/spot/a/2.exr
    as_planned 0 as_nobody copy acme/spot render WORK NAS
    echo more >>WORK/render/acme/spot/a/2.exr
    ln WORK/render/acme/spot/a/2.exr WORK/render/acme/spot/a/4.exr
    chmod 0 WORK/render/acme/spot/a/2.exr
    as_planned 3 as_nobody copy acme/spot render WORK NAS
    assert_eq "$(grep -c EACCES planned)" 2
}

test_what_is_damaged_or_refused_is_planned_as_such() {
    two_disks
    ok copy acme/spot render WORK NAS
    ok verify acme/spot render
    rot WORK/render/acme/spot/a/2.exr
    ab verify acme/spot render WORK
    assert_status 11
    rm NAS/render/acme/spot/a/[23].exr
    as_planned 3 ab copy acme/spot render WORK NAS
    grep -q '2.exr: EDAMAGED' planned || fail "2.exr is not named"
    as_planned 3 ab copy acme/spot render WORK NAS --mirror
    rm WORK/render/acme/spot/a/2.exr
    as_planned 0 ab copy acme/spot render WORK NAS
    need_root "in part: a device"
    mknod WORK/render/acme/spot/device c 1 3
    everybodys
    as_planned 3 as_nobody copy acme/spot render WORK NAS
    grep -q 'device: EPERM' planned || fail "the device is not named"
}

# The catalog in use lies in the project: it is not copied, and looking at it ends none of its locks.
test_the_catalog_itself_is_planned_as_such() {
    two_disks
    export AUTOBACKUP_CATALOG=$PWD/WORK/render/acme/spot/catalog.db
    ok add database WORK WORK
    ok add database NAS NAS
    ok add category render render
    ab copy acme/spot render WORK NAS --dry-run
    assert_status 3
    assert_err "belongs to the catalog in use: not copied" WORK/render/acme/spot/catalog.db
}

test_where_nothing_can_be_written_is_planned_as_such() {
    need_root "another user's folder"
    two_disks
    ok copy acme/spot render WORK NAS
    everybodys
    echo new >WORK/render/acme/spot/a/new.exr
    mkdir -p WORK/render/acme/spot/a/b
    echo more >WORK/render/acme/spot/a/b/more.exr
    chmod -R a+rX WORK
    rm WORK/render/acme/spot/a/1.exr
    chmod 555 {WORK,NAS}/render/acme/spot/a
    as_planned 0 as_nobody copy acme/spot render WORK NAS    # their own folder is opened for it
    rm -r NAS/render/acme/spot/a/{new.exr,b}
    chown 0:0 NAS/render/acme/spot/a
    as_planned 3 as_nobody copy acme/spot render WORK NAS
    assert_eq "$(grep -c EACCES planned)" 2
    json_of plan.json 'o.type == "action" and o.path or nil' >paths
    ! grep -e new.exr -e more.exr paths || fail "planned to be copied"
    as_planned 3 as_nobody copy acme/spot render WORK NAS --mirror
    grep -q 'a/1.exr: EACCES' planned || fail "what cannot be removed is not named"
}

test_a_mirror_that_would_be_asked_about_says_so() {
    two_disks
    mkdir -p USB
    ok add database USB USB
    local n
    for n in $(seq 150); do echo "$n" >"WORK/render/acme/spot/$n.exr"; done
    ok copy acme/spot render WORK NAS USB
    rm WORK/render/acme/spot/1*.exr WORK/render/acme/spot/[2-9]*.exr
    cp -a NAS/render kept
    ab copy acme/spot render WORK NAS USB --mirror --dry-run
    assert_status 1
    assert_err "would be refused without --yes: acme/spot render to NAS: 150 of 153 files would be removed" \
        "acme/spot render to USB: 150 of 153 files"
    ok copy acme/spot render WORK NAS USB --mirror --dry-run --yes
    refute_err "--yes"
    start 80 24 copy acme/spot render WORK NAS --mirror --dry-run
    wait_dead
    assert_status 0
    screen | tr -d '\n' | grep -q "the copy itself would ask first: acme/spot render to NAS: 150 of 153" ||
        fail "it is not said that the copy would ask: $(screen)"
    # nothing at all, and what is not read wholly
    rm -r WORK/render/acme/spot/a
    ab copy acme/spot render WORK NAS --mirror --dry-run
    assert_status 1
    assert_err "all 153 files would be removed: the source has none"
    assert_same_tree kept NAS/render
    # the refusal: a line for each of the two
    ab copy acme/spot render WORK NAS USB --mirror
    assert_status 1
    assert_eq "$(grep -c '^    acme/spot render to [A-Z]*: all 153 files would be removed: the source has none$' "$ERR")" 2
    assert_err "say --yes to do it"
}

test_a_mirror_of_what_is_not_read_wholly_says_so() {
    two_disks
    ok copy acme/spot render WORK NAS
    everybodys
    shut WORK/render/acme/spot/a
    run as_nobody copy acme/spot render WORK NAS --mirror --dry-run
    assert_status 3
    assert_err "what the destination has in the folders that were not read stays"
    refute_err "would be refused"
}

# A folder that was read once and cannot be now: what is known of it is the same, and still not all was looked at.
test_a_folder_that_is_not_readable_any_more_is_no_success() {
    two_disks
    ok copy acme/spot render WORK NAS
    everybodys
    shut {WORK,NAS}/render/acme/spot/a
    run as_nobody copy acme/spot render WORK NAS --dry-run
    assert_status 3
    assert_err "render of acme/spot could not be read wholly on WORK"
    refute_out "everything is there already"
    run as_nobody copy acme/spot render WORK NAS
    assert_status 3
    refute_out "everything is there already"
    assert_err "could not be read wholly on WORK"
    run as_nobody load WORK
    assert_err render/acme/spot/a
}

# All that can make a plan want to set rights again and again.
odd_rights() {    # FOLDER: the replica
    mkdir -p "$1"/{setgid,sticky,closed,empty}
    echo 1 >"$1/setuid"
    echo 2 >"$1/setgid/file"
    echo 3 >"$1/closed/secret"
    echo 4 >"$1/run"
    ln "$1/run" "$1/again"
    ln -s nowhere "$1/link"
    mkfifo "$1/fifo"
    chmod 4755 "$1/setuid"
    chmod 2755 "$1/setgid" "$1/run"
    chmod 1777 "$1/sticky"
    chmod 700 "$1/closed"
    chmod 600 "$1/closed/secret"
    touch -h -d '1999-09-09 09:09:09.123456789' "$1/run" "$1/link" "$1/empty" "$1/setgid"
}

# Right behind a complete copy there is nothing to do, and nothing is done.
twice() {    # COMMAND: ab or as_nobody, to NAS
    local go=(run "$1")
    [ "$1" != ab ] || go=(ab)
    "${go[@]}" copy acme/spot render WORK NAS
    assert_status 0
    "${go[@]}" copy acme/spot render WORK NAS --dry-run --json
    assert_status 0
    assert_eq "$(json 'o.type == "action" and o.kind .. " " .. o.path or nil')" "" "plan right behind the copy"
    "${go[@]}" copy acme/spot render WORK NAS --dry-run
    assert_out "nothing to do: everything is there already"
    find NAS -printf '%P %m %u %g %T@ %C@\n' | grep -v '^.autobackup' | sort >before
    "${go[@]}" copy acme/spot render WORK NAS
    assert_status 0
    assert_out "nothing to do: everything is there already"
    find NAS -printf '%P %m %u %g %T@ %C@\n' | grep -v '^.autobackup' | sort | diff before - >&2 || fail "something was done"
}

on_two_disks() {
    two_disks
    odd_rights WORK/render/acme/spot
}

# As root some are another owner's.
test_a_second_run_plans_nothing() {
    local owner
    on_two_disks
    owner="$(id -u) $(id -g)"
    if is_root; then
        owner="1234 4321"
        chown -h 1234:4321 WORK/render/acme/spot/{setuid,setgid,link}
        chmod 4755 WORK/render/acme/spot/setuid
    fi
    twice ab
    assert_eq "$(stat -c '%a %u %g' NAS/render/acme/spot/setuid)" "4755 $owner"
}

test_a_second_run_plans_nothing_on_a_tmpfs() {
    mount_tmpfs NAS 16
    on_two_disks
    chown 1234:4321 WORK/render/acme/spot/setuid
    chmod 4755 WORK/render/acme/spot/setuid
    twice ab
    # and from there, as an ordinary user
    everybodys
    twice as_nobody
}

# Owners are kept only by root: with them go the set-id bits of files, and they are not asked for again. A folder's stays, which
# gives its group to what is made in it.
test_a_second_run_plans_nothing_as_an_ordinary_user() {
    need_root "files of another owner's"
    on_two_disks
    everybodys
    chown -R 0:0 WORK/render/acme/spot
    chmod 4755 WORK/render/acme/spot/setuid
    chmod 2755 WORK/render/acme/spot/{setgid,run}
    chmod 755 WORK/render/acme/spot/closed
    chmod 644 WORK/render/acme/spot/closed/secret
    twice as_nobody
    assert_eq "$(stat -c '%a' NAS/render/acme/spot/setuid)" 755
    assert_eq "$(stat -c '%F %a' NAS/render/acme/spot/setgid)" "directory 2755"
}

# What belongs to somebody else at the destination keeps its rights and times; that is said, and not planned.
test_what_is_somebody_elses_is_not_planned() {
    need_root "files of another owner's"
    on_two_disks
    ok copy acme/spot render WORK NAS
    everybodys
    chown 0:0 NAS/render/acme/spot/{a,setgid}/*
    chmod 640 NAS/render/acme/spot/{a,setgid}/*
    chmod a+r NAS/render/acme/spot/{a,setgid}/*
    chmod 700 NAS/render/acme/spot/empty
    twice as_nobody
    assert_err "files and folders there belong to another user"
    # the rights of its own are set
    chmod 700 WORK/render/acme/spot/empty
    as_planned 0 as_nobody copy acme/spot render WORK NAS
}

test_what_the_disk_cannot_hold_is_not_planned() {
    mount_image NAS 16 vfat
    on_two_disks
    rm WORK/render/acme/spot/{link,fifo}
    chown 1234:4321 WORK/render/acme/spot/setuid
    twice ab
    ln -s nowhere WORK/render/acme/spot/link
    mkfifo WORK/render/acme/spot/fifo
    echo 5 >'WORK/render/acme/spot/take: 5'
    as_planned 3 ab copy acme/spot render WORK NAS
    assert_eq "$(json 'o.type == "copy" and o.failed or nil')" 3
}

test_a_note_names_the_database_once() {
    need_root "files of another owner's"
    two_disks
    chown -R 0:0 WORK/render/acme/spot
    everybodys
    chown -R 0:0 WORK/render/acme/spot
    run as_nobody copy acme/spot render WORK NAS
    assert_status 0
    assert_eq "$(grep -c NAS <<<"$(grep 'left out' "$ERR" | grep -o NAS)")" 1
    assert_err "NAS: owners are kept only by root: left out there"
}
