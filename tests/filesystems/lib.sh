# Filesystems to copy to, for a test in its own folder: fresh_filesystem KIND makes one and mounts it at NAS, remount
# unmounts it and mounts it again. What this machine lacks is said, and skips the test.
# shellcheck shell=bash

SERVERS=$(dirname "$(readlink -f "$AUTOBACKUP")")/tests/filesystems
# What only some of these need is no part of `make deps`.
[ -z "${FILESYSTEMS:-}" ] || PATH=$PATH:/usr/sbin:/usr/bin

image() {    # MEGABYTES COMMAND...: NAS.img, made by it
    truncate -s "${1}M" NAS.img
    shift
    need "$1"
    "$@" NAS.img >/dev/null 2>&1 || skip "$1 cannot make it"
}

loop() { mount -o "loop$1" NAS.img NAS 2>/dev/null || skip "cannot mount a loop image of $KIND here"; }

# Wait until it is mounted: such a program goes on by itself.
shown() {
    local try
    for try in {1..100}; do
        ! mountpoint -q NAS || return 0
        sleep 0.05
    done
    skip "no FUSE here, or $1 does not serve: $try tries"
}

fuse() {    # PROGRAM ARGUMENT...
    need "$1"
    [ -c /dev/fuse ] || skip "no FUSE here"
    "$@" >served 2>&1 || skip "$1: $(tail -n 1 served)"
    shown "$1"
}

# The device goes with the mount, however the test ends.
on_device() {    # PROGRAM
    local device
    need "$1"
    device=$(losetup --find --show NAS.img) || skip "no loop devices here"
    (fuse "$1" "$device" NAS) || { losetup -d "$device"; skip "no FUSE here, or $1 does not serve"; }
    losetup -d "$device"
}

serve() {    # PROGRAM ARGUMENT...: one that stays in the foreground
    [ -c /dev/fuse ] || skip "no FUSE here"
    "$@" >served 2>&1 &
    SERVER=$!
    shown "$1"
}

make_filesystem() {
    case $KIND in
        ext4) image 64 mkfs.ext4 -q -F -I 256 ;;
        ext4_128) image 64 mkfs.ext4 -q -F -I 128 ;;
        xfs) image 320 mkfs.xfs -q -f -m bigtime=1 ;;
        xfs_old) image 320 mkfs.xfs -q -f -m bigtime=0 ;;
        btrfs) image 128 mkfs.btrfs -q -f ;;
        f2fs) image 64 mkfs.f2fs -q -f ;;
        vfat | exfat) image 64 "mkfs.$KIND" ;;
        exfat_fuse) image 64 mkfs.exfat ;;
        ntfs_fuse) image 64 mkfs.ntfs -q -F ;;
        bindfs | sshfs | timeless | folding | solid | tmpfs) mkdir -p behind ;;
    esac
}

mount_filesystem() {
    case $KIND in
        ext4 | ext4_128 | xfs | xfs_old | btrfs | f2fs | vfat | exfat) loop "" ;;
        tmpfs) mount --bind behind NAS ;;
        exfat_fuse) on_device mount.exfat-fuse ;;
        ntfs_fuse) on_device ntfs-3g ;;
        bindfs) fuse bindfs behind NAS ;;
        sshfs)
            need sshfs socat /usr/lib/openssh/sftp-server
            printf '#!/bin/bash\nexec sshfs -f -o passive :%q %q\n' "$PWD/behind" "$PWD/NAS" >client
            chmod +x client
            serve socat EXEC:./client EXEC:/usr/lib/openssh/sftp-server ;;
        timeless | folding | solid) serve "$SERVERS/$KIND" behind NAS ;;
    esac
}

unmount_filesystem() {
    umount NAS || { sync; sleep 1; umount NAS; }
    [ -z "${SERVER:-}" ] || wait "$SERVER" || :
    SERVER=''
}

remount() { unmount_filesystem && mount_filesystem; }

fresh_filesystem() {    # KIND
    KIND=$1
    need_root
    mkdir -p NAS
    [ "$KIND" != tmpfs ] || { mkdir -p behind && mount -t tmpfs none behind && unmount_at_end behind; }
    make_filesystem
    mount_filesystem
    unmount_at_end NAS
    rm -rf NAS/lost+found
}
