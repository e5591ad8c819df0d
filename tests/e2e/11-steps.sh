# scripts/dev/step.sh, by which `make deps` and `make demo` are quiet: a line a step, and all of it when one fails.

begin_steps() {    # a copy, so that its logs are below this folder
    mkdir -p repo/scripts/dev
    cp "$REPO/scripts/dev/step.sh" repo/scripts/dev/
    STEP=repo/scripts/dev/step.sh
}
REPO=$(cd ../.. && pwd)

test_a_step_that_works_is_one_line() {
    begin_steps
    run "$STEP" "baking 3 cakes: a b c" sh -c 'echo "Get:1 flour"; echo warning >&2'
    assert_status 0
    assert_out_is "  baking 3 cakes: a b c"
    assert_err_is ""
    assert_eq "$(cat repo/build/log/*)" "Get:1 flour
warning" log
}

test_a_step_that_fails_shows_what_it_said() {
    begin_steps
    run "$STEP" "baking" sh -c 'echo "Get:1 flour"; echo "no eggs" >&2; exit 7'
    assert_status 7
    assert_err "Get:1 flour" "no eggs" "failed with status 7: baking"
}

test_v_shows_everything() {
    begin_steps
    run env V=1 "$STEP" "baking" sh -c 'echo "Get:1 flour"'
    assert_status 0
    assert_out "baking" "Get:1 flour"
}
