# Calls that fail: each n-th one once, and from the n-th on for good.

# CALL ERRNO... on WORK, NAS or both ("*"). What a destination refuses (EPERM, EOPNOTSUPP) is left out and said, so
# only what a broken or full disk says is here; what a filesystem lacks is below.
ERRORS="
read,pread  WORK  errno=EIO errno=EINTR short=1 short=4095
getdents64  *     errno=EIO
statx       *     errno=EIO
openat      *     errno=EIO errno=EMFILE errno=EINTR
lseek       *     errno=EIO
getxattr    WORK  errno=EIO
write,pwrite NAS  errno=EIO errno=ENOSPC errno=EDQUOT errno=EINTR short=0 short=1 short=4095
fsync       NAS   errno=EIO errno=ENOSPC errno=EINTR
syncfs      NAS   errno=EIO errno=ENOSPC
close       NAS   errno=EIO errno=EDQUOT errno=EINTR
renameat2   NAS   errno=EIO errno=ENOSPC errno=EXDEV
renameat    NAS   errno=EIO
linkat      NAS   errno=EIO errno=ENOSPC errno=EMLINK
unlinkat    NAS   errno=EIO errno=EROFS
mkdirat     NAS   errno=EIO errno=ENOSPC
symlinkat   NAS   errno=ENOSPC
ftruncate   NAS   errno=EIO errno=ENOSPC
setxattr    NAS   errno=EIO errno=ENOSPC
utimensat   NAS   errno=EIO
fchown      NAS   errno=EIO errno=EDQUOT
fchmod      NAS   errno=EIO
"

error_points() { if [ -n "${FULL:-}" ]; then seq 20; seq 25 5 50; seq 60 20 400; else echo 4 1; fi; }

fault_failing_calls() {
    local call where actions action times
    filesystem "$KIND"
    studio
    while read -r call where actions; do
        [ "$call" != syncfs ] || syncfs_promises || continue
        [ "$call" != fchown ] || is_root || continue    # nobody else gives files away
        for action in $actions; do
            LINKS=H
            [[ $action != *EMLINK ]] || LINKS=    # a name that cannot be linked becomes a file of its own, for good
            fail_calls "$call" "$PWD/$where*" 1 "$action"
            # A signal for ever is none, and a byte at a time takes half a minute.
            [ -z "${FULL:-}" ] || [[ $action == *EINTR || $action == short=1 ]] ||
                fail_calls "$call" "$PWD/$where*" 0 "$action"
        done
    done < <(grep . <<<"$ERRORS")
}

syncfs_promises() {    # elsewhere each file is synced by itself
    case $(stat -f -c %T NAS) in ext2/ext3 | xfs | btrfs) ;; *) return 1 ;; esac
}

fail_calls() {    # CALL PATH TIMES ACTION: at each point that there is
    local n struck=
    for n in $(error_points); do
        reset
        shim "$1 $2 $n $3 $4"
        DIFFER=-anci${LINKS}AX
        strike "${SHIM[@]}"
        [ "$STATUS" = 0 ] || DIFFER=-anciAX    # so do the further names of a file that failed
        if [ "$(hits 1)" = 0 ]; then
            [ -z "${FULL:-}" ] && continue || break
        fi
        struck=1
        judge "${1%%,*}: ${4#errno=}"
        [ -n "${FULL:-}" ] || break
    done
    [ -n "$struck" ] || violation "no call was struck"
    [ -n "$struck" ] || conclude "${1%%,*}: ${4#errno=}"
}

# A filesystem without exchange, without hard links, without either.
fault_lacking_filesystem() {
    local lack n
    filesystem "$KIND"
    studio
    DIFFER=-anciAX    # further names of a file become files of their own there
    for lack in "renameat2 $PWD/NAS* 1 0 errno=EINVAL" "linkat $PWD/NAS* 1 0 errno=EPERM"; do
        reset
        shim "$lack"
        strike "${SHIM[@]}"
        assert_status 0
        check_names NAS
        conclude "a filesystem without ${lack%% *}"
        for n in $(points 60 12); do
            reset
            shim "$lack" "write,pwrite,fsync,syncfs,renameat,renameat2,unlinkat,linkat $PWD/NAS* $((n + 3)) 1 kill"
            strike "${SHIM[@]}"
            check_names NAS
            conclude "kill -9 on a filesystem without ${lack%% *}"
        done
    done
}

# The oracle's own test: faults that it must find.
fault_control() {
    filesystem "$KIND"
    studio
    control "a byte that changes on its way is found" "write,pwrite $PWD/NAS/footage* 5 1 garble"
    control "a temp that stays is found" "unlinkat $PWD/NAS* 1 0 lie"
    control "names that are not given are found" "renameat2 $PWD/NAS/footage*fresh* 1 0 lie"
}

control() {    # WHAT SPEC
    reset
    shim "$2"
    strike "${SHIM[@]}"
    check_names NAS
    check_books NAS
    check_clean NAS
    must_have_found "$1"
}

# Each of its eyes by itself: what is done here by hand is found by that check alone.
fault_control_by_hand() {
    local version=footage/acme/spot/changed/symlink file=NAS/$REPLICA/fresh/large
    filesystem "$KIND"
    studio
    ok "${SCENARIO[@]}"
    check_names NAS
    check_books NAS
    check_clean NAS
    conclude "control: nothing is found where nothing is"
    touch -r "$file" time
    printf x | dd of="$file" bs=1 seek=70000 conv=notrunc 2>err.dd
    touch -r time "$file"
    check_names NAS
    must_have_found "one other byte is torn"
    check_books NAS
    [[ "${VIOLATIONS[*]}" == *"manifest says taken: fresh/large"* ]] || VIOLATIONS=()    # every record of it was read
    must_have_found "one other byte is not what was taken"
    rm NAS/.autobackup/versions/*/$version
    cp -a WORK/$REPLICA/fresh/large "$file"
    check_names NAS
    must_have_found "a version that went is lost"
    rm "$file"
    check_books NAS
    must_have_found "a file that went is not done"
}
