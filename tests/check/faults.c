#include "faults.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/syscall.h>
#include <sys/vfs.h>
#include <unistd.h>

struct faults faults;

static bool is_below(int fd, const char *prefix)
{
    char link[64], path[4096];

    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    ssize_t len = readlink(link, path, sizeof path - 1);
    path[len < 0 ? 0 : len] = 0;
    return strncmp(path, prefix, strlen(prefix)) == 0;
}

static int refuse(int errnum)
{
    errno = errnum;
    return -1;
}

int fstatfs(int fd, struct statfs *st)
{
    if (faults.looked)
        faults.looked();
    int code = (int)syscall(SYS_fstatfs, fd, st);

    if (!code && faults.type && is_below(fd, faults.below))
        st->f_type = faults.type;
    return code;
}

int fstatvfs(int fd, struct statvfs *st)
{
    struct statfs fs;

    if (syscall(SYS_fstatfs, fd, &fs) < 0)
        return -1;
    *st = (struct statvfs){.f_bsize = 1, .f_frsize = 1, .f_files = 1000000, .f_favail = 1000000};
    st->f_blocks = faults.bytes_free < 0 ? 0 : 1ul << 50;
    st->f_bavail = faults.bytes_free > 0 ? (fsblkcnt_t)faults.bytes_free : faults.bytes_free < 0 ? 0 : 1ul << 40;
    return 0;
}

int mknodat(int dir, const char *name, mode_t mode, dev_t dev)
{
    int code = (int)syscall(SYS_mknodat, dir, name, mode, dev);
    return code || !faults.mknod_errno ? code : refuse(faults.mknod_errno);
}

static bool has_other_case(int dir, const char *name)
{
    int fd = openat(dir, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    DIR *stream = fdopendir(fd);
    bool found = false;

    for (struct dirent *d; !found && (d = readdir(stream));)
        found = strcasecmp(d->d_name, name) == 0;
    closedir(stream);
    return found;
}

static bool refuses_name(const char *name) { return faults.windows_names && strchr(name, ':'); }

int mkdirat(int dir, const char *name, mode_t mode)
{
    if (faults.mkdir_errno)
        return refuse(faults.mkdir_errno);
    if (refuses_name(name))
        return refuse(EINVAL);
    if (faults.caseless && has_other_case(dir, name))
        return refuse(EEXIST);
    return (int)syscall(SYS_mkdirat, dir, name, mode);
}

static void die_in_time(void)
{
    static atomic_int done;

    if (faults.deadly_name && atomic_fetch_add(&done, 1) + 1 == faults.deadly_name)
        kill(getpid(), SIGKILL);
}

int renameat2(int from_dir, const char *from, int to_dir, const char *to, unsigned flags)
{
    die_in_time();
    if ((faults.no_way_to_place && flags == RENAME_NOREPLACE) || refuses_name(to))
        return refuse(EINVAL);
    if (faults.caseless && flags == RENAME_NOREPLACE && has_other_case(to_dir, to))
        return refuse(EEXIST);
    int code = (int)syscall(SYS_renameat2, from_dir, from, to_dir, to, flags);
    if (!code && faults.named)
        faults.named(to);
    return code;
}

int renameat(int from_dir, const char *from, int to_dir, const char *to)
{
    if (refuses_name(to))
        return refuse(EINVAL);
    return (int)syscall(SYS_renameat2, from_dir, from, to_dir, to, 0);
}

int linkat(int from_dir, const char *from, int to_dir, const char *to, int flags)
{
    die_in_time();
    if (faults.no_way_to_place)
        return refuse(EPERM);
    if (refuses_name(to))
        return refuse(EINVAL);
    if (faults.caseless && has_other_case(to_dir, to))
        return refuse(EEXIST);
    return (int)syscall(SYS_linkat, from_dir, from, to_dir, to, flags);
}

static void call_synced(void)
{
    if (faults.synced)
        faults.synced();
}

static atomic_int timed;

static bool is_full(void) { return faults.times_left && atomic_load(&timed) > faults.times_left; }

int fsync(int fd)
{
    call_synced();
    if (is_full())
        return refuse(ENOSPC);
    return (int)syscall(SYS_fsync, fd);
}

int syncfs(int fd)
{
    call_synced();
    return (int)syscall(SYS_syncfs, fd);
}

int futimens(int fd, const struct timespec times[2])
{
    atomic_fetch_add(&timed, 1);
    if (is_full())
        return refuse(ENOSPC);
    return (int)syscall(SYS_utimensat, fd, NULL, times, 0);
}
