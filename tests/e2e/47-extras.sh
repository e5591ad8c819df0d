# Attributes and default ACLs of folders that change alone. Oracles: getfattr, getfacl, find.
. ./studio.sh

S=WORK/footage/acme/spot D=NAS/footage/acme/spot

extras() { (cd "$1" && getfattr -R -h -d -m '^user\.' . && getfacl -R -p . | grep -v '^# file: \.$'); }
alike() { diff <(extras "$S") <(extras "$D") || fail "the attributes differ"; }
corrected() { json 'o.type == "copy" and o.metadata_only .. " " .. o.failed or nil'; }

test_attributes_of_folders_that_change_alone_arrive() {
    need setfattr getfattr setfacl getfacl
    local op
    mkdir -p "$S/a/b" "$S/c" NAS
    echo x | tee "$S/a/f" "$S/a/b/g" >/dev/null
    setfattr -n user.tag -v one "$S/a" 2>/dev/null || skip "no extended attributes here"
    setfacl -d -m u:daemon:rwx "$S/c" 2>/dev/null || skip "no ACLs here"
    work_and_nas
    ok copy acme/spot footage WORK NAS
    alike
    extras "$D" >before
    ok copy acme/spot footage WORK NAS --json
    assert_eq "$(corrected)" "0 0" "of the same"
    sleep 0.02

    setfattr -n user.tag -v two "$S/a"          # changed, new, gone; the top's as well
    setfattr -n user.colour -v red "$S/a/b"
    setfacl -k "$S/c"
    setfacl -d -m g:daemon:rx "$S"
    ok copy acme/spot footage WORK NAS --dry-run --json
    assert_eq "$(corrected)" "4 0" "in the plan"
    ok copy acme/spot footage WORK NAS --json
    assert_eq "$(corrected)" "4 0"
    op=$(json 'o.type == "copy" and o.operation or nil')
    alike
    assert_eq "$(find "$S" "$D" -type d -printf '%P %m %T@\n' | sort | uniq -u)" "" "modes and times"
    ok copy acme/spot footage WORK NAS --json
    assert_eq "$(corrected)" "0 0" "again"
    ok undo "$op"
    extras "$D" | diff before - || fail "undo did not put the old ones back"
}
