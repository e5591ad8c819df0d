# find and files{}: what is found in the catalog is what find(1) finds on the disks.
. ./studio.sh

# Paths that `find --json` printed, sorted, and those of find(1) below the projects of these databases.
found() { json 'o.path' | sort; }
below() {    # "DATABASE..." TEST...
    local database
    for database in $1; do
        find "$PWD/$database"/{project,footage,scratch/render,scratch/cache} -mindepth 3 "${@:2}" 2>/dev/null || :
    done | sort
}

test_names_in_all_databases() {
    studio
    local pattern
    for pattern in '*' '*.exr' 'clip ?.mov' 'beauty.000[1-3].exr' 'day*' 'a'; do
        ok find "$pattern" --json
        if [ "$pattern" = a ]; then pattern='*a*'; fi
        assert_eq "$(found)" "$(below "WORK STORAGE NAS" -name "$pattern")" "find $pattern"
    done
    ok find BEAUTY.0001 -i --json
    assert_eq "$(json 'o.type, o.client, o.project, o.name, o.category, o.database, o.online, o.kind, o.size')" \
        "entry acme acme/spot spot render WORK true file 10"
    assert_eq "$(json 'o.mtime')" "$(date -u -r WORK/scratch/render/acme/spot/beauty.0001.exr +%FT%TZ)"
    ok find 'day 1/clip' --json
    assert_eq "$(found)" "$(below "WORK STORAGE NAS" -path '*/day 1/clip*')"
    echo x >'WORK/footage/acme/spot/take[1].mov'
    echo x >WORK/footage/acme/spot/take1.mov
    ok load -q WORK
    ok find 'take[1].mov' --json
    assert_eq "$(found)" "$(below WORK -name 'take*')" "a name that is spelled like the pattern"
    ok find 'TAKE[1]' -i --json
    assert_eq "$(found)" "$(below WORK -name 'take\[*')" "a part of a name"
    rm WORK/footage/acme/spot/take*
    ok load -q WORK
    ok find nothing.of.this
    assert_out_is ""
    assert_err_is "nothing found that matches 'nothing.of.this'"
}

test_filters() {
    studio
    ok find '*' --database NAS --json
    assert_eq "$(found)" "$(below NAS)"
    ok find clip --client acme --category footage --database STORAGE --type file --json
    assert_eq "$(found)" "$(below STORAGE -name '*clip*')"
    ok find '*' --project 'd*/*' --json
    assert_eq "$(json 'o.database, o.project')" $'STORAGE dune/part one\nNAS dune/part one'
    ok find '*' --type directory --json
    assert_eq "$(found)" "$(below "WORK STORAGE NAS" -type d)"
    ok find '*' --larger 20kB --json
    assert_eq "$(found)" "$(below "WORK STORAGE NAS" -type f -size +20000c)"
    ok find '*' --older 2001-01-02 --json
    assert_eq "$(found)" "$PWD/NAS/footage/acme/spot/day 1/clip 1.mov"
    ok find clip --newer 1h --database NAS --type file --json
    assert_eq "$(found)" "$(below NAS -name 'clip [23].mov')"
    ok find '*' --older 2001-01-02 --newer 2000-12-31T12:00Z --json
    assert_eq "$(found | wc -l)" 1
    ok find beauty --limit 4 --json
    assert_eq "$(found | wc -l)" 4
    assert_err "more than 4 match"
}

test_mistakes() {
    studio
    ab find
    assert_status 2
    ab find x --larger big
    assert_status 2
    assert_err "'big' is no size"
    ab find x --newer yesterday
    assert_status 2
    assert_err "'yesterday' is no moment"
    ab find x --type socket
    assert_status 2
    # beyond what ns and bytes are counted with
    ab find x --larger 100000P
    assert_status 2
    assert_err "'100000P' is more than a disk or a file can hold"
    ab find x --newer 300y
    assert_status 2
    assert_err "'300y' is more than 292 years"
    ab find x --database NSA
    assert_status 1
    assert_err "did you mean 'NAS'"
    ab -e 'files{nmae = "x"}'
    assert_status 2
    assert_err "did you mean 'name'"
}

test_before_anything_is_loaded() {
    ok find x
    assert_err "nothing is set up yet"
    folders
    ok add database WORK WORK
    ok add category footage footage
    ok find x
    assert_err "nothing is loaded yet"
    ok load
    ok add database NAS NAS
    ok find nothing.of.this
    assert_err "nothing found that matches" "never read, so nothing is known of: NAS"
}

test_unplugged_disks_and_hostile_names() {
    mkdir -p WORK/footage/c/p
    touch WORK/footage/c/p/$'a\e[31m\n.mov' WORK/footage/c/p/$'b\xff.mov' "WORK/footage/c/p/'q\".mov"
    ok add database WORK WORK
    ok add category footage footage
    ok load
    mv WORK WORK.unplugged
    ok find .mov --json
    assert_eq "$(json 'o.online' | sort | uniq -c | tr -s ' ')" " 3 false"
    assert_eq "$(json 'o.path_bytes and 1')" 1
    ok find .mov
    assert_out offline "'q\".mov"
    refute_out $'\e'
}

# Folded on a terminal, never on a pipe or in JSON.
test_frame_sequences() {
    need script
    studio
    ok find beauty
    assert_eq "$(grep -c exr "$OUT")" 10
    run script -qec "stty cols 200; '$AUTOBACKUP' find beauty" /dev/null
    assert_status 0
    assert_out "beauty.0001-0010.exr (10 files)"
    assert_eq "$(grep -c exr "$OUT")" 1
    run script -qec "'$AUTOBACKUP' find beauty --json" /dev/null
    assert_eq "$(grep -c '"entry"' "$OUT")" 10
}

test_files_in_a_script() {
    studio
    cat >t.lua <<'END'
local n, bytes = 0, 0
for f in files{database = "WORK", larger = "1kB", newer = "1d"} do
    n, bytes = n + 1, bytes + f.size
end
print(n, bytes)
for f in files{name = glob "beauty.000?.exr"} do n = n + 1 end
print(n)
for _, row in ipairs(find("clip", {database = "NAS", type = "file"})) do print(row.kind, row.project) end
END
    ok ./t.lua
    assert_eq "$(head -n 1 "$OUT")" "$(find WORK -type f -size +1000c -printf '%s\n' |
        awk '{ s += $1 } END { print NR "\t" s }')"
    assert_eq "$(sed -n 2p "$OUT")" "$(($(head -n 1 "$OUT" | cut -f 1) + 9))"
    assert_eq "$(tail -n +3 "$OUT" | uniq -c | tr -s ' ')" $' 3 file\tacme/spot'
    ab -e 'for f in files{name = "beauty.*"} do end'
    assert_status 2
    assert_err 'no file is called '"'beauty.*'"'; a pattern is written glob "beauty.*"'
}

# A signal stops a search that nobody would wait for.
test_an_interrupted_search() {
    studio
    cat >t.lua <<'END'
print("begun")
io.stdout:flush()
while true do
    for _ in files{} do end
end
END
    "$AUTOBACKUP" ./t.lua >begun 2>said &
    local pid=$!
    until grep -q begun begun; do sleep 0.05; done
    kill -TERM $pid
    STATUS=0
    wait $pid || STATUS=$?
    assert_status 143
}
