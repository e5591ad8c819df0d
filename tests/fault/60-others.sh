# Another program works at the destination in the same moment: what it put there is never lost.

TAKE="NAS/$REPLICA/changed/take 1.mov"
NEW_FILE=NAS/$REPLICA/fresh/large
GONE=NAS/$REPLICA/gone/deeper/1

# It replaces PATH right before the copy's CALL on AT.
foreign_file() {    # WHAT PATH CALL AT [SPEC...]
    local what=$1 path=$2 call=$3 at=$4
    shift 4
    reset
    [ -z "${BEFORE:-}" ] || $BEFORE
    script foreign "head -c 4321 /dev/urandom >foreign.mov; cp foreign.mov NAS/foreign; mv NAS/foreign '$path'"
    shim "$call $PWD/${at// /?} 1 1 run=$PWD/foreign" "$@"
    strike "${SHIM[@]}"
    [ "$(hits 1)" = 1 ] || violation "no call was struck"
    find NAS -type f -size 4321c -exec cmp -s foreign.mov {} \; -print | grep -q . || violation "the other program's file is lost"
    rerun_keeps_it
    conclude "$what"
}

# The rerun may say that the other's file is newer and leave it: then it ends with 3.
rerun_keeps_it() {
    "$AUTOBACKUP" "${SCENARIO[@]}" >"$OUT.rerun" 2>"$ERR.rerun" </dev/null || [ $? = 3 ] || violation "the rerun fails"
    find NAS -type f -size 4321c -exec cmp -s foreign.mov {} \; -print | grep -q . || violation "the rerun loses the other's file"
}

fault_foreign_file() {
    local again="renameat2 $PWD/${TAKE// /?} 2 1"
    filesystem "$KIND"
    studio
    foreign_file "a file replaced just before it is replaced" "$TAKE" renameat2 "$TAKE"
    cmp -s foreign.mov "$TAKE" || violation "it is not in its place"
    conclude "a file replaced just before it is replaced"
    foreign_file "the same, and it cannot be put back" "$TAKE" renameat2 "$TAKE" "$again errno=EIO"
    foreign_file "the same, and then it is replaced once more" "$TAKE" renameat2 "$TAKE" "$again run=$PWD/foreign"
    foreign_file "a file that appears just before it is made" "$NEW_FILE" renameat2 "$NEW_FILE"
    foreign_file "an extra file replaced just before it is moved away" "$GONE" renameat2 \
        "NAS/.autobackup/versions/*/deeper/1"
    BEFORE="ln $GONE NAS/$REPLICA/gone/deeper/3"
    foreign_file "an extra hard link replaced just before it is removed" "$GONE" renameat,unlinkat \
        "NAS/$REPLICA/gone/deeper/*"
}
