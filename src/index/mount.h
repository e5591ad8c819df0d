/*
 * How the filesystem of a descriptor is mounted, as the kernel's table of mounts says.
 */
#ifndef AUTOBACKUP_INDEX_MOUNT_H
#define AUTOBACKUP_INDEX_MOUNT_H

#include <stdbool.h>

#include "base/buf.h"

struct mount {
    char *type;       /* "fuse.sshfs", "fuseblk", "ext4" */
    char *source;     /* "/dev/sdb1", "nas:/export"; bytes as the table escapes them */
    char *options;    /* of the filesystem, not of the mount point: "rw,user_id=0" */
};

/* Look it up. Free *ret_mount when it was found. 0, or -errno (-ENOENT: it is in no table). */
int mount_of(int fd, struct mount *ret_mount);
void mount_free(struct mount *m);

/*
 * Is it an exFAT on a block device, which a FUSE program shows? As its first sector says, or udev's notes where that cannot
 * be read. False where neither can be had.
 */
bool mount_is_exfat(const struct mount *m);

#endif
