# One call fails, with every error there is, about one file in the midst of fifty: the other 49 arrive, and what did not is
# named.

# CALL WHAT IT IS ABOUT (W: the source's folder, N: the destination's, V: the versions)
CALLS="
openat      W/f25
read,pread  W/f25
getxattr    W/f25
openat      N/.autobackup-*
write,pwrite N/.autobackup-*
fallocate   N/.autobackup-*
ftruncate   N/.autobackup-*
fsync       N/.autobackup-*
fchown      N/.autobackup-*
fchmod      N/.autobackup-*
setxattr    N/.autobackup-*
utimensat   N/.autobackup-*
close       N/.autobackup-*
renameat2   N/f*
linkat      V/f*
unlinkat    N/.autobackup-*
"

errors() {    # CALL PATH: all there are; in a short run what a broken disk says, and a full one where it is written to
    if [ -n "${FULL:-}" ]; then
        python3 -c 'import errno; print(*sorted(errno.errorcode.values()))'
        return
    fi
    echo EIO
    case $1:$2 in *:W/* | fchown:* | fchmod:* | utimensat:* | unlinkat:*) ;; *) echo ENOSPC ;; esac
}

# f01 to f25 have another content at the destination, f26 to f50 are new there.
fifty() {
    local n
    need setfattr sqlite3
    mkdir -p WORK/$REPLICA NAS/$REPLICA
    bytes $((50 * 3000)) | split -b 3000 -a 2 --numeric-suffixes=1 - WORK/$REPLICA/f
    bytes $((25 * 2000)) | split -b 2000 -a 2 --numeric-suffixes=1 - NAS/$REPLICA/f
    for n in {01..50}; do printf '# file: WORK/%s/f%s\nuser.note="of %s"\n\n' "$REPLICA" "$n" "$n"; done | setfattr --restore=-
    chmod 640 WORK/$REPLICA/*
    (cd WORK/$REPLICA && sha256sum f*) >digests
    [ "$(wc -l <digests)" = 50 ] || fail "these are not fifty"
    touch -d '2020-01-01 10:00' NAS/$REPLICA/*
    touch -d '2020-06-01 10:00' WORK/$REPLICA/*
    ! is_root || chown 4711:4711 WORK/$REPLICA/*
    known_studio
}

missing() {    # names at NAS that do not have the content of WORK
    local digests=$PWD/digests
    (cd NAS/$REPLICA && sha256sum --check --quiet "$digests" 2>/dev/null || :) | sed -n 's/: FAILED.*//p'
}

# A time that the destination refuses is left out and said: the file has another one then.
is_refused_time() { [ "$1" = utimensat ] && [[ " EPERM EACCES EOPNOTSUPP ENOSYS EINVAL EOVERFLOW E2BIG ERANGE ENAMETOOLONG ENODATA " == *" $2 "* ]]; }

strike_one() {    # CALL PATH ERRNO
    local n missed
    ! is_refused_time "$1" "$3" || return 0
    for n in ${FULL:+1} 12 $([ -n "${FULL:-}" ] || echo 1); do    # in the midst, and among the first ones
        reset
        shim "$1 $2 $n 1 errno=$3"
        strike "${SHIM[@]}"
        [ "$(hits 1)" != 0 ] || continue
        missed=$(missing)
        case $(wc -w <<<"$missed") in
            0) ;;
            1)
                [ "$STATUS" = 3 ] || violation "status $STATUS"
                grep -aq "$missed" "$OUT" "$ERR" || violation "$missed is not named: $(head -c 300 "$ERR")"
                ;;
            *) violation "$(wc -w <<<"$missed") did not arrive: $(head -c 300 "$ERR")" ;;
        esac
        judge "one $1: $3"
        [ -n "${FULL:-}" ] || break    # the first ones are for what is not called as often
    done
}

fault_one_file() {
    local call path errno few
    SCENARIO=(copy acme/spot footage WORK NAS)
    DIFFER=-rnci    # attributes that were refused are left out; what a name has of content is what counts here
    filesystem "$KIND"
    fifty
    while read -r call path; do
        [ "$call" != fchown ] || is_root || continue
        few=$(errors "$call" "$path")
        path=${path/#W/$PWD/WORK/$REPLICA}
        path=${path/#N/$PWD/NAS/$REPLICA}
        path=${path/#V/$PWD/NAS/.autobackup/versions/*}
        for errno in $few; do strike_one "$call" "$path" "$errno"; done
    done < <(grep . <<<"$CALLS")
}
