# Scripts, -e, standard input, cron: commands as Lua, errors, exit statuses.
. ./studio.sh
SCRIPTS=$(cd ../../scripts && pwd)

# The program has Lua in itself, and what is made for Lua finds it there.
test_a_library_of_the_users_is_opened() {
    need cc pkg-config
    studio
    cat >spots.c <<'C'
#include <lua.h>
#include <lauxlib.h>
static int add(lua_State *L)
{
    lua_pushinteger(L, luaL_checkinteger(L, 1) + luaL_checkinteger(L, 2));
    return 1;
}
int luaopen_spots(lua_State *L)
{
    static const luaL_Reg functions[] = {{"add", add}, {NULL, NULL}};
    luaL_newlib(L, functions);
    return 1;
}
C
    # shellcheck disable=SC2046
    cc -shared -fPIC $(pkg-config --cflags lua5.4) -o spots.so spots.c
    ok -e 'local spots = assert(package.loadlib("./spots.so", "luaopen_spots"))() print(spots.add(40, 2))'
    assert_out_is 42
}

test_a_script_with_arguments() {
    studio
    cat >task.lua <<'LUA'
#!/usr/bin/env autobackup
local name = ...
print(name, arg[1], arg[0])
for _, p in ipairs(projects()) do print(p.project, p.client, p.name, p.files > 0) end
local r = copy(name, "render", "WORK", "NAS")
print(#r, r[1].files_copied, r[1].type)
r = copy{project = name, category = "render", from = "WORK", to = {"NAS", "STORAGE"}}
print(#r, r[1].files_copied, r[2].files_copied)
r = copy(name, "render", "WORK", "NAS", {dry_run = true})
print(r[1].dry_run)
LUA
    ok ./task.lua acme/spot
    assert_out_is "acme/spot	acme/spot	./task.lua
acme/spot	acme	spot	true
bmx/show two	bmx	show two	true
dune/part one	dune	part one	true
1	10	copy
2	0	10
true"
    assert_same_tree WORK/scratch/render NAS/scratch/render
    assert_same_tree WORK/scratch/render STORAGE/scratch/render
    ok task.lua acme/spot
    chmod +x task.lua
    ln -s "$AUTOBACKUP" autobackup
    run env "PATH=$PWD:$PATH" ./task.lua acme/spot
    assert_status 0
}

test_queries() {
    studio
    cat >q.lua <<'LUA'
print(#databases(), databases()[1].database, #categories(), #clients(), #projects())
print(#projects{client = "acme"}, #projects{database = "WORK"}, #replicas{project = "acme/spot"})
for _, r in ipairs(replicas{project = "acme/spot", category = "footage", database = "WORK"}) do
    print(r.database, r.files, r.bytes > 0, r.type, math.type(r.loaded_at))
end
local n = 0
for f in files{database = "WORK", project = "acme/spot", category = "render"} do n = n + f.size end
print(n)
print(pcall(projects, {cleint = "x"}))
LUA
    ok ./q.lua
    assert_out "3	WORK	4	3	3" "1	2	5" "WORK	3	true	replica	integer" "100" "did you mean 'client'"
}

# The filters that README.md names take a name, a row and a pattern, and of files also what else it names. Oracle: find.
test_every_documented_filter() {
    studio
    sed -nE 's/^\| `(projects|replicas|files)\{([^}]*)\}`.*/\1 \2/p' "${SCRIPTS%/*}/README.md" >documented
    assert_eq "$(cut -d' ' -f1 documented | xargs)" "projects replicas files"
    cat >walk.lua <<'LUA'
local values = {
    client = {"acme", clients()[1], glob "ac*"},
    project = {"acme/spot", projects{project = "acme/spot"}[1], glob "*/sp*"},
    database = {"WORK", databases()[1], glob "W*"},
    category = {"footage", categories()[2], glob "foot*"},
    name = {"clip 1.mov", glob "clip 1.*", glob "clip [1].mov"},
    larger = {"9kB", 9000}, newer = {"2001-01-01"}, older = {"2001-01-01"},
}
assert(clients()[1].client == "acme" and databases()[1].database == "WORK" and categories()[2].category == "footage")
local shared
local function told(query, filter)
    local list = {}
    if query == "files" then
        for file in files(filter) do list[#list + 1] = file.path end
    else
        for _, row in ipairs(_ENV[query](filter)) do
            list[#list + 1] = table.concat({row.project, row.category or "", row.database or ""}, " ")
        end
    end
    table.sort(list)
    return table.concat(list, "\n"), #list
end
for line in io.lines("documented") do
    local query, keys = line:match("^(%S+) (.*)$")
    if query == "projects" then shared = keys end
    for key in (keys:gsub("%.%.%.", shared)):gmatch("(%w+)=") do
        local first, count = told(query, {[key] = values[key][1]})
        assert((count > 0) == (key ~= "older"), query .. " " .. key .. " " .. count)
        for i, value in ipairs(values[key]) do
            assert(told(query, {[key] = value}) == first, ("%s %s %d: %s"):format(query, key, i, told(query, {[key] = value})))
        end
        print(query, key, count)
    end
    local _, several = told(query, {category = {"footage", "render"}, client = "acme"})
    print(query, "several", several)
end
LUA
    ok walk.lua
    local files="footage/acme scratch/render/acme"
    assert_out "projects	client	1" "replicas	project	5" "files	database	$(find WORK/{footage,project,scratch} -type f | wc -l)" \
        "files	name	$(find . -path ./.autobackup -prune -o -name 'clip 1.mov' -print | wc -l)" \
        "files	larger	$(find WORK STORAGE NAS -type f -size +9000c -path '*/*/*/*' | grep -vc autobackup)" "files	older	0" \
        "files	several	$(for d in WORK STORAGE NAS; do for f in $files; do find "$d/$f" -type f 2>/dev/null; done; done | wc -l)"
    assert_eq "$(grep -c . "$OUT")" 19
}

test_errors_are_values() {
    studio
    cat >e.lua <<'LUA'
local ok, e = pcall(copy, "acme/spot", "render", "WORK", "NSA")
print(ok, type(e), e.code, tostring(e))
ok, e = pcall(copy, "acme/spot", "render", "WORK", "NAS", {dryrun = true})
print(ok, e.code, e.message:match("did you mean") ~= nil)
ok, e = pcall(copy, {project = "acme/spot", categry = "render"})
print(ok, e.message:match("'category'"))
LUA
    ok ./e.lua
    assert_out "false	table	" "did you mean 'NAS'" "false	EUSAGE	true" "false	'category'"
}

test_an_uncaught_error_has_a_traceback_and_a_status() {
    TRACEBACK_EXPECTED=1
    printf 'local function inner() error("boom") end\ninner()\n' >bad.lua
    ab ./bad.lua
    assert_status 1
    assert_err "bad.lua:1: boom" "bad.lua:2: in "
    refute_err '\t'
    printf 'error{code = "EMINE", message = "my own"}' >mine.lua
    ab ./mine.lua
    assert_status 1
    assert_err "my own"
    printf 'x = = 1' >syntax.lua
    ab ./syntax.lua
    assert_status 1
    assert_err "syntax.lua:1:"
    ab ./missing.lua
    assert_status 1
    assert_err "missing.lua"
}

test_exit_gives_a_status() {
    ok -e 'exit()'
    ab -e 'exit(7)'
    assert_status 7
    ab exit 5
    assert_status 5
    printf 'exit 4\nfetch all\n' >in
    ab <in
    assert_status 4
}

test_e_runs_code() {
    ok -e 'print(1 + 1, _VERSION, load ~= _G.load)'
    assert_out_is "2	Lua 5.4	true"
    ab -e 'error("no")'
    assert_status 1
    ab -e
    assert_status 2
    ok -e 'a = 1' -e 'print(a)'
    assert_out_is 1
}

test_old_command_files_work() {
    studio
    cat >tasks.txt <<'TXT'
-- copy the renders, then look
copy acme/spot render WORK NAS

for i = 1, 2 do
    print("lua", i)
end
copy "bmx/show two" footage WORK NAS
x = #projects()
x
fetch "bmx/show two"
TXT
    ab <tasks.txt
    assert_status 0
    assert_out "lua	2" "bmx/show two"
    assert_same_tree "WORK/footage/bmx" "NAS/footage/bmx"
    assert_same_tree WORK/scratch/render NAS/scratch/render
}

test_standard_input_stops_at_the_first_error() {
    studio
    printf 'list databases\n\ncopy nobody/nothing render WORK NAS\nprint("never")\n' >tasks.txt
    ab <tasks.txt
    assert_status 1
    assert_err "stdin:3:"
    refute_out never
    printf 'if true then\nprint(1)\n' >tasks.txt
    ab <tasks.txt
    assert_status 1
    printf 'print("no newline at the end")' >tasks.txt
    ok <tasks.txt
    assert_out_is "no newline at the end"
}

test_a_partial_result_goes_on_and_is_the_exit_status() {
    studio
    echo edited >>"NAS/footage/acme/spot/day 1/clip 2.mov"
    printf 'copy acme/spot footage WORK NAS\nprint("on")\n' >tasks.txt
    ab <tasks.txt
    assert_status 3
    assert_out on
    printf 'local r = copy("acme/spot", "footage", "WORK", "NAS") print(r.status, #r.problems)' >t.lua
    ab ./t.lua
    assert_status 3
    assert_out "3	1"
    assert_err "copy came to 3: " "clip 2.mov"
    ab -e 'copy("acme/spot", "footage", "WORK", "NAS") exit(3)'    # who gives a status has looked
    assert_err_is ''
    ab -e 'copy("acme/spot", "footage", "WORK", "NAS") error{code = "X", message = "mine"}'
    refute_err "came to"
}

test_cron_has_no_environment() {
    studio
    ok copy "bmx/show two" footage WORK STORAGE
    run env -i HOME="$HOME" "$AUTOBACKUP" copy acme/spot render WORK NAS
    assert_status 0
    assert_same_tree WORK/scratch/render NAS/scratch/render
    run env -i "$AUTOBACKUP" --no-config --catalog "$PWD/c.db" list databases
    assert_status 0
}

test_nightly_copies_what_exists_only_once() {
    studio
    local script=$SCRIPTS/nightly.lua
    run env -i HOME="$HOME" "$AUTOBACKUP" "$script" NAS
    assert_status 0
    assert_same_tree "WORK/footage/bmx" "NAS/footage/bmx"
    assert_same_tree WORK/scratch/render NAS/scratch/render
    assert_same_tree WORK/project NAS/project
    refute_exists STORAGE/scratch
    mv STORAGE STORAGE.away
    run env -i HOME="$HOME" "$AUTOBACKUP" "$script" NAS
    assert_status 0
    assert_err "STORAGE is offline"
    assert_out "0 copied to NAS: 0 files, 0 B"
    mv NAS NAS.away
    run env -i HOME="$HOME" "$AUTOBACKUP" "$script" NAS
    assert_status 75
}

test_nightly_copies_what_differs_whatever_its_time() {
    studio
    local script=$SCRIPTS/nightly.lua
    ok "$script" NAS
    echo late >"WORK/footage/acme/spot/day 1/old.mov"
    touch -d 1999-01-01 "WORK/footage/acme/spot/day 1/old.mov"
    ok "$script" NAS
    assert_same_tree WORK/footage/acme NAS/footage/acme
    assert_out "acme/spot footage: WORK -> NAS, 1 file copied"
    echo newer >>"NAS/footage/acme/spot/day 1/old.mov"
    ab "$script" NAS
    assert_status 10
    assert_out "left: acme/spot footage: 1 of 3 replicas has the newest files" "0 copied to NAS" "1 conflict"
    assert_err "old.mov"
}

# A row of one file acts on that file, where the command takes paths, and else on nothing.
test_a_row_of_a_file_is_that_file() {
    studio
    rm -r NAS/footage/acme/spot
    ok load -q
    ab -e 'local f = find("clip 1.mov", {database = "WORK"})[1]
        restore(f, {from = "WORK", to = "NAS"})'
    assert_status 0
    assert_eq "$(find NAS/footage/acme/spot -type f)" "NAS/footage/acme/spot/day 1/clip 1.mov"
    ab -e 'local f = find("clip 2.mov", {database = "WORK"})[1]
        local r = accept(f, {yes = true})
        print(r[1].files_accepted)
        local ok, err = pcall(move, f, "NAS")
        print(ok, err.message)'
    assert_status 0
    assert_out_is "$(printf "1\nfalse\tmove: it takes nothing from a row of type 'entry'")"
    ok copy acme/spot footage WORK NAS
    ok verify acme/spot footage -q
    rot "NAS/footage/acme/spot/day 1/clip 2.mov"
    ab -e 'local r = verify("acme/spot", "footage")
        print(accept(r.problems[1], {yes = true})[1].files_accepted)'
    assert_eq "$(tail -n 1 "$OUT")" 1
}

# A disk that lost most of what was known is not read without a yes: that is no night on which all is well.
test_nightly_says_what_it_could_not_read() {
    studio
    local script=$SCRIPTS/nightly.lua
    mkdir -p STORAGE/project/acme/job{1..20}
    touch STORAGE/project/acme/job{1..20}/scene
    ok "$script" NAS
    ok "$script" NAS
    mkdir gone
    mv STORAGE/* gone/
    ab "$script" NAS
    assert_status 1
    assert_err "STORAGE"
    mv gone/* STORAGE/
    mkdir -p NAS/.autobackup
    exec {held}>NAS/.autobackup/lock
    flock "$held"
    echo late >>"WORK/footage/acme/spot/day 1/clip 1.mov"
    ab "$script" NAS
    exec {held}>&-
    assert_status 75
}

test_require_finds_only_ours() {
    mkdir mods
    printf 'local ab = require "autobackup"\nab.command{name = "hello", run = function() return {greeting = "hi"} end, show = function(r, out) out:line(r.greeting) end}\nreturn {load == _G.load}' >mods/studio.lua
    printf 'print(require("studio")[1]) show(hello())' >mods/s.lua
    ok mods/s.lua
    assert_out_is "true
hi"
    printf 'print(pcall(require, "elsewhere"))' >s.lua
    echo 'return 1' >elsewhere.lua
    mkdir other
    mv s.lua other/
    run env LUA_PATH="$PWD/?.lua" LUA_INIT='print("init")' "$AUTOBACKUP" other/s.lua
    assert_status 0
    assert_out false
    refute_out init
}

test_events() {
    studio
    cat >ev.lua <<'LUA'
on("copy", function(r) print("copied", r[1].files_copied) end)
on("load", function(r) print("loaded", r[1].database) end)
on("error", function(e) print("error", e.code) end)
load("WORK")
copy("acme/spot", "render", "WORK", "NAS")
pcall(copy, "acme/spot", "render", "WORK", "NSA")
print(pcall(on, "copyy", print))
LUA
    ab ./ev.lua
    assert_out "loaded	WORK" "copied	10" "did you mean 'copy'"
}

test_run_needs_no_shell() {
    ok -e 'print(run("sh", "-c", "exit 3"), run("touch", "a; b"))'
    assert_out_is "3	0"
    assert_exists "a; b"
    ab -e 'run("/no/such/program")'
    assert_status 1
    assert_err "/no/such/program"
}

test_nightly_verification_goes_on_where_it_stopped() {
    local script=$SCRIPTS/verify.lua clip="NAS/footage/acme/spot/day 1/clip 2.mov"
    run env -i HOME="$HOME" "$AUTOBACKUP" "$script"
    assert_status 0
    assert_out "no project is known"
    studio
    ok copy acme/spot footage WORK NAS --newer=overwrite
    run env -i HOME="$HOME" "$AUTOBACKUP" "$script" 90d 1kB NAS
    assert_status 0
    assert_out "0 damaged"
    refute_out "; 0 B still due"
    local tries=0
    until grep -q '; 0 B still due' "$OUT"; do
        run env -i HOME="$HOME" "$AUTOBACKUP" "$script" 90d 20kB
        assert_status 0
        tries=$((tries + 1))
        [ "$tries" -lt 50 ] || fail "it never gets through"
    done
    run env -i HOME="$HOME" "$AUTOBACKUP" "$script" 90d
    assert_out "verified 0 files (0 B): 0 damaged; 0 B still due"
    rot "$clip"
    run env -i HOME="$HOME" LD_PRELOAD="$LD_PRELOAD" STEADY="$STEADY" "$AUTOBACKUP" "$script" 0s
    assert_status 11
    assert_out "clip 2.mov: damaged" "  autobackup verify 'acme/spot' 'footage' 'NAS' --repair" "1 damaged"
    run env -i HOME="$HOME" LD_PRELOAD="$LD_PRELOAD" STEADY="$STEADY" "$AUTOBACKUP" "$script" 90d    # told every night until somebody mends it
    assert_status 11
    bash -c "$(sed -n 's/^  autobackup/"$AUTOBACKUP"/p' "$OUT")" >/dev/null 2>&1 || :
    run env -i HOME="$HOME" LD_PRELOAD="$LD_PRELOAD" STEADY="$STEADY" "$AUTOBACKUP" "$script" 90d NAS
    assert_status 2    # a size is not a name
    run env -i HOME="$HOME" LD_PRELOAD="$LD_PRELOAD" STEADY="$STEADY" "$AUTOBACKUP" "$script" 90d 1TB NAS
    assert_status 0
    cmp "$clip" "WORK/footage/acme/spot/day 1/clip 2.mov"
    mv NAS away
    run env -i HOME="$HOME" "$AUTOBACKUP" "$script" 90d 1TB NAS
    assert_status 75
}
