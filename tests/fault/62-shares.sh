# Killed where several users, or an ordinary one, work: what it left blocks nobody, and what it opened is shut again.

. ../e2e/members.sh

SPOT=footage/acme/spot

# One member's copy dies at this call; the other one sweeps it and goes on.
killed_member() {    # WHAT CALL
    rm -rf WORK NAS one two
    (umask 002 && share)
    run member 2001 one env LD_PRELOAD="$FAULT_SHIM" FAULTS="$2 1 1 kill" \
        "$AUTOBACKUP" --catalog "$PWD/one/c.db" copy acme/spot footage WORK NAS
    [ "$STATUS" = 137 ] || violation "it was not killed"
    [ -n "$(find NAS/.autobackup/operations -name '*.open')" ] || violation "there is no dead operation"
    two copy acme/spot footage WORK NAS
    [ "$STATUS" = 0 ] || violation "the other member's copy ends with $STATUS: $(cat "$ERR")"
    [ -z "$(find NAS -name '*.open' -o -name '.autobackup-*')" ] || violation "it is not swept: $(find NAS)"
    diff -r WORK/$SPOT NAS/$SPOT || violation "the copy is not whole"
    conclude "$1"
}

fault_killed_member() {
    killed_member "a member's copy dies before the first name" "renameat2 */NAS/$SPOT/*"
    killed_member "a member's copy dies between two names" "renameat2 */NAS/$SPOT/b"
}
on_killed_member=ext4

as_user() { setpriv --reuid 2001 --regid 3000 --clear-groups --inh-caps=-all --bounding-set=-all "$@"; }

# A folder that its user made read-only is open while a copy works in it; killed there, the next writer shuts it.
killed_in_read_only() {    # WHAT CALL COMMAND...
    local what=$1 call=$2
    shift 2
    find NAS -mindepth 1 -delete
    cp -a old/. NAS/
    rm -f one/c.db*
    cp -a catalog.old/. one/
    run as_user env LD_PRELOAD="$FAULT_SHIM" FAULTS="$call 1 1 kill" "$AUTOBACKUP" "$@"
    [ "$STATUS" = 137 ] || violation "it was not killed"
    [ "$(stat -c %a NAS/$SPOT/CLIP)" = 755 ] || violation "the folder was not open: $(stat -c %a NAS/$SPOT/CLIP)"
    run as_user "$AUTOBACKUP" copy acme/other footage WORK NAS    # another project: only the sweep comes there
    [ "$STATUS" = 0 ] || violation "the next copy ends with $STATUS"
    [ "$(stat -c %a NAS/$SPOT/CLIP)" = 555 ] || violation "it stays open: $(stat -c %a NAS/$SPOT/CLIP)"
    [ -z "$(find NAS -name '*.open' -o -name '.autobackup-*')" ] || violation "it is not swept: $(find NAS)"
    conclude "$what"
}

fault_killed_in_read_only() {
    need_root
    need setpriv
    chmod 711 .
    mkdir -p WORK/$SPOT/CLIP WORK/footage/acme/other NAS one catalog.old old
    echo 1 >WORK/$SPOT/CLIP/a
    echo 1 >WORK/$SPOT/CLIP/b
    echo 1 >WORK/footage/acme/other/o
    find WORK -exec touch -d 2025-01-01 {} +
    chmod 555 WORK/$SPOT/CLIP
    chown -R 2001:3000 WORK NAS one "$HOME"
    export AUTOBACKUP_CATALOG=$PWD/one/c.db
    for words in "add database WORK WORK" "add database NAS NAS" "add category footage footage" load \
        "copy acme/spot footage WORK NAS"; do
        # shellcheck disable=SC2086
        run as_user "$AUTOBACKUP" $words && assert_status 0
    done
    chmod 755 WORK/$SPOT/CLIP
    echo 22 >WORK/$SPOT/CLIP/a
    echo 22 >WORK/$SPOT/CLIP/c
    chmod 555 WORK/$SPOT/CLIP
    cp -a NAS/. old/
    cp -a one/. catalog.old/
    killed_in_read_only "a copy into a read-only folder dies" "renameat2 */CLIP/c" copy acme/spot footage WORK NAS
    killed_in_read_only "a copy into it dies before its first name" "renameat2 */CLIP/*" copy acme/spot footage WORK NAS
    run as_user "$AUTOBACKUP" copy acme/spot footage WORK NAS && assert_status 0
    rm -rf old catalog.old
    cp -a NAS old
    cp -a one catalog.old
    killed_in_read_only "an undo in it dies" "renameat2,unlinkat,renameat */CLIP/*" undo --yes
}
on_killed_in_read_only=ext4

# An ordinary user's copy of a large file, killed there.
killed_amid_reel() {    # FAULTS
    need_root
    need setpriv
    chmod 711 .
    large_studio
    run as_user env LD_PRELOAD="$FAULT_SHIM" FAULTS="$1" "$AUTOBACKUP" copy acme/spot footage WORK NAS
    [ "$STATUS" = 137 ] || violation "it was not killed"
}

# A large file that is read-only, of an ordinary user, cut short when it has its mode already.
fault_resumed_read_only() {
    killed_amid_reel "renameat2 */reel 1 1 kill"
    [ "$(find NAS/$SPOT -name '.autobackup-p-*' -printf %m)" = 444 ] || violation "there is no read-only beginning"
    goes_on "a large read-only file goes on" 80000000
}
on_resumed_read_only=ext4

# Another member's beginning of a large file is in the way: that member's file would be the outcome.
fault_begun_by_another() {
    killed_amid_reel "pwrite,write */.autobackup-p-* 30 1 kill"
    chown 2002 NAS/$SPOT/.autobackup-p-*
    chmod 600 NAS/$SPOT/.autobackup-p-*
    goes_on "a large file that another user began is begun anew" 0
    [ "$(stat -c %u NAS/$SPOT/reel)" = 2001 ] || violation "it is another user's"
}
on_begun_by_another=ext4

# What an earlier copy began of a file that is no longer wanted makes room for what is, before the room is looked at.
fault_begun_for_nothing() {
    need_root
    need setpriv
    chmod 711 .
    SIZE=200M filesystem "$KIND" -m 0
    large_studio
    run as_user env LD_PRELOAD="$FAULT_SHIM" FAULTS="renameat2 */reel 1 1 kill" \
        "$AUTOBACKUP" copy acme/spot footage WORK NAS
    [ "$STATUS" = 137 ] || violation "it was not killed"
    rm WORK/$SPOT/reel
    bytes 120M >WORK/$SPOT/other
    chown 2001:3000 WORK/$SPOT/other
    goes_on "a large file that is no longer wanted makes room" 0
    umount NAS
}
on_begun_for_nothing=ext4

large_studio() {
    rm -rf WORK one
    mkdir -p WORK/$SPOT NAS one
    bytes 80000000 >WORK/$SPOT/reel
    chmod 444 WORK/$SPOT/reel
    chown -R 2001:3000 WORK NAS one "$HOME"
    export AUTOBACKUP_CATALOG=$PWD/one/c.db
    local words
    for words in "add database WORK WORK" "add database NAS NAS" "add category footage footage" load; do
        # shellcheck disable=SC2086
        run as_user "$AUTOBACKUP" $words && assert_status 0
    done
}

goes_on() {    # WHAT KEPT: the next copy finds so many bytes there
    run as_user "$AUTOBACKUP" copy acme/spot footage WORK NAS --json
    [ "$STATUS" = 0 ] || violation "the next copy ends with $STATUS"
    grep -q "\"bytes_kept\":$2[,}]" "$OUT" || violation "$(grep -o '"bytes_kept":[0-9]*' "$OUT"), not $2"
    diff -r WORK/$SPOT NAS/$SPOT || violation "the copy is not whole"
    [ -z "$(find NAS -name '.autobackup-*' -o -name '*.open')" ] || violation "left: $(find NAS -name '.autobackup-*')"
    conclude "$1"
}

# A mount that says all files are one user's: what we began is ours all the same.
fault_resumed_where_owners_are_mapped() {
    need_root
    local mapped=$FAULT_TOOLS/../filesystems/mapped server
    [ -x "$mapped" ] || skip "no filesystem that maps owners: make $mapped"
    mkdir -p NAS behind
    "$mapped" behind NAS &
    server=$!
    until mountpoint -q NAS; do kill -0 "$server" || skip "no FUSE here"; done
    mkdir -p WORK/$SPOT
    bytes 80000000 >WORK/$SPOT/reel
    touch -d 2025-01-01 WORK/$SPOT/reel
    export AUTOBACKUP_CATALOG=$PWD/catalog.db
    ok add database WORK WORK
    ok add database NAS NAS
    ok add category footage footage
    ok load
    run env LD_PRELOAD="$FAULT_SHIM" FAULTS="write,pwrite */.autobackup-p-* 30 1 kill" \
        "$AUTOBACKUP" copy acme/spot footage WORK NAS
    [ "$STATUS" = 137 ] || violation "it was not killed"
    ab copy acme/spot footage WORK NAS --json
    [ "$STATUS" = 0 ] || violation "the next copy ends with $STATUS"
    grep -q '"bytes_kept":[1-9]' "$OUT" || violation "nothing of it was kept"
    diff -r WORK/$SPOT NAS/$SPOT || violation "the copy is not whole"
    [ -z "$(find NAS -name '.autobackup-*' -o -name '*.open')" ] || violation "left: $(find NAS -name '.autobackup-*')"
    conclude "a large file goes on where owners are mapped"
    umount NAS
    wait "$server"
}
on_resumed_where_owners_are_mapped=ext4
