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
    trap 'chattr -R -f -i -a NAS || :' EXIT
}

# mark, what it is called
fails_alone() {
    run "$AUTOBACKUP" copy acme/spot footage WORK NAS --dry-run --json
    assert_eq "$(counted)" "1 1" "in the plan, $1"
    run "$AUTOBACKUP" copy acme/spot footage WORK NAS
    assert_status 3
    assert_err "footage/acme/spot/$3: $2, so it stays as it is: chattr -$1 takes that off"
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
    assert_err "2 paths: the folder it lies in is immutable, so it stays as it is: chattr -i takes that off"
    run "$AUTOBACKUP" copy acme/spot footage WORK NAS --mirror --yes
    assert_status 3
    assert_err "2 paths: the folder it lies in is immutable, so it stays as it is: chattr -i takes that off"
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
    assert_err "2 paths: it is immutable, so it stays as it is: chattr -i takes that off"
    assert_err "footage/acme/spot/f"
    assert_err "footage/acme/spot/folder/h"
    assert_eq "$(cat "$D/f" "$D/folder/h")" "x
x"
    assert_eq "$(find NAS -name '.autobackup-*')" "" "litter"
    chattr -i "$D/f" "$D/folder/h"
    ok copy acme/spot footage WORK NAS --mirror --yes
    diff -r "$S" "$D" || fail "not alike"
}

# Where names may only be added, a temp could never go again. Of each kind of name the folder is to blame, not the filesystem.
test_nothing_is_begun_in_a_marked_folder() {
    local mark
    studio_of_two
    echo new >"$S/folder/new"
    mkdir "$S/folder/below"
    ln -s h "$S/folder/symlink"
    mkfifo "$S/folder/fifo"
    ln "$S/folder/h" "$S/folder/link"
    for mark in a i; do
        chattr "+$mark" "$D/folder"
        ok load
        run "$AUTOBACKUP" copy acme/spot footage WORK NAS --dry-run --json
        assert_eq "$(json 'o.type == "copy" and o.failed or nil')" 5
        run "$AUTOBACKUP" copy acme/spot footage WORK NAS --json
        assert_status 3
        assert_eq "$(json 'o.type == "copy" and o.failed or nil')" 5
        assert_eq "$(json 'o.type == "problem" and o.message:match("chattr %-%a") or nil' | sort | uniq -c | tr -s ' ')" " 5 chattr -$mark"
        assert_eq "$(ls -A "$D/folder")" h "begun, $mark"
        chattr "-$mark" "$D/folder"
    done
    ok copy acme/spot footage WORK NAS
    assert_eq "$(ls -A "$D/folder" | sort)" "$(ls -A "$S/folder" | sort)"
}

# A folder's time is no difference: that it cannot be set is no failure.
test_the_time_of_a_marked_folder_stays() {
    studio_of_two
    touch -d 2001-01-01 "$S/folder"
    ok load
    chattr +i "$D/folder"
    ok copy acme/spot footage WORK NAS --dry-run
    ok copy acme/spot footage WORK NAS
    chattr -i "$D/folder"
    ok copy acme/spot footage WORK NAS
    assert_eq "$(stat -c %Y "$D/folder")" "$(stat -c %Y "$S/folder")"
}

# An undo, a prune: what the mark keeps is named with it, and done by the next one.
test_undo_and_prune_name_the_mark() {
    studio_of_two
    echo changed >"$S/f"
    ok copy acme/spot footage WORK NAS
    chattr +i "$D/f"
    ab undo --yes
    assert_status 3
    assert_err "footage/acme/spot/f: it is immutable, so it stays as it is: chattr -i takes that off"
    chattr -i "$D/f"
    ok undo --yes
    assert_eq "$(cat "$D/f")" x
    chattr +a "$D/folder"
    ab undo --yes
    assert_status 3
    assert_err "footage/acme/spot/folder/h: the folder it lies in is append-only, so it stays as it is: chattr -a takes that off"
    assert_eq "$(ls -A "$D/folder")" h
    chattr -a "$D/folder"
    ok undo --yes
    [ ! -e "$D/folder" ] || fail "it was not undone"
    chattr +i NAS/.autobackup/versions/*
    ab prune --older 0s --yes
    assert_status 3
    assert_err "it is immutable, so it stays as it is: chattr -i takes that off"
    for name in NAS/.autobackup/versions/*; do grep -qF "${name##*/}" "$ERR" || fail "$name is not named"; done
    chattr -i NAS/.autobackup/versions/*
    ok prune --older 0s --yes
    assert_eq "$(find NAS/.autobackup/versions -type f)" ""
}
