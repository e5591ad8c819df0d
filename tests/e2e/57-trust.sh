# What a trusted ./.config loads from its folder is trusted with it, by the very bytes; a question shows what changed.
. ./studio.sh
. ./terminal.sh

config_with_modules() {
    mkdir -p lib/deep
    cat >.config <<'LUA'
local a = require "lib.a"
print("config", a.name)
function later() return require("la" .. "ter") end
function by_file(name) return dofile(name) end
function by_chunk(name) return assert(loadfile(name))() end
LUA
    printf 'require("lib.deep")\nreturn {name = "A"}\n' >lib/a.lua
    echo 'print("deep")' >lib/deep/init.lua
    echo 'print("later")' >later.lua
    echo 'print("plain")' >plain.lua
}

refused() {    # FILE WORDS...: nothing of it runs, and the next step is named
    local file=$1
    shift
    ab "$@" </dev/null
    assert_status 1
    assert_err "$PWD/$file" "autobackup trust $PWD/$file"
    refute_out BAD
}

test_a_trusted_config_loads_only_trusted_modules() {
    config_with_modules
    ab trust </dev/null
    assert_status 1
    assert_out 'print("config", a.name)' 'return {name = "A"}' 'print("deep")'
    assert_err "$PWD/lib/a.lua is new" "$PWD/lib/deep/init.lua is new"
    ok trust --yes
    ok list databases
    assert_out_is $'deep\nconfig\tA'
    echo 'print("BAD")' >>lib/deep/init.lua
    refused lib/deep/init.lua list databases
    assert_err "has changed since it was trusted"
    ab trust --json </dev/null
    assert_eq "$(json 'o.type == "trust" and not o.trusted and o.path:match("[^/]*/[^/]*$") or nil')" deep/init.lua
    ok trust --yes
    ok list databases
    assert_out BAD
}

test_a_module_that_only_running_finds() {
    config_with_modules
    ok trust --yes
    sed -i s/later/BAD/ later.lua
    refused later.lua -e 'later()'
    assert_err "is not trusted"
    # Behind code of the user's own, in a coroutine, after a script of the same folder brought that folder in.
    echo 'pcall(later) coroutine.wrap(pcall)(later) later()' >own.lua
    refused later.lua own.lua
    refused later.lua ./own.lua
    ok trust later.lua --yes
    ok -e 'later()'
    assert_out BAD
    # Once trusted it is one of them: a change is shown with the rest.
    echo 'print("changed")' >later.lua
    ab trust </dev/null
    assert_status 1
    assert_out '-print("BAD")' '+print("changed")'
}

test_other_ways_to_load_a_file() {
    config_with_modules
    ok trust --yes
    sed -i s/plain/BAD/ plain.lua
    ln -s plain.lua link.lua
    mkdir "$TMPDIR/outside"
    ln -s "$PWD" "$TMPDIR/outside/in"
    ln -s "$PWD/plain.lua" "$TMPDIR/outside/to.lua"
    for name in plain.lua ./plain.lua lib/../plain.lua "$PWD/plain.lua" "$TMPDIR/outside/in/plain.lua"; do
        refused plain.lua -e "by_file('$name')"
        refused plain.lua -e "by_chunk('$name')"
    done
    for name in link.lua "$TMPDIR/outside/to.lua"; do    # trusted is a file, not where a link leads today
        ok trust plain.lua --yes
        ab -e "by_file('$name')"
        assert_status 1
        assert_err "symbolic link"
        refute_out BAD
    done
    ok -e 'by_file("plain.lua") by_chunk("plain.lua")'
    assert_eq "$(grep -c BAD "$OUT")" 2 "runs of the trusted file"
    echo 'local fn, why = loadfile("no such.lua") assert(fn == nil and why:find("no such.lua", 1, true), why)' >>.config
    echo 'print(package.loadlib("./x.so", "f"))' >>.config
    ok trust --yes
    ab list databases
    assert_status 1
    assert_err "x.so is a library"
    # Text only, and safe ones only.
    sed -i '$d' .config
    lua5.4 -e 'io.stdout:write(string.dump(load("print(\"BAD\")")))' >plain.lua
    ok trust --yes
    ab -e 'by_file("plain.lua")'
    assert_status 1
    refute_out BAD
    echo 'print("BAD")' >plain.lua
    ok trust --yes
    chmod 666 plain.lua
    ab -e 'by_file("plain.lua")'
    assert_status 1
    refute_out BAD
}

test_what_the_user_chose_loads_as_ever() {
    config_with_modules
    ok trust --yes
    echo 'return "helper"' >helper.lua
    echo 'return require "helper" .. "s"' >more.lua
    echo 'local m = require "more" print(m, dofile("helper.lua"))' >own.lua
    ok own.lua
    assert_out $'helpers\thelper'
    ok -e 'local h = require "helper" print(h)'
    assert_out helper
    # A startup file that the user named needs no trust, nor do its modules.
    rm -r "$XDG_DATA_HOME/autobackup"
    ok --config .config list databases
    assert_out A
}

test_the_question_shows_the_difference() {
    config_with_modules
    ok trust --yes
    sed 's/"A"/"B"/; 1i -- \x1b[31mred' lib/a.lua >new
    mv new lib/a.lua
    echo '-- more' >>.config
    start 80 40 -e 'print("went" .. " on")'
    wait_for "+-- more"
    wait_for '+-- \e[31mred'
    wait_for '-return {name = "A"}'
    wait_for '+return {name = "B"}'
    wait_for ' require("lib.deep")'
    wait_for "Trust these 2 files and run them? [y/N]"
    type_line n
    wait_dead
    assert_eq "$STATUS" 1 status
    lacks "went on" || fail "it ran after a no"
    start 80 40 -e 'print("went" .. " on")'
    wait_for "files and run them? [y/N]"
    type_line y
    wait_for "$(printf 'config  B')"
    wait_dead
    assert_eq "$STATUS" 0 status
    # What only running finds is asked about when it is needed, also at the prompt.
    start 80 40
    wait_for ">>>"
    type_line 'later()'
    wait_for 'print("later")'
    wait_for "Trust it and run it? [y/N]"
    type_line y
    ready
    leave
    ok -e 'later()'
    assert_out later
}

test_the_difference_is_what_patch_takes() {
    need patch
    seq 300 >.config
    sed -i 's/^/-- /' .config
    cp .config old
    ok trust --yes
    sed -i '7d; 100s/$/ changed/; 200,210d; 250i print("new")' .config
    printf -- '-- no line feed' >>.config
    ab trust </dev/null
    assert_status 1
    { echo '--- old'; echo '+++ new'; cat "$OUT"; } >difference
    run patch -s --fuzz=0 -o got old difference
    assert_status 0
    cmp got .config || fail "patched to something else"
    assert_eq "$(sed 1,2d difference | grep -c '^[-+]')" "$(diff -d old .config | grep -c '^[<>]')" "lines of the difference"
}
