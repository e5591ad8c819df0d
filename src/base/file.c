#include "base/file.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/io.h"

int file_read(const char *path, size_t max, struct buf *ret_bytes, struct error *err)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
    if (fd < 0)
        return error_set(err, errno, "%s", path);
    int code = io_read_all(fd, max, ret_bytes);
    close(fd);
    return code ? error_set(err, -code, "%s", path) : 0;
}

/* Replace what `path` names, which is no symlink. */
static int replace(const char *path, mode_t mode, const void *data, size_t len)
{
    const char *slash = strrchr(path, '/');
    char *parent = slash ? mem_strndup(path, slash > path ? (size_t)(slash - path) : 1) : mem_strdup(".");
    int dir = open(parent, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    int code = dir < 0 ? -errno : 0;

    free(parent);
    if (!code)
        code = io_replace_file(dir, slash ? slash + 1 : path, mode, data, len);
    if (dir >= 0)
        close(dir);
    return code;
}

int file_write(const char *path, mode_t mode, const void *data, size_t len, struct error *err)
{
    char *real = realpath(path, NULL);
    int code = replace(real ? real : path, mode, data, len);

    free(real);
    return code ? error_set(err, -code, "%s", path) : 0;
}

static int make_dir(const char *path, mode_t mode)
{
    struct stat st;

    if (mkdir(path, mode) == 0)
        return 0;
    int saved = errno;
    if (stat(path, &st) == 0)
        return S_ISDIR(st.st_mode) ? 0 : -ENOTDIR;
    return -saved;
}

int64_t file_written(const char *path)
{
    int fd = open(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC | O_NOCTTY);
    struct stat st;

    if (fd < 0)
        return -errno;
    int64_t end = fstat(fd, &st) < 0 ? -errno : S_ISREG(st.st_mode) ? 0 : -EINVAL;
    if (end == 0 && st.st_size > 0) {
        end = lseek(fd, 0, SEEK_HOLE);
        end = end < 0 ? -errno : end;
    }
    close(fd);
    return end;
}

static bool says_empty(int fd)
{
    struct stat st;
    return fstat(fd, &st) == 0 && S_ISREG(st.st_mode) && st.st_size == 0;
}

/* One that is written to meanwhile says so in the end. */
bool file_hides(int fd)
{
    char byte;
    return says_empty(fd) && io_read_at(fd, &byte, 1, 0) == 1 && says_empty(fd);
}

int file_make_dirs(const char *path, mode_t mode, struct error *err)
{
    char *copy = mem_strdup(path);
    int code = 0;

    for (char *p = copy + 1; *copy && *p && !code; p++) {
        if (*p != '/')
            continue;
        *p = 0;
        code = make_dir(copy, mode);
        *p = '/';
    }
    if (!code)
        code = make_dir(copy, mode);
    free(copy);
    return code ? error_set(err, -code, "%s", path) : 0;
}

static int judge_private(int fd, const char *path, struct error *err)
{
    const char *fault = NULL;
    struct stat st;

    if (fstat(fd, &st) < 0)
        return error_set(err, errno, "%s", path);
    if (!S_ISREG(st.st_mode))
        fault = "is not a regular file";
    else if (st.st_uid != geteuid() && st.st_uid != 0)
        fault = "belongs to another user";
    else if (st.st_mode & (S_IWGRP | S_IWOTH))
        fault = "can be written by others (chmod go-w)";
    return fault ? error_say(err, "EUNSAFE", EPERM, "%s %s", path, fault) : 0;
}

/* The path of what the descriptor is, not of what the name may have become since. */
static int canonical(int fd, const char *path, struct buf *ret_path, struct error *err)
{
    char link[64], real[PATH_MAX];

    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    ssize_t len = readlink(link, real, sizeof real);
    if (len < 0 || len == sizeof real)
        return error_set(err, len < 0 ? errno : ENAMETOOLONG, "%s", path);
    buf_add(ret_path, real, (size_t)len);
    return 0;
}

int file_read_private(const char *path, size_t max, struct buf *ret_bytes, struct buf *ret_path, struct error *err)
{
    int fd = open(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC | O_NOCTTY);
    if (fd < 0 && errno == ELOOP)
        return error_say(err, "EUNSAFE", EPERM, "%s is a symbolic link", path);
    if (fd < 0)
        return error_set(err, errno, "%s", path);
    int code = judge_private(fd, path, err);
    if (!code)
        code = canonical(fd, path, ret_path, err);
    if (!code) {
        code = io_read_all(fd, max, ret_bytes);
        if (code)
            error_set(err, -code, "%s", path);
    }
    close(fd);
    return code;
}

static int not_dots(const struct dirent *entry)
{
    return strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0;
}

static int by_bytes(const struct dirent **a, const struct dirent **b)
{
    return strcmp((*a)->d_name, (*b)->d_name);
}

int file_list(const char *path, struct names *ret_names, struct error *err)
{
    struct dirent **entries;
    int count = scandir(path, &entries, not_dots, by_bytes);

    if (count < 0)
        return error_set(err, errno, "%s", path);
    ret_names->name = mem_alloc((size_t)count * sizeof *ret_names->name);
    ret_names->count = (size_t)count;
    for (int i = 0; i < count; i++) {
        ret_names->name[i] = mem_strdup(entries[i]->d_name);
        free(entries[i]);
    }
    free(entries);
    return 0;
}

void names_free(struct names *names)
{
    for (size_t i = 0; i < names->count; i++)
        free(names->name[i]);
    free(names->name);
    *names = (struct names){0};
}
