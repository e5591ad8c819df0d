#!/bin/bash
# run.sh [GOALS...]: `make deps demo` and `make deps check` (or `make GOALS`, each argument one run) on a bare Debian 12: a
# debootstrap minbase with git and make and nothing else, once as root and once as an ordinary user with sudo. Needs root,
# debootstrap and a Debian mirror; takes as long as all tests twice. Run before a release (make check-bare).
#   BARE_AS       who: root user (both)
#   BARE_MIRROR   the mirror (that of this machine's apt)
# What the runs said goes to build/bare/*.log. The base is kept as build/bare/base.tar for the next time; make clean.
#
# All mounts are made in a namespace of its own, and all processes live in one: they are gone when it ends, however it
# ends, and only then are the folders removed, where nothing is mounted.
set -euo pipefail
cd "$(dirname "$0")/../.."
repo=$PWD bare=$PWD/build/bare
export LC_ALL=C

[ "$(id -u)" = 0 ] || { echo "check-bare: needs root: sudo make check-bare" >&2; exit 1; }
if ! command -v debootstrap >/dev/null; then
    scripts/dev/step.sh "installing debootstrap" apt-get install -y --no-install-recommends debootstrap </dev/null
fi

# --- within: its mounts are its own; $1 is the root, $2 who, the rest the goals ---

inside() {    # COMMAND...: in the bare system, with no environment of ours
    chroot "$root" /usr/bin/env -i HOME=/root TERM=dumb PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin "$@"
}

mounts() {
    mount --bind "$root" "$root"    # a root of mounts, where further namespaces can be made
    mount -t proc proc "$root/proc"
    mount -t sysfs sysfs "$root/sys" || echo "  no /sys here"
    mount --rbind /dev "$root/dev"
}

person() {    # an ordinary user, who may become root through sudo without a password
    inside apt-get install -y --no-install-recommends sudo >>"$log" 2>&1 </dev/null
    inside useradd --create-home --shell /bin/bash studio
    echo 'studio ALL=(ALL) NOPASSWD: ALL' >"$root/etc/sudoers.d/studio"
}

within() {
    root=$1 who=$2 log=$bare/$2-setup.log
    shift 2
    mounts
    inside apt-get update -q >"$log" 2>&1 </dev/null
    inside apt-get install -y --no-install-recommends git make >>"$log" 2>&1 </dev/null
    local home=/root as=() goals status=0
    if [ "$who" = user ]; then
        person
        home=/home/studio as=(runuser -u studio -- env HOME=/home/studio USER=studio LOGNAME=studio)
    fi
    mkdir "$root$home/autobackup"
    tar -C "$root$home/autobackup" -xf "$bare/tree.tar"
    [ "$who" = root ] || inside chown -R studio: /home/studio
    for goals; do
        log=$bare/$who-${goals// /-}.log
        local began=$SECONDS ended=0
        # shellcheck disable=SC2086    # several words
        inside "${as[@]}" make -C "$home/autobackup" $goals >"$log" 2>&1 </dev/null || ended=$?
        judge "$ended"
        printf '%s: make %s: %s (%d lines, %d s)\n' "$who" "$goals" "$VERDICT" "$(wc -l <"$log")" $((SECONDS - began))
        sed -n 's/^skipped: /    skipped: /p' "$log" | sort | uniq -c | sort -rn | sed -n 1,30p
        [ "$VERDICT" = ok ] || { status=1; tail -n 40 "$log" | sed 's/^/    /'; }
    done
    return "$status"
}

# The demo says a line for a step and then what it shows; neither apt nor the compiler is heard.
judge() {    # STATUS: sets VERDICT
    VERDICT=ok
    [ "$1" = 0 ] || VERDICT="FAILED with status $1"
    [[ $goals != *demo* ]] || ! grep -qE '^(Get:|Setting up|Unpacking| *CC )' "$log" || VERDICT="FAILED: apt or the compiler is heard"
    [[ $goals != *demo* ]] || grep -q '^Try next' "$log" || VERDICT="FAILED: it does not say what to try next"
}

[ "${1:-}" != --within ] || { shift; within "$@"; exit; }

# --- outside ---

goals=("$@")
[ ${#goals[@]} -gt 0 ] || goals=('deps demo' 'deps check')
mkdir -p "$bare"
work=$(mktemp -d "$bare/XXXXXX")
child=
clean_up() {
    [ -z "$child" ] || { kill -KILL "$child" 2>/dev/null; wait "$child" 2>/dev/null; } || :    # and with it all that it started
    rm -rf --one-file-system "$work"
}
trap clean_up EXIT
trap 'exit 130' INT
trap 'exit 143' TERM HUP

mirror() {    # of this machine's apt
    local uri
    uri=$(apt-get indextargets --format '$(SITE) $(RELEASE)' 2>/dev/null | awk '$2 ~ /^(bookworm|stable)$/ { print $1; exit }')
    echo "${BARE_MIRROR:-${uri:-http://deb.debian.org/debian}}"
}

base() {    # build/bare/base.tar: a minbase with this machine's way to the mirror
    [ ! -s "$bare/base.tar" ] || return 0
    local mirror
    mirror=$(mirror)
    scripts/dev/step.sh "making a bare Debian 12 from $mirror" debootstrap --variant=minbase bookworm "$work/base" "$mirror"
    echo "deb $mirror bookworm main" >"$work/base/etc/apt/sources.list"
    apt-config dump | grep -E '^Acquire::(http|https|ftp|Check|Retries)[^ ]* "[^"]' >"$work/base/etc/apt/apt.conf.d/99bare" || :
    tar -C "$work/base" -cf "$work/base.tar" .
    mv "$work/base.tar" "$bare/base.tar"
    rm -rf --one-file-system "$work/base"
}

# What git would give, with what is not committed yet.
git -c safe.directory='*' ls-files -z --cached --others --exclude-standard | tar --null --ignore-failed-read -T - -cf "$bare/tree.tar"
base
failed=0
for who in ${BARE_AS:-root user}; do
    mkdir "$work/$who"
    tar -C "$work/$who" -xpf "$bare/base.tar"
    cp -L /etc/resolv.conf /etc/hosts "$work/$who/etc/" 2>/dev/null || :
    unshare --mount --propagation private --pid --fork --kill-child "$repo/tests/bare/run.sh" --within "$work/$who" "$who" "${goals[@]}" &
    child=$!
    wait "$child" || failed=1
    child=
    rm -rf --one-file-system "${work:?}/$who"
done
exit "$failed"
