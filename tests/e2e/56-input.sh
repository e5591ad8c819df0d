# Standard input as a task file: who reads it, where it ends; and how the program ends when its output is lost or
# somebody presses Ctrl-C.
. ./studio.sh

tasks() { ok --no-config "$@" <tasks.txt; }

test_programs_that_are_run_leave_the_task_file_alone() {
    cat >tasks.txt <<'END'
local status = run("cat")
print("after run")
local status = os.execute("cat")
print("after execute")
print("[" .. io.popen("cat"):read("a") .. "]")
local status = run{"sh", "-c", "cat; read x && echo got it"}
print("read:", io.read())
print("the end")
END
    tasks
    assert_out_is "after run
after execute
[]
read:	nil
the end"
    run bash -c '"$1" --no-config - <tasks.txt' - "$AUTOBACKUP"
    assert_out "the end"
    run bash -c 'cat tasks.txt | "$1" --no-config' - "$AUTOBACKUP"
    assert_out "the end"
}

test_a_program_gets_what_it_is_given() {
    cat >ask.lua <<'END'
print(run{"grep", "-c", "x", stdin = "x\ny\nx\n"})
io.stdout:flush()
print(run({"cat"}, {stdin = true}))
print(pcall(run, {"cat", stdin = 5}))
print(pcall(run, {"cat", sdtin = ""}))
END
    run bash -c 'echo ours | "$1" --no-config ./ask.lua' - "$AUTOBACKUP"
    assert_status 0
    assert_out_is "2
0
ours
0
false	run: stdin is a text, or true for standard input itself, not a number
false	run: unknown key 'sdtin'; did you mean 'stdin'?"
    echo one >rest
    run bash -c '{ "$1" --no-config -e "run(\"cat\")"; cat; } <rest' - "$AUTOBACKUP"
    assert_out_is one
    ab --no-config - <<<'run{"cat", stdin = true}'
    assert_status 2
    assert_err "standard input holds the lines that are run here"
}

# Another process reads from the same open file: it moves the offset that both share, and must not tear our lines.
test_nobody_else_can_tear_a_line_of_a_file() {
    studio
    { echo 'local _ = os.execute("head -c 70030 <&3 >/dev/null")'; printf '#%.0s' {1..70000}
        echo; echo 'copy acme/spot render WORK NAS --dry-run'; echo 'print("the end")'; } >tasks.txt
    run bash -c 'exec 3<tasks.txt; "$1" --no-config <&3' - "$AUTOBACKUP"
    assert_status 0
    assert_out "nothing was copied" "the end"
}

test_a_last_line_without_its_end() {
    studio
    printf 'print("whole")\ncopy acme/spot render WORK NAS' >tasks.txt    # a file is whole
    ok <tasks.txt
    assert_out whole COPIED
    run bash -c 'printf "print(1)\ncopy acme/spot render WORK STORAGE --mirror" | "$1"' - "$AUTOBACKUP"
    assert_status 1
    assert_out_is 1
    assert_err "stdin:2: 'copy acme/spot render WORK STORAGE --mirror' has no line feed behind it" "was not run"
    [ -z "$(find STORAGE/scratch -type f)" ] || fail "it was run"
    run bash -c 'printf "x = {\n1}" | "$1"' - "$AUTOBACKUP"
    assert_status 1
    assert_err "stdin:1: '1}' has no line feed"
    run bash -c 'printf "list databases" | "$1"' - "$AUTOBACKUP"    # what only looks does no harm
    assert_status 0
    assert_out NAS
    run bash -c 'printf "load\n# a comment" | "$1"' - "$AUTOBACKUP"
    assert_status 0
}

test_an_exit_after_lost_output_is_no_success() {
    local code
    for code in 'print("x") exit(0)' 'print("x") os.exit(0)' 'print("x") os.exit(true, true)' 'io.write("x") exit()' \
        'for i = 1, 9999 do print(i) end exit(0)' 'print("x")' 'show("x") exit(0)' 'pcall(show, "x") exit(0)'; do
        run bash -c '"$1" --no-config -e "$2" >/dev/full' - "$AUTOBACKUP" "$code"
        assert_status 1
        assert_err "autobackup: standard output: "
    done
    run bash -c '"$1" --no-config -e "print(1) exit(5)" >/dev/full' - "$AUTOBACKUP"
    assert_status 5
    run bash -c '"$1" --no-config >/dev/full <<<"exit 0"' - "$AUTOBACKUP"
    assert_status 0
    run bash -c '{ "$1" --no-config -e "for i = 1, 99999 do print(i) end exit(0)"; echo $? >status; } | head -n 1' - "$AUTOBACKUP"
    assert_eq "$(cat status)" 141
    assert_err_is ""
    ok --no-config -e 'print("x") os.exit(true)'
    assert_out_is x
}

interrupted() {    # CODE: it says ready, gets a Ctrl-C, and must end with 130 without going on
    local tries=0
    rm -f ready
    printf '%s\n' "$1" >loop.lua
    env --default-signal=INT "$AUTOBACKUP" --no-config ./loop.lua >loop.out 2>&1 &
    local pid=$!
    until [ -e ready ]; do
        [ $((tries += 1)) -le 300 ] || { kill "$pid"; cat loop.out; fail "never ready: $1"; }
        pause
    done
    kill -INT "$pid"
    STATUS=0
    (tries=0; while kill -0 "$pid" && [ $((tries += 1)) -le 200 ]; do pause; done; kill -KILL "$pid") \
        2>/dev/null &
    wait "$pid" || STATUS=$?
    [ "$STATUS" = 130 ] || { cat loop.out; fail "status $STATUS: $1"; }
    ! grep -q "went on" loop.out || fail "it went on: $1"
}

test_a_coroutine_swallows_no_interruption() {
    local loop='local function loop() io.open("ready", "w"):close() while true do os.date() end end '
    local on=' for i = 1, 200 do os.date() end print("went on")'
    interrupted "$loop coroutine.resume(coroutine.create(loop)) $on"
    interrupted "$loop pcall(coroutine.wrap(loop)) $on"
    interrupted "$loop coroutine.wrap(function() pcall(loop) end)() $on"
    interrupted "$loop coroutine.resume(coroutine.create(function() coroutine.resume(coroutine.create(loop)) end)) $on"
    interrupted "$loop xpcall(loop, function() return 'mine' end) $on"
}
