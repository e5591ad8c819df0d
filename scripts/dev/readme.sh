#!/bin/bash
# readme.sh PROGRAM [--check]: runs what README.md shows and puts the real output in its place. Each block stands
# behind a comment `<!-- run: LINE; LINE; ... -->`: the lines are typed one after the other in one small studio, in
# the order of the page. Behind `<!-- screen 80x24: KEYS;; KEYS -->` stands the screen of the interactive mode in a
# terminal (tmux) of that size, where these were typed: each followed by Enter, or by Tab where it ends in <Tab>, or by
# Enter and a Ctrl-C in the middle of the work where it ends in <Ctrl-C>.
# --check changes nothing and fails when the page shows anything else than the program does (times, dates and
# operation ids apart).
set -euo pipefail
. "$(dirname "$0")/../../tests/alone/enter.sh"
cd "$(dirname "$0")/../.."

program=$(realpath "$1")
page=README.md
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# Files of fixed sizes, contents and times, so that the page is the same on every machine.
file() {    # PATH BYTES
    mkdir -p "$(dirname "$1")"
    head -c "$2" /dev/zero | tr '\0' x >"$1"
    touch -d '2031-11-20 10:00 UTC' "$1"
}

studio() {
    local n
    for n in $(seq 1 48); do file "WORK/scratch/render/acme/spot-2031/shot_010/beauty.$(printf %04d "$n").exr" 96000; done
    file WORK/project/acme/spot-2031/scene.blend 4200000
    file WORK/project/acme/spot-2031/notes.txt 1800
    file "WORK/footage/acme/spot-2031/day one.mov" 5600000
    file WORK/footage/bauhaus/museum/hall.mov 1800000
    file "WORK/footage/acme/call sheet.txt" 900
    file STORAGE/footage/kino/harbour/reel.mov 2400000
    mkdir -p STORAGE/project NAS/project NAS/footage NAS/scratch/render/acme
    cp -a WORK/project/acme STORAGE/project/
    cp -a WORK/project/acme NAS/project/
    cp -a WORK/footage/acme NAS/footage/
    rm "NAS/footage/acme/call sheet.txt"
    cp -a WORK/scratch/render/acme/spot-2031 NAS/scratch/render/acme/
    rm NAS/scratch/render/acme/spot-2031/shot_010/beauty.00[34]*.exr
    file WORK/project/acme/spot-2031/notes.txt 2100
    touch -d '2031-11-22 18:30 UTC' WORK/project/acme/spot-2031/notes.txt
}

clean_environment() {
    export HOME=$work/home COLUMNS=100
    export XDG_CONFIG_HOME=$HOME/.config XDG_DATA_HOME=$HOME/.local/share XDG_STATE_HOME=$HOME/.local/state
    mkdir -p "$HOME" "$work/mnt"
    : >"$HOME/.inputrc"    # else the machine's /etc/inputrc is read
}

# One line as it is typed at the shell, and what it prints.
show() {    # LINE
    echo "\$ $1"
    { PATH=$work/bin:$PATH bash -c "${1//\/mnt\//$work/mnt/}" 2>&1 </dev/null || :; } |
        sed "s|$work/mnt|/mnt|g; s|$HOME|~|g; s/ *\$//; /^[A-Z]*: \/mnt\/[A-Z]* is on /d"    # this machine's own disk
}

# The block behind a `run:` comment.
block() {    # LINES, separated by "; "
    local line
    echo '```text'
    while IFS= read -r line; do
        [ -z "$line" ] || show "$line"
    done < <(sed 's/;; */\n/g' <<<"$1")
    echo '```'
}

terminal() { tmux -S "$socket" "$@"; }
shown() { terminal capture-pane -p | sed 's/ *$//' | sed -e :a -e '/^\n*$/{$d;N;ba' -e '}'; }

await() {    # PATTERN: until the last line of the screen matches
    local tries=0
    until [[ "$(shown | tail -n 1)" =~ $1 ]]; do
        [ $((tries += 1)) -le 200 ] || { shown >&2; echo "never saw: $1" >&2; exit 1; }
        read -rt 0.05 <> <(:) || :
    done
}

# Type a text, then Tab: it goes on, or behind <Tab> alone what is possible is listed.
complete() {    # TEXT
    local before after tries=0
    terminal send-keys -l -- "$1"
    await "$(sed 's/[^a-zA-Z0-9]/./g' <<<"${1:->}")\$"
    before=$(shown)
    terminal send-keys Tab
    [ -n "$1" ] || terminal send-keys Tab
    until after=$(shown) && [ "$after" != "$before" ]; do
        [ $((tries += 1)) -le 200 ] || { echo "Tab does nothing: $1" >&2; exit 1; }
        read -rt 0.05 <> <(:) || :
    done
}

enter() {    # LINE: typed, and then Enter
    terminal send-keys -l -- "$1"
    await '[^>]$'
    terminal send-keys Enter
}

# A line whose work is stopped when a good part of it is done.
interrupt() {    # LINE
    enter "$1"
    await ' [2-9][0-9] % '
    terminal send-keys C-c
    await '^>>>$'
}

# The screen behind a `screen` comment.
screen_block() {    # SIZE KEYS
    local keys socket
    socket=$(mktemp -u "$work/tmux-XXXXXX")    # a server that is going down must not get the next screen
    echo '```text'
    terminal -f /dev/null new-session -d -x "${1%x*}" -y "${1#*x}" env TERM=screen PATH="$work/bin:$PATH" autobackup
    await '^>>>$'
    while IFS= read -r keys; do
        case $keys in
            *'<Tab>') complete "${keys%<Tab>}" ;;
            *'<Ctrl-C>') interrupt "${keys%<Ctrl-C>}" ;;
            *) enter "$keys" && await '^>>>$' ;;
        esac
    done < <(sed 's/;; */\n/g' <<<"$2")
    shown
    terminal kill-server
    echo '```'
}

render() {
    local line skip=
    while IFS= read -r line || [ -n "$line" ]; do
        if [ -n "$skip" ]; then
            [ "$line" != '```' ] || skip=
            continue
        fi
        printf '%s\n' "$line"
        if [[ $line =~ ^\<!--\ run:\ (.*)\ --\>$ ]]; then
            (cd "$work/mnt" && block "${BASH_REMATCH[1]}")
            skip=1
        elif [[ $line =~ ^\<!--\ screen\ ([0-9]+x[0-9]+):\ (.*)\ --\>$ ]]; then
            (cd "$work/mnt" && screen_block "${BASH_REMATCH[1]}" "${BASH_REMATCH[2]}")
            skip=1
        fi
    done <"$page"
}

# What differs from run to run is the same text for both.
steady() {
    sed -E 's/"bytes_(total|free)":[0-9]+/"bytes_\1":ROOM/g; s/^((WORK|STORAGE|NAS) +online .* MB +)[0-9.]+ [kMGT]B /\1ROOM /
        s/just now|[0-9]+ (s|min) ago/AGO/g; s/[0-9]+(\.[0-9]+)? m?s\b/TIME/g; s/[0-9]{8}T[0-9]{6}Z-[0-9a-f]{4}/OPERATION/g
        s#[0-9.]+ [kMGT]?B/s#RATE#g; s#\bdone +[a-zA-Z0-9._@-]+ +TIME#done HOST TIME#g
        s/\bundo [0-9a-f]{4}\b/undo OPERATION/g
        s/[0-9]+ of ([0-9]+ files) \([^)]*\) safely/N of \1 (SIZE) safely/
        s/[0-9]+ files copied \([^)]*\), (.*, )?[0-9]+ unchanged/N files copied (SIZE), \1N unchanged/
        s/^(acme.* WORK +STORAGE) .* (TIME)$/\1 COUNTS \2/
        s/[0-9]{4}-[0-9]{2}-[0-9]{2}([T ][0-9:]{5,8}Z?)?/DATE/g; s/[0-9a-f]{32}/DIGEST/g
        s/[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}/ID/g; s/"filesystem":"[^"]*"/"filesystem":"F"/g
        s/"(folds|keeps|lacks)":\[[^]]*\]/"\1":KEPT/g; s/"granularity":[0-9]+/"granularity":KEPT/g; s/ID@[^"]*/ID@VOLUME/g
        s/"seconds":[0-9.e-]+/"seconds":N/g; s/ +/ /g; s/^ //'
}

clean_environment
mkdir "$work/bin"
ln -s "$program" "$work/bin/autobackup"
(cd "$work/mnt" && studio)
render >"$work/page"
if [ "${2:-}" = --check ]; then
    diff <(steady <"$page") <(steady <"$work/page") || { echo "README.md shows what the program does not print: make readme" >&2; exit 1; }
elif ! cmp -s "$work/page" "$page"; then
    cat "$work/page" >"$page"
fi
