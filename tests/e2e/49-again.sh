# Beside a copy somebody removes what it is about from the catalog, and adds it again: what was copied is told and known, and
# nothing that the copy itself did counts as another's. Oracles: diff, find.
. ./studio.sh

# 8 files on A, one of them replaced on N and M; a copy at 400 kB/s takes two seconds.
three_disks() {
    local i disk
    mkdir -p {A,N,M}/f/c/p
    for i in {1..8}; do head -c 100000 /dev/urandom >"A/f/c/p/$i"; done
    for disk in N M; do
        echo old >"$disk/f/c/p/1"
        touch -d 2020-01-01 "$disk/f/c/p/1"
    done
    for disk in A N M; do ok add database "$disk" "$PWD/$disk" --yes; done
    ok add category f f
    ok load
}

# Copies, and once a file of the first project is on its way to the first destination, calls RIVAL.
beside() {    # RIVAL WORDS...
    local rival=$1 pid
    shift
    LAST="copy $*" STATUS=0
    "$AUTOBACKUP" copy "$@" --bwlimit 400KB --json </dev/null >"$OUT.copy" 2>"$ERR.copy" &
    pid=$!
    until [ -n "$(find N/f/c/p -name '.autobackup-*')" ]; do
        kill -0 "$pid" 2>/dev/null || fail "the copy ended before anybody came between: $(cat "$ERR.copy")"
        pause
    done
    "$rival"
    wait "$pid" || STATUS=$?
    mv "$OUT.copy" "$OUT"
    mv "$ERR.copy" "$ERR"
}

rows() { json 'o.type == "copy" and ("%s %s %d %d %d %d"):format(o.project, o.to, o.files_copied, o.files_unchanged, o.conflicts, o.failed) or nil'; }

category_again() {
    ok remove category f --yes
    ok add category f f
}

category_again_loaded() {
    category_again
    ok load
}

test_what_a_copy_did_before_it_begins_again_is_no_conflict() {
    three_disks
    beside category_again_loaded c/p f A N
    assert_eq "$(rows)" $'c/p N 8 0 0 0\nc/p N 0 8 0 0'
    assert_status 0
    diff -r A/f N/f
    ok compare c/p f A N
    ok undo --yes
    diff -r M/f N/f
}

test_nor_what_a_mirror_did() {
    three_disks
    mkdir N/f/c/p/gone
    echo extra | tee N/f/c/p/extra >N/f/c/p/gone/f
    ok load N
    beside category_again_loaded c/p f A N --mirror --yes
    assert_eq "$(rows)" $'c/p N 8 0 0 0\nc/p N 0 8 0 0'
    assert_status 0
    diff -r A/f N/f
}

# What was read of both sides is known no more, and was not asked for again.
test_a_category_that_was_added_again_is_read_again() {
    three_disks
    mkdir -p {A,N}/f/c/q
    echo q | tee A/f/c/q/1 >A/f/c/q/2
    cp -p A/f/c/q/1 N/f/c/q/1
    ok load
    beside category_again 'c/*' f A N
    assert_eq "$(rows)" $'c/p N 8 0 0 0\nc/p N 0 8 0 0\nc/q N 1 1 0 0'
    assert_status 0
    diff -r A/f N/f
}

category_gone() { ok remove category f --yes; }

test_what_was_copied_of_a_category_that_is_gone_is_told() {
    three_disks
    beside category_gone c/p f A N
    assert_eq "$(rows)" 'c/p N 8 0 0 0'
    says_once "category f was removed meanwhile"
    [ "$STATUS" -ne 0 ] || fail "it ends well"
    diff -r A/f N/f
}

says_once() { assert_eq "$(cat "$OUT" "$ERR" | grep -cF "$1")" 1 "$1"; }    # TEXT

m_again() {
    ok remove database M --yes
    ok add database M "$PWD/M"
}

m_again_loaded() {
    m_again
    ok load M
}

test_a_destination_that_was_added_again_takes_no_row_away() {
    local rival
    three_disks
    for rival in m_again m_again_loaded; do
        beside "$rival" c/p f A N M
        assert_eq "$(rows)" $'c/p N 8 0 0 0\nc/p M 8 0 0 0' "$rival"
        assert_status 1
        says_once 'M was removed from the catalog and added again meanwhile: run it again'
        diff -r A/f N/f
        diff -r A/f M/f
        ok undo --yes
        ok load
    done
}

a_again() {
    ok remove database A --yes
    ok add database A "$PWD/A"
}

test_a_source_that_was_added_again_is_said_to_be_so() {
    three_disks
    beside a_again c/p f A N
    assert_eq "$(rows)" 'c/p N 8 0 0 0'
    assert_status 1
    says_once 'A was removed from the catalog and added again meanwhile: run it again'
    diff -r A/f N/f
}

# What was written is where the folder is by now, and its path leads to another one or to none.
folder_replaced() { mv N/f/c/p N/f/c/q && mkdir N/f/c/p; }
folder_renamed() { mv N/f/c/p N/f/c/q; }
client_replaced() { mv N/f/c N/f/d && mkdir -p N/f/c/p; }

not_there() {    # RIVAL WHAT IT WAS WHERE IT IS
    three_disks
    beside "$1" c/p f A N
    [ "$STATUS" = 3 ] || fail "exit status $STATUS, not 3"
    assert_out "\"code\":\"ECHANGED\"" "the folder was $2 while it was copied to" "lies in $PWD/$3: load N, and copy again"
    assert_eq "$(json 'o.type == "copy" and o.failed or nil')" 1
    assert_eq "$(query 'SELECT state FROM operation')" partial
    diff -r A/f/c/p "$3"
    ab fetch --json
    assert_eq "$(json 'o.type == "replica" and o.database == "N" and o.project == "c/p" and o.compared == "same" or nil')" ""
    ok load N
    ok copy c/p f A N
    diff -r A/f/c/p N/f/c/p
}

test_a_folder_that_is_replaced_while_it_is_copied_to() { not_there folder_replaced "replaced by another one" N/f/c/q; }
test_a_folder_that_is_renamed_while_it_is_copied_to() { not_there folder_renamed "taken away" N/f/c/q; }
test_a_folder_above_that_is_replaced_while_it_is_copied_to() { not_there client_replaced "replaced by another one" N/f/d/p; }
