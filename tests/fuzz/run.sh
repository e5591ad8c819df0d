#!/bin/bash
# run.sh MAKE FOLDER [TARGET...]: builds the fuzz targets in FOLDER and runs each for FUZZ_SECONDS (60). The corpus
# stays in FOLDER/corpus and grows from run to run; an input that fails is kept as FOLDER/crash-TARGET-*, and its
# run is repeated with FOLDER/tests/fuzz/TARGET FILE.
set -euo pipefail
cd "$(dirname "$0")/../.."

make=$1
folder=$(realpath -m "$2")
shift 2
targets=("$@")
[ ${#targets[@]} -gt 0 ] || targets=(listing manifest marker)
seconds=${FUZZ_SECONDS:-60}

skip() {
    echo "fuzz: skipped: $* (make bench-deps)"
    exit 0
}

can_fuzz() {    # clang finds its fuzzer's library
    local dir
    dir=$(mktemp -d)
    echo 'int LLVMFuzzerTestOneInput(const char *d, long n) { return !d && n; }' >"$dir/x.c"
    clang -fsanitize=fuzzer,address -o "$dir/x" "$dir/x.c" 2>/dev/null || { rm -r "$dir"; return 1; }
    rm -r "$dir"
}

command -v clang >/dev/null || skip "clang is missing"
can_fuzz || skip "clang has no libFuzzer"
"$make" --no-print-directory PROFILE=fuzz B="$folder" CC=clang fuzzers

# Names that have hurt somebody before.
root=$folder/root
rm -rf "$root"
mkdir -p "$root"/{deep/er/est,'with space',empty} "$folder/tmp"
for ((i = 0; i < 40; i++)); do echo "$i" >"$root/deep/frame.$(printf %04d "$i").exr"; done
touch "$root"/$'line\nfeed' "$root"/$'\x80\xff' "$root/$(printf '%0255d' 0)" "$root/-rf" "$root/"$'\033[31m'
ln -s nowhere "$root/dangling"
ln -s "$(printf '%04000d' 0)" "$root/deep/long"
ln "$root/deep/frame.0001.exr" "$root/twin"
mkfifo "$root/pipe"
TMPDIR=$folder/tmp "$folder/tests/fuzz/seeds" "$folder/corpus" "$root"

status=0
for target in "${targets[@]}"; do
    log=$folder/$target.log
    if TMPDIR=$folder/tmp "$folder/tests/fuzz/$target" -max_total_time="$seconds" -timeout=10 -rss_limit_mb=1024 \
        -print_final_stats=1 -artifact_prefix="$folder/crash-$target-" "$folder/corpus/$target" >"$log" 2>&1; then
        echo "fuzz: $target: $(sed -n 's/^stat::number_of_executed_units: *//p' "$log") inputs in ${seconds}s," \
            "$(find "$folder/corpus/$target" -type f | wc -l) in the corpus," \
            "coverage $(sed -n 's/.*cov: \([0-9]*\).*/\1/p' "$log" | tail -n 1): no crash"
    else
        status=1
        echo "fuzz: $target FAILED: $(grep -a -m 1 -e '^SUMMARY' -e '^fuzz:' -e 'ERROR:' "$log")"
        grep -a -e '^ *#[0-9]* .*src/' "$log" | sed -n '1,6p' || :
        grep -a 'Test unit written to' "$log" | sed 's/.*written to/    input:/' || :
        echo "    log: $log"
    fi
done
exit "$status"
