#!/bin/bash
# run.sh [--keep 'NAME...'] [--environment] COMMAND...: runs a command so that it meets nothing of this machine's but
# what `make deps` installs, and nothing of its user's. All runners of tests, the demo and check-readme go through here.
#
#   programs     PATH is one folder of links to the programs of essential Debian and of what `make deps` brings
#                (programs.sh): a file manager, rclone or a shim in the caller's PATH is never found.
#   environment  begins empty; the few variables of $kept below (how to run the tests) and of --keep stay. umask is 022.
#   folders      HOME and TMPDIR are new ones below build/alone, gone at the end (KEEP=1 keeps them).
#   mounts       as root in a mount namespace of its own: /tmp and /var/tmp are TMPDIR, and /mnt, /media, /run/media,
#                /home, /root, the caller's home and /dev/shm are empty; fstab is empty too. What is mounted there
#                is gone when the command ends, however it ends: what it leaves running ends with it, where there can be a
#                process namespace too. --environment leaves the mounts alone, as do those who may not mount: the tests
#                then prove by themselves that they look nowhere else (canary.sh).
#
# Within itself it only runs the command.
set -euo pipefail

kept='AUTOBACKUP AUTOBACKUP_LUA AUTOBACKUP_TEST_GC JOBS KEEP TEST_TIMEOUT SWEEP SNAPSHOTS FILESYSTEMS FAULT_TOOLS FULL HANG
CK_RUN_SUITE CK_RUN_CASE CK_FORK CK_VERBOSITY CK_DEFAULT_TIMEOUT CK_TIMEOUT_MULTIPLIER
ASAN_OPTIONS UBSAN_OPTIONS TSAN_OPTIONS LSAN_OPTIONS MAKEFLAGS MAKELEVEL V'
mounts=1
while :; do
    case ${1:-} in
        --keep) kept+=" $2"; shift 2 ;;
        --environment) mounts=; shift ;;
        *) break ;;
    esac
done
unset CDPATH
here=$(cd "$(dirname "$0")" && pwd)
repo=$(cd "$here/../.." && pwd)

[ "${ALONE:-}" != "$repo" ] || [ "$PATH" != "$repo/build/alone/bin" ] || exec "$@"

declare -A given
for name in $kept; do
    [ -z "${!name+set}" ] || given[$name]=${!name}
done
caller_home=${HOME:-/root}
unset TMPDIR POSIXLY_CORRECT
export LC_ALL=C PATH=/usr/sbin:/usr/bin:/sbin:/bin
umask 022
mkdir -p "$repo/build/alone"
"$here/programs.sh" "$repo/build/alone/bin"
folder=$(mktemp -d "$repo/build/alone/XXXXXX")
chmod 755 "$folder"    # tests that become another user must get in
mkdir "$folder/home"
mkdir -m 1777 "$folder/tmp"

clean_up() {
    [ -z "${KEEP:-}" ] || { echo "kept: $folder/tmp"; return; }
    chmod -R u+rwx "$folder" 2>/dev/null || :
    rm -rf "$folder" || :
}
trap clean_up EXIT
trap 'exit 130' INT
trap 'exit 143' TERM
trap 'exit 129' HUP

environment=(ALONE="$repo" PATH="$repo/build/alone/bin" TZ=UTC LC_ALL=C.UTF-8 TERM=dumb SHELL=/bin/sh
    USER="$(id -un)" LOGNAME="$(id -un)")
for name in $kept; do
    [ -z "${given[$name]+set}" ] || environment+=("$name=${given[$name]}")
done

# These are tried first: a container may forbid one or both to root too.
namespaces=
if [ -n "$mounts" ] && [ "$(id -u)" = 0 ]; then
    for try in '--pid --fork --kill-child --mount-proc' ''; do
        unshare -m --propagation private $try true 2>/dev/null || continue
        namespaces="-m --propagation private $try"
        break
    done
fi
if [ -n "$namespaces" ]; then
    unshare $namespaces "$here/mounts.sh" "$repo" "$folder" "$caller_home" \
        env -i "${environment[@]}" HOME=/tmp/home TMPDIR=/tmp "$@" && status=0 || status=$?
else
    env -i "${environment[@]}" HOME="$folder/home" TMPDIR="$folder/tmp" "$@" && status=0 || status=$?
fi
exit "$status"
