#!/bin/bash
# deps.sh [--list]: installs what building and testing needs and the machine lacks (Debian 12). Says nothing when all is
# there; --list prints the packages and installs nothing.
set -euo pipefail

packages=(gcc libc6-dev make pkg-config lua5.4 liblua5.4-dev check libsqlite3-dev libxxhash-dev libreadline-dev
    libutf8proc-dev libncurses-dev libblkid-dev libmount-dev libudev-dev lua-dkjson lua-unit lua-check sqlite3 rsync tmux
    less strace xxhash acl attr e2fsprogs xfsprogs btrfs-progs dosfstools libfuse3-dev bsdextrautils python3 patch)

[ "${1:-}" != --list ] || { printf '%s\n' "${packages[@]}"; exit; }

missing=$(
    {
        dpkg-query -W -f '${db:Status-Status} ${Package}\n' "${packages[@]}" 2>/dev/null || :
        printf '%s\n' "${packages[@]}"
    } | awk '$1 == "installed" { there[$2] = 1 } NF == 1 && !there[$1] { print $1 }' | xargs
)
[ -n "$missing" ] || exit 0

# A password is asked for only where somebody can type it.
may_sudo() { command -v sudo >/dev/null && { sudo -n true 2>/dev/null || { [ -t 0 ] && sudo -v; }; }; }

install=(apt-get install -y --no-install-recommends $missing)
if [ "$(id -u)" = 0 ]; then
    as_root=(env)
elif may_sudo; then
    as_root=(sudo env)
else
    echo "deps: missing: $missing" >&2
    echo "deps: as root, run: apt-get update && ${install[*]}" >&2
    exit 1
fi
step=$(dirname "$0")/step.sh
"$step" "reading the lists of packages" "${as_root[@]}" apt-get update -q </dev/null
"$step" "installing $(wc -w <<<"$missing") packages: $missing" \
    "${as_root[@]}" DEBIAN_FRONTEND=noninteractive "${install[@]}" </dev/null
