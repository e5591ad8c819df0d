# What not even root may change until somebody takes a mark off it (chattr +i, +a): told with its name and what to do, a failure of
# that name alone. Oracles: lsattr's own marks, stat, getfattr, find.
. ./studio.sh

S=WORK/footage/acme/spot D=NAS/footage/acme/spot

counted() { json 'o.type == "copy" and o.metadata_only .. " " .. o.failed or nil'; }

studio_of_two() {
    need_root marks
    need chattr setfattr getfattr
    mkdir -p "$S/folder" NAS
    echo x | tee "$S/f" "$S/g" "$S/folder/h" >/dev/null
    touch -d '2024-05-06 07:08:09' "$S"/{f,g,folder/h}
    work_and_nas
    ok copy acme/spot footage WORK NAS
    chattr +i "$D/f" 2>/dev/null || skip "no marks here"
    chattr -i "$D/f"
    trap 'chattr -R -i -a NAS' EXIT
}

# mark, what it is called
fails_alone() {
    run "$AUTOBACKUP" copy acme/spot footage WORK NAS --dry-run --json
    assert_eq "$(counted)" "1 1" "in the plan, $1"
    run "$AUTOBACKUP" copy acme/spot footage WORK NAS
    assert_status 3
    assert_err "footage/acme/spot/$3: $2 at the destination, so it stays as it is: chattr -$1 takes that off"
    run "$AUTOBACKUP" copy acme/spot footage WORK NAS --json
    assert_status 3
    assert_eq "$(counted)" "0 1" "again, $1"
}

test_a_marked_file_is_named_and_fails_alone() {
    local mark word op
    studio_of_two
    for mark in i a; do
        word=immutable
        [ $mark = i ] || word=append-only
        chattr "+$mark" "$D/f"
        setfattr -n user.tag -v "$mark" "$S/f" 2>/dev/null || skip "no extended attributes here"
        chmod 640 "$S/f" "$S/g"
        fails_alone "$mark" "it is $word" f
        assert_eq "$(stat -c %a "$D/g")" "$(stat -c %a "$S/g")" "the other went on"
        chattr "-$mark" "$D/f"
        ok copy acme/spot footage WORK NAS --dry-run --json
        assert_eq "$(counted)" "1 0" "planned"
        ok copy acme/spot footage WORK NAS --json
        assert_eq "$(counted)" "1 0" "and done"
        assert_eq "$(stat -c '%a %Y' "$D/f"; getfattr --only-values -n user.tag "$D/f")" \
            "$(stat -c '%a %Y' "$S/f"; getfattr --only-values -n user.tag "$S/f")"
        chmod 644 "$S/f" "$S/g"
        ok copy acme/spot footage WORK NAS
    done
}

test_what_lies_in_a_marked_folder_is_named_with_it() {
    studio_of_two
    chattr +i "$D/folder"
    echo changed >>"$S/folder/h"
    echo new >"$S/folder/new"
    echo new >"$S/new"
    rm "$S/g"
    run "$AUTOBACKUP" copy acme/spot footage WORK NAS --dry-run
    assert_status 3
    assert_err "2 paths: the folder it lies in is immutable at the destination, so it stays as it is: chattr -i takes that off"
    run "$AUTOBACKUP" copy acme/spot footage WORK NAS --mirror --yes
    assert_status 3
    assert_err "2 paths: the folder it lies in is immutable at the destination, so it stays as it is: chattr -i takes that off"
    assert_err "footage/acme/spot/folder/h"
    assert_err "footage/acme/spot/folder/new"
    [ -e "$D/new" ] && [ ! -e "$D/g" ] || fail "the others did not go on"
    assert_eq "$(find NAS -name '.autobackup-*')" "" "litter"
    chattr -i "$D/folder"
    ok copy acme/spot footage WORK NAS --mirror --yes
    diff -r "$S" "$D" || fail "not alike"
}

test_a_marked_file_is_neither_replaced_nor_removed() {
    studio_of_two
    chattr +i "$D/f" "$D/folder/h" "$S/g"       # of the source's none is in the way
    echo changed >>"$S/f"
    rm "$S/folder/h"
    run "$AUTOBACKUP" copy acme/spot footage WORK NAS --mirror --yes
    chattr -i "$S/g"
    assert_status 3
    assert_err "2 paths: it is immutable at the destination, so it stays as it is: chattr -i takes that off"
    assert_err "footage/acme/spot/f"
    assert_err "footage/acme/spot/folder/h"
    assert_eq "$(cat "$D/f" "$D/folder/h")" "x
x"
    assert_eq "$(find NAS -name '.autobackup-*')" "" "litter"
    chattr -i "$D/f" "$D/folder/h"
    ok copy acme/spot footage WORK NAS --mirror --yes
    diff -r "$S" "$D" || fail "not alike"
}
