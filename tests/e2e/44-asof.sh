# restore --as-of: the very version that was asked for, what is not to be had by name, what is not known as such, and
# a replica that is only versions any more. Oracles: sha256sum, diff, find.
. ./studio.sh

D=footage/acme/spot

disks() {
    mkdir -p WORK/$D/d1 NAS
    ok add database WORK WORK
    ok add database NAS NAS
    ok add category footage footage
}

# NAS: versions of odd names, and in their places other contents of the same sizes and times.
twins() {
    local name
    for name in same.mov 'a[1]*.mov' "it's \"q\" \$x!" '$HOME' --dash '-[x].mov' 'd1/sub.mov' gone.mov; do
        printf 'AAAA %s' "$name" >"WORK/$D/$name"
        touch -d 2020-01-01 "WORK/$D/$name"
    done
    echo other >WORK/$D/a1x.mov
    ok copy acme/spot footage WORK NAS
    (cd WORK/$D && find . -type f ! -name a1x.mov) >names
    while read -r name; do
        printf 'a new one: %s' "$name" >"WORK/$D/$name"
        touch -d 2021-01-01 "WORK/$D/$name"
    done <names
    rm WORK/$D/gone.mov
    ok copy acme/spot footage WORK NAS --mirror
    while read -r name; do
        printf 'CCCC %s' "${name#./}" >"NAS/$D/$name"
        touch -d 2020-01-01 "NAS/$D/$name"
    done <names
    ok load
    ok versions acme/spot footage --json
    json 'o.restore and o.restore .. "\t" .. o.version or nil' >list
    assert_eq "$(wc -l <list)" 8
}

# What `versions` says brings it back does, typed at the prompt and in a shell.
test_a_version_comes_back_over_its_twin() {
    disks
    twins
    cp -a NAS/footage kept
    local command version path how
    while IFS=$'\t' read -r command version; do
        path=${version#*/versions/*/}
        for how in prompt shell; do
            ! cmp -s "$version" "NAS/$path" || fail "$path is the version already"
            if [ $how = prompt ]; then
                echo "$command" >line
                run "$AUTOBACKUP" <line
            else
                eval "run \"\$AUTOBACKUP\" $command" </dev/null
            fi
            assert_status 0
            cmp "$version" "NAS/$path" >&2 || fail "not brought back in the $how by: $command"
            ok undo --yes
            assert_same_tree kept NAS/footage
        done
    done <list
}

# Without --newer=overwrite the one that is there stays, and that is told; a plan says the same.
test_a_twin_is_left_alone_unless_named() {
    disks
    twins
    local op
    op=$(basename NAS/.autobackup/versions/*)
    ab restore acme/spot footage same.mov --from NAS --to NAS --as-of "$op" --dry-run
    assert_status 3
    ab restore acme/spot footage same.mov --from NAS --to NAS --as-of "$op"
    assert_status 3
    assert_err "size and time agree but the contents differ: left alone (--newer=overwrite replaces it)"
    assert_eq "$(cat NAS/$D/same.mov)" "CCCC same.mov"
    ok restore acme/spot footage same.mov --from NAS --to NAS --as-of "$op" --newer=overwrite --dry-run
    assert_out "replace"
    # on another disk as well
    printf 'DDDD same.mov' >WORK/$D/same.mov
    touch -d 2020-01-01 WORK/$D/same.mov
    ok restore acme/spot footage same.mov --from NAS --to WORK --as-of "$op" --newer=overwrite
    assert_eq "$(cat WORK/$D/same.mov)" "AAAA same.mov"
    # what has the content has it
    ok restore acme/spot footage same.mov --from NAS --to WORK --as-of "$op"
    assert_out "nothing to do: everything is there already"
}

# A version that is gone is not found in what only looks like it.
test_a_twin_is_no_version() {
    disks
    twins
    local op
    op=$(basename NAS/.autobackup/versions/*)
    rm -r "NAS/.autobackup/versions/$op"
    ab restore acme/spot footage same.mov --from NAS --to NAS --as-of "$op" --newer=overwrite
    assert_status 1
    assert_err "not kept any more"
    assert_eq "$(cat NAS/$D/same.mov)" "CCCC same.mov"
}

now() { date '+%Y-%m-%d %H:%M:%S'; }

# a, b, c on NAS by a copy; then $M; then a goes by hand.
by_hand() {
    disks
    local n
    for n in a b c; do
        echo "$n" >"WORK/$D/d1/$n"
        touch -d 2019-01-01 "WORK/$D/d1/$n"
    done
    ok copy acme/spot footage WORK NAS
    sleep 1.1
    M=$(now)
    sleep 1.1
    rm NAS/$D/d1/a
}

test_what_was_removed_by_hand_is_named() {
    by_hand
    local how
    for how in --dry-run ""; do
        ab restore acme/spot footage --from NAS --to NAS --as-of "$M" $how
        assert_status 3
        assert_err "$PWD/NAS/$D/d1/a: " "wrote it, no operation removed it, and it is not there any more: no version of it is kept"
        refute_out "everything is there already"
    done
    ab restore acme/spot footage --from NAS --to NAS --as-of "$M" --json
    assert_eq "$(json 'o.type == "problem" and o.code .. " " .. o.path or nil')" "EGONE $PWD/NAS/$D/d1/a"
    ab restore acme/spot footage d1/a --from NAS --to NAS --as-of "$M"
    assert_status 1
    assert_err "no version of it is kept"
    ok restore acme/spot footage d1/b --from NAS --to NAS --as-of "$M"
    # what an operation removed is no such case, before the moment or after it
    rm WORK/$D/d1/a WORK/$D/d1/b
    ok copy acme/spot footage WORK NAS --mirror
    sleep 1.1
    ok restore acme/spot footage d1/c --from NAS --to NAS --as-of "$(now)"
    mkdir E
    ok add database E E
    ab restore acme/spot footage --from NAS --to E --as-of "$M"
    assert_status 3
    assert_eq "$(cd E/$D && find . -type f | sort | tr '\n' ' ')" "./d1/b ./d1/c "
}

test_before_all_that_is_known() {
    by_hand
    local op
    op=$(basename NAS/.autobackup/operations/* | sed 's/\..*//;1q')
    ab restore acme/spot footage --from NAS --to NAS --as-of 2020-01-01
    assert_status 1
    assert_err "nothing is known of it as of 2020-01-01: the first that is known is $op"
    refute_out "everything is there already"
    ab restore acme/spot footage --from NAS --to NAS --as-of "$op"
    assert_status 1
    assert_err "nothing is known of it before $op"
    # where only the dates of files tell, that is said
    ok restore acme/spot footage --from WORK --to NAS --as-of 2020-01-01 --newer=overwrite
    assert_err "told by the dates of its files alone"
    # a moment from which it is known says nothing of the kind
    ab restore acme/spot footage --from NAS --to NAS --as-of "$M"
    refute_err "told by the dates"
    refute_err "nothing is known"
}

test_a_replica_that_is_only_versions_comes_back() {
    by_hand
    ok copy acme/spot footage WORK NAS
    ln -s d1/a WORK/$D/link
    mkdir -p WORK/$D/versions
    echo v >WORK/$D/versions/v
    chmod 750 WORK/$D/versions
    ok copy acme/spot footage WORK NAS
    cp -a NAS/$D state
    rm -r WORK/$D/d1 WORK/$D/versions WORK/$D/link
    echo new >WORK/$D/new
    ok copy acme/spot footage WORK NAS --mirror
    local op how
    op=$(ls NAS/.autobackup/versions)
    rm -r NAS/footage/acme
    ok load
    for how in NAS WORK; do
        ok restore acme/spot footage --from NAS --to $how --as-of "$op" --dry-run
        assert_out "d1/"
        ok restore acme/spot footage --from NAS --to $how --as-of "$op"
        rm -f $how/$D/new
        diff -r --no-dereference state $how/$D >&2 || fail "not what it was on $how"
        assert_eq "$(stat -c %a $how/$D/versions)" 750
    done
    ok history --json
    assert_eq "$(json 'o.kind == "restore" and o.project .. o.category .. o.from .. o.to or nil' | sort)" \
        "acme/spotfootageNASNAS
acme/spotfootageNASWORK"
    # nowhere any more at all, and one file of it
    rm -r NAS/footage/acme WORK/footage/acme
    ok load
    ok restore acme/spot footage versions --from NAS --to WORK --as-of "$op"
    assert_eq "$(cd WORK/$D && find . -type f)" ./versions/v
    ab restore acme/spot footage nothing --from NAS --to WORK --as-of "$op"
    assert_status 1
    ab restore acme/other footage --from NAS --to WORK --as-of "$op"
    assert_status 1
}

# A folder that was a file for a while, or is one now: what was in it lies in the versions.
test_as_of_across_a_change_of_type() {
    local then n
    mkdir -p WORK/footage/acme/spot/d/sub NAS W2 W3
    echo 1 >WORK/footage/acme/spot/d/f
    echo 2 >WORK/footage/acme/spot/d/sub/g
    echo k >WORK/footage/acme/spot/k
    touch -d '1 hour ago' WORK/footage/acme/spot/{k,d/f,d/sub/g}
    for n in WORK NAS W2 W3; do ok add database $n $n; done
    ok add category footage footage
    ok load
    ok copy acme/spot footage WORK NAS
    cp -a WORK/footage/acme/spot before
    sleep 1.1
    then=$(date +%Y-%m-%dT%H:%M:%S)
    sleep 1.1
    rm -r WORK/footage/acme/spot/d
    echo file >WORK/footage/acme/spot/d
    ok copy acme/spot footage WORK NAS --mirror --yes
    ok restore acme/spot footage --from NAS --to W2 --as-of "$then"
    diff -r before W2/footage/acme/spot >&2
    rm WORK/footage/acme/spot/d
    mkdir WORK/footage/acme/spot/d
    echo third >WORK/footage/acme/spot/d/f
    ok copy acme/spot footage WORK NAS --mirror --yes
    ok restore acme/spot footage --from NAS --to W3 --as-of "$then"
    diff -r before W3/footage/acme/spot >&2
}

newest_copy() { basename "$(ls -d NAS/.autobackup/operations/* | tail -n1)" | sed 's/\..*//'; }

# What differs between the two, but for what is only in the second: rights, owners, times, attributes.
differences() { rsync -anciAX "$1/" "$2/"; }

# NAS: private files and folders, $M, opened by a copy (which is $OP): rights, a time and attributes, nothing else. One of
# them is replaced by a further copy, one removed.
opened_up() {
    need rsync setfattr
    local p=WORK/$D
    disks
    mkdir -m 700 $p/priv $p/gone
    for n in key attr later left timed priv/in gone/in; do
        echo "$n" >$p/$n
        chmod 600 $p/$n
        touch -d 2019-01-01 $p/$n
    done
    setfattr -n user.tag -v early $p/attr 2>/dev/null || skip "no extended attributes here"
    setfattr -n user.tag -v early $p/priv
    touch -d 2019-02-02 $p/priv $p/gone
    ok copy acme/spot footage WORK NAS
    cp -a NAS/$D then
    sleep 1.1
    M=$(now)
    sleep 1.1
    chmod 644 $p/key $p/later $p/left
    chmod 755 $p/priv $p/gone
    setfattr -n user.tag -v late $p/attr
    setfattr -n user.more -v late $p/key
    setfattr -x user.tag $p/priv
    touch $p/timed
    ok copy acme/spot footage WORK NAS
    OP=$(newest_copy)
    [ -n "$(differences then NAS/$D)" ] || fail "the copy corrected nothing"
    echo "and again" >$p/later
    rm -r $p/left $p/gone
    ok copy acme/spot footage WORK NAS --mirror
    ok load
}

test_rights_and_attributes_are_those_of_then() {
    local how moment
    opened_up
    for moment in "$OP" "$M"; do
        mkdir E
        ok add database E E
        ok restore acme/spot footage --from NAS --to E --as-of "$moment"
        assert_eq "$(differences then E/$D)" ""
        ok restore acme/spot footage --from NAS --to E --as-of "$moment"
        assert_out "nothing to do: everything is there already"
        ok remove database E --yes
        rm -r E
    done
}

test_rights_and_attributes_are_those_of_then_in_place() {
    local moment
    opened_up
    cp -a NAS/$D today
    for moment in "$OP" "$M"; do
        ok restore acme/spot footage --from NAS --to NAS --as-of "$moment" --newer=overwrite --dry-run
        assert_out "set rights and times" "$D/key" "$D/attr" "$D/timed" "$D/priv/"
        ok restore acme/spot footage --from NAS --to NAS --as-of "$moment" --newer=overwrite
        assert_eq "$(differences then NAS/$D)" ""
        ok restore acme/spot footage --from NAS --to NAS --as-of "$moment" --newer=overwrite
        assert_out "nothing to do: everything is there already"
        ok undo --yes
        assert_eq "$(differences today NAS/$D)" ""
    done
}

# What was changed by hand since then is no more what was corrected: its rights go back, its time stays with its content.
test_a_file_of_another_time_keeps_that() {
    local p=NAS/$D
    opened_up
    echo edited >$p/key
    touch -d 2018-01-01 $p/key
    mkdir E
    ok add database E E
    ok restore acme/spot footage key --from NAS --to E --as-of "$M"
    assert_eq "$(cat E/$D/key)" edited
    assert_eq "$(stat -c '%a %Y' E/$D/key)" "600 $(date -d 2018-01-01 +%s)"
}
