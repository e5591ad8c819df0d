# What `fields` says of rows is what rows hold: in Lua, and as JSON. Oracle: dkjson in another interpreter.
. ./studio.sh

# Every command that gives rows, in Lua; each row goes through `look`.
write_script() {
    cat >all.lua <<'END'
local known, seen, wrong, about = {}, {}, {}, {}
for _, row in ipairs(fields()) do
    known[row.of] = known[row.of] or {}
    known[row.of][row.field] = row.kind
    about[row.of .. "." .. row.field] = row.about
end
local function is(value, kind)
    if kind == "text" then return type(value) == "string"
    elseif kind == "path" then return type(value) == "string" and value:sub(1, 1) == "/"
    elseif kind == "count" or kind == "bytes" or kind == "time" then return math.type(value) == "integer"
    elseif kind == "seconds" then return type(value) == "number"
    elseif kind == "flag" then return type(value) == "boolean"
    elseif kind == "list" then return type(value) == "table" end
end
local LATER = 4102444800
-- Of a field whose words are listed ("done, partial or failed") only those.
local LISTED = {state = true, kind = true, compared = true, verb = true, action = true}
local function is_listed(kind, key, value)
    local words = LISTED[key] and about[kind .. "." .. key]
    return not (words and words:find(" or ")) or words:find("%f[%w]" .. value:gsub("%-", "%%-") .. "%f[%W]")
end
local function look(row)
    local kind = row.type
    seen[kind] = true
    if not known[kind] then wrong[tostring(kind) .. ": unknown type"] = true return end
    for key, value in pairs(row) do
        local as = known[kind][key]
        if not as then wrong[kind .. "." .. tostring(key) .. " is not told"] = true
        elseif not is(value, as) then wrong[("%s.%s is no %s: %s"):format(kind, key, as, tostring(value))] = true
        elseif not is_listed(kind, key, value) then
            wrong[("%s.%s is '%s', which is not told"):format(kind, key, value)] = true
        elseif as == "time" and (value < 0 or value > LATER) then
            wrong[("%s.%s is no moment: %s"):format(kind, key, value)] = true
        end
    end
end
local function all(result)
    if result.type then look(result) end
    for _, row in ipairs(result) do look(row) end
    for _, row in ipairs(result.problems or {}) do look(row) end
    return result
end
local function try(fn, ...)
    local ok, result = pcall(fn, ...)
    if ok then all(result) elseif result.code == "ELUA" then error(result, 0) end
end
local P = "acme/spot"
all(load()) all(list("databases")) all(list("categories")) all(list("clients")) all(list("projects")) all(list("loose"))
all(databases()) all(categories()) all(clients()) all(projects()) all(replicas())
for file in files{} do look(file) end
all(fetch()) all(check{all = true}) all(find("*")) all(help()) all(help("copy")) all(fields())
all(compare{project = P, all = true}) all(compare(P, "footage", "WORK", "NAS", {files = true}))
all(verify(P, "footage")) all(verify(P, "render"))
all(copy{project = P, category = "all", from = "WORK", to = {"NAS", "STORAGE"}, dry_run = true})
all(copy{project = P, category = "all", from = "WORK", to = {"NAS", "STORAGE"}})
local out = io.open("WORK/project/acme/spot/scene.txt", "w") out:write("another text") out:close()
all(copy(P, "project", "WORK", "NAS"))
all(history()) all(history("last")) all(versions(P, "project"))
all(restore(P, "project", {from = "NAS", to = "STORAGE", dry_run = true}))
all(move(P, "project", "WORK", "NAS"))
all(undo{dry_run = true}) all(undo{yes = true}) all(accept(P, "footage", "WORK", {yes = true}))
for _, operation in ipairs(history()) do all(history(operation.operation)) end
all(copy("bmx/show two", "footage", "WORK", "NAS"))
os.remove("WORK/footage/bmx/show two/raw.mov") os.remove("WORK/footage/bmx/show two")
os.remove("NAS/footage/bmx/show two/raw.mov") os.remove("NAS/footage/bmx/show two")
try(load) all(check{all = true}) all(fetch()) all(list("projects")) all(list("databases")) all(projects())
try(prune, {keep = 0, dry_run = true}) try(prune, {keep = 0, yes = true})
all(add("category", "more", "more")) all(ignore("deliver")) all(ignore()) all(remove("category", "more", {yes = true}))
out = io.open("NAS/project/acme/spot/scene.txt", "w") out:write("newer on NAS, and longer") out:close()
try(copy, P, "project", "WORK", "NAS")
for kind in pairs(known) do
    if not seen[kind] and kind ~= "explore" and kind ~= "trust" then wrong["no row of type " .. kind] = true end
end
local list = {}
for text in pairs(wrong) do list[#list + 1] = text end
table.sort(list)
print(table.concat(list, "\n"))
exit(0)
END
}

test_rows_are_as_told() {
    studio
    mkdir -p WORK/deliver
    echo master >WORK/deliver/master.mov
    echo loose >WORK/footage/acme/loose.txt
    echo newer >NAS/footage/acme/spot/extra.txt
    ok copy acme/spot render WORK NAS
    ok verify acme/spot render
    rot NAS/scratch/render/acme/spot/beauty.0001.exr
    ok accept acme/spot footage WORK --yes
    write_script
    ok ./all.lua
    assert_out_is ''
}

test_json_is_as_told() {
    studio
    echo loose >WORK/footage/acme/loose.txt
    ok load
    : >lines
    local words
    for words in 'list databases' 'list projects' 'list loose' 'fetch all' 'check' 'compare acme/spot footage WORK NAS' \
        'find clip' 'verify acme/spot footage' 'copy acme/spot all WORK STORAGE' 'history' 'history last' 'fields'; do
        # shellcheck disable=SC2086
        ab $words --json
        cat "$OUT" >>lines
    done
    lua5.4 - lines <<'END' >wrong
local json, known, always, lines = require("dkjson"), {}, {}, {}
for line in io.lines(arg[1]) do
    local row = assert(json.decode(line, 1, json.null))
    lines[#lines + 1] = row
    if row.type == "field" then
        known[row.of] = known[row.of] or {}
        known[row.of][row.field] = row
    end
end
local function is(value, kind)
    if kind == "time" then return type(value) == "string" and value:find("^[12]%d%d%d%-%d%d%-%d%dT%d%d:%d%d:%d%dZ$") end
    if kind == "count" or kind == "bytes" then return math.type(value) == "integer" end
    if kind == "seconds" then return type(value) == "number" end
    if kind == "flag" then return type(value) == "boolean" end
    if kind == "list" then return type(value) == "table" end
    return type(value) == "string"
end
for _, row in ipairs(lines) do
    for key, value in pairs(row) do
        local field = known[row.type] and known[row.type][key]
        if key ~= "type" and not field then print(row.type, key, "is not told")
        elseif field and value ~= json.null and not is(value, field.kind) then print(row.type, key, value) end
    end
    for key, field in pairs(known[row.type] or {}) do
        if field.always and row[key] == nil then print(row.type, key, "is missing") end
    end
end
END
    assert_eq "$(sort -u wrong)" '' 'what differs from fields'
    [ "$(wc -l <lines)" -gt 200 ] || fail 'hardly any rows'
}

test_a_type_that_is_none() {
    ab fields cpoy
    assert_status 2
    assert_err "no row is of the type 'cpoy'; did you mean 'copy'?"
}
