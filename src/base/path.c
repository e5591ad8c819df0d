#include "base/path.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/openat2.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/buf.h"

#define TEMP_DIGITS 16

bool path_is_ours(const char *name, size_t len)
{
    static const char prefix[] = OUR_PREFIX "-";
    const size_t start = sizeof prefix - 1;

    if (len < start + TEMP_DIGITS || memcmp(name, prefix, start) != 0)
        return false;
    const char *digits = name + len - TEMP_DIGITS;
    size_t kind = len - start - TEMP_DIGITS;
    if (kind && (kind != 2 || (name[start] != 'x' && name[start] != 'p') || name[start + 1] != '-'))
        return false;
    for (int i = 0; i < TEMP_DIGITS; i++)
        if (!memchr("0123456789abcdef", digits[i], 16))
            return false;
    return true;
}

bool path_is_our_folder(const char *name, size_t len)
{
    return len == strlen(OUR_FOLDER) && strncasecmp(name, OUR_FOLDER, len) == 0;
}

bool path_is_safe(const char *path)
{
    if (!*path)
        return true;
    for (const char *at = path;; at++) {
        size_t len = strcspn(at, "/");
        bool dots = (len == 1 && at[0] == '.') || (len == 2 && at[0] == '.' && at[1] == '.');
        if (!len || dots || path_is_ours(at, len))
            return false;
        at += len;
        if (!*at)
            return true;
    }
}

bool path_is_safe_below_root(const char *path)
{
    return path_is_safe(path) && !path_is_our_folder(path, strcspn(path, "/"));
}

static int beneath(int dir, const char *path, int flags, mode_t mode)
{
    struct open_how how = {
        .flags = (uint64_t)(flags | O_CLOEXEC | O_NOFOLLOW),
        .mode = flags & O_CREAT ? mode : 0,
        .resolve = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS,
    };
    for (int tries = 0;; tries++) {
        long fd = syscall(SYS_openat2, dir, path, &how, sizeof how);
        if (fd >= 0)
            return (int)fd;
        if (errno != EINTR && (errno != EAGAIN || tries >= 100))
            return -errno;
    }
}

/* One component, where openat2 is missing: O_NOFOLLOW covers it, and a ".." is no component of ours. */
static int one(int dir, const char *name, int flags, mode_t mode)
{
    if (strcmp(name, "..") == 0)
        return -EXDEV;
    int fd = openat(dir, name, flags | O_CLOEXEC | O_NOFOLLOW, mode);
    return fd < 0 ? -errno : fd;
}

/* Walk component by component; flags and mode are the last one's. */
static int walk(int root, const char *path, int flags, mode_t mode)
{
    char *copy = mem_strdup(path), *save = NULL;
    char *name = strtok_r(copy, "/", &save);
    int dir = root, fd = name ? -ENOENT : one(root, ".", flags, mode);

    while (name) {
        char *next = strtok_r(NULL, "/", &save);
        fd = next ? one(dir, name, O_PATH | O_DIRECTORY, 0) : one(dir, name, flags, mode);
        if (dir != root)
            close(dir);
        dir = fd;
        if (fd < 0)
            break;
        name = next;
    }
    free(copy);
    return fd;
}

int path_open(int root, const char *path, int flags, mode_t mode)
{
    if (!*path)
        path = ".";
    if (*path == '/')
        return -EXDEV;
    if (strlen(path) < PATH_MAX) {
        int fd = beneath(root, path, flags, mode);
        if (fd != -ENOSYS && fd != -EPERM)
            return fd;
    }
    return walk(root, path, flags, mode);
}

bool path_is_absent(int code) { return code == -ENOENT || code == -ENOTDIR || code == -ELOOP; }

int path_open_dir(int root, const char *path) { return path_open(root, path, O_RDONLY | O_DIRECTORY, 0); }

int path_read_dir(int root, const char *path, DIR **ret_dir)
{
    int fd = path_open_dir(root, path);

    *ret_dir = fd < 0 ? NULL : fdopendir(fd);
    if (*ret_dir || fd == -ENOENT)
        return 0;
    int code = fd < 0 ? fd : -errno;
    if (fd >= 0)
        close(fd);
    return code;
}

int path_open_parent(int root, const char *path, const char **ret_name)
{
    const char *slash = strrchr(path, '/');

    *ret_name = slash ? slash + 1 : path;
    if (!slash)
        return path_open_dir(root, "");
    char *parent = mem_strndup(path, (size_t)(slash - path));
    int fd = path_open_dir(root, parent);
    free(parent);
    return fd;
}

int path_lstat(int root, const char *path, struct stat *ret_st)
{
    const char *name;
    int dir = path_open_parent(root, path, &name);
    int code = dir < 0 ? dir : fstatat(dir, name, ret_st, AT_SYMLINK_NOFOLLOW) < 0 ? -errno : 0;

    if (dir >= 0)
        close(dir);
    return code;
}

int path_sync_dir(int dir)
{
    if (fsync(dir) == 0 || errno == EINVAL || errno == EOPNOTSUPP || errno == ENOSYS)
        return 0;
    return -errno;
}

int path_sync(int root, const char *path)
{
    int fd = path_open_dir(root, path);
    if (fd < 0)
        return fd;
    int code = path_sync_dir(fd);
    close(fd);
    return code;
}

int path_open_root(const char *path)
{
    int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    return fd < 0 ? -errno : fd;
}
