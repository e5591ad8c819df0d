#!/bin/bash
# canary.sh: proves that a run of the tests and the demo touches nothing of the machine's or its user's, and that nothing of
# these changes a result (check-alone). A home, and as root /mnt and /media too (in mounts of its own), hold trees that are
# looked at before and after: names, types, modes, sizes, times of content and of inode, and SHA-256. The environment is
# hostile; programs that some would call stand first in PATH and write down that they were called.
#
# Not all tests run twice: run.sh keeps the same from all, so what is run is each runner, with the tests that once
# looked outside (fixed paths, file managers, the home, fstab, processes). Each runs twice where it can: with its mounts, and
# without (what an ordinary user's run is), so that the canaries really lie where a test would find them.
set -euo pipefail
cd "$(dirname "$0")/../.."
program=$(realpath "${AUTOBACKUP:-build/autobackup}")
build=$(dirname "$program")

# Canaries at /mnt and /media lie in mounts of this script's own, or there are none: it must come from its own exec, out of
# the namespace that its parent is in still. Nothing in the environment can say so.
namespace() { readlink "/proc/$1/ns/mnt"; }
mounts=
if [ "$(id -u)" != 0 ]; then
    echo "skipped: canaries at /mnt and /media: needs root"
elif [ "${1:-}" != --from ]; then
    ! unshare -m --propagation private true 2>/dev/null ||
        exec unshare -m --propagation private bash "$PWD/tests/alone/canary.sh" --from "$(namespace self)"
    echo "skipped: canaries at /mnt and /media: cannot mount here"
elif [ "$(namespace $PPID)" = "$2" ] && [ "$(namespace self)" != "$2" ]; then
    mounts=private
else
    echo "canary.sh: --from is for itself alone" >&2
    exit 2
fi

mkdir -p build/alone
work=$(mktemp -d "$PWD/build/alone/canary-XXXXXX")
trap 'rm -rf "$work"' EXIT
trap 'exit 130' INT
trap 'exit 143' TERM HUP

# --- the canaries ---

tree() {    # FOLDER: a disk with a studio's folders and no marker
    mkdir -p "$1"/{project,footage,scratch/render,scratch/cache}/acme/spot
    echo "not ours" | tee "$1"/{project,footage,scratch/render,scratch/cache}/acme/spot/canary >/dev/null
}

home_tree() {    # FOLDER: a startup file, a catalog and settings that would change every result
    mkdir -p "$1"/{.config/autobackup,.local/share/autobackup,.local/state/autobackup,.ssh,.cache}
    echo 'error("the startup file of the user was read")' | tee "$1/.config/autobackup/config.lua" >"$1/.config.lua"
    echo "not a catalog" >"$1/.local/share/autobackup/catalog.db"
    echo "list databases" >"$1/.local/state/autobackup/history"
    printf '%s\n' 'set editing-mode vi' '"a": "b"' '"l": ""' >"$1/.inputrc"
    printf '%s\n' 'set -g status on' 'set -g remain-on-exit on' 'bind-key q kill-server' >"$1/.tmux.conf"
    printf '%s\n' '[core]' 'hooksPath = /nonexistent' >"$1/.gitconfig"
    echo 'exit 9' | tee "$1"/.{bashrc,profile} >"$1/.bash_profile"
    echo "export AUTOBACKUP_CONFIG=$1/.config.lua GREP_COLORS=x" >"$1/.bash_env"
    echo 'print("LUA_INIT ran") os.exit(9)' >"$1/init.lua"
}

canaries=("$work/home")
home_tree "$work/home"
tree "$work/home/WORK"
if [ -n "$mounts" ]; then
    for place in /mnt /media; do mount -t tmpfs canary "$place"; done
    for name in WORK STORAGE NAS USB ARCHIVE; do
        tree "/mnt/$name"
        tree "/media/user/$name"
    done
    canaries+=(/mnt /media)
fi
find "${canaries[@]}" -exec touch -h -d '2020-02-02 02:02:02.123456789' {} +

state() {
    find "${canaries[@]}" -printf '%p %y %m %U %G %n %s %T@ %C@ %l\n' | LC_ALL=C sort
    find "${canaries[@]}" -type f -exec sha256sum {} + | LC_ALL=C sort
}

# --- the programs that must not be called ---

mkdir "$work/fakes"
for name in mc xdg-open rclone ranger nnn vifm lf nautilus dolphin thunar pcmanfm nemo gio pgrep pkill ps bc git ssh sudo apt-get \
    rsync less more most vi nano editor findmnt lsblk smartctl sendmail mail notify-send bfs fd jq luajit ccache; do
    printf '#!/bin/sh\necho "%s $*" >>"%s/called"\nexit 9\n' "$name" "$work" >"$work/fakes/$name"
done
chmod 755 "$work"/fakes/*
: >"$work/called"

hostile=(HOME="$work/home" PATH="$work/fakes:$PATH" XDG_CONFIG_HOME="$work/home/.config" XDG_DATA_HOME="$work/home/.local/share"
    XDG_STATE_HOME="$work/home/.local/state" XDG_CACHE_HOME="$work/home/.cache" XDG_RUNTIME_DIR="$work/home"
    AUTOBACKUP_CONFIG="$work/home/.config.lua" AUTOBACKUP_CATALOG="$work/home/.local/share/autobackup/catalog.db"
    AUTOBACKUP_EXPLORER="$work/fakes/mc" AUTOBACKUP_JOBS=0 LUA_PATH="$work/home/?.lua" LUA_CPATH="$work/home/?.so"
    LUA_INIT="@$work/home/init.lua" LUA_INIT_5_4="@$work/home/init.lua" INPUTRC="$work/home/.inputrc" BASH_ENV="$work/home/.bash_env"
    ENV="$work/home/.bash_env" LC_ALL=tr_TR.UTF-8 LANG=de_DE.UTF-8 LANGUAGE=de TZ=Asia/Kathmandu TERM=nonsense COLUMNS=17 LINES=3
    EDITOR="$work/fakes/vi" VISUAL="$work/fakes/vi" PAGER="$work/fakes/less" LESS=-X LS_COLORS='*=31' GREP_OPTIONS=-v
    CDPATH="$work/home" TMUX="$work/home/tmux,1,0" TMUX_TMPDIR="$work/home" TMPDIR="$work/home" DISPLAY=:99 WAYLAND_DISPLAY=wayland-9
    NO_COLOR=1 CLICOLOR_FORCE=1 POSIXLY_CORRECT=1 BLOCK_SIZE=7 TIME_STYLE=iso QUOTING_STYLE=c RSYNC_RSH=false SQLITE_HISTORY="$work/home/x"
    GIT_DIR="$work/home/.git" USER=nobody-here LOGNAME=nobody-here PYTHONSTARTUP="$work/home/init.lua" PYTHONPATH="$work/home")

# --- what is run ---

failed=0
proved() {    # WHAT COMMAND...: it must succeed in that environment, and leave the canaries as they are
    local what=$1
    shift
    if ! (umask 077; env "${hostile[@]}" "$@") >"$work/said" 2>&1 </dev/null; then
        failed=1
        echo "FAILED: $what, in a hostile environment"
        tail -n 60 "$work/said" | sed 's/^/    /'
    fi
    state >"$work/after"
    if ! diff "$work/before" "$work/after" >"$work/difference"; then
        failed=1
        echo "FAILED: $what touched what is not its own:"
        sed 's/^/    /; 40q' "$work/difference"
        state >"$work/before"
    fi
    if [ -s "$work/called" ]; then
        failed=1
        echo "FAILED: $what called programs of the user's:"
        sort "$work/called" | uniq -c | sed 's/^/    /; 20q'
        : >"$work/called"
    fi
}

state >"$work/before"

# It must be able to fail: each of these is one of the faults that it looks for.
planted() {    # WHAT COMMAND...
    local what=$1
    shift
    (proved "$what" "$@") >"$work/planted"
    grep -q '^FAILED' "$work/planted" || { echo "FAILED: the canary does not see: $what"; failed=1; }
    state >"$work/before"
    : >"$work/called"
}
# shellcheck disable=SC2016    # for the inner shell
{
    planted "a file in the home" sh -c 'echo >"$HOME/new"; rm "$HOME/new"'
    planted "a time put back" sh -c 'echo >>"$HOME/WORK/footage/acme/spot/canary"; touch -d "2020-02-02 02:02:02.123456789" "$HOME/WORK/footage/acme/spot/canary"'
    planted "a program of the user's" sh -c 'mc || :'
    planted "a failure" false
    if [ -n "$mounts" ]; then
        planted "a marker on a disk" mkdir /mnt/WORK/.autobackup
        rmdir /mnt/WORK/.autobackup
    fi
}
state >"$work/before"

export AUTOBACKUP=$program
e2e='10-install.sh 20-setup.sh 55-startup.sh'
proved "the specs" tests/lua/run.sh
proved "end to end" tests/e2e/run.sh $e2e
proved "end to end, in terminals" tests/e2e/run.sh 75-browser.sh -k file_manager
proved "the demo" scripts/dev/demo.sh "${program#"$PWD/"}"
proved "README.md" scripts/dev/readme.sh "$program" --check
[ ! -x "$build/suites" ] || proved "the suites" env CK_RUN_SUITE=process tests/alone/run.sh "$build/suites"
[ ! -x "$build/tests/bench/measure" ] || proved "the bench" tests/e2e/run.sh 90-bench.sh
[ ! -x "$build/tests/fault/shim.so" ] || proved "a fault" tests/fault/run.sh -k file_size_limit
if [ -n "$mounts" ]; then
    # shellcheck disable=SC2086    # several
    proved "end to end, without mounts" tests/alone/run.sh --environment tests/e2e/run.sh $e2e
    proved "terminals, without mounts" tests/alone/run.sh --environment tests/e2e/run.sh 75-browser.sh 70-terminal.sh -k file_manager
    proved "the specs, without mounts" tests/alone/run.sh --environment tests/lua/run.sh
fi

# What a command leaves running ends with it, or it would keep the mounts.
if [ -n "$mounts" ] && unshare --pid --fork --kill-child --mount-proc true 2>/dev/null; then
    tests/alone/run.sh bash -c 'exec -a "$0" sleep 600 >/dev/null 2>&1 & :' "$work/left"
    echo "$work/left" >"$work/name"    # in a file: what looks for it is a process too
    for left in $(grep -lasFf "$work/name" /proc/[0-9]*/cmdline | tr -dc '0-9\n'); do
        failed=1
        echo "FAILED: a process survived the command that started it"
        kill "$left" || :
    done
fi
[ "$failed" != 0 ] || echo "canaries: untouched in ${canaries[*]/#$work/caller}"
exit "$failed"
