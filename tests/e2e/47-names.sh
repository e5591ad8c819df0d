# Names that hold what elsewhere means something: each is itself alone, as a row, as a text in Lua and as a word.
# Oracle: find, of what lies on the destination before and after.
. ./studio.sh

PROJECTS=200
[[ $(realpath "$AUTOBACKUP") != */[at]san/* ]] || PROJECTS=40    # they take many times as long

# 200 projects with an extra file each on NAS, so that a --mirror that goes too far is seen. SEED repeats a run.
hostile_studio() {
    mkdir -p WORK/footage NAS/footage
    SEED=${SEED:-$(od -An -N4 -tu4 /dev/urandom | tr -d ' ')}
    echo "SEED=$SEED" >&2
    lua5.4 - "$SEED" "$PROJECTS" >names <<'END'
math.randomseed(tonumber(arg[1]))
local pieces = {"*", "?", "[a]", "[", "]", "a", "b", "x", "a", "b", " ", "-n", "--mirror", "all", "in", "\n", "\xff",
    "\xc3(", "'", '"', "\\", "{", "}", "%", "$x", ";", "_", "\t", "\xc3\xa9", "~", "#", "!", "=", ",", ".", "--", "A"}
local function name(most)
    local parts = {}
    for i = 1, math.random(most) do parts[i] = pieces[math.random(#pieces)] end
    local text = table.concat(parts)
    return (text == "." or text == "..") and name(most) or text
end
local clients, seen, count = {"a*b", "axb", "*", "all", "?", "a"}, {}, 0
for i = #clients + 1, 20 do clients[i] = name(3) end
for _, fixed in ipairs{"*/*", "a*b/a*b", "axb/axb", "all/all", "?/?", "a/[a]", "a/a", "a/-n"} do
    seen[fixed], count = true, count + 1
    io.write(fixed, "\0")
end
while count < tonumber(arg[2]) do
    local project = clients[math.random(#clients)] .. "/" .. name(3)
    if not seen[project] then
        seen[project], count = true, count + 1
        io.write(project, "\0")
    end
end
END
    while IFS= read -r -d '' project; do
        mkdir -p "WORK/footage/$project" "NAS/footage/$project"
        echo new >"WORK/footage/$project/new"
        echo extra >"NAS/footage/$project/extra"
    done <names
    [ "$(find WORK/footage -mindepth 2 -maxdepth 2 -printf x | wc -c)" = "$PROJECTS" ] || fail "not $PROJECTS projects: SEED=$SEED"
    work_and_nas
}

# acted_alone PROJECT...: on NAS just these projects have what WORK has, and no other was touched.
acted_alone() {
    find NAS/footage -mindepth 3 -maxdepth 3 -name new -printf '%P\0' | LC_ALL=C sort -z >is.new
    find NAS/footage -mindepth 3 -maxdepth 3 -name extra -printf '%P\0' | LC_ALL=C sort -z >is.extra
    printf '%s/new\0' "$@" | LC_ALL=C sort -z >want.new
    cmp is.new want.new || fail "the copies arrived elsewhere: SEED=$SEED"
    [ "$(tr -dc '\0' <is.extra | wc -c)" = $((PROJECTS - $#)) ] || fail "a mirror removed of others: SEED=$SEED"
    ! printf '%s/extra\0' "$@" | LC_ALL=C sort -z | LC_ALL=C comm -z -12 - is.extra | grep -q . ||
        fail "an extra stayed: SEED=$SEED"
}

test_each_row_and_each_name_is_itself() {
    hostile_studio
    # By row, and by name, each looked at alone: what else lies on NAS must not have changed.
    cat >one.lua <<'END'
local function listing()
    run("sh", "-c", "find NAS/footage -mindepth 3 -maxdepth 3 -type f -print0 >now")
    local file <close> = assert(io.open("now", "rb"))
    local set = {}
    for path in file:read("a"):gmatch("[^\0]+") do set[path] = true end
    return set
end
local before, count = listing(), 0
for i, p in ipairs(projects()) do
    for _, project in ipairs{p, p.project} do
        local compared, fetched = compare(project, "footage", "WORK", "NAS"), fetch(project)
        assert(#compared == 1 and compared[1].project == p.project, p.project)
        for _, cell in ipairs(fetched) do assert(cell.project == p.project, p.project) end
    end
    if i % 4 > 1 then goto continue end    -- a copy takes its time
    do
        local n = #copy(i % 4 == 0 and p or p.project, "footage", "WORK", "NAS", {mirror = true, yes = true})
        assert(n == 1, p.project)
    end
    do
        local after, own = listing(), "NAS/footage/" .. p.project
        before[own .. "/extra"], before[own .. "/new"] = nil, true
        for path in pairs(after) do assert(before[path], path) end
        for path in pairs(before) do assert(after[path], path) end
    end
    count = count + 1
    ::continue::
end
print(count)
END
    ab ./one.lua    # compare found differences
    assert_status 4
    assert_out_is "$((PROJECTS / 2))"
}

test_each_name_as_a_word_is_itself() {
    hostile_studio
    local project done=() n=0
    while IFS= read -r -d '' project && ((n < 60)); do
        n=$((n + 1))
        ab compare --json -- "$project" footage WORK NAS
        assert_status 4
        assert_eq "$(grep -c '"type":"compare"' "$OUT")" 1 "how many are compared: $project SEED=$SEED"
    done <names
    n=0
    while IFS= read -r -d '' project && ((n < 20)); do
        n=$((n + 1))
        ok copy --mirror --yes -- "$project" footage WORK NAS
        done+=("$project")
    done <names
    acted_alone "${done[@]}"
}

# Quotes at the prompt, and what a shell leaves of them.
test_wildcards_are_what_was_typed_as_such() {
    mkdir -p WORK/footage/acme/{'a*b',axxb,ayyb} NAS/footage
    touch WORK/footage/acme/{'a*b',axxb,ayyb}/f
    work_and_nas
    there() { find NAS/footage -name f -printf '%P\n' | LC_ALL=C sort | tr '\n' ' '; }
    ok copy 'acme/a*b' footage WORK NAS
    assert_eq "$(there)" "acme/a*b/f "
    # Not known yet, but on the disk: that is it.
    mkdir 'WORK/footage/acme/n*'
    mkdir WORK/footage/acme/new
    touch WORK/footage/acme/{'n*',new}/f
    ok copy 'acme/n*' footage WORK NAS
    assert_eq "$(there)" "acme/a*b/f acme/n*/f "
    run sh -c 'printf "%s\n" "copy \"acme/ax*\" footage WORK NAS" | "$AUTOBACKUP"'
    assert_status 1
    assert_err "no project 'acme/ax*'; in quotes * and ? are plain characters, without them they are wildcards"
    assert_eq "$(there)" "acme/a*b/f acme/n*/f "
    ab -e 'copy("acme/ax*", "footage", "WORK", "NAS")'
    assert_err 'a pattern is written glob "acme/ax*"'
    assert_eq "$(there)" "acme/a*b/f acme/n*/f "
    run sh -c 'printf "%s\n" "copy acme/ax* footage WORK NAS" | "$AUTOBACKUP"'
    assert_status 0
    assert_eq "$(there)" "acme/a*b/f acme/axxb/f acme/n*/f "
    ok -e 'copy(glob "acme/ay*", "footage", "WORK", "NAS")'
    assert_eq "$(there)" "acme/a*b/f acme/axxb/f acme/ayyb/f acme/n*/f "
    ok copy 'acme/*' footage WORK NAS
    assert_eq "$(there)" "acme/a*b/f acme/axxb/f acme/ayyb/f acme/n*/f acme/new/f "
}
