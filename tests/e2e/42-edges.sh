# shellcheck shell=bash
# What a disk says that is not so, or holds that another cannot: told once, by its own name. Oracles: find, readlink, the kernel.
. ./studio.sh

SPOT=WORK/footage/acme/spot

setup() {
    mkdir -p $SPOT NAS
    echo f >$SPOT/f
}

databases() {
    ok add database WORK WORK
    ok add database NAS NAS --yes
    ok add category footage footage
}

test_a_folder_that_cannot_be_read_counts_once() {
    setup
    mkdir $SPOT/shut mine
    echo x >$SPOT/shut/x
    to_nobody WORK NAS mine
    chmod a+rx . "$HOME"
    export AUTOBACKUP_CATALOG=$PWD/mine/c.db
    shut $SPOT/shut
    for words in "add database WORK WORK" "add database NAS NAS" "add category footage footage"; do
        run as_nobody $words
        assert_status 0
    done
    for _ in 1 2 3; do    # the first time nothing is known of it
        run as_nobody load WORK --json
        assert_status 3
        assert_eq "$(grep '"type":"load"' "$OUT" | grep -o '"errors":[0-9]*')" '"errors":1'
        assert_eq "$(grep -c '"type":"problem"' "$OUT")" 1 "problems"
    done
    run as_nobody copy acme/spot footage WORK NAS --json
    assert_status 3
    assert_eq "$(grep -c '"type":"problem"' "$OUT")" 1 "problems of the copy"
    assert_eq "$(grep '"type":"copy"' "$OUT" | grep -o '"failed":[0-9]*')" '"failed":1'
    assert_eq "$(cat NAS/footage/acme/spot/f)" f
    ! is_root || chown 65534 $SPOT/shut
    chmod 755 $SPOT/shut
    run as_nobody copy acme/spot footage WORK NAS
    assert_status 0
    diff -r WORK/footage NAS/footage || fail "not all arrived"
}

# In a namespace, whose mounts end with it: `within` has the test's functions.
within() {    # COMMANDS
    local status=0
    export -f databases ok ab run fail assert_status assert_err assert_eq refute_exists need
    export OUT ERR AUTOBACKUP SPOT
    unshare --mount --propagation private bash -Eeuo pipefail -c "$1" || status=$?
    [ $status != 77 ] || skip "cannot mount that here"
    [ $status = 0 ] || fail "ends with $status: $(tail -n 5 "$ERR")"
}

test_a_symlink_whose_target_is_too_long_there_says_so() {
    need_root
    need mkfs.xfs unshare
    setup
    ln -s "$(printf '%01100d' 0)" $SPOT/long
    ln -s "$(printf '%01023d' 0)" $SPOT/fits
    truncate -s 300M image
    mkfs.xfs -q image
    within '
        mount -o loop image NAS || exit 77
        databases
        ab copy acme/spot footage WORK NAS
        assert_status 3
        assert_err "acme/spot/long: the filesystem of NAS cannot hold a symlink with a target as long as this one"
        assert_eq "$(readlink NAS/footage/acme/spot/fits)" "$(readlink $SPOT/fits)"
        refute_exists NAS/footage/acme/spot/long
        assert_eq "$(find NAS -name ".autobackup-*")" ""'
}

test_a_file_of_the_kernels_is_no_empty_one() {
    need_root
    need unshare
    setup
    : >$SPOT/version
    : >$SPOT/empty
    within '
        mount --bind /proc/version $SPOT/version || exit 77
        [ "$(stat -c %s $SPOT/version)" = 0 ] && grep -q . $SPOT/version || exit 77
        databases
        ab copy acme/spot footage WORK NAS
        assert_status 3
        assert_err "acme/spot/version: says that it is empty, and is not"
        assert_eq "$(find NAS/footage -type f -printf "%P %s\n" | sort)" "acme/spot/empty 0
acme/spot/f 2"
        ab verify acme/spot footage WORK
        assert_status 3
        assert_err "acme/spot/version: says that it is empty, and is not"'
}
