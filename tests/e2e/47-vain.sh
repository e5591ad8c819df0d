# Rights that the destination does not take: said as what it cannot hold, and not as done. Oracle: stat.
. ./studio.sh

S=WORK/footage/acme/spot D=NAS/footage/acme/spot

studio_of_two() {
    mkdir -p "$S/folder" NAS
    echo x | tee "$S/f" "$S/g" "$S/folder/h" >/dev/null
    touch -d '2024-05-06 07:08:09' "$S"/{f,g,folder/h}
    work_and_nas
    ok copy acme/spot footage WORK NAS
}

refused() {    # ACTION WORDS...: the program, to whose calls for a mode and an owner there this happens
    run env LD_PRELOAD="$(dirname "$(readlink -f "$AUTOBACKUP")")/tests/fault/shim.so" \
        FAULTS="fchmod,fchown */$D/* 1 0 $1" "$AUTOBACKUP" "${@:2}"
}

counted() { json 'o.type == "copy" and o.metadata_only .. " " .. o.failed or nil'; }

# Refused, or passed over in silence.
test_a_mode_that_is_not_taken_is_no_correction() {
    local action
    [ -e "$(dirname "$(readlink -f "$AUTOBACKUP")")/tests/fault/shim.so" ] || skip "shim.so is missing"
    studio_of_two
    chmod 600 "$S/f"
    chmod 700 "$S/folder"
    for action in errno=EPERM errno=EOPNOTSUPP lie; do
        refused "$action" copy acme/spot footage WORK NAS --json
        assert_status 0
        assert_eq "$(counted)" "0 0" "$action"
        refused "$action" copy acme/spot footage WORK NAS
        assert_status 0
        assert_err "NAS: cannot hold all permissions: left out there"
        assert_out "nothing to do"
    done
    ok copy acme/spot footage WORK NAS --json    # where it is taken it is one
    assert_eq "$(counted)" "2 0"
    assert_eq "$(cd "$D" && stat -c '%n %a' f g folder)" "$(cd "$S" && stat -c '%n %a' f g folder)"
    ok copy acme/spot footage WORK NAS --json
    assert_eq "$(counted)" "0 0"
}

test_an_owner_that_is_not_taken_is_no_correction() {
    local action
    need_root owners
    [ -e "$(dirname "$(readlink -f "$AUTOBACKUP")")/tests/fault/shim.so" ] || skip "shim.so is missing"
    studio_of_two
    chown 4711:4712 "$S/f" "$S/folder"
    for action in errno=EPERM errno=EINVAL lie; do
        refused "$action" copy acme/spot footage WORK NAS --json
        assert_status 0
        assert_eq "$(counted)" "0 0" "$action"
    done
    ok copy acme/spot footage WORK NAS --json
    assert_eq "$(counted)" "2 0"
    assert_eq "$(cd "$D" && stat -c '%n %u:%g' f folder)" "$(cd "$S" && stat -c '%n %u:%g' f folder)"
}
