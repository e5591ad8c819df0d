# Sections load and memory: reading a disk into the catalog.
# shellcheck shell=bash
# shellcheck disable=SC2154,SC2034

# new_catalog FILE TREE: knows the database and its categories and has not read it yet.
new_catalog() {
    rm -f "$1" "$1"-*
    AB=("$program" --no-config --catalog "$1")
    "${AB[@]}" add database BENCH "$2" >/dev/null
    local path
    for path in scratch/render scratch/cache footage project; do
        "${AB[@]}" add category "${path##*/}" "$path" >/dev/null
    done
}

# What every load row needs: $empty and $loaded, catalogs of $tree. Says so when the program saw another tree than
# the floor.
load_catalogs() {
    local seen counted
    empty=$work/empty.db loaded=$work/loaded.db new=$work/new.db
    new_catalog "$empty" "$tree"
    rm -f "$loaded" "$loaded"-*
    cp "$empty" "$loaded"
    "$program" --no-config --catalog "$loaded" load >/dev/null
    seen=$("$program" --no-config --catalog "$loaded" list databases --json |
        sed -n 's/.*"files":\([0-9]*\).*/\1/p')
    counted=$("$tools/floor" "$tree" | cut -d ' ' -f 1)
    [ "$((counted - 1))" = "$seen" ] ||    # the marker is no file of a project
        note "load saw $seen files of $tree, the floor $counted (with the marker)"
}

forget() {    # NAME: what the command is about to make anew
    case $1 in
        'load, new catalog') rm -f "$new" "$new"-* && cp "$empty" "$new" ;;
        updatedb) rm -f "$work/plocate.db" ;;
    esac
}

before_warm() { forget "$1" && warm "$tree"; }
before_cold() { forget "$1" && drop_caches; }

load_peers() {
    peer floor "$tools/floor" "$tree"
    peer 'load, new catalog' "$program" --no-config --catalog "$new" load
    peer 'load, unchanged' "$program" --no-config --catalog "$loaded" load
    peer 'du -s' du -s "$tree"
    peer find find "$tree" -type f -printf '%s %T@ %p\n'
    peer_if bfs bfs bfs "$tree" -type f -printf '%s %T@ %p\n'
    mkdir -p "$work/nothing"
    peer_if rsync 'rsync -an' rsync -an "$tree/" "$work/nothing/"
    peer_if gdu gdu gdu -n -p -c "$tree"
    peer_if rclone 'rclone size' rclone size "$tree" -q
    peer_if updatedb.plocate updatedb updatedb.plocate -U "$tree" -o "$work/plocate.db" -l no \
        --prune-bind-mounts no --prunefs '' --prunepaths '' --prunenames ''
}

section_load() {
    make_tree "$files" || return 0
    load_catalogs
    group "load $files files, warm" before_warm
    load_peers
    take_turns
    if can_drop_caches; then
        group "load $files files, cold" before_cold
        load_peers
        peer 'floor, 8 threads' "$tools/floor" -j 8 "$tree"
        take_turns
    else
        note "cold rows skipped: they need root and BENCH_COLD other than 0"
    fi
}

section_memory() {
    local size
    for size in $sizes; do
        make_tree "$size" || continue
        load_catalogs
        group "memory $size files" before_warm
        peer 'load, new catalog' "$program" --no-config --catalog "$new" load
        peer 'load, unchanged' "$program" --no-config --catalog "$loaded" load
        take_turns 1
        [ -n "${BENCH_KEEP:-}" ] || [ "$size" = "$files" ] || rm -rf "$tree" "$dir/made-$size"
    done
}
