# load, list, fetch: what the program says of the disks is what find and du say.
. ./studio.sh

test_load_counts_what_find_counts() {
    studio
    echo beside >WORK/footage/beside.txt
    echo beside >WORK/footage/acme/notes.txt
    ok load WORK --json
    assert_eq "$(json 'o.type, o.database, o.online, o.files, o.bytes, o.added, o.changed, o.removed, o.errors, o.loose')" \
        "load WORK true $(find WORK/project WORK/footage WORK/scratch -mindepth 3 -type f | grep -v -e notes.txt | wc -l) \
$(find WORK/{project,footage,scratch/render,scratch/cache} -mindepth 3 -type f -printf '%s\n' | awk '{ s += $1 } END { print s }') \
0 0 0 0 2"
    ok list loose --json
    assert_out beside.txt acme/notes.txt
}

test_load_says_what_changed() {
    studio
    echo new >WORK/project/acme/spot/new.txt
    echo "scene 2, longer" >WORK/project/acme/spot/scene.txt
    rm WORK/scratch/render/acme/spot/beauty.0003.exr
    ok load WORK --json
    assert_eq "$(json 'o.added, o.changed, o.removed')" "1 1 1"
    ok load WORK --json
    assert_eq "$(json 'o.added, o.changed, o.removed')" "0 0 0"
}

test_load_writes_to_no_database() {
    studio
    local before
    before=$(find WORK STORAGE NAS -printf '%P %s %T@ %C@\n' | sort)
    ok load
    assert_eq "$(find WORK STORAGE NAS -printf '%P %s %T@ %C@\n' | sort)" "$before"
}

test_lists() {
    studio
    ok list clients --json
    assert_eq "$(json 'o.type, o.client, o.projects' | tr '\n' ';')" "client acme 1;client bmx 1;client dune 1;"
    ok list projects --json
    assert_eq "$(json 'o.type, o.client, o.project, o.name, o.databases' | tr '\n' ';')" \
        "project acme acme/spot spot WORK,STORAGE,NAS;project bmx bmx/show two show two WORK;\
project dune dune/part one part one STORAGE,NAS;"
    ok list projects in acme
    assert_out acme/spot
    refute_out bmx
    ok list projects in dune in NAS --json
    assert_eq "$(json 'o.project')" "dune/part one"
    ok list clients in WORK --json
    assert_eq "$(json 'o.client' | tr '\n' ' ')" "acme bmx "
    ab list projects in nobody
    assert_status 1
    assert_err nobody
    ab list projects in acme in NSA
    assert_status 1
    assert_err "did you mean 'NAS'"
}

# One object for every project, category and database.
test_fetch_json_has_every_cell() {
    studio
    ok fetch all --json
    assert_eq "$(json 'o.type' | sort | uniq -c | awk '{ print $1, $2 }')" "$((3 * 4 * 3)) replica"
    assert_eq "$(json 'o.state == "present" and o.project .. ":" .. o.category .. ":" .. o.database or nil' | sort | tr '\n' ';')" \
        "acme/spot:footage:NAS;acme/spot:footage:STORAGE;acme/spot:footage:WORK;acme/spot:project:WORK;\
acme/spot:render:WORK;bmx/show two:footage:WORK;dune/part one:footage:NAS;dune/part one:footage:STORAGE;"
    json 'o.state, o.files, o.bytes, o.path' | while read -r state files bytes path; do
        if [ "$state" = present ]; then
            assert_eq "$files" "$(find "$path" -type f | wc -l)" "files of $path"
            assert_eq "$bytes" "$(find "$path" -type f -printf '%s\n' | awk '{ s += $1 } END { print s + 0 }')" "bytes of $path"
        else
            assert_eq "$files $bytes" "0 0" "absent $path"
            refute_exists "$path"
        fi
    done
}

test_fetch_forms() {
    studio
    local form
    for form in "client acme" "acme" "project acme/spot" "acme/spot" "ac*" "ac*/sp?t"; do
        # shellcheck disable=SC2086
        ok fetch $form
        assert_out acme/spot
        refute_out dune
    done
    ok fetch "bmx/show two"
    assert_out "bmx/show two"
    ok fetch all --paths
    assert_out "$PWD/WORK/footage/acme/spot"
    ab fetch nobody
    assert_status 1
    assert_err nobody
    ab fetch acme/sopt
    assert_status 1
    assert_err "did you mean 'acme/spot'"
}

test_an_unplugged_disk_stays_listed() {
    studio
    mv NAS NAS.unplugged
    ok fetch dune --json
    assert_eq "$(json 'o.category, o.database, o.state, o.online, o.files' | grep 'footage NAS')" \
        "footage NAS present false 1"
    ok load
    assert_err NAS
    ab load NAS
    assert_status 75
    assert_err NAS "$PWD/NAS"
    ok fetch dune
    assert_out "NAS"
    mkdir NAS    # an empty mount point is not the disk
    ab load NAS
    assert_status 75
    refute_exists NAS/.autobackup
    rmdir NAS
    mv NAS.unplugged NAS
    ok load NAS
}

test_most_replicas_gone_asks_first() {
    mkdir -p WORK/footage/c/p{1..6}
    touch WORK/footage/c/p{1..6}/f
    ok add database WORK WORK
    ok add category footage footage
    ok load
    rm -r WORK/footage/c
    ab load
    assert_status 1
    assert_err --yes
    ok list projects --json
    assert_eq "$(json 'o.project' | wc -l)" 6
    ok load --yes
    ok list projects --json
    assert_eq "$(json 'o.state' | sort | uniq -c | xargs)" "6 gone"
}

test_different_disks_are_read_side_by_side() {
    studio
    mount_image one 16
    mount_image two 16
    cp -a WORK/footage one/
    cp -a NAS/footage two/
    ok add database ONE one
    ok add database TWO two
    ok load --json
    assert_eq "$(json 'o.database, o.files' | tr '\n' ';')" "WORK 15;STORAGE 4;NAS 4;ONE 4;TWO 4;"
}

test_a_second_load_waits_and_says_for_whom() {
    studio
    local lock=$XDG_DATA_HOME/autobackup/catalog.db-load-1
    exec 9>>"$lock"
    flock 9
    echo "load, pid 4711, since 02:00" >&9
    "$AUTOBACKUP" load WORK >"$OUT" 2>"$ERR" 9>&- &
    local pid=$! tries=0
    until grep -q "pid 4711" "$ERR" || [ $((tries += 1)) -gt 200 ]; do pause; done
    kill -0 $pid || fail "it did not wait"
    assert_err "WORK is busy: load, pid 4711, since 02:00"
    exec 9>&-
    wait $pid || fail "it failed after waiting"
    assert_out WORK
}

# Sparse files may claim 8 EiB each: all that adds up goes on.
test_sums_beyond_the_largest_number() {
    studio
    query 'UPDATE replica SET bytes = 9223372036854775807'
    ok list projects --json
    ok list clients
    ok list databases --json
    assert_eq "$(json 'o.database == "NAS" and o.bytes or nil')" 9223372036854775807
    ab check
    assert_status 10
    ok fetch all
    ab load
    assert_status 0
}
