/*
 * What kind of filesystem a descriptor lies on, and what it promises.
 */
#ifndef AUTOBACKUP_INDEX_FILESYSTEM_H
#define AUTOBACKUP_INDEX_FILESYSTEM_H

#include <stdbool.h>
#include <stdint.h>

#include "base/clock.h"
#include "index/traits.h"

#define CLOCKS_APART (24 * 3600 * NSEC_PER_SEC)    /* at most, of this machine and a server */

/* What it keeps of a file that tells a change which left size and mtime as they were. */
enum filesystem_sign {
    SIGN_CTIME = 1,           /* the ctime, also over a mount: it moves with every change */
    SIGN_INODE = 2,           /* the inode number: another one is another file */
};

/* What a filesystem can do, for times and durability. */
struct filesystem {
    char type[16];            /* "ext4", "xfs", "btrfs", "vfat", "exfat", "nfs", "cifs", "tmpfs", "fuse", ... or hex */
    struct traits traits;     /* of its times: from the type, or what was measured (index/measured.h) */
    bool syncfs_reliable;     /* syncfs reports write errors and covers renames (ext4, xfs, btrfs; Linux 5.8) */
    bool kernel_old;          /* it would, but this kernel is older than that */
    bool network;
    bool holes;               /* what was never written takes no room: a guess from the type, or measured (index/measured.h) */
    bool no_symlinks;         /* it was measured to have none */
    int signs;                /* enum filesystem_sign */
    uint64_t id;              /* f_fsid: the same for one filesystem over mounts, where it has one */
};

/* Describe the filesystem of an open descriptor. 0 or -errno. */
int filesystem_of(int fd, struct filesystem *ret_fs);

#define FILESYSTEM_NAME 512    /* room for a filesystem_name and its NUL */

/*
 * What tells the filesystem of an open descriptor from another one that the same database may lie on: its type, its id
 * or size where those last, a server's name, and the options it is mounted with. 0 or -errno.
 */
int filesystem_name(int fd, char ret_name[FILESYSTEM_NAME]);

/* The granularity for a catalog's row: ns, 0 where the type does not tell it. */
int64_t filesystem_granularity(const struct filesystem *fs);

/* A time this near to now may still be given to a later change of the same file: ns. */
int64_t filesystem_tick(const struct filesystem *fs);

/*
 * May a change of a file after `now` leave it this time (both ns since 1970)? A time well ahead was set by hand: no
 * change will be given that one.
 */
bool filesystem_is_young(const struct filesystem *fs, int64_t now, int64_t time);

#endif
