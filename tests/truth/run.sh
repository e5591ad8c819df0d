#!/bin/bash
# run.sh [--planted | --short] [SEEDS [OPTION...]]: random studios, edits and commands, and an oracle in Python that walks the disks itself and
# shares no code with the program (truth.py). Each disk is a filesystem of its own where that can be mounted. SEED=N runs one
# seed again, KEEP=1 keeps its folder; JOBS of them run at once (more than there are
# processors: they wait much). --planted proves that it can fail (planted.py);
# FAULT=TEXT takes those faults that are called so.
# --short is a part of make check: few seeds.
set -euo pipefail
ALONE_OPTIONS=(--keep 'SEED SEEDS FAULT')
# shellcheck source=tests/alone/enter.sh
. "$(dirname "$0")/../alone/enter.sh"

planted=''
case ${1:-} in
    --planted) planted=1; shift ;;
    --short) shift; set -- "${1:-16}" "${@:2}" ;;
esac
here=$(cd "$(dirname "$0")" && pwd)
: "${AUTOBACKUP:=$here/../../build/autobackup}"
[ -x "$AUTOBACKUP" ] || { echo "$AUTOBACKUP is not there: make" >&2; exit 1; }
options=(--program "$AUTOBACKUP" --jobs "${JOBS:-$(($(nproc) * 2 + 1))}" --seeds "${1:-${SEEDS:-200}}")
[ -z "${SEED:-}" ] || options+=(--seed "$SEED")
[ -z "${KEEP:-}" ] || options+=(--keep)

# In memory where there is a mount namespace of this run's own; its /dev/shm is new then.
base=${TMPDIR:-/tmp}
if [ "$(id -u)" = 0 ] && [ "$base" = /tmp ]; then
    base=/dev/shm
    options+=(--mounts --uid 65534)
fi
work=$(mktemp -d "$base/autobackup-truth-XXXXXX")
trap '[ -n "${KEEP:-}" ] || rm -rf "$work" 2>/dev/null || :' EXIT    # what is mounted in it still goes with the namespace
export PYTHONDONTWRITEBYTECODE=1
if [ -n "$planted" ]; then
    tree=$(mktemp -d "$here/../../build/planted-XXXXXX")
    chmod 755 "$tree"
    trap '[ -n "${KEEP:-}" ] || rm -rf "$work" "$tree" 2>/dev/null || :' EXIT
    python3 "$here/planted.py" "$(realpath "$here/../..")" "$tree" --folder "$work" "${options[@]}" "${@:2}"
    exit
fi
python3 "$here/truth.py" --folder "$work" "${options[@]}" "${@:2}"
