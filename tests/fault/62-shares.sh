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
