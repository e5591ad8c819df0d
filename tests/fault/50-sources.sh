# Sources that change while they are read, and directories that become symlinks under the program's feet.

LARGE=WORK/$REPLICA/fresh/large

# The file is changed right before the n-th call; what arrives is one of its states, whole, or nothing.
fault_changing_source() {
    local what when n
    filesystem "$KIND"
    studio
    cp -a WORK work.template
    cp NEW NEW.template
    change grow "head -c 5000 /dev/urandom >>$LARGE"
    change shrink "truncate -s 1500000 $LARGE"
    change empty "truncate -s 0 $LARGE"
    change replace "head -c 3300000 /dev/urandom >large; touch -r $LARGE large; mv large $LARGE"
    change rewrite "touch -r $LARGE time; head -c 3300000 /dev/urandom | dd of=$LARGE bs=64k conv=notrunc
        touch -r time $LARGE"
    change remove "rm -f $LARGE"
    change rename "mv $LARGE $LARGE.renamed"
    change mode "chmod 600 $LARGE; setfattr -n user.x -v y $LARGE"
    for what in grow shrink empty replace rewrite remove rename mode; do
        for when in "read,pread $PWD/$LARGE" "renameat2 $PWD/NAS/${LARGE#*/}" "openat $PWD/$LARGE" \
            "close $PWD/$LARGE"; do
            [ -n "${FULL:-}" ] || [[ $when == re* ]] || continue
            for n in $(source_points); do
                reset_source
                shim "$when $n 1 run=$PWD/$what"
                strike_changing "$what" "${when%% *}"
                [ "$(hits 1)" -gt 0 ] || break
            done
        done
    done
}

source_points() { if [ -n "${FULL:-}" ]; then seq 12; else [[ $when == read* ]] && echo 2 || echo 1; fi; }

# It never comes to rest.
fault_restless_source() {
    local what
    filesystem "$KIND"
    studio
    cp -a WORK work.template
    cp NEW NEW.template
    change grow "echo more >>$LARGE"
    change rewrite "touch -r $LARGE time; date +%N%N | dd of=$LARGE bs=1 seek=\$((RANDOM * 90)) conv=notrunc
        touch -r time $LARGE"
    for what in grow rewrite; do
        reset_source
        shim "read,pread $PWD/$LARGE 1 0 run=$PWD/$what"
        strike_changing "$what" read "without end"
    done
}

change() {    # NAME COMMANDS: a program that changes the source, and notes its new state as one that may arrive
    script "$1" "{ $2; } 2>/dev/null
        here=\$PWD; cd $FAULT_FOLDER; . ./lib.sh; cd \"\$here\"; snapshot WORK/$REPLICA >>NEW"
}

reset_source() {
    reset
    rm -rf WORK
    cp -a work.template WORK
    cp NEW.template NEW
}

# After the last look at the source (its close) a change is of no concern to this copy. One that leaves size and time as
# they were is not seen by the next copy either, as by no program that compares those: what arrived stays whole.
strike_changing() {    # WHAT CALL [HOW]
    MOVING=1 strike "${SHIM[@]}"
    case $STATUS in 0 | 3) ;; *) violation "status $STATUS" ;; esac
    check_names NAS
    rerun
    DIFFER=-anciHAX
    case $1:$2 in replace:close | rewrite:close | replace:renameat2 | rewrite:renameat2) DIFFER=-aniHAX ;; esac
    check_clean NAS
    check_names NAS
    conclude "a source changes during the copy: $1${3:+ $3}"
}

# A symlink to a tree outside takes the place of a directory, again and again: nothing there is read or touched.
fault_swapped_directories() {
    local side i pid swaps=0
    filesystem "$KIND"
    studio
    plant_canary
    for side in WORK NAS; do
        for i in $(times 2); do
            reset
            ln -sfn "$PWD/canary" "$side/swap"
            "$FAULT_TOOLS/swap" "$side/$REPLICA/changed" "$side/swap" >swaps &
            pid=$!
            MOVING=1 HANG=120 strike env
            kill "$pid"
            wait "$pid" || fail "swap failed"
            swaps=$((swaps + $(cat swaps)))
            check_canary
            check_swapped
            rm "$side/swap"
            rerun
            check_clean NAS
            conclude "a symlink swapped for a directory of $side"
        done
    done
    [ "$swaps" -ge 10000 ] || violation "only $swaps swaps"
    conclude "it was swapped at least 10000 times"
}

# What a mirror met as a symlink is one at the destination too, and all that lay in the folder is kept. Where the folder was back
# when its turn came, or that of a name in it, it stays, which is told; what went until then is kept, and comes back with the next
# run.
check_swapped() {
    cp NEW NEW.folder
    if [ "$side" = WORK ] && [ -L "NAS/$REPLICA/changed" ]; then
        { grep -av '^changed/' NEW.folder; printf 'changed\tl %s\n' "$PWD/canary"; } >NEW
    elif [ "$side" = WORK ] &&
        grep -Eq '/changed: (a folder at the source by now|not all that is in it could go to the versions).*run it again' "$ERR"; then
        grep -av '^changed/' NEW.folder >NEW
    fi
    check_names NAS
    mv NEW.folder NEW
}

times() { if [ -n "${FULL:-}" ]; then seq 50; else seq "$1"; fi; }    # IN THE SHORT FORM

# The same names as in the directory, other content.
plant_canary() {
    local n
    mkdir canary
    for n in 1 2 3 4 5; do echo "outside $n" >"canary/take $n.mov"; done
    ln -s outside canary/symlink
    canary_state >canary.before
}

canary_state() { find canary -printf '%p %y %i %m %s %T@ %C@ %l\n' | sort; }

check_canary() {
    canary_state | cmp -s - canary.before || violation "the tree outside was touched"
    ! grep -rqs outside NAS/footage NAS/.autobackup/versions || violation "the tree outside was copied"
}
