#!/bin/sh
# Installs the programs that `make bench` measures beside ours, and what `make fuzz` needs (Debian 12).
set -eu

packages="bfs gdu rclone rsync plocate xxhash e2fsprogs xfsprogs lua5.4 clang libclang-rt-14-dev"
missing=
for package in $packages; do
    dpkg-query -W -f '${db:Status-Status}\n' "$package" 2>/dev/null | grep -qx installed ||
        missing="$missing $package"
done
[ -n "$missing" ] || exit 0

install="apt-get install -y --no-install-recommends$missing"
echo "bench-deps: missing:$missing"
if [ "$(id -u)" = 0 ]; then
    sudo=
elif sudo -n true 2>/dev/null; then
    sudo="sudo -n"
else
    echo "bench-deps: as root, run: apt-get update && $install" >&2
    exit 1
fi
$sudo apt-get update -q </dev/null
# shellcheck disable=SC2086    # words
$sudo env DEBIAN_FRONTEND=noninteractive $install </dev/null
