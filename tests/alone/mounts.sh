#!/bin/bash
# mounts.sh REPOSITORY FOLDER HOME COMMAND...: hides the folders where a machine keeps what is its user's, then runs the
# command where it was. Called by run.sh in a mount namespace of its own, and as the first process of a process namespace of
# its own where there can be one: it stays, since signals that nobody handles do not reach the first, and all end with it.
set -euo pipefail

repo=$1 folder=$2 home=$3
shift 3
where=$PWD

# Held open, because it may lie below what is hidden: /proc/self/fd leads there still.
exec {kept}<"$repo"
exec {scratch}<"$folder/tmp"
exec {its_home}<"$folder/home"

hide() {    # FOLDER
    [ -d "$1" ] && [ ! -L "$1" ] || return 0
    mount -t tmpfs -o mode=755,size=50% alone "$1"
}
bind() { mount --no-canonicalize --bind "/proc/self/fd/$1" "$2"; }    # DESCRIPTOR FOLDER

for place in /mnt /media /run/media /home /root "$home"; do hide "$place"; done
mount -t tmpfs -o mode=1777,size=50% alone /dev/shm
bind "$scratch" /var/tmp
bind "$scratch" /tmp
mkdir -p /tmp/home
bind "$its_home" /tmp/home
[ ! -f /etc/fstab ] || mount --bind /dev/null /etc/fstab
if [ ! "$repo/tests/alone/run.sh" -ef "/proc/self/fd/$kept/tests/alone/run.sh" ]; then
    mkdir -p "$repo"
    bind "$kept" "$repo"
fi
exec {kept}<&- {scratch}<&- {its_home}<&-
cd "$where" 2>/dev/null || cd "$repo"
trap 'exit 130' INT    # when the command has ended, to which it went too
trap 'exit 143' TERM
trap 'exit 129' HUP
"$@" && status=0 || status=$?
exit "$status"
