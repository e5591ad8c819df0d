# compare: what the program says of two trees is what diff, find and cmp say.
. ./studio.sh

# "SIGN path" of the last run's differences, sorted.
signs() { json 'o.type == "difference" and o.status .. " " .. o.inside or nil' | LC_ALL=C sort; }
states() {
    json 'o.state and ("%s:%s:%s:%s"):format(o.category, o.reference, o.database, o.state) or nil' | tr '\n' ' '
}

# The same from two folders of files: what find lists on one side only, and what cmp says of the rest.
signs_of() {    # REFERENCE OTHER
    local path
    (cd "$1" && find . -mindepth 1 ! -type d -printf '%P\n') | sort >left.list
    (cd "$2" && find . -mindepth 1 ! -type d -printf '%P\n') | sort >right.list
    {
        comm -23 left.list right.list | sed 's/^/+ /'
        comm -13 left.list right.list | sed 's/^/- /'
        comm -12 left.list right.list | while IFS= read -r path; do
            cmp -s "$1/$path" "$2/$path" || echo "* $path"
        done
    } | LC_ALL=C sort
}

test_what_differs_is_what_cmp_says() {
    studio
    mkdir -p NAS/scratch/render/acme
    cp -a WORK/scratch/render/acme/spot NAS/scratch/render/acme/
    cd NAS/scratch/render/acme/spot
    rm beauty.0002.exr beauty.0003.exr beauty.0004.exr
    echo changed >beauty.0007.exr
    mkdir -p "new shot/deep"
    echo new | tee "new shot/deep/a b.exr" >"new shot/x"
    printf 'frame XXXX' >beauty.0009.exr    # as many bytes
    touch -d 2001-01-01 beauty.0009.exr
    cd ../../../../..
    ok load
    ab compare acme/spot render WORK NAS --json
    assert_status 4
    assert_eq "$(signs)" "$(signs_of WORK/scratch/render/acme/spot NAS/scratch/render/acme/spot)" signs
    assert_eq "$(states)" "render:WORK:NAS:differs "
    cp "$OUT" rows && grep '"compare"' rows >"$OUT"
    assert_eq "$(json 'o.files_same, o.files_only_reference, o.bytes_only_reference, o.files_only_database,
        o.bytes_only_database, o.files_different, o.newer_reference, o.newer_database')" \
        "5 3 30 2 8 2 1 1"
    grep '"status":"\*"' rows >"$OUT"
    assert_eq "$(json 'o.inside, o.why, o.newer, o.size, o.reference_size, o.project')" \
        "beauty.0007.exr size NAS 8 10 acme/spot
beauty.0009.exr time WORK 10 10 acme/spot"
    ab compare acme/spot render NAS WORK --json    # the other way round
    assert_eq "$(signs)" "$(signs_of NAS/scratch/render/acme/spot WORK/scratch/render/acme/spot)" signs
    ab compare acme/spot render WORK NAS --files
    assert_status 4
    assert_out "+ beauty.0002-0004.exr (3 files)" "* beauty.0007.exr  another size, newer on NAS" "- new shot/x"
    ab compare acme/spot render WORK NAS --all --json
    assert_eq "$(json 'o.status == "=" and o.inside or nil' | sort | tr '\n' ' ')" \
        "beauty.0001.exr beauty.0005.exr beauty.0006.exr beauty.0008.exr beauty.0010.exr "
}

test_exit_status() {
    studio
    ok compare acme/spot footage WORK STORAGE
    assert_out same
    ok compare acme/spot footage WORK STORAGE --json
    assert_eq "$(json 'o.type')" compare
    ab compare acme/spot footage WORK NAS
    assert_status 4
    ab compare acme/spot project WORK NAS
    assert_status 4
    assert_out absent
    ab compare acme/spot project WORK NAS --json    # its files are no news, unless all are asked for
    assert_eq "$(json 'o.state, o.absent, o.files_only_reference')" "absent NAS 1"
    ab compare acme/spot project WORK NAS --json --all
    assert_eq "$(signs)" "+ scene.txt"
    ab compare "bmx/show two"    # only on WORK: nothing says that it is the same anywhere
    assert_status 4
    assert_out "ONLY ON" WORK
    ab compare "bmx/show two" footage STORAGE NAS
    assert_status 1
    assert_err "STORAGE and NAS have no footage of bmx/show two; it is on WORK"
    ab compare acme/spto
    assert_status 1
    assert_err "did you mean 'acme/spot'"
    ab compare acme/spot WORK NSA
    assert_status 1
    assert_err "did you mean 'NAS'"
    ab compare acme/spot footage WORK WORK
    assert_status 2
    ab compare
    assert_status 2
}

test_without_names_the_newest_is_the_reference() {
    studio
    ab compare acme/spot footage --json
    assert_eq "$(states)" "footage:WORK:STORAGE:same footage:WORK:NAS:differs "
    touch "NAS/footage/acme/spot/day 1/clip 1.mov" && ok load NAS
    ab compare acme/spot footage --json
    assert_eq "$(states)" "footage:NAS:WORK:differs footage:NAS:STORAGE:differs "
    ab compare acme/spot footage STORAGE --json    # one name: against all others
    assert_eq "$(states)" "footage:STORAGE:WORK:same footage:STORAGE:NAS:differs "
    ab compare acme/spot STORAGE WORK --json       # the category left out
    assert_eq "$(states)" "project:STORAGE:WORK:absent footage:STORAGE:WORK:same render:STORAGE:WORK:absent "
    ab compare '*/*' all NAS STORAGE --json
    assert_eq "$(json 'o.type == "compare" and o.project or nil' | tr '\n' ' ')" "acme/spot dune/part one "
    ab compare acme/spot
    assert_out "PROJECT" "WORK" "STORAGE" "NAS" "read"
}

test_an_unplugged_disk_is_compared() {
    studio
    mv NAS NAS.unplugged
    ok compare "dune/part one" footage STORAGE NAS --json
    assert_eq "$(json 'o.state, o.online, o.reference_online')" "same false true"
    ok compare "dune/part one" footage STORAGE NAS
    assert_out "NAS offline, read"
}

test_a_disk_that_was_never_read_is_not_lacking() {
    studio
    mkdir NEW
    ok add database NEW NEW
    ab compare acme/spot footage WORK NEW
    assert_status 3
    assert_out "not known"
    assert_err "NEW was never read for footage; type: load NEW"
    refute_out absent
    ab compare "bmx/show two" footage    # known on WORK alone; nobody named NEW
    assert_status 3
    assert_out "not known"
    assert_err "NEW was never read for footage; type: load NEW"
}

test_what_could_not_be_read_is_never_the_same() {
    studio
    chmod -R a+rwX ..
    ok verify acme/spot footage WORK STORAGE    # what moved was not written
    shut "STORAGE/footage/acme/spot/day 1"
    run as_nobody load STORAGE
    assert_status 3
    ab compare acme/spot footage WORK STORAGE
    assert_status 3
    assert_out "not known"
    assert_err "could not be read"
    echo new >WORK/footage/acme/spot/new
    ok load WORK
    ab compare acme/spot footage WORK STORAGE --json
    assert_status 4
    assert_eq "$(signs)" "+ new"
}

test_digests_settle_what_times_cannot() {
    studio
    ok copy acme/spot render WORK NAS
    ok compare acme/spot render WORK NAS
    cp -a WORK/scratch/render/acme/spot/beauty.0001.exr keep
    # Who changes a file's time may have changed its content: nobody has read it since, so it is not the same.
    touch -d 2001-01-01 NAS/scratch/render/acme/spot/beauty.0001.exr
    ok load NAS
    ab compare acme/spot render WORK NAS --json
    assert_eq "$(signs)" "* beauty.0001.exr"
    assert_eq "$(json 'o.why')" time
    cp -p keep NAS/scratch/render/acme/spot/beauty.0001.exr
    ok load NAS
    ok compare acme/spot render WORK NAS
}

test_from_lua() {
    studio
    cat >task.lua <<'LUA'
local result = compare("acme/spot", "footage", "WORK", "NAS")
print(#result, result.status, result[1].type, result[1].state, result[1].files_different)
result = compare{project = "acme/spot", category = "footage", databases = {"WORK", "NAS"}, files = true}
print(#result, result[2].type, result[2].status, result[2].inside, math.type(result[2].mtime))
local replica = replicas{project = "acme/spot", category = "footage", database = "STORAGE"}[1]
print(#compare(replica), compare(replica)[1].reference)
print(pcall(compare, "acme/spot", "footage", "NSA"))
LUA
    ab ./task.lua
    assert_status 4
    assert_out_is "1	4	compare	differs	1
2	difference	*	day 1/clip 1.mov	integer
2	STORAGE
false	no database 'NSA'; did you mean 'NAS'?"
}

test_hostile_names() {
    mkdir -p A/r/c/p B/r/c/p
    local odd=$'line\nfeed \xff \x1b[31m'
    echo 1 >"A/r/c/p/$odd"
    ok add database A A
    ok add database B B
    ok add category r r
    ok load
    ab compare c/p r A B --files
    assert_status 4
    assert_out '+ line\nfeed \xFF \e[31m'
    ab compare c/p r A B --json
    assert_eq "$(json 'o.inside_bytes' | base64 -d)" "$odd"
}

# The granularity of a catalog's database decides, whatever the disk is.
test_times_agree_within_the_coarser_granularity() {
    need sqlite3
    studio
    mkdir -p NAS/scratch/render/acme
    cp -a WORK/scratch/render/acme/spot NAS/scratch/render/acme/
    touch -d @1000000001.7 WORK/scratch/render/acme/spot/*
    touch -d @1000000000 NAS/scratch/render/acme/spot/*
    touch -d @1000000004 NAS/scratch/render/acme/spot/beauty.0005.exr
    ok load
    ab compare acme/spot render WORK NAS --json
    assert_eq "$(signs | wc -l)" 10
    query \
        "UPDATE traits SET granularity = 2000000000 WHERE database = (SELECT id FROM database WHERE name = 'NAS')"
    ab compare acme/spot render WORK NAS --json
    assert_eq "$(signs)" "* beauty.0005.exr"
    assert_eq "$(json 'o.newer')" NAS
}

test_a_copy_on_vfat_is_the_same() {
    mount_image STICK 32 vfat
    studio
    ok add database STICK STICK
    ok load STICK
    ok copy acme/spot footage WORK STICK
    ok compare acme/spot footage WORK STICK --json
    assert_eq "$(states)" "footage:WORK:STICK:same "
    ok fetch acme/spot --json
    assert_eq "$(json 'o.database == "STICK" and o.category == "footage" and o.compared or nil')" similar
}

# Beyond what 64 bits of nanoseconds hold two times are two times: neither compare nor fetch calls these the same.
test_times_after_2262_are_told_apart() {
    mkdir -p WORK/footage/acme/spot NAS/footage/acme/spot
    echo aa >WORK/footage/acme/spot/a
    echo bb >NAS/footage/acme/spot/a
    touch -d '2400-01-01 UTC' WORK/footage/acme/spot/a
    touch -d '2401-01-01 UTC' NAS/footage/acme/spot/a
    [ "$(stat -c %Y NAS/footage/acme/spot/a)" = 13601088000 ] || skip "no times after 2262 here"
    work_and_nas
    ab compare acme/spot footage WORK NAS --json
    assert_status 4
    assert_eq "$(json 'o.type == "compare" and o.state or nil')" differs
    ok find a --json
    assert_eq "$(json 'o.database == "WORK" and o.mtime or nil')" "2400-01-01T00:00:00Z"
    ok copy acme/spot footage WORK NAS --newer=overwrite
    assert_eq "$(stat -c %Y NAS/footage/acme/spot/a)" 13569465600
    ok copy acme/spot footage WORK NAS --json
    assert_eq "$(json 'o.type == "copy" and o.files_copied + o.metadata_only or nil')" 0
    ok undo --yes
    assert_eq "$(stat -c %Y NAS/footage/acme/spot/a) $(cat NAS/footage/acme/spot/a)" "13601088000 bb"
}
