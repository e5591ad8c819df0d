# The disk damages what is written to it, and says nothing: copy --verify=readback finds it. NAS lies on a disk that
# changes a byte in some sectors on their way to the medium (disk.c); memory has them as they were written.

on_readback="ext4 xfs"
on_readback_control="ext4 xfs"
on_readback_of_one="ext4 xfs"

# A new file, one that replaces another, and one in its third MiB.
DAMAGED=("fresh/deep/er/frame.7" "changed/take 3.mov" "fresh/large")

mark() { tail -c "+$(($2 + 1))" "WORK/$REPLICA/$1" | head -c 8 | od -An -v -tx1 | tr -d ' \n'; }    # FILE OFFSET

damaging_disk() {    # NAS, mounted from a disk that damages these files
    keep_image
    start_disk "DISK_DAMAGES=$(mark "${DAMAGED[0]}" 4096),$(mark "${DAMAGED[1]}" 0),$(mark "${DAMAGED[2]}" 2097152)"
    kill -USR1 "$SERVER"
}

# The same as it lies on the medium, on a disk that is sound.
sound_disk() {
    stop_disk
    cp --sparse=always disk.img NAS.img
    mount -o loop NAS.img NAS || violation "cannot be mounted again"
}

# What rsync finds to do between the source and NAS is the files that were damaged.
others_are_done() {
    local found
    found=$(differences NAS | sed -nE 's/^[>c.h*]f[^ ]* (.*)/\1/p' | LC_ALL=C sort)
    [ "$found" = "$(printf '%s\n' "${DAMAGED[@]}" | LC_ALL=C sort)" ] || violation "not done are: $found"
}

# Their names are as they were before: none, or the old file.
damaged_are_as_before() {
    local file now
    now=$(snapshot NAS/$REPLICA)
    for file in "${DAMAGED[@]}"; do
        [ "$(grep -F "$file"$'\t' <<<"$now")" = "$(grep -F "$file"$'\t' OLD)" ] ||
            violation "$file is not as it was"
        grep -qF "$file" "$ERR" || violation "$file is not named"
    done
}

found_by_readback() {
    [ "$STATUS" = 11 ] || violation "status $STATUS, not 11"
    grep -q 'reads back differently' "$ERR" || violation "nothing is said of reading back"
    [ -z "$(find NAS -name '.autobackup-*' -o -name '*.open')" ] || violation "a temp is left"
    others_are_done
    damaged_are_as_before
}

fault_readback() {
    filesystem "$KIND"
    studio
    damaging_disk
    SCENARIO+=(--verify=readback)
    strike env
    found_by_readback
    sound_disk
    damaged_are_as_before
    judge "the disk damages what is written: --verify=readback finds it"
    umount NAS
}

# The disk does damage: without the option the files get their names, and what they hold is another.
fault_readback_control() {
    local file
    filesystem "$KIND"
    studio
    damaging_disk
    strike env
    assert_status 0
    sound_disk
    for file in "${DAMAGED[@]}"; do
        ! cmp -s "WORK/$REPLICA/$file" "NAS/$REPLICA/$file" || violation "$file is not damaged: the test cannot fail"
    done
    conclude "control: the disk damages what is written, and nothing is read back"
    check_names NAS
    must_have_found "damaged files"
    umount NAS
}

fault_readback_of_one() {
    two_destinations
    damaging_disk
    SCENARIO+=(--verify=readback)
    strike env
    found_by_readback
    others_are_complete
    sound_disk
    damaged_are_as_before
    judge_both "one of two destinations damages: --verify=readback finds it"
    umount NAS
}
