#include "copy/special.h"

#include <errno.h>
#include <limits.h>
#include <unistd.h>

static int make_symlink(int dir, const char *name, const void *arg)
{
    return symlinkat(arg, dir, name) < 0 ? -errno : 0;
}

static int make_node(int dir, const char *name, const void *arg)
{
    const struct stat *st = arg;
    return mknodat(dir, name, (st->st_mode & S_IFMT) | 0600, st->st_rdev) < 0 ? -errno : 0;
}

static int copy_symlink(int from_dir, const char *name, int to_dir, char ret_temp[TEMP_NAME_SIZE],
                        enum side *ret_side)
{
    char target[PATH_MAX + 1];
    ssize_t len = readlinkat(from_dir, name, target, PATH_MAX);

    *ret_side = SIDE_SOURCE;
    if (len < 0)
        return errno == EINVAL ? -ESTALE : -errno;
    if (len == PATH_MAX)
        return -ENAMETOOLONG;
    target[len] = 0;
    *ret_side = SIDE_TARGET;
    return temp_make(to_dir, make_symlink, target, ret_temp);
}

int special_make(int from_dir, const char *name, const struct stat *st, int to_dir, char ret_temp[TEMP_NAME_SIZE],
                 enum side *ret_side)
{
    if (S_ISLNK(st->st_mode))
        return copy_symlink(from_dir, name, to_dir, ret_temp, ret_side);
    *ret_side = SIDE_TARGET;
    return temp_make(to_dir, make_node, st, ret_temp);
}
