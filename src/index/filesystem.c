#include "index/filesystem.h"

#include <errno.h>
#include <linux/magic.h>
#include <stdio.h>
#include <string.h>
#include <sys/vfs.h>

#include "base/clock.h"

#ifndef EXFAT_SUPER_MAGIC
#define EXFAT_SUPER_MAGIC 0x2011BAB0
#endif
#define CIFS_SUPER_MAGIC 0xFF534D42
#define NTFS3_SUPER_MAGIC 0x7366746e
#define CLOCKS_APART (24 * 3600 * NSEC_PER_SEC)    /* at most, of this machine and a server */
#define ZFS_SUPER_MAGIC 0x2fc12fc1
#define BCACHEFS_SUPER_MAGIC 0xca451a4e

struct kind {
    uint32_t magic;
    const char *type;
    int64_t granularity;
    bool syncfs_reliable, network;
};

/* Granularities: of the timestamps a filesystem stores, from its on-disk format. */
static const struct kind kinds[] = {
    {EXT4_SUPER_MAGIC, "ext4", 1, true, false},
    {XFS_SUPER_MAGIC, "xfs", 1, true, false},
    {BTRFS_SUPER_MAGIC, "btrfs", 1, true, false},
    {F2FS_SUPER_MAGIC, "f2fs", 1, false, false},
    {ZFS_SUPER_MAGIC, "zfs", 1, false, false},
    {BCACHEFS_SUPER_MAGIC, "bcachefs", 1, false, false},
    {TMPFS_MAGIC, "tmpfs", 1, false, false},
    {OVERLAYFS_SUPER_MAGIC, "overlay", 1, false, false},
    {MSDOS_SUPER_MAGIC, "vfat", 2000000000, false, false},
    {EXFAT_SUPER_MAGIC, "exfat", 10000000, false, false},
    {NTFS3_SUPER_MAGIC, "ntfs", 100, false, false},
    {UDF_SUPER_MAGIC, "udf", 1000, false, false},
    {NFS_SUPER_MAGIC, "nfs", 1, false, true},
    {CIFS_SUPER_MAGIC, "cifs", 100, false, true},
    {SMB2_SUPER_MAGIC, "smb", 100, false, true},
    {CEPH_SUPER_MAGIC, "ceph", 1, false, true},
    {V9FS_MAGIC, "9p", 1, false, true},
    {FUSE_SUPER_MAGIC, "fuse", 1000000000, false, true},
};

int filesystem_of(int fd, struct filesystem *ret_fs)
{
    struct statfs st;

    while (fstatfs(fd, &st) < 0)
        if (errno != EINTR)
            return -errno;
    *ret_fs = (struct filesystem){.granularity = 1};
    memcpy(&ret_fs->id, &st.f_fsid, sizeof ret_fs->id);
    snprintf(ret_fs->type, sizeof ret_fs->type, "%x", (unsigned)st.f_type);
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
        if (kinds[i].magic != (uint32_t)st.f_type)
            continue;
        snprintf(ret_fs->type, sizeof ret_fs->type, "%s", kinds[i].type);
        ret_fs->granularity = kinds[i].granularity;
        ret_fs->syncfs_reliable = kinds[i].syncfs_reliable;
        ret_fs->network = kinds[i].network;
    }
    return 0;
}

int64_t filesystem_tick(const struct filesystem *fs)
{
    int64_t least = fs->network ? NSEC_PER_SEC : 20 * NSEC_PER_MSEC;    /* clocks apart; the kernel's own tick */
    return fs->granularity > least ? fs->granularity : least;
}

bool filesystem_is_young(const struct filesystem *fs, int64_t now, int64_t time)
{
    return time > now - filesystem_tick(fs) && time < now + CLOCKS_APART;
}
