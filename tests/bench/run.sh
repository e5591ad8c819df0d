#!/bin/bash
# run.sh BUILD: measures the program in the folder BUILD beside other programs on this machine (`make bench`).
# Prints a table and what became of the design's budgets, and writes JSON lines. Settings, from the environment:
#   BENCH_ONLY          sections: load memory queries browser start copy (default: all)
#   BENCH_RUNS          runs of each command, alternating (5); the median counts
#   BENCH_QUICK=1       small sizes and 3 runs: whether it works, not how fast it is
#   BENCH_FILES         files of the tree to load (1000000)
#   BENCH_SIZES         files of the memory curve (a quarter of BENCH_FILES, BENCH_FILES, four times it)
#   BENCH_CATALOGS      files of the simulated catalogs (1000000 50000000)
#   BENCH_COPY_FILES    small files to copy (100000), of BENCH_COPY_SIZE bytes (8192-16384)
#   BENCH_LARGE_FILES   large files to copy (4), of BENCH_LARGE_SIZE bytes (1073741824)
#   BENCH_COPY_FS       filesystems to copy to (ext4 xfs), each time a fresh image in BENCH_SHM (/dev/shm)
#   BENCH_COLD=0        leave out what needs empty caches (as root, it empties those of the whole machine)
#   BENCH_DIR           where trees and catalogs go (build/bench)
#   BENCH_KEEP=1        keep the trees there for the next time
#   BENCH_JSON          the JSON file (build/bench.json)
# Loads are read from the filesystem of BENCH_DIR, so that should be a disk and not a tmpfs.
# shellcheck disable=SC2034    # the settings are used by what is sourced
set -euo pipefail
cd "$(dirname "$0")/../.."

build=$(realpath "$1")
program=$build/autobackup
tools=$build/tests/bench
here=$PWD/tests/bench
export LC_ALL=C

quick() { [ -n "${BENCH_QUICK:-}" ]; }
pick() { if quick; then echo "$2"; else echo "$1"; fi; }    # NORMAL QUICK
only=" ${BENCH_ONLY:-load memory queries browser start copy} "
runs=${BENCH_RUNS:-$(pick 5 3)}
files=${BENCH_FILES:-$(pick 1000000 50000)}
sizes=${BENCH_SIZES:-$((files / 4)) $files $((files * 4))}
catalogs=${BENCH_CATALOGS:-$(pick '1000000 50000000' '50000 1000000')}
copy_files=${BENCH_COPY_FILES:-$(pick 100000 3000)}
copy_size=${BENCH_COPY_SIZE:-8192-16384}
large_files=${BENCH_LARGE_FILES:-4}
large_size=${BENCH_LARGE_SIZE:-$(pick 1073741824 33554432)}
copy_fs=${BENCH_COPY_FS:-ext4 xfs}
shm=${BENCH_SHM:-/dev/shm}
cold=${BENCH_COLD:-1}
json=$(realpath -m "${BENCH_JSON:-build/bench.json}")
dir=$(realpath -m "${BENCH_DIR:-build/bench}")

# shellcheck source=tests/bench/lib.sh
. "$here/lib.sh"
for section in load queries copy; do
    # shellcheck source=/dev/null
    . "$here/$section.sh"
done

for tool in "$program" "$tools"/{floor,maketree,catalog,measure}; do
    [ -x "$tool" ] || { echo "bench: $tool is missing: make bench" >&2; exit 1; }
done
prepare
describe
for section in load memory queries browser start copy; do
    if [[ $only == *" $section "* ]]; then
        say "== $section"
        "section_$section"
    fi
done
mkdir -p "$(dirname "$json")"
lua5.4 "$here/report.lua" "$samples" "$notes" "$json"
