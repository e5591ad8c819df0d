# What is known, and what is not: unread categories, what lies beside them, ages, room, the startup file's mistakes.

. ./studio.sh

config() { mkdir -p "$XDG_CONFIG_HOME/autobackup" && cat >"$XDG_CONFIG_HOME/autobackup/config.lua"; }

sum_of() { find "$1" -type f -printf '%s\n' | awk '{ s += $1 } END { print s + 0 }'; }    # FOLDER

two_disks() {
    mkdir -p A/footage/acme/spot B/footage/acme/spot
    echo one >A/footage/acme/spot/f
    cp -a A/footage B/
    ok add database A A
    ok add database B B
    ok add category footage
}

test_what_was_never_read_is_unknown() {
    two_disks
    ok load A
    ab fetch all --json
    assert_eq "$(json 'o.database, o.state, o.bytes')" "A present 4
B unknown nil"
    ab check
    assert_status 3
    assert_out "1 not known: B was never read for footage; load B"
    refute_out "only on A"
    refute_out "all is as"
    ab check --json
    assert_eq "$(json 'o.type == "check" and o.state')" "unknown"
    ok load
    ok check
    assert_out "all is as its policies ask"
    ok add category render scratch/render
    ab check
    assert_status 3
    refute_out "all is as its policies ask"
    assert_out "A and B were never read for render; load A B"
    ok load
    ok check
    # A copy reads the replica it needs, which says nothing of the rest.
    mkdir -p C A/footage/acme/other
    echo two >A/footage/acme/other/f
    ok add database C C --yes
    ok load A B
    ok copy acme/spot footage A C
    ab fetch acme/other --json
    assert_eq "$(json 'o.database == "C" and o.category == "footage" and o.state or nil')" "unknown"
}

test_what_lies_beside_the_categories() {
    two_disks
    ok add category render scratch/render
    mkdir -p A/deliver/final A/scratch/render A/scratch/other A/lost+found A/.Trash-1000
    head -c 30000 /dev/urandom >A/deliver/final/master.mov
    echo x >A/scratch/other/x
    touch A/.DS_Store
    ok load --json
    assert_eq "$(json 'o.database, o.outside')" "A 2
B 0"
    ok list loose --json
    assert_eq "$(json 'o.path, o.size, o.files')" "$PWD/A/deliver $(sum_of A/deliver) 1
$PWD/A/scratch/other 2 1"
    ok check
    assert_err "in no category, so in no backup: $PWD/A/deliver (30 kB), $PWD/A/scratch/other (2 B)"
    ok ignore deliver in B
    ok list loose
    assert_out "A/deliver"
    ok ignore deliver
    ok list loose
    refute_out "A/deliver"
    ok ignore deliver --stop
    ok list loose
    assert_out "A/deliver"
    ab ignore nothing --stop
    assert_status 1
    ok add category deliver
    ok list loose
    refute_out "A/deliver"
    config <<<'ignore("scratch/*")'
    ok list loose --json
    refute_out scratch
}

test_fresh_reads_first() {
    two_disks
    ok load
    ok compare acme/spot
    echo changed >>A/footage/acme/spot/f
    ok compare acme/spot
    ab compare acme/spot --fresh
    assert_status 4
    echo again >>B/footage/acme/spot/f
    rm A/footage/acme/spot/f
    cp B/footage/acme/spot/f A/footage/acme/spot/f
    touch -r B/footage/acme/spot/f A/footage/acme/spot/f
    ab check
    config <<<'settings.fresh = "1h"'
    ab check
    assert_status 10
    config <<<'settings.fresh = "0s"'
    ok check
    assert_out "read"
    config <<<'settings.fresh = "soon"'
    ab check
    assert_status 1
    assert_err "settings.fresh"
}

test_room_and_versions() {
    two_disks
    ok load
    ok list databases --json
    assert_eq "$(json 'o.bytes_total, o.versions_bytes')" "$(($(stat -f -c '%b * %S' A))) 0
$(($(stat -f -c '%b * %S' B))) 0"
    echo "two and more" >A/footage/acme/spot/f
    ok copy acme/spot footage A B
    ok list databases --json
    assert_eq "$(json 'o.database, o.versions_bytes')" "A 0
B $(sum_of B/.autobackup/versions)"
    assert_eq "$(sum_of B/.autobackup/versions)" 4
    mv B B.away
    ok list databases --json
    assert_eq "$(json 'o.online, o.versions_bytes, o.bytes_total > 0, o.space_at ~= nil' | tail -1)" "false 4 true true"
    mv B.away B
    ok undo
    ok list databases --json
    assert_eq "$(json 'o.versions_bytes' | tail -1)" "$(sum_of B/.autobackup/versions)"
}

test_a_typed_choice_wins_over_the_startup_file() {
    mkdir old new other
    config <<LUA
add("database", "NAS", "$PWD/old")
add("category", "render", "render")
LUA
    echo x >old/x
    ok add database NAS old
    mv old/* old/.autobackup new/ 2>/dev/null || mv old/x new/
    ok add database NAS "$PWD/new" --replace --yes
    ok list databases
    assert_out "$PWD/new"
    assert_err "config.lua:1" "change that line"
    ok help
    ok add category render scratch/render --replace
    ok list categories
    assert_out scratch/render
    assert_err "config.lua:2"
    # A line that is changed to where the disk is applies.
    mv new/* new/.autobackup other/ 2>/dev/null || mv new/x other/
    config <<<"add('database', 'NAS', '$PWD/other')"
    ok list databases
    assert_out "$PWD/other"
}

test_a_broken_startup_file_does_not_stop_what_mends_it() {
    mkdir A
    config <<<'nosuch()'
    ok help
    assert_err "config.lua:1:" "does not count"
    ok add database A A --yes
    ab check
    assert_status 1
    ab list databases </dev/null
    assert_status 1
    config <<<'policy("footage", {on = {"NSA"}}) add("category", "footage", "footage")'
    ab check
    assert_status 1
    assert_err "config.lua:1: policy: on: no database 'NSA'"
    touch file
    config <<<"add('database', 'F', '$PWD/file')"
    ok list databases
    assert_err "not a folder"
}

test_policies_hold_for_what_is_added_later() {
    mkdir -p A/footage/acme/spot
    echo one >A/footage/acme/spot/f
    config <<LUA
policy("all", {copies = 1})
policy("footage", {copies = 1, on = {"A"}})
add("database", "A", "$PWD/A")
add("category", "footage", "footage")
LUA
    ok add database A A
    ok load
    ok check
    assert_out "all is as its policies ask"
}

# What came and what went since the last load is found, for a client, a project and several categories alike.
test_fresh_finds_what_came_and_what_went() {
    two_disks
    ok add category render render
    ok load
    mkdir -p A/footage/acme/newjob A/render/acme/spot
    echo one >A/footage/acme/newjob/f
    echo one >A/render/acme/spot/f
    ab check acme --fresh --json
    assert_status 10
    assert_eq "$(json 'o.type == "check" and o.project .. " " .. o.category or nil' | sort | xargs)" \
        "acme/newjob footage acme/spot render"
    cp -a A/render B/
    ok compare acme/spot footage,render A B --fresh
    echo more >>B/render/acme/spot/f
    ab compare acme/spot footage,render A B --fresh
    assert_status 4
    mv A/footage/acme/newjob away
    ab check acme/newjob --fresh
    assert_out gone
    mv away A/footage/acme/newjob
    ab check acme/newjob --fresh
    assert_status 10
    assert_out "only on A"
}

# A reading that is refused or fails leaves old knowledge, and a claim on that is not "all is well".
test_fresh_that_cannot_read_is_not_known() {
    two_disks
    mkdir -p {A,B}/footage/bmx/job{1..20}
    touch {A,B}/footage/bmx/job{1..20}/f
    ok load
    touch -r A/footage/bmx/job1/f {A,B}/footage/bmx/job{1..20}/f
    ok load
    ok check --fresh
    mv B/footage away
    mkdir B/footage
    ab check --fresh
    assert_status 3
    assert_err "B could not be read, so what follows is what was known of it"
}

# A client's folder that cannot be read may hold any project of the client's, and nobody knows.
test_a_client_that_cannot_be_read_is_not_known() {
    two_disks
    mkdir -p A/footage/bmx/only B/footage/bmx
    echo one >A/footage/bmx/only/f
    to_nobody ..
    shut B/footage/bmx
    run as_nobody load
    assert_status 3
    run as_nobody check
    assert_status 3
    assert_out "1 not known: B could not be read for footage/bmx: load tells why" "1 of 2 as its policies ask"
    refute_out "all is as"
    run as_nobody check --json
    assert_eq "$(json 'o.type == "check" and (o.project .. " " .. o.state .. ": " .. o.reasons[1]) or nil')" \
        "bmx/only unknown: B could not be read for footage"
    run as_nobody check acme
    assert_status 0
    run as_nobody fetch all
    assert_err "B could not be read for footage/bmx: load tells why"
    run as_nobody find nowhere.mov
    assert_err "nothing found" "B could not be read for footage/bmx: load tells why"
    run as_nobody find nowhere.mov --database A
    refute_err "could not be read"
    run as_nobody find nowhere.mov --client acme
    refute_err "could not be read"
}

# Everything that a load can have to write, in one.
test_a_load_of_every_kind_of_change() {
    mkdir -p A/f/c1/p A/f/c2/p A/out1
    echo x >A/f/c1/p/a
    echo x >A/f/c2/p/a
    echo x >A/f/loose1
    echo x >A/out1/z
    ok add database A A
    ok add category f f
    ok load
    ok verify c1/p f
    mkdir -p A/.autobackup/versions/20311123T020000Z-7f3a/f A/.autobackup/versions/20311123T020001Z-7f3b
    echo v >A/.autobackup/versions/20311123T020000Z-7f3a/f/v
    rm -r A/f/c2 A/f/loose1 A/out1
    mkdir -p A/f/c3/p A/out2
    echo x >A/f/c3/p/w
    echo x >A/f/loose2
    echo x >A/out2/q
    echo 2 >>A/f/c1/p/a
    ok load
    rm -r A/.autobackup/versions/20311123T020000Z-7f3a
    ok load
    assert_eq "$(query 'SELECT path FROM loose UNION SELECT path FROM outside' |
        xargs)" "loose2 out2"
    assert_eq "$("$AUTOBACKUP" list projects --json | json_of /dev/stdin 'o.state ~= "gone" and o.project or nil' | xargs)" \
        "c1/p c3/p"
}

# What a copy has read is known, whatever else was never read there.
test_a_copy_alone_makes_its_project_known() {
    mkdir -p A/footage/acme/spot B
    echo one >A/footage/acme/spot/f
    ok add database A A
    ok add category footage
    ok load
    ok add database B B
    ok copy acme/spot footage A B
    ok check acme/spot
    refute_out "never read"
    ab check    # of the others nobody knows
    assert_status 3
    assert_out "B was never read for footage"
}
