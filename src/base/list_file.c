#include "base/list_file.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/random.h>
#include <unistd.h>

#include "base/path.h"

static int refuse(struct error *err, int errnum, const char *path, const char *what)
{
    return error_say(err, error_name(errnum), errnum, "%s %s; nothing is written there: name a file", path, what);
}

static bool is_ours(const char *path)
{
    for (const char *part = path; part; part = strchr(part, '/')) {
        part += *part == '/';
        size_t len = strcspn(part, "/");
        if (path_is_our_folder(part, len) || path_is_ours(part, len))
            return true;
    }
    return false;
}

/* The folder and the name of a path: 0 or -errno with err. */
static int part(struct list_file *f, const char *path, struct error *err)
{
    const char *slash = strrchr(path, '/'), *name = slash ? slash + 1 : path;
    char folder[PATH_MAX] = ".", real[PATH_MAX];

    if (strlen(path) >= sizeof folder || strlen(name) >= sizeof f->name)
        return error_set(err, ENAMETOOLONG, "%s", path);
    if (!*name || strcmp(name, ".") == 0 || strcmp(name, "..") == 0)
        return refuse(err, EISDIR, path, "is a folder");
    if (slash)
        snprintf(folder, sizeof folder, "%.*s", slash == path ? 1 : (int)(slash - path), path);
    f->dirfd = open(folder, O_PATH | O_DIRECTORY | O_CLOEXEC);
    if (f->dirfd < 0 || !realpath(folder, real)) {
        int code = error_set(err, errno, "%s", folder);
        return code == -ENOENT ? -ENOTDIR : code;
    }
    if (is_ours(real) || is_ours(name))
        return refuse(err, EPERM, path, "lies in a folder of autobackup's own");
    snprintf(f->name, sizeof f->name, "%s", name);
    return 0;
}

static const char *kind_of(mode_t mode)
{
    switch (mode & S_IFMT) {
    case S_IFDIR: return "is a folder";
    case S_IFLNK: return "is a symlink";
    case S_IFIFO: return "is a FIFO";
    case S_IFSOCK: return "is a socket";
    default: return "is a device";
    }
}

/* What is there now. 0, -ENOENT without err, or -errno with err. */
static int look(struct list_file *f, const char *path, struct error *err)
{
    if (fstatat(f->dirfd, f->name, &f->was, AT_SYMLINK_NOFOLLOW) < 0)
        return errno == ENOENT ? -ENOENT : error_set(err, errno, "%s", path);
    if (!S_ISREG(f->was.st_mode))
        return refuse(err, EINVAL, path, kind_of(f->was.st_mode));
    if (faccessat(f->dirfd, f->name, W_OK, AT_EACCESS) < 0)
        return error_set(err, errno, "%s", path);
    f->existed = true;
    return 0;
}

static int find(struct list_file *f, const char *path, struct error *err)
{
    *f = (struct list_file){.dirfd = -1, .fd = -1};
    int code = part(f, path, err);
    return code ? code : look(f, path, err);
}

int64_t list_file_look(const char *path, struct error *err)
{
    struct list_file f;
    int code = find(&f, path, err);

    list_file_close(&f);
    return code ? code : f.was.st_size;
}

static int open_end(struct list_file *f)
{
    struct stat st;

    f->fd = openat(f->dirfd, f->name, O_WRONLY | O_APPEND | O_CREAT | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC, 0666);
    if (f->fd < 0 || fstat(f->fd, &st) < 0)
        return -errno;
    return S_ISREG(st.st_mode) ? 0 : -EINVAL;
}

static int open_temp(struct list_file *f)
{
    unsigned noise[2];

    if (getrandom(noise, sizeof noise, 0) != sizeof noise)
        return -EIO;
    snprintf(f->temp, sizeof f->temp, OUR_PREFIX "-%08x%08x", noise[0], noise[1]);
    f->fd = openat(f->dirfd, f->temp, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0666);
    if (f->fd < 0)
        f->temp[0] = '\0';
    return f->fd < 0 ? -errno : 0;
}

int list_file_open(struct list_file *f, const char *path, bool append, struct error *err)
{
    int code = find(f, path, err);

    if (code == 0 || code == -ENOENT) {
        f->append = append;
        code = append ? open_end(f) : open_temp(f);
        if (code)
            error_set(err, -code, "%s", path);
    }
    if (code)
        list_file_close(f);
    return code;
}

/* Filesystems that cannot rename onto nothing only get a look first. */
static int put(const struct list_file *f)
{
    struct stat now;

    if (!f->existed && renameat2(f->dirfd, f->temp, f->dirfd, f->name, RENAME_NOREPLACE) == 0)
        return 0;
    if (!f->existed && errno != EINVAL && errno != ENOSYS)
        return -errno;
    bool there = fstatat(f->dirfd, f->name, &now, AT_SYMLINK_NOFOLLOW) == 0;
    if (there != f->existed || (there && (now.st_dev != f->was.st_dev || now.st_ino != f->was.st_ino)))
        return -EEXIST;
    return renameat(f->dirfd, f->temp, f->dirfd, f->name) < 0 ? -errno : 0;
}

int list_file_keep(struct list_file *f, struct error *err)
{
    if (fsync(f->fd) < 0 && errno != EINVAL)
        return error_set(err, errno, "%s", f->name);
    if (f->append)
        return 0;
    int code = put(f);
    if (code == -EEXIST)
        return error_say(err, "EEXIST", EEXIST, "%s has changed meanwhile and was left as it is; run it again", f->name);
    if (code)
        return error_set(err, -code, "%s", f->name);
    f->temp[0] = '\0';
    return 0;
}

void list_file_close(struct list_file *f)
{
    if (f->fd >= 0)
        close(f->fd);
    if (f->temp[0])
        unlinkat(f->dirfd, f->temp, 0);
    if (f->dirfd >= 0)
        close(f->dirfd);
    f->fd = f->dirfd = -1;
    f->temp[0] = '\0';
}
