#!/bin/sh
# Installs what building and testing needs and the machine lacks (Debian 12). Says nothing when all is there.
set -eu

packages="gcc libc6-dev make pkg-config lua5.4 liblua5.4-dev check libsqlite3-dev libxxhash-dev libreadline-dev
libncurses-dev lua-dkjson lua-unit lua-check sqlite3 rsync tmux less strace xxhash acl attr e2fsprogs xfsprogs
btrfs-progs libfuse3-dev bsdextrautils python3"

missing=$(
    {
        dpkg-query -W -f '${db:Status-Status} ${Package}\n' $packages 2>/dev/null || :
        printf '%s\n' $packages
    } | awk '$1 == "installed" { there[$2] = 1 } NF == 1 && !there[$1] { print $1 }' | xargs
)
[ -n "$missing" ] || exit 0

install="apt-get install -y --no-install-recommends $missing"
echo "deps: missing: $missing"
if [ "$(id -u)" = 0 ]; then
    sudo=
elif sudo -n true 2>/dev/null; then
    sudo="sudo -n"
else
    echo "deps: as root, run: apt-get update && $install" >&2
    exit 1
fi
export DEBIAN_FRONTEND=noninteractive
keep="${sudo:+$sudo --preserve-env=DEBIAN_FRONTEND}"
$keep apt-get update -q </dev/null
$keep $install </dev/null
