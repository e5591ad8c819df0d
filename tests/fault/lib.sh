# What the fault tests share. Sourced by run.sh before the script; each fault runs in a shell of its own, in an empty
# folder $PWD, as root on a tmpfs of its own. The oracle is never this program: find, sha256sum, xxh128sum, rsync, sqlite3.
. ../e2e/lib.sh

REPLICA=footage/acme/spot
# What the faults strike, the tree that NAS equals when it is done, and the statuses with which a rerun may end: a
# function can set others, with OLD and NEW for the states of each file before and after (studio, 75-commands.sh).
SCENARIO=(copy acme/spot footage WORK NAS --mirror)
GOAL=WORK/$REPLICA
RERUN=0

# --- the filesystems ---

image() {    # KIND FILE [MKFS OPTIONS]: a small filesystem in a file
    local kind=$1 file=$2
    shift 2
    case $kind in
        ext4) truncate -s "${SIZE:-64M}" "$file"; mkfs.ext4 -q -F "$@" "$file" ;;
        xfs) truncate -s "${SIZE:-300M}" "$file"; mkfs.xfs -q -f "$@" "$file" ;;
        btrfs) truncate -s "${SIZE:-160M}" "$file"; mkfs.btrfs -q -f "$@" "$file" >/dev/null ;;
    esac
}

filesystem() {    # KIND [MKFS OPTIONS]: NAS is a new one, or a folder of the disk here
    local kind=$1
    shift
    mkdir -p NAS
    if [ "$kind" = here ]; then
        setfattr -n user.try -v yes NAS 2>/dev/null || skip "no extended attributes here"
        setfattr -x user.try NAS
        return
    fi
    if [ "$kind" = tmpfs ]; then
        mount -t tmpfs -o size="${SIZE:-256M}" tmpfs NAS
        return
    fi
    need "mkfs.$kind"
    image "$kind" NAS.img "$@"
    mount -o loop NAS.img NAS || skip "no $kind here"
    rm -rf NAS/lost+found
}

# --- the studio: WORK is the source, NAS has an old state of it ---

bytes() { head -c "$1" /dev/urandom; }    # COUNT

old_files() {    # what NAS has, below $PWD
    local n
    mkdir -p changed same gone/deeper links
    for n in 1 2 3 4 5; do bytes $((n * 7000)) >"changed/take $n.mov"; done
    for n in 1 2; do bytes 3000 >"same/$n"; bytes 2000 >"gone/deeper/$n"; done
    bytes 9000 >links/a
    ln links/a links/b
    ln -s "old target" changed/symlink
    bytes 500 >same/mode
    find . -exec touch -h -d '2020-01-01 10:00' {} +
}

new_files() {    # from there to what WORK has
    local n
    rm -r gone links/a
    for n in 1 2 3 4 5; do bytes $((n * 8000)) >"changed/take $n.mov"; done
    ln -sf "new target" changed/symlink
    bytes 10000 >links/a
    ln -f links/a links/b
    ln links/a links/c
    mkdir -p fresh/deep/er fresh/empty
    for n in 1 2 3 4 5 6 7 8; do bytes $((n * 1000)) >"fresh/deep/er/frame.$n"; done
    bytes 3300000 >fresh/large
    : >fresh/nothing
    truncate -s 2M fresh/sparse
    bytes 5000 >>fresh/sparse
    mkfifo fresh/fifo
    ln -s nowhere fresh/deep/symlink
    setfattr -n user.note -v kept fresh/deep/er/frame.1
    chmod 640 same/mode
    find . -newermt 2020-02-01 -exec touch -h -d '2020-06-01 10:00' {} +
}

# Templates: old (NAS), WORK, catalog.old, and the snapshots OLD and NEW. The files are those that run.sh had made once for all
# faults: a process for each file in each fault is most of what a fault would take.
studio() {
    need strace xxh128sum sqlite3 rsync setfattr lua5.4
    mkdir -p WORK NAS
    cp -a "$FAULT_STUDIO/WORK/." WORK/
    cp -a "$FAULT_STUDIO/NAS/." NAS/
    known_studio
}

make_studio() {    # in $PWD, once
    need setfattr
    mkdir -p WORK/$REPLICA
    (cd WORK/$REPLICA && old_files)
    mkdir -p NAS/footage/acme
    cp -a WORK/$REPLICA NAS/footage/acme/
    (cd WORK/$REPLICA && new_files)
}

# The program gets to know WORK and NAS as they are; this is what reset goes back to.
known_studio() {
    export AUTOBACKUP_CATALOG=$PWD/catalog.db
    ok add database WORK WORK
    ok add database NAS NAS
    ok add category footage footage
    ok load
    snapshot NAS/$REPLICA >OLD
    snapshot WORK/$REPLICA >NEW
    cp NEW SOURCE
    keep_state
}

# What reset goes back to: NAS and the catalog as they are now.
keep_state() {
    rm -rf old catalog.old
    mkdir old catalog.old
    cp -a NAS/. old/
    cp catalog.db* catalog.old/
    sqlite3 catalog.db "SELECT id FROM operation" >known
}

# Everything as it was before the fault.
reset() {
    find NAS -mindepth 1 -delete 2>/dev/null || :    # what is mounted below stays
    cp -a old/. NAS/
    rm -f catalog.db*
    cp catalog.old/* .
}

# For faults after which the filesystem is mounted again: the image as it is now becomes the template.
keep_image() {
    umount NAS
    mv NAS.img NAS.template
}

fresh_image() {    # NAS is that template again
    ! mountpoint -q NAS || umount NAS
    cp --sparse=always NAS.template NAS.img
    mount -o loop NAS.img NAS
    rm -f catalog.db*
    cp catalog.old/* .
}

# Unmounted, and mounted again with what reached the disk. What is not synced on a living filesystem is, so: only after
# a shutdown or an error.
mount_again() {
    umount NAS || violation "cannot be unmounted"
    mount -o loop NAS.img NAS || violation "cannot be mounted again"
}

# --- a disk of our own below the filesystem: disk.c ---

start_disk() {    # [ENVIRONMENT...]: NAS on a fresh one
    cp --sparse=always NAS.template disk.img
    mkdir -p disk
    env "$@" "$FAULT_TOOLS/disk" serve "$PWD/disk" disk.img disk.log &
    SERVER=$!
    until mountpoint -q disk; do kill -0 "$SERVER" || skip "no FUSE here"; pause 0.02; done
    DISK=$(losetup --find --show disk/image)
    echo 512 >"/sys/block/${DISK#/dev/}/queue/max_sectors_kb"    # one request of the disk each
    mount ${MOUNT_OPTIONS:+-o "$MOUNT_OPTIONS"} "$DISK" NAS || fail "cannot be mounted"
    losetup --detach "$DISK"    # once it is unmounted
    rm -f catalog.db*
    cp catalog.old/* .
}

stop_disk() {
    umount NAS
    until umount disk 2>/dev/null; do pause 0.02; done
    wait
}

# --- the oracle ---

OURS=(-name .autobackup -o -name '.autobackup-*')

# PATH<tab>WHAT for each that is no folder of what find finds, by one process for all of them: the time, size and SHA-256 of a
# file, type and target of another.
states() {    # WORDS OF FIND...: where, and tests that its list goes on from
    local list=$TMPDIR/states.$BASHPID
    find "$@" \( -type f -fprintf "$list" '%y\t%p\t%T@ %s\n' -exec sha256sum {} + \
        -o ! -type d -fprintf "$list" '%y\t%p\t%y %l\n' \) |
        awk -F '\t' '
            !listing { digest[substr($0, 67)] = substr($0, 1, 64); next }
            { path = $2; sub(/^\.\//, "", path) }
            $1 != "f" { print path "\t" $3; next }
            $2 in digest { print path "\t" $3 " " digest[$2] }' listing= - listing=1 "$list"
}

snapshot() {    # FOLDER: the states below it, sorted, without ours
    [ -d "$1" ] || return 0
    (cd "$1" && states . \( "${OURS[@]}" \) -prune -o) | LC_ALL=C sort
}

violation() {    # TEXT
    VIOLATIONS+=("$*")
}

# Every name holds its old or its new state, whole; every old state is in place or a version. What lies in the versions counts
# whatever operation put it there, and so does the old file of an interrupted exchange under a temp's name, which the next copy
# rescues. With a source also: it is as it was.
check_names() {    # DATABASE [SOURCE]
    local text
    while read -r text; do violation "$1: $text"; done < <(
        states "$1" ${2:+"$2/$REPLICA"} ! -name '.autobackup-[!x]*' \( -path "$1/$REPLICA/*" \
            -o -path "$1/.autobackup/versions/*" -o -name '.autobackup-x-*' ${2:+-o -path "$2/$REPLICA/*"} \) |
        awk -F '\t' -v replica="$REPLICA/" -v now_at="$1/$REPLICA/" -v versions_at="$1/.autobackup/versions/" \
            -v source_at="${2:+$2/$REPLICA/}" '
            function is(set, p, what) { return p in set && set[p] == what }
            function below(folder) { return folder != "" && index($1, folder) == 1 }
            function rest(folder) { return substr($1, length(folder) + 1) }
            function ours(p) { return p ~ /(^|\/)\.autobackup(-[^\/]*)?(\/|$)/ }
            FILENAME == ARGV[1] { old[$1] = $2; next }
            FILENAME == ARGV[2] { new[$1]; news[$0]; next }    # more than one state, where the source changed
            FILENAME == ARGV[3] { source[$1] = $2; next }
            $1 ~ /(^|\/)\.autobackup-x-[^\/]*$/ { if ($2 ~ /^(-?[0-9]|l )/) kept[$2] = 1; next }
            below(source_at) { if (!ours(rest(source_at))) source_now[rest(source_at)] = $2; next }
            below(now_at) { if (!ours(rest(now_at))) now[rest(now_at)] = $2; next }
            below(versions_at) {
                p = rest(versions_at)
                sub(/^[^.\/][^\/]*\//, "", p)
                if (index(p, replica) == 1 && !ours(p)) kept[$2] = 1
            }
            END {
                for (p in now)
                    if (!is(old, p, now[p]) && !(p FS now[p] in news)) print "torn: " p ": " now[p]
                for (p in old) {
                    if (!(p in now) && (p in new)) print "without a file: " p
                    if (!is(now, p, old[p]) && !(old[p] in kept)) print "lost: " p ": " old[p]
                }
                if (source_at == "") exit
                for (p in source) if (!is(source_now, p, source[p])) print "the source changed: " p
                for (p in source_now) if (!(p in source)) print "the source has more: " p
            }' OLD NEW SOURCE -)
}

DIFFER=-anciHAX

differences() {    # DATABASE: from the goal, as rsync sees them; ours left out
    rsync "$DIFFER" --delete --exclude='.autobackup*' "$GOAL/" "$1/$REPLICA/" 2>&1 || echo "rsync ends with $?"
}

records() { lua5.4 "$FAULT_FOLDER/manifest.lua" "$1"; }    # MANIFEST

# A record that does not is damaged, and ends the manifest for everyone.
record_holds() {    # MANIFEST FROM SIZE CHECK
    [ "$(tail -c "+$2" "$1" | head -c "$3" | xxhsum -H3 | sed 's/.*= //')" = "$4" ]
}

# By path the XXH3-128 of each file, all by one process: DIGESTS.
take_digests() {    # FOLDER
    local digest path
    DIGESTS=()
    while read -r digest path; do
        DIGESTS[${path#./}]=$digest
    done < <(cd "$1" 2>/dev/null && find . -type f -exec xxh128sum {} + 2>/dev/null)
}

# What the manifests and the catalog call done is there. Operations from before the fault are not looked at.
check_books() {    # DATABASE
    local manifest verb state digest path from size check differ id known
    local -A DIGESTS
    known=$'\n'$(<known)$'\n'
    differ=$(differences "$1")
    take_digests "$1/$REPLICA"
    for manifest in "$1"/.autobackup/operations/2*; do
        [ -f "$manifest" ] || continue
        id=${manifest##*/}
        [[ $known != *$'\n'"${id%.open}"$'\n'* ]] || continue
        while IFS=$'\t' read -r verb state path from size check; do
            case $verb in
                taken)
                    digest=${DIGESTS[$path]:-missing}
                    [ "$digest" != "$state" ] || continue
                    record_holds "$manifest" "$from" "$size" "$check" || break
                    violation "manifest says taken: $path, $state, but it is $digest"
                    ;;
                end)
                    [ "$state" = done ] && [ -n "$differ" ] || continue
                    record_holds "$manifest" "$from" "$size" "$check" || break
                    violation "manifest says done, but: $differ"
                    ;;
            esac
        done < <(records "$manifest")
    done
    sqlite3 -readonly -cmd '.timeout 30000' catalog.db "SELECT id, state FROM operation WHERE target = '$1'" >states 2>&1 ||
        violation "the catalog cannot be read: $(cat states)"
    while IFS='|' read -r id state; do
        [[ $known == *$'\n'"$id"$'\n'* ]] || [ "$state" != done ] || [ -z "$differ" ] ||
            violation "the catalog says done, but: $differ"
    done <states
}

# Nothing is left that a clean disk would not have.
check_clean() {    # DATABASE
    local found
    found=$(differences "$1")
    [ -z "$found" ] || violation "after the rerun $1 is not what it should be: $found"
    found=$(find "$1" -path "$1/.autobackup/versions" -prune -o -path "$1/${SWEPT_LATER:--}" -prune -o \
        \( -name '.autobackup-*' -o -name '*.open' \) -print)
    [ -z "$found" ] || violation "after the rerun there is left: $found"
}

# --- a run with a fault, and what must hold after it ---

must_equal() {    # WHO SAYS SO
    local found
    found=$(differences NAS)
    [ -z "$found" ] || violation "$1, but: $found"
}

# The program under a fault: strike WORDS... prefixes $AUTOBACKUP and the scenario; its status is $STATUS. With $MOVING
# the trees change still, and are not compared at once.
strike() {
    STATUS=0
    LAST="$* $AUTOBACKUP ${SCENARIO[*]}"
    timeout -k 5 "${HANG:-60}" "$@" "$AUTOBACKUP" "${SCENARIO[@]}" >"$OUT" 2>"$ERR" </dev/null || STATUS=$?
    case $STATUS in
        124) violation "hangs" ;;
        134 | 135 | 136 | 139) violation "crashes with status $STATUS" ;;
        0) [ -n "${MOVING:-}" ] || must_equal "status 0" ;;
    esac
    [ -s "$ERR" ] && grep -aq -e Sanitizer -e 'stack traceback' -e 'runtime error' "$ERR" && violation "a crash or a traceback"
    return 0
}

rerun() {
    local status=0
    timeout -k 5 60 "$AUTOBACKUP" "${SCENARIO[@]}" >"$OUT.rerun" 2>"$ERR.rerun" </dev/null || status=$?
    [[ " $RERUN " == *" $status "* ]] || violation "the rerun ends with $status: $(head -c 500 "$ERR.rerun")"
}

# The invariants, then a rerun, then the end state. One row of the table gets one run more.
judge() {    # FAULT
    check_names NAS
    check_books NAS
    rerun
    # Where the rerun finds nothing to do and writes nothing, the next copy removes what the dead left.
    [ -z "${SWEEPER:-}" ] || "$AUTOBACKUP" $SWEEPER >"$OUT.sweeper" 2>&1 || violation "$SWEEPER ends with $?"
    check_clean NAS
    check_names NAS WORK
    conclude "$1"
}

conclude() {    # FAULT
    printf '%s\t%s\t%s\n' "$1" "$KIND" "${#VIOLATIONS[@]}" >>"$TALLY"
    if [ ${#VIOLATIONS[@]} -gt 0 ]; then
        printf '\nVIOLATION: %s on %s: %s -> %s\n' "$1" "$KIND" "$LAST" "$STATUS"
        printf '    %s\n' "${VIOLATIONS[@]:0:20}"
        sed 's/^/    stderr: /; 10q' "$ERR"
        [ -z "${KEEP:-}" ] || exit 1
    fi
    VIOLATIONS=()
}
VIOLATIONS=()

# The same for a fault that the oracle must find.
must_have_found() {    # WHAT
    local found=${#VIOLATIONS[@]}
    VIOLATIONS=()
    [ "$found" -gt 0 ] || violation "the oracle is blind"
    conclude "control: $1"
}

# --- several destinations: NAS as above, and STORAGE ---

two_destinations() {
    filesystem "$KIND"
    mkdir STORAGE
    studio
    SCENARIO=(copy acme/spot footage WORK NAS STORAGE --mirror)
    mkdir -p STORAGE/footage/acme
    cp -a old/$REPLICA STORAGE/footage/acme/
    ok add database STORAGE STORAGE
    ok load STORAGE
    cp -a STORAGE old.storage
    keep_state
}

reset_both() {
    reset
    rm -rf STORAGE
    cp -a old.storage STORAGE
}

judge_both() {    # FAULT
    check_names NAS
    check_books NAS
    check_names STORAGE
    check_books STORAGE
    rerun
    check_clean NAS
    check_clean STORAGE
    check_names NAS
    check_names STORAGE WORK
    conclude "$1"
}

others_are_complete() {
    [ "$STATUS" != 0 ] || must_equal "status 0"
    local found
    found=$(differences STORAGE)
    [ -z "$found" ] || violation "NAS failed, and STORAGE is not complete: $found"
}

# --- points and the shim ---

# Numbers for "every n-th": all in the full form, these (3 and 25) in the short one.
points() {    # MOST [OF THE SHORT FORM...]
    local most=$1
    shift
    [ $# -gt 0 ] || set -- 3 25
    if [ -n "${FULL:-}" ]; then seq "$most"; else printf '%s\n' "$@"; fi
}

shim() {    # SPECS...: prefix of a run with these faults
    local IFS=';'
    [ ! -e hits.1 ] && [ ! -e hits.2 ] || rm -f hits.*
    SHIM=(env "LD_PRELOAD=$FAULT_SHIM" "FAULTS=$*" "FAULT_HITS=$PWD/hits")
}

hits() {    # NUMBER OF THE SPEC
    local marks=
    [ ! -f "hits.$1" ] || marks=$(<"hits.$1")
    echo ${#marks}
}

script() {    # NAME COMMANDS: a program $PWD/NAME that runs them here
    printf '#!/bin/bash\ncd %q\n%s\n' "$PWD" "$2" >"$1"
    chmod +x "$1"
}
