# `make bench` in miniature: it measures, reports, and leaves nothing behind.

repo=$(cd .. && cd .. && pwd)

test_bench_runs() {
    local build
    build=$(dirname "$(realpath "$AUTOBACKUP")")
    [ -x "$build/tests/bench/measure" ] || skip "not built: make bench"
    need lua5.4
    export BENCH_DIR=$PWD/bench BENCH_JSON=$PWD/bench.json BENCH_RUNS=1 BENCH_QUICK=1 BENCH_COLD=0 BENCH_FILES=400
    export BENCH_SIZES=200 BENCH_CATALOGS=1000 BENCH_ONLY='load memory queries browser'
    run "$repo/tests/bench/run.sh" "$build"
    assert_status 0
    assert_out 'load 400 files, warm' 'memory of a first load, 200' 'open its folder, with sums' "as JSON lines: $BENCH_JSON"
    refute_out 'failed with status'
    refute_out 'load saw'
    refute_exists bench
    assert_eq "$(json_of bench.json 'o.name == "find" and o.peak_bytes and o.ratio_to or nil')" floor
}
