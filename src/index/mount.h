/*
 * How filesystems are mounted: as the kernel's table of mounts says, and as /etc/fstab wants it (libmount).
 */
#ifndef AUTOBACKUP_INDEX_MOUNT_H
#define AUTOBACKUP_INDEX_MOUNT_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

struct mount {
    int id;
    dev_t dev;        /* of the files there (st_dev), but for what has none of its own (btrfs) */
    char *type;       /* "fuse.sshfs", "fuseblk", "ext4" */
    char *source;     /* "/dev/sdb1", "nas:/export" */
    char *options;    /* of the filesystem, not of the mount point: "rw,user_id=0" */
    char *target;     /* the mount point, absolute */
    char *root;       /* which folder of the filesystem is there: "/" mostly */
};

/* The kernel's number of the mount that a descriptor was opened through (mount.id), or -1. */
int mount_number(int fd);

/* Look a descriptor's up. Free *ret_mount when it was found. 0, or -errno (-ENOENT: it is in no table). */
int mount_of(int fd, struct mount *ret_mount);
void mount_free(struct mount *m);

/* Is path (absolute) a mount's target or below it? */
bool mount_covers(const char *target, const char *path);

/* All that this process sees, in the order of the table. Free with mount_list_free. 0 or -errno. */
int mount_list(struct mount **ret_list, size_t *ret_count);
void mount_list_free(struct mount *list, size_t count);

/* The block device of a mount, as the kernel or its FUSE program names it. False: it has none. */
bool mount_device(const struct mount *m, dev_t *ret_device);

/*
 * Does /etc/fstab (or the file in LIBMOUNT_FSTAB) say that something is mounted at path (absolute, tidy) or at a folder around
 * it, where nothing is mounted now? Then *ret_source says what and *ret_target where (free them) and true.
 */
bool mount_is_missing(const char *path, char **ret_source, char **ret_target);

#endif
