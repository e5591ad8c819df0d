# The startup file: where it is looked for, what it may do, and whom it trusts.
. ./studio.sh
. ./terminal.sh
EXAMPLE=$(cd ../.. && pwd)/config.lua.example

config() { mkdir -p "$XDG_CONFIG_HOME/autobackup" && cat >"$XDG_CONFIG_HOME/autobackup/config.lua"; }

test_databases_and_categories_from_the_startup_file() {
    mkdir -p disks/WORK/footage/a/b
    config <<LUA
add("database", "WORK", "$PWD/disks/WORK")
add("database", "NAS", "$PWD/disks/NAS")
add("category", "footage", "footage")
LUA
    ok list databases --json
    assert_err NAS "'add database WORK $PWD/disks/WORK', typed once"
    refute_exists disks/WORK/.autobackup
    ok add database WORK disks/WORK
    ok list databases --json
    assert_eq "$(json 'o.database, o.online' | tr '\n' ';')" "NAS false;WORK true;"
    ok list databases --json
    assert_eq "$(cat "$ERR")" "" "a known database, unplugged, warns every time"
    ok load
    ok list projects --json
    assert_eq "$(json 'o.project')" a/b
}

test_an_empty_mount_point_never_gets_a_marker() {
    mkdir -p mnt/NAS
    config <<LUA
add("database", "NAS", "$PWD/mnt/NAS")
add("category", "footage", "footage")
LUA
    ok list databases
    ok load
    ab load NAS
    assert_eq "$(find mnt/NAS -mindepth 1)" "" "what was planted"
}

test_user_defined_commands() {
    studio
    config <<'LUA'
command {
    name = "big",
    summary = "projects above a size",
    args = {{"least", "size", optional = true}},
    run = function(args)
        local rows = {}
        for _, p in ipairs(projects()) do
            if p.bytes >= (args.least or 0) then rows[#rows + 1] = {project = p.project, bytes = p.bytes} end
        end
        return rows
    end,
}
LUA
    ok big 10kB --json
    assert_out '"project":"acme/spot"'
    refute_out dune
    ok big
    assert_out dune
    ok help
    assert_out "projects above a size"
    ok help big
    assert_out big
    ab bgi
    assert_status 2
    assert_err "did you mean 'big'"
    run env -i HOME="$HOME" "$AUTOBACKUP" big 10kB
    assert_status 0
    printf 'big\n' >in
    ok <in
    assert_out acme/spot
}

test_a_broken_startup_file_ends_every_mode() {
    config <<<'x = = 1'
    ab list databases
    assert_status 1
    assert_err "config.lua:1:"
    ok --no-config list databases
    config <<<'nosuch()'
    ab list databases
    assert_status 1
    assert_err "config.lua:1:"
    ab --config missing.lua list databases
    assert_status 1
    assert_err missing.lua
    echo 'print("mine")' >c.lua
    ok --config c.lua list databases
    assert_out mine
    run env AUTOBACKUP_CONFIG="$PWD/c.lua" "$AUTOBACKUP" list databases
    assert_out mine
}

test_dot_config_is_refused_until_trusted() {
    echo 'print("ran")' >.config
    ab list databases
    assert_status 1
    assert_err trust
    refute_out ran
    ab trust ./.config </dev/null
    assert_out 'print("ran")'
    ok trust .config --yes
    ok list databases
    assert_out ran
    echo 'print("changed")' >.config
    ab list databases
    assert_status 1
    assert_err trust
    refute_out changed
    ok --no-config list databases
    ok trust --yes
    ok list databases
    assert_out changed
}

test_dot_config_must_be_safe() {
    echo 'print("ran")' >.config
    ok trust --yes
    chmod 666 .config
    ab list databases
    assert_status 1
    refute_out ran
    chmod 644 .config
    mv .config real
    ln -s real .config
    ab list databases
    refute_out ran
    rm .config
    mkfifo .config
    run timeout 10 "$AUTOBACKUP" list databases
    assert_status 0
    refute_out ran
    rm .config
    printf '\033Lua' >.config
    ab trust --yes
    ab list databases
    assert_status 1
}

test_relative_paths_are_the_startup_files() {
    mkdir -p elsewhere/disk
    echo 'add("database", "WORK", "disk") add("category", "footage", "footage")' >elsewhere/c.lua
    ok --config elsewhere/c.lua list databases --json
    assert_eq "$(json 'o.path')" "$PWD/elsewhere/disk"
}

test_the_example_is_a_real_startup_file() {
    sed "s#/mnt/#$PWD/mnt/#" "$EXAMPLE" >example.lua
    ok --config example.lua list categories --json
    assert_eq "$(json 'o.category, o.path' | tr '\n' ';')" \
        "cache scratch/cache;footage footage;project project;render scratch/render;"
    ok --config example.lua list databases --json
    assert_eq "$(json 'o.database' | tr '\n' ' ')" "NAS STORAGE WORK "
    mkdir -p mnt/WORK    # an empty mount point: never marked by a start
    ok --config example.lua help
    refute_exists mnt/WORK/.autobackup
}

test_unknown_settings_events_and_policies_are_errors() {
    ab -e 'settings.explorre = "x"'
    assert_status 2
    assert_err "did you mean 'explorer'"
    ab -e 'on("copyy", print)'
    assert_err "did you mean 'copy'"
    ok add category render render
    ab -e 'policy("render", {copeis = 2})'
    assert_status 2
    assert_err "did you mean 'copies'"
}

# What a startup file said before it failed is in force, and as it was said; what names nothing is taken out alone.
test_policies_before_an_error_are_in_force() {
    studio
    config <<'LUA'
policy("nosuch", {copies = 1})
policy("Footage", {copies = 1, on = "work"})
error("here it ends")
LUA
    start 100 30
    wait_for 'here it ends'
    ready
    type_line 'check dune'
    wait_for 'not on WORK'
    leave
    config <<'LUA'
policy("nosuch", {copies = 1})
policy("Footage", {copies = 1, on = "work"})
LUA
    start 100 30
    wait_for "no category 'nosuch'"
    ready
    type_line 'check dune'
    wait_for 'not on WORK'
    leave
}

test_policy_and_check() {
    studio
    config <<'LUA'
policy("footage", {copies = 2, on = {"NAS"}})
LUA
    ab check
    assert_status 10
    assert_out "bmx/show two"
    refute_out dune
    ok copy "bmx/show two" footage WORK NAS
    ab check --json
    refute_out "show two"
}
