# Section copy: small and large files to fresh filesystems, and the rows that follow from them.
# shellcheck shell=bash
# shellcheck disable=SC2154,SC2034

project=client-00/spot-0000

# make_source NAME FILES SIZES: sets $source (a database with one replica of filled files), $count and $total, its
# files and bytes; the catalog $template knows it and has loaded it.
make_source() {
    source=$dir/tree-$1
    if [ ! -e "$dir/made-$1" ]; then
        say "   making $2 files of $3 bytes"
        rm -rf "$source"
        "$tools/maketree" --fill --one 0 --size "$3" "$source" "$2"
        touch "$dir/made-$1"
        sync -f "$dir"
    fi
    total=$("$tools/floor" "$source/scratch" | cut -d ' ' -f 2)
    count=$("$tools/floor" "$source/scratch" | cut -d ' ' -f 1)
    template=$work/template.db
    new_catalog "$template" "$source"
    "${AB[@]}" load >/dev/null
}

warm_source() { find "$source/scratch" -type f -exec cat {} + >/dev/null; }

# room_for TIMES: is there memory for that many copies in images, besides the source's cache?
room_for() {
    local need=$((total * ($1 + 1) + (total * $1 / 4) + (600 << 20))) free
    free=$(($(awk '/MemAvailable/ { print $2 }' /proc/meminfo) * 1024))
    [ "$(($(df --output=avail -B 1 "$shm" | tail -n 1)))" -ge "$free" ] ||
        free=$(df --output=avail -B 1 "$shm" | tail -n 1)
    [ "$free" -ge "$need" ]
}

megabytes() { echo $((total * 5 / 4 / 1048576 + 600)); }
fresh_target() { fresh "$1" "$images/${2:-NAS}" "$(megabytes)" $((count * 2 + 20000)); }    # FS [NAME]

# The catalog of a timed copy: knows the source well and the fresh targets by name.
fresh_catalog() {    # TARGET...
    local target
    rm -f "$work/copy.db" "$work/copy.db"-*
    cp "$template" "$work/copy.db"
    AB=("$program" --no-config --catalog "$work/copy.db")
    for target; do
        "${AB[@]}" add database "$target" "$images/$target" >/dev/null
    done
}

# Did it all arrive? Whoever copied less was not faster.
check_target() {    # GROUP NAME
    local there
    there=$("$tools/floor" "$images/NAS/scratch" | cut -d ' ' -f 1)
    [ "$there" = "$count" ] || note "$1: $2 copied $there of $count files"
}

# copy_once GROUP AGAIN(yes|no) NAME COMMAND...: to a fresh filesystem with a warm source; if wanted, once more.
copy_once() {
    local group=$1 again=$2 name=$3
    shift 3
    fresh_target "${group%%,*}"
    fresh_catalog NAS
    warm_source
    bytes=$total
    sample "copy to $group" "$name" "$@"
    check_target "$group" "$name"
    if [ "$again" = yes ]; then
        warm_source
        bytes=0
        sample "copy again to $group" "$name" "$@"
    fi
}

copy_peers() {    # GROUP: one turn of each
    local to=$images/NAS
    copy_once "$1" yes autobackup "$program" --no-config --catalog "$work/copy.db" copy "$project" render BENCH NAS
    copy_once "$1" no 'cp -a' cp -a "$source/scratch" "$to/"
    # shellcheck disable=SC2016
    copy_once "$1" no 'cp -a, sync -f' sh -c 'cp -a "$1" "$2" && sync -f "$2"' - "$source/scratch" "$to/"
    copy_once "$1" no 'tar | tar' sh -c "tar -C '$source' -cf - scratch | tar -C '$to' -xf -"
    ! has rsync || copy_once "$1" yes 'rsync -a' rsync -a --whole-file "$source/scratch" "$to/"
    ! has rclone || copy_once "$1" yes 'rclone sync' rclone sync -q "$source/scratch" "$to/scratch"
}

copy_workers() {    # GROUP
    local jobs
    for jobs in 1 2 4; do
        copy_once "$1, workers" no "autobackup, $jobs" "$program" --no-config --catalog "$work/copy.db" \
            copy "$project" render BENCH NAS --jobs "$jobs"
    done
}

copy_groups() {    # WHAT: "small files" or "large files"
    local fs run
    room_for 2 || { note "copy of $1 skipped: not enough memory for images in $shm"; return 0; }
    for fs in $copy_fs; do
        has "mkfs.$fs" || { note "mkfs.$fs is not installed"; continue; }
        for ((run = 1; run <= runs; run++)); do
            copy_peers "$fs, $1"
            [ "$fs" != ext4 ] || copy_workers "$fs, $1"
        done
    done
    bytes=0
}

# ---- one source, two destinations ----

before_two() {    # NAME
    fresh_target ext4 NAS
    fresh_target ext4 STORAGE
    fresh_catalog NAS STORAGE
    if [ "$two_cold" = yes ]; then
        drop_caches
    else
        warm_source
    fi
}

two_destinations() {    # GROUP
    local copy
    copy=$(printf '%q ' "$program" --no-config --catalog "$work/copy.db" copy "$project" render BENCH)
    group "$1" before_two
    peer 'one copy to both' sh -c "$copy NAS STORAGE"
    peer 'two copies' sh -c "$copy NAS && $copy STORAGE"
    take_turns
}

section_two() {
    room_for 4 || { note "two destinations skipped: not enough memory for images in $shm"; return 0; }
    bytes=$total two_cold=no
    two_destinations 'two destinations, warm'
    two_cold=yes
    ! can_drop_caches || two_destinations 'two destinations, cold'
    bytes=0
}

# ---- reading back ----

verify_before() {
    if [ "$verify_cold" = yes ]; then
        drop_caches
    else
        find "$images/NAS/scratch" -type f -exec cat {} + >/dev/null
    fi
}

# verify reads past the page cache to the disk; --cached is what can be set beside programs that read from it.
verify_peers() {    # NAME of verify's row, its options...
    local each
    each="find '$images/NAS/scratch' -type f -print0 | xargs -0 -n 1 -P $(nproc)"
    peer "$1" "${AB[@]}" verify "$project" render NAS "${@:2}"
    peer_if xxhsum 'xxhsum -H2' sh -c "find '$images/NAS/scratch' -type f -exec xxhsum -H2 {} +"
    peer_if xxhsum 'xxhsum -H2, all cores' sh -c "$each xxhsum -H2"
    peer sha256sum sh -c "find '$images/NAS/scratch' -type f -exec sha256sum {} +"
}

section_verify() {
    fresh_target ext4
    fresh_catalog NAS
    "${AB[@]}" copy "$project" render BENCH NAS >/dev/null
    bytes=$total verify_cold=no
    group 'verify large files, warm' verify_before
    verify_peers 'autobackup verify --cached' --cached
    peer 'autobackup verify, from the disk' "${AB[@]}" verify "$project" render NAS
    take_turns
    if can_drop_caches; then
        verify_cold=yes
        group 'verify large files, cold' verify_before
        verify_peers 'autobackup verify'
        take_turns
    fi
    bytes=0
}

section_copy() {
    if [ "$(id -u)" != 0 ]; then
        note "copy rows skipped: loop mounts need root"
        return 0
    fi
    images=$(mktemp -d "$shm/autobackup-bench-XXXXXX")
    make_source small "$copy_files" "$copy_size"
    note "copies: sources on the filesystem of $dir, warm; targets: images in $shm, fresh for each copy"
    copy_groups 'small files'
    make_source large "$large_files" "$large_size-$large_size"
    copy_groups 'large files'
    ! room_for 2 || section_verify
    make_source two "$large_files" "$((large_size / 4))-$((large_size / 4))"
    section_two
}
