#include "index/filesystem.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/utsname.h>
#include <sys/vfs.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/hash.h"
#include "index/mount.h"

#ifndef EXFAT_SUPER_MAGIC
#define EXFAT_SUPER_MAGIC 0x2011BAB0
#endif
#define CIFS_SUPER_MAGIC 0xFF534D42
#define NTFS3_SUPER_MAGIC 0x7366746e
#define FILESYSTEM_MEASURE "1"    /* another one when what is measured, or how, has changed */
#define ZFS_SUPER_MAGIC 0x2fc12fc1
#define BCACHEFS_SUPER_MAGIC 0xca451a4e

#define ISOFS_SUPER_MAGIC 0x9660
#define HFS_SUPER_MAGIC 0x4244
#define HFSPLUS_SUPER_MAGIC 0x482b

struct kind {
    uint32_t magic;
    const char *type;
    int64_t granularity;
    enum traits_source source;
    bool syncfs_reliable, network;
    int signs;
};

#define BOTH (SIGN_CTIME | SIGN_INODE)
#define KNOWN TRAITS_BY_TYPE
#define UNKNOWN TRAITS_UNKNOWN

/*
 * Granularities: of the timestamps a filesystem stores, from its on-disk format; behind a server, a FUSE program or an overlay
 * lies another one. Signs: FAT and exFAT store no ctime and number their inodes anew at every mount, as do servers and
 * FUSE programs that are not known to keep them.
 */
static const struct kind kinds[] = {
    {EXT4_SUPER_MAGIC, "ext4", 1, KNOWN, true, false, BOTH},
    {XFS_SUPER_MAGIC, "xfs", 1, KNOWN, true, false, BOTH},
    {BTRFS_SUPER_MAGIC, "btrfs", 1, KNOWN, true, false, BOTH},
    {F2FS_SUPER_MAGIC, "f2fs", 1, KNOWN, false, false, BOTH},
    {ZFS_SUPER_MAGIC, "zfs", 1, KNOWN, false, false, BOTH},
    {BCACHEFS_SUPER_MAGIC, "bcachefs", 1, KNOWN, false, false, BOTH},
    {TMPFS_MAGIC, "tmpfs", 1, KNOWN, false, false, BOTH},
    {OVERLAYFS_SUPER_MAGIC, "overlay", 1, UNKNOWN, false, false, SIGN_CTIME},
    {MSDOS_SUPER_MAGIC, "vfat", 2000000000, KNOWN, false, false, 0},
    {EXFAT_SUPER_MAGIC, "exfat", 10000000, KNOWN, false, false, 0},
    {NTFS3_SUPER_MAGIC, "ntfs", 100, KNOWN, false, false, BOTH},
    {UDF_SUPER_MAGIC, "udf", 1000, KNOWN, false, false, SIGN_CTIME},
    {ISOFS_SUPER_MAGIC, "iso9660", 1000000000, KNOWN, false, false, SIGN_CTIME},
    {HFSPLUS_SUPER_MAGIC, "hfsplus", 1000000000, KNOWN, false, false, SIGN_CTIME},
    {HFS_SUPER_MAGIC, "hfs", 1000000000, KNOWN, false, false, SIGN_CTIME},
    {SQUASHFS_MAGIC, "squashfs", 1000000000, KNOWN, false, false, SIGN_CTIME},
    {NFS_SUPER_MAGIC, "nfs", 1, UNKNOWN, false, true, BOTH},
    {CIFS_SUPER_MAGIC, "cifs", 100, UNKNOWN, false, true, SIGN_CTIME},
    {SMB2_SUPER_MAGIC, "smb", 100, UNKNOWN, false, true, SIGN_CTIME},
    {CEPH_SUPER_MAGIC, "ceph", 1, UNKNOWN, false, true, BOTH},
    {V9FS_MAGIC, "9p", 1, UNKNOWN, false, true, SIGN_CTIME},
    {FUSE_SUPER_MAGIC, "fuse", 1000000000, UNKNOWN, false, true, SIGN_CTIME},
};

/*
 * Inodes of 128 bytes have no room for a file's birth, nor for fractions of its other times: what has the
 * first has the second (Documentation/filesystems/ext4/inodes.rst). A birth that cannot be asked for says nothing.
 */
static bool has_whole_seconds(int fd)
{
    struct statx st;

    return statx(fd, "", AT_EMPTY_PATH | AT_STATX_DONT_SYNC, STATX_BTIME, &st) == 0 && !(st.stx_mask & STATX_BTIME);
}

/* Before 5.8 syncfs succeeds although what it wrote was lost. */
static bool is_kernel_old(void)
{
    struct utsname name;
    int major, minor;

    if (uname(&name) < 0 || sscanf(name.release, "%d.%d", &major, &minor) != 2)
        return true;
    return major < 5 || (major == 5 && minor < 8);
}

int filesystem_of(int fd, struct filesystem *ret_fs)
{
    struct statfs st;

    while (fstatfs(fd, &st) < 0)
        if (errno != EINTR)
            return -errno;
    *ret_fs = (struct filesystem){.traits = {.source = UNKNOWN, .granularity = 1}, .signs = SIGN_CTIME, .holes = true};
    memcpy(&ret_fs->id, &st.f_fsid, sizeof ret_fs->id);
    snprintf(ret_fs->type, sizeof ret_fs->type, "%x", (unsigned)st.f_type);
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
        if (kinds[i].magic != (uint32_t)st.f_type)
            continue;
        snprintf(ret_fs->type, sizeof ret_fs->type, "%s", kinds[i].type);
        ret_fs->traits = (struct traits){.source = kinds[i].source, .granularity = kinds[i].granularity};
        ret_fs->kernel_old = kinds[i].syncfs_reliable && is_kernel_old();
        ret_fs->syncfs_reliable = kinds[i].syncfs_reliable && !ret_fs->kernel_old;
        ret_fs->network = kinds[i].network;
        ret_fs->signs = kinds[i].signs;
        ret_fs->holes = strcmp(kinds[i].type, "vfat") != 0 && strcmp(kinds[i].type, "exfat") != 0;
    }
    if (ret_fs->traits.granularity == 1 && strcmp(ret_fs->type, "ext4") == 0 && has_whole_seconds(fd))
        ret_fs->traits.granularity = NSEC_PER_SEC;
    return 0;
}

int64_t filesystem_granularity(const struct filesystem *fs)
{
    return fs->traits.source == TRAITS_UNKNOWN ? 0 : fs->traits.granularity;
}

int64_t filesystem_tick(const struct filesystem *fs)
{
    int64_t least = fs->network ? NSEC_PER_SEC : 20 * NSEC_PER_MSEC;    /* clocks apart; the kernel's own tick */
    int64_t step = fs->traits.source == TRAITS_UNKNOWN ? TRAITS_COARSEST : fs->traits.granularity;
    return step > least ? step : least;
}

bool filesystem_is_young(const struct filesystem *fs, int64_t now, int64_t time)
{
    return time > now - filesystem_tick(fs) && time < now + CLOCKS_APART;
}

/* Those that say nothing of what is kept, or change from one mount to the next. */
static bool is_passing(const char *option)
{
    static const char *const exact[] = {"rw", "ro"};
    static const char *const begin[] = {"addr=", "clientaddr=", "mountaddr=", "mountport=", "fd=", "size=", "nr_inodes="};

    for (size_t i = 0; i < sizeof exact / sizeof *exact; i++)
        if (strcmp(option, exact[i]) == 0)
            return true;
    for (size_t i = 0; i < sizeof begin / sizeof *begin; i++)
        if (strncmp(option, begin[i], strlen(begin[i])) == 0)
            return true;
    return false;
}

static void add_options(struct buf *text, char *options)
{
    for (char *option; (option = strsep(&options, ","));)
        if (!is_passing(option))
            buf_printf(text, " %s", option);
}

/* A size says which of a disk's filesystems it is; a server's may change with every other user's files. */
static int describe(int fd, const struct filesystem *fs, struct buf *text)
{
    struct mount mount = {0};
    struct statfs st;

    if (fstatfs(fd, &st) < 0)
        return -errno;
    int code = mount_of(fd, &mount);
    if (code)
        return code;
    bool block = strcmp(mount.type, "fuseblk") == 0;
    buf_printf(text, FILESYSTEM_MEASURE " %s", mount.type);
    if (fs->network && !block)
        buf_printf(text, " %s", mount.source);
    else
        buf_printf(text, " %llu", (unsigned long long)st.f_blocks * (unsigned long long)st.f_bsize);
    if (strcmp(fs->type, "ext4") == 0 || strcmp(fs->type, "btrfs") == 0)    /* elsewhere it is the device's number */
        buf_printf(text, " %llx", (unsigned long long)fs->id);
    add_options(text, mount.options);
    mount_free(&mount);
    return 0;
}

int filesystem_name(int fd, char ret_name[FILESYSTEM_NAME])
{
    struct filesystem fs;
    struct buf text = {0};
    int code = filesystem_of(fd, &fs);

    if (!code)
        code = describe(fd, &fs, &text);
    if (!code)    /* long options of a server: what is cut off is told by a number */
        snprintf(ret_name, FILESYSTEM_NAME, "%.400s %016llx", buf_str(&text),
                 (unsigned long long)hash64_of(buf_str(&text), text.len));
    buf_free(&text);
    return code;
}
