# The lines for crontabs and the systemd units that README.md and the comments of scripts show: installed as `make install`
# places them, each is run as cron and systemd would.
. ./pages.sh

installed() {    # into $PWD/root
    local built b
    built=$(dirname "$(realpath "$AUTOBACKUP")")
    b=${built#"$REPO/"}
    run make -s -C "$REPO" -o "$b/autobackup" -o build/autobackup PROFILE="${built##*/}" B="$b" DESTDIR="$PWD/root" install
    assert_status 0
}

# What cron gives to a shell for a line: the sixth field on, up to a % that is not escaped; it has no autobackup in its PATH.
as_cron() {    # LINE
    local command
    command=$(sed -E 's/^(@[a-z]+|([^ ]+ +){4}[^ ]+) +//' <<<"$1")
    [[ ! $command =~ (^|[^\\])% ]] || fail "cron ends a command at %, write \\%: $1"
    command=$(sed 's/\\%/%/g' <<<"$command")
    assert_absolute "$command"
    command=$(sed "s#/usr/local/#$PWD/root/usr/local/#g" <<<"$command")
    (cd "$HOME" && run env -i HOME="$HOME" LOGNAME=studio SHELL=/bin/sh PATH=/usr/bin:/bin /bin/sh -c "$command"
        echo "$STATUS" >"$OUT.status")
    STATUS=$(cat "$OUT.status")
}

# Nothing of it may be looked for in a PATH that has no /usr/local/bin.
assert_absolute() { [[ $1 == /usr/local/bin/autobackup\ * ]] || fail "not by its absolute path: $1"; }    # COMMAND

# A line that cron runs must leave what was said where somebody can read it.
assert_heard() {    # LINE
    local log
    [[ $1 =~ \>\>(~/[a-z.-]+)\ 2\>\&1$ ]] || fail "nobody hears what it says: $1"
    log=${BASH_REMATCH[1]/#\~/$HOME}
    [ -s "$log" ] || fail "$log is empty: $1"
    cp "$log" said
}

test_every_line_for_a_crontab_works() {
    local line count=0
    installed
    examples_studio
    cron_lines "${PAGES[@]}" >lines
    while IFS= read -r line; do
        renew
        as_cron "${line#*:*:}"
        assert_status 0
        assert_heard "${line#*:*:}"
        count=$((count + 1))
        case $line in
            *nightly.lua*) assert_same_tree mnt/STORAGE/footage/kino mnt/NAS/footage/kino ;;
            *verify.lua*) grep -q '^verified [1-9]' said || fail "nothing was verified: $(cat said)" ;;
            *) fail "no test knows what this line does: $line" ;;
        esac
    done <lines
    [ "$count" -ge 4 ] || fail "$count lines were found"
    for line in "$REPO"/scripts/*.lua; do
        grep -q "^$line:" lines || fail "$line does not say how it is run by cron"
    done
}

test_what_fails_is_heard() {
    local line
    installed
    examples_studio
    rm -rf mnt.template/NAS    # unplugged
    line=$(cron_lines "$REPO/README.md" | grep nightly)
    renew
    as_cron "${line#*:*:}"
    assert_status 75
    assert_heard "${line#*:*:}"
    grep -q 'NAS is offline' said || fail "the log does not say why: $(cat said)"
}

test_cron_cannot_do_what_a_line_must_not() {
    installed
    examples_studio
    ! (as_cron '0 2 * * *  autobackup load') 2>/dev/null || fail "a bare name"
    ! (as_cron '0 2 * * *  /usr/local/bin/autobackup -e "print(1 % 1)"') 2>/dev/null || fail "a percent sign"
}

# The units as systemd reads them: absolute programs, units that are named exist, the timer starts the service.
test_the_systemd_units_work() {
    local unit command
    installed
    examples_studio
    blocks "$REPO/README.md" blocks
    grep -l '^# /etc/systemd/system/' blocks/* | xargs cat | awk '
        /^# \/etc\/systemd\/system\// { sub(/.*\//, ""); unit = $0; next } unit != "" { print > unit }'
    assert_exists autobackup.service autobackup.timer
    grep -qx 'OnCalendar=.*' autobackup.timer || fail "when?"
    unit=$(sed -n 's/^OnFailure=//p' autobackup.service)
    [ -n "$unit" ] || fail "nobody hears when it fails"
    assert_exists "$unit"
    for unit in *.service; do
        command=$(sed -n 's/^ExecStart=//p' "$unit")
        [[ $command == /* ]] || fail "$unit: systemd wants an absolute path: $command"
        [[ $command == /usr/local/* ]] || [ -x "${command%% *}" ] || fail "$unit: no ${command%% *}"
    done
    renew
    command=$(sed -n 's/^ExecStart=//p' autobackup.service)
    # shellcheck disable=SC2086    # systemd splits at blanks too
    run env -i HOME="$HOME" USER=studio PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin \
        $(sed "s#/usr/local/#$PWD/root/usr/local/#g" <<<"$command")
    assert_status 0
    assert_same_tree mnt/STORAGE/footage/kino mnt/NAS/footage/kino
}
