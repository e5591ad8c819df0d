# Whole screens at several sizes, compared with stored ones (terminal.sh tells how to renew them).
. ./studio.sh
. ./terminal.sh

old_studio() {
    need sqlite3
    studio
    printf 'frame' >WORK/scratch/render/acme/spot/beauty.0014.exr    # 0011 to 0013 are missing
    mkdir -p WORK/scratch/render/acme/spot/masks
    cp -a WORK/scratch/render/acme/spot/beauty.000* WORK/scratch/render/acme/spot/masks/
    echo "call sheet" >"WORK/footage/acme/call sheet.txt"
    long_ago
}

# Each line typed at a prompt of its own; what it says is whole when the next prompt is there.
say() {    # LINE...
    local line
    for line; do
        type_line "$line"
        PROMPTS=$((PROMPTS + 1))
        until_true "answered: $line" has_answered
    done
}

has_answered() { at_prompt && [ "$(visible | grep -c '^>>>')" = "$PROMPTS" ]; }

at_prompts() {    # NAME LINE...: a screen at 60, 80 and 200 columns
    local width name=$1
    shift
    for width in 60 80 200; do
        start "$width" "${HEIGHT:-50}" --no-config
        ready
        PROMPTS=1
        say "$@"
        assert_screen "$name-$width"
        leave
    done
}

test_the_beginning() {
    local size
    old_studio
    for size in 60x20 80x24 200x50; do
        start "${size%x*}" "${size#*x}" --no-config
        ready
        assert_screen "begin-$size"
        leave
    done
}

test_help() {
    local HEIGHT=60    # else it goes through a pager
    old_studio
    at_prompts help help
    at_prompts help-fetch 'help fetch'
}

test_tables() {
    old_studio
    at_prompts fetch 'fetch all' 'fetch acme/spot'
    at_prompts list 'list projects' 'list clients' 'list categories' check
    at_prompts compare 'compare acme/spot' 'compare acme/spot footage WORK NAS --files'
    at_prompts rows 'projects()' '_[1]' 'clients()' '__'
}

test_mistakes() {
    old_studio
    at_prompts mistakes 'ftech all' 'fetch acmee' 'copy acme/spot render WORK NSA' 'copy acme/spot' 'fetch "unclosed' \
        'nosuch.x' 'error("mine")' projects 'list projects acme' 'fetch spot' 'copy acme/spot WORK NAS' \
        'copy acme/spot footage WORK NAS --verify' 'find clip 1.mov' 'copy dune/"part one" footage WORK NAS'
}

test_a_finished_copy() {
    local width
    old_studio
    for width in 60 80 200; do
        rm -rf NAS/scratch
        start "$width" "${HEIGHT:-50}" --no-config
        ready
        PROMPTS=1
        say 'copy acme/spot render WORK NAS --dry-run' 'copy acme/spot render WORK NAS'
        assert_screen "copy-$width"
        leave
    done
}

test_the_browser() {
    local size
    old_studio
    for size in 60x20 80x24 200x50; do
        start "${size%x*}" "${size#*x}" explore
        assert_screen "browser-databases-$size"
        send Enter
        assert_screen "browser-clients-$size"
        send -l /acme
        send Enter
        send Enter
        assert_screen "browser-projects-$size"
        send Enter
        assert_screen "browser-categories-$size"
        send -l /render
        send Enter
        send Enter
        assert_screen "browser-replicas-$size"
        send Enter
        assert_screen "browser-folder-$size"
        send q
        wait_dead
        start "${size%x*}" "${size#*x}" explore acme/spot
        wait_for CATEGORY
        send -l /foot
        send Enter
        send d
        wait_for 'on:'
        send Enter
        wait_for 'with:'
        send -l nas
        send Enter
        assert_screen "browser-compare-$size"
        send q
        wait_gone 'day 1/'
        send '?'
        assert_screen "browser-keys-$size"
        send q
        wait_gone 'move far'
        send q
        wait_dead
    done
}
