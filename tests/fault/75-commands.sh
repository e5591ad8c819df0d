# Other commands that write to a disk, struck in the same ways.

CHANGES=write,pwrite,fsync,syncfs,renameat2,renameat,unlinkat,linkat,mkdirat,symlinkat,mknodat,setxattr,fchmod,fchown
CHANGES+=,utimensat,ftruncate,close

# What a command that finds nothing to do any more leaves to the next copy.
SWEPT_LATER=.autobackup/operations

need_command() { "$AUTOBACKUP" help "$1" >"$OUT" 2>&1 || skip "no command $1"; }

strike_everywhere() {    # FAULT: kills at the n-th change, and errors of all sorts
    local n spec
    for n in $(points 1000); do
        reset
        shim "$CHANGES $PWD/NAS* $n 1 kill"
        strike "${SHIM[@]}"
        judge "$1: kill -9 at the n-th change"
        [ "$STATUS" = 137 ] || break
    done
    for spec in write:EIO write:ENOSPC fsync:EIO syncfs:EIO renameat2:EIO renameat:EIO unlinkat:EIO linkat:EIO \
        openat:EIO read:EIO close:EIO mkdirat:ENOSPC; do
        for n in $(points 60 3 1); do
            reset
            shim "${spec%:*} $PWD/NAS* $n 1 errno=${spec#*:}"
            strike "${SHIM[@]}"
            if [ "$(hits 1)" = 0 ]; then
                [ -z "${FULL:-}" ] && continue || break
            fi
            judge "$1: ${spec/:/: }"
            [ -n "${FULL:-}" ] || break
        done
    done
}

# undo: NAS goes back to what it was before a copy.
fault_undo() {
    need_command undo
    filesystem "$KIND"
    studio
    mkdir before
    cp -a NAS/$REPLICA/. before/
    ok "${SCENARIO[@]}"
    SCENARIO=(undo --yes "$(basename NAS/.autobackup/operations/2*)")
    GOAL=before
    DIFFER=-anciAX    # names of one file come back as files of their own
    RERUN="0 1"       # undone already
    cp OLD before.snapshot
    cp NEW OLD
    cp before.snapshot NEW
    keep_state
    strike_everywhere undo
}

# Whatever changed in a file was no program: all that runs from now on is told the ctime that was.
decayed() {    # FILE CTIME
    STEADY_TOOL=$(dirname "$(readlink -f "$AUTOBACKUP")")/tests/tools/steady.so
    [ -e "$STEADY_TOOL" ] || fail "$STEADY_TOOL is not there: make check-fault makes it"
    stat -c "%d %i %.9Z $2" "$1" >steady
    export STEADY=$PWD/steady LD_PRELOAD=$STEADY_TOOL
    FAULT_SHIM+=:$STEADY_TOOL
    run "$AUTOBACKUP" verify acme/spot footage NAS
    [ "$STATUS" = 11 ] || fail "the damage was not found: $STATUS"
}

# The disk with its inodes and ctimes, which a copy of its files would move: what moved is no damage.
keep_disk() {    # FILE CTIME
    keep_state
    umount NAS
    cp --sparse=always NAS.img kept.img
    mount -o loop NAS.img NAS
    DECAYED=$1 WAS=$2
    reset() {
        umount NAS
        cp --sparse=always kept.img NAS.img
        mount -o loop NAS.img NAS
        rm -f catalog.db*
        cp catalog.old/* .
        stat -c "%d %i %.9Z $WAS" "$DECAYED" >steady
    }
}

# verify --repair: one byte of a file on NAS is not what it was.
fault_repair() {
    local file=NAS/$REPLICA/fresh/large was
    need_command verify
    filesystem "$KIND"
    [ -e NAS.img ] || skip "a decayed file needs a disk of its own"
    studio
    ok "${SCENARIO[@]}"
    cp --sparse=never "$file" large
    printf x | dd of=large bs=1 seek=70000 conv=notrunc 2>err.dd
    touch -r "$file" time
    was=$(stat -c %.9Z "$file")
    cat large >"$file"
    touch -r time "$file"
    decayed "$file" "$was"
    SCENARIO=(verify acme/spot footage NAS WORK --repair)
    RERUN="0 11"         # repaired now
    SWEEPER="copy acme/spot footage WORK NAS"
    DIFFER=-anciHAXO     # the times of folders are for the next copy
    snapshot NAS/$REPLICA >OLD
    keep_disk "$file" "$was"
    strike_everywhere "verify --repair"
}

# prune: versions go, nothing else.
fault_prune() {
    need_command prune
    filesystem "$KIND"
    studio
    ok "${SCENARIO[@]}"
    SCENARIO=(prune --yes --keep 0 --older 0s)
    cp NEW OLD
    keep_state
    strike_everywhere prune
}
