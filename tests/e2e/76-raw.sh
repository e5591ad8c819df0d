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
    sqlite3 "$XDG_DATA_HOME/autobackup/catalog.db" "INSERT INTO category (name, path) VALUES
        ('red' || char(0x9b) || '31m', CAST('render' || char(27) || '[31mred' AS BLOB))"
}

terminal() { printf '%s\0' "$AUTOBACKUP" "$@" $'\1' >>"$TMPDIR/batch"; }    # WORDS...: to be run in a terminal

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
    terminal fetch all $json
    terminal list databases $json
    terminal list categories $json
    terminal list clients $json
    terminal list projects $json
    terminal list loose $json
    terminal find '*file*' $json
    terminal check $json
    terminal history $json
    terminal load $json
    terminal verify all $json
    terminal compare all footage WORK NAS --files $json
    terminal copy 'client */project *' footage WORK NAS --dry-run $json
    terminal copy 'client */project *' footage WORK NAS $json
    terminal undo --dry-run $json
    terminal undo --yes $json
    terminal history $json
    terminal -v load $json
    terminal explore "client $name/project $name" footage WORK $json
    look
    mv N elsewhere
    terminal copy "client $name/project $name" footage WORK NAS $json
    terminal load $json
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
fetch client\t\t
\x15copy client\\ c\t\t
\x15copy "client \t\t
\x15copy("client \t\t
\x15copy $'client \t\t
\x15copy clie\t\t
\x15fetch all\r
\x15projects()\r
\x15_[1]\r
\x15settings.prompt = function() return projects()[1].project .. projects()[5].project .. "> " end\r
\x15list loose\r
\x15exit\r
END
    terminal
    SCRIPT=$PWD/typed look
    mv N elsewhere
    printf '%s\n' 'list databases\r' 'exit\r' >typed
    terminal
    SCRIPT=$PWD/typed look
}

test_the_browser() {
    hostile_studio
    cat >typed <<'END'
\r
\x1b[B\x1b[B\r
\x1b[B\r
\r
\r
\x1b[B
\x1b[B
/file
\r
\x1b
q
END
    terminal explore
    SCRIPT=$PWD/typed look 'client'
    printf '%s\n' '\x1b[B\r' 'j' 'j' 'j\r' '\r' '\r' 'd' '\r' '\r' '\x1b' 'c' '\x1b' 'q' >typed
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
