# Nothing of a name reaches a terminal raw: every command in a terminal, on names that hold control characters, and a
# look at the very bytes it wrote.
. ./studio.sh
RAW=$PWD/raw.py

# What names hold; what of it must not be written stands in raw.py.
hostile=(
    $'sgr\e[31mred' $'osc\e]0;owned\a' $'nl\nx' $'cr\rx' $'bs\bx' $'del\x7f' $'c1\xc2\x9b31m' $'byte\x9b31m'
    $'bidi\xe2\x80\xae' $'alm\xd8\x9c' $'shy\xc2\xad' $'tag\xf3\xa0\x81\x81' $'iso\xe2\x81\xa6' $'zero\xe2\x80\x8bw'
    $'joiner\xe2\x80\x8dw'
)

hostile_studio() {
    need python3 sqlite3
    local name
    mkdir -p $'W\e[31mred/footage' N/footage $'W\e[31mred/render\e[31mred'
    for name in "${hostile[@]}"; do
        mkdir -p $'W\e[31mred'"/footage/client $name/project $name/folder $name"
        echo 1 >$'W\e[31mred'"/footage/client $name/project $name/file $name"
        echo 1 >$'W\e[31mred'"/footage/client $name/project $name/folder $name/deep"
        echo 1 >$'W\e[31mred'"/footage/client $name/loose $name"
        ln -s "target $name" $'W\e[31mred'"/footage/client $name/project $name/link $name"
        mkdir -p "N/footage/client $name/project $name"
        echo 22 >"N/footage/client $name/project $name/file $name"
    done
    ok add database WORK $'W\e[31mred'
    ok add database NAS N
    ok add category footage footage
    ok load
    # No such name can be added any more; a catalog may have one.
    query "INSERT INTO category (name, path) VALUES
        ('red' || char(0x9b) || '31m', CAST('render' || char(27) || '[31mred' AS BLOB))"
}

expect() {    # STATUS TEXT WORDS...: to be run in a terminal, which must end so and show that ("": any)
    local status=$1 text=$2
    shift 2
    printf '%s\0' "$status" "$text" "$AUTOBACKUP" "$@" $'\1' >>"$TMPDIR/batch"
}

terminal() { expect '' '' "$@"; }    # WORDS...

look() {    # [SHOWN...]: runs what was asked for, in which SHOWN must be seen; SCRIPT is what is typed
    local text
    TERM=xterm PAGER=cat AUTOBACKUP_EXPLORER=true python3 "$RAW" "$TMPDIR/batch" "$TMPDIR/raw" ${SCRIPT:+"$SCRIPT"} ||
        fail "see above"
    rm "$TMPDIR/batch"
    for text; do
        grep -qaF -- "$text" "$TMPDIR/raw" || { cat -v "$TMPDIR/raw"; fail "not shown: $text"; }
    done
}

test_commands_as_tables() { commands_in_a_terminal; }
test_commands_as_json() { commands_in_a_terminal --json; }

commands_in_a_terminal() {
    hostile_studio
    local name=$'sgr\e[31mred' json=${1:-}
    expect 0 'client tag' fetch all $json
    expect 0 '[31mred' list databases $json
    expect 0 footage list categories $json
    expect 0 'client sgr' list clients $json
    expect 0 'project sgr' list projects $json
    expect 0 'loose sgr' list loose $json
    expect 0 'file sgr' find '*file*' $json
    expect 10 'client sgr' check $json
    expect 0 'no operation' history $json
    expect 0 online load $json
    expect 0 'client iso' verify '*/*' $json
    expect 4 'client sgr' compare '*/*' footage WORK NAS --files $json
    expect 3 'client sgr' copy 'client */project *' footage WORK NAS --dry-run $json
    expect 3 'client sgr' copy 'client */project *' footage WORK NAS $json
    expect 0 'client sgr' undo --dry-run $json
    expect 0 'client sgr' undo --yes $json
    expect 0 copy history $json
    expect 0 online -v load $json
    expect 0 '/footage/client sgr' explore "client $name/project $name" footage WORK $json
    look
    mv N elsewhere
    expect 75 NAS copy "client $name/project $name" footage WORK NAS $json
    expect 0 NAS load $json
    look
}

test_mistakes_on_the_command_line() {
    hostile_studio
    local name
    name=$(printf '%s' "${hostile[@]}")    # all in one
    terminal "$name"
    look '\e[31mred'
    terminal "--$name"
    look '\e[31mred'
    terminal --no-config -c "$name" list databases
    terminal fetch "$name"
    terminal copy "$name/x" "$name" WORK NAS
    terminal copy $'client del\x7f/project del\x7f' "$name" WORK NAS
    terminal "./$name.lua"
    terminal help "$name"
    terminal add database "$name" N
    terminal add category x "$name/../y"
    terminal add database $'red\xc2\x9b31m' N
    look 'is no name'
    terminal trust "$name"
    terminal list databases "--$name=$name"
    terminal -e "error([[$name]])"
    LINES_MAY=1 look '\e[31mred'
    terminal -e "error({code = 'X', message = [[$name]]})"
    LINES_MAY=1 look
    terminal --catalog "$name/$name/x" list databases
    look
}

test_lua() {
    hostile_studio
    cat >show.lua <<'LUA'
for _, p in ipairs(projects()) do print(p.project, p) end
for f in files() do print(f.path) warn(f.path) end
show(projects()) show(projects()[1]) show{nested = {projects()[1].name}, [projects()[2].name] = 1}
for _, p in ipairs(projects()) do
    print(pcall(copy, p.project, p.name, "WORK", "NAS"))
    show(p.name)
end
error(projects()[3].project)
LUA
    terminal ./show.lua
    LINES_MAY=1 look
    echo 'error({code = "X", message = projects()[3].project})' >raise.lua
    terminal ./raise.lua
    LINES_MAY=1 look
    echo 'error(setmetatable({}, {__tostring = function() return projects()[3].project end}))' >raise.lua
    terminal ./raise.lua
    LINES_MAY=1 look
    run bash -c '"$1" -e "for _, p in ipairs(projects()) do print(p.project) end" | cat' - "$AUTOBACKUP"
    grep -qaF $'client sgr\e[31mred/' "$OUT" || fail "a pipe gets the bytes"
}

test_the_prompt_and_tab() {
    hostile_studio
    cat >typed <<'END'
fetch client\t\t => >>> fetch client
\x15copy client\\ c\t\t => \x07\x07
\x15copy "client \t\t => \x07\x07
\x15copy("client \t\t => >>> copy("client
\x15copy $'client \t\t => \x07\x07
\x15copy clie\t\t => >>> copy clie
\x15fetch all\r => >>>
projects()\r => >>>
_[1]\r => >>>
settings.prompt = function() return projects()[1].project .. projects()[5].project .. "> " end\r
list loose\r
print("at " .. "the end")\r => at the end
exit\r
END
    terminal
    SCRIPT=$PWD/typed look
    mv N elsewhere
    printf '%s\n' 'list databases\r => >>>' 'exit\r' >typed
    terminal
    SCRIPT=$PWD/typed look
}

test_the_browser() {
    hostile_studio
    cat >typed <<'END'
\r => largest first
\x1b[B\x1b[B\r => PROJECT
\x1b[B\r => CATEGORY
\r => DATABASE
\r => NAME
\x1b[B
\x1b[B
/file => 1 of 3
\r => only file
\x1b => 3 entries
q => \x1b[?1049l
END
    terminal explore
    SCRIPT=$PWD/typed look 'client'
    cat >typed <<'END'
\x1b[B\r => largest first
j
j
j\r => PROJECT
\r => CATEGORY
\r => NAME
d => compare footage on WORK with
\r => only on WORK
\x1b => 3 entries
c => copy
\x1b
q => \x1b[?1049l
END
    terminal explore
    SCRIPT=$PWD/typed look
}

test_startup_file() {
    hostile_studio
    printf 'local x = "\e[31mred\xc2\x9b \xe2\x80\xae"\n' >.config
    printf 'n\n' >typed
    terminal list databases
    SCRIPT=$PWD/typed look '\e[31mred\u{9B} \u{202E}'
}
