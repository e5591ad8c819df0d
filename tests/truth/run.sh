#!/bin/bash
# run.sh [SEEDS [OPTION...]]: random studios, random edits and commands, and an oracle in Python that walks the disks itself and
# shares no code with the program (truth.py). Each disk is a filesystem of its own where that can be mounted. SEED=N runs one
# seed again, KEEP=1 keeps its folder; JOBS of them run at once.
set -euo pipefail
ALONE_OPTIONS=(--keep 'SEED SEEDS')
# shellcheck source=tests/alone/enter.sh
. "$(dirname "$0")/../alone/enter.sh"

here=$(cd "$(dirname "$0")" && pwd)
: "${AUTOBACKUP:=$here/../../build/autobackup}"
[ -x "$AUTOBACKUP" ] || { echo "$AUTOBACKUP is not there: make" >&2; exit 1; }
options=(--program "$AUTOBACKUP" --jobs "${JOBS:-$(nproc)}" --seeds "${1:-${SEEDS:-200}}")
[ -z "${SEED:-}" ] || options+=(--seed "$SEED")
[ -z "${KEEP:-}" ] || options+=(--keep)

# In memory where there is a mount namespace of this run's own; its /dev/shm is new then.
base=${TMPDIR:-/tmp}
if [ "$(id -u)" = 0 ] && [ "$base" = /tmp ]; then
    base=/dev/shm
    options+=(--mounts)
fi
work=$(mktemp -d "$base/autobackup-truth-XXXXXX")
trap '[ -n "${KEEP:-}" ] || rm -rf "$work"' EXIT
PYTHONDONTWRITEBYTECODE=1 python3 "$here/truth.py" --folder "$work" "${options[@]}" "${@:2}"
