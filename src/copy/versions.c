#include "copy/versions.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/ours.h"
#include "base/path.h"
#include "copy/place.h"
#include "copy/special.h"
#include "copy/temp.h"
#include "index/still.h"

static const struct xattr_rules clean = {.clean = true};    /* of what a temp inherits */

void versions_init(struct versions *v, int root, const char *operation, const char *replica, bool sync_each)
{
    struct buf base = {0};

    buf_printf(&base, VERSIONS "/%s/", operation);
    size_t replica_at = base.len;
    buf_add_str(&base, replica);
    *v = (struct versions){.root = root, .base = buf_take(&base), .replica_at = replica_at, .sync_each = sync_each, .dir = -1};
}

static void leave_dir(struct versions *v)
{
    if (v->dir >= 0)
        close(v->dir);
    free(v->dir_path);
    v->dir = -1;
    v->dir_path = NULL;
    v->dirty = false;
}

void versions_close(struct versions *v)
{
    leave_dir(v);
    map_free(&v->copies, free);
    free(v->base);
    v->base = NULL;
}

/* Folders that were just made are only safe once each one's parent is. */
static int sync_parents(struct versions *v, char *path)
{
    int code = 0;

    for (char *slash; !code && (slash = strrchr(path, '/'));) {
        *slash = 0;
        code = path_sync(v->root, path);
    }
    return code ? code : path_sync(v->root, "");
}

int versions_sync(struct versions *v)
{
    if (!v->sync_each || v->dir < 0 || !v->dirty)
        return 0;
    v->dirty = false;
    return path_sync_dir(v->dir);
}

static int enter_dir(struct versions *v, const char *path_dir)
{
    struct buf path = {0};

    buf_printf(&path, "%s%s%s", v->base, *path_dir ? "/" : "", path_dir);
    const char *full = buf_str(&path);
    v->dir = ours_make_dirs(v->root, full, full + v->replica_at);
    int code = v->dir < 0 ? v->dir : 0;
    if (!code && v->sync_each)
        code = sync_parents(v, path.data);
    buf_free(&path);
    if (code)
        leave_dir(v);
    else
        v->dir_path = mem_strdup(path_dir);
    return code;
}

/* The folder on the way to the versions of which something else has the place: its path, to be freed; NULL for none. */
static char *find_obstacle(const struct versions *v)
{
    struct stat st;

    for (const char *end = v->base; *end;) {
        end += strspn(end, "/");
        end += strcspn(end, "/");
        char *part = mem_strndup(v->base, (size_t)(end - v->base));
        if (path_lstat(v->root, part, &st) == 0 && !S_ISDIR(st.st_mode))
            return part;
        free(part);
    }
    return NULL;
}

char *versions_blocked(const struct versions *v, int code)
{
    struct buf text = {0};
    char *path = v->blocked && v->blocked == code ? find_obstacle(v) : NULL;

    if (path) {
        buf_printf(&text, "something that is no folder has the place of %s, so the old file could not be kept: left alone; move "
                   "that away", path);
        free(path);
        return buf_take(&text);
    }
    long owner = v->blocked && v->blocked == code ? ours_find_owner(v->root, v->base, &path) : -1;

    if (owner < 0)
        return NULL;
    buf_printf(&text, "%s belongs to user %ld and cannot be written, so the old file could not be kept: left alone (the next "
               "copy of that user, or root's, gives it the rights of the root folder)", path, owner);
    free(path);
    return buf_take(&text);
}

/* The one before is synced where that is needed. */
int versions_folder(struct versions *v, const char *path_dir)
{
    v->blocked = 0;
    if (v->dir < 0 || strcmp(v->dir_path, path_dir) != 0) {
        int code = versions_sync(v);
        leave_dir(v);
        if (!code)
            code = enter_dir(v, path_dir);
        if (code)
            return v->blocked = code;
    }
    v->dirty = true;
    return v->dir;
}

static bool same_file(int a_dir, const char *a_name, int b_dir, const char *b_name)
{
    struct stat a, b;
    return fstatat(a_dir, a_name, &a, AT_SYMLINK_NOFOLLOW) == 0 &&
           fstatat(b_dir, b_name, &b, AT_SYMLINK_NOFOLLOW) == 0 && a.st_dev == b.st_dev && a.st_ino == b.st_ino;
}

int versions_link(struct versions *v, const char *path_dir, int dir, const char *name)
{
    int to = versions_folder(v, path_dir);
    if (to < 0)
        return to;
    if (linkat(dir, name, to, name, 0) == 0)
        return 0;
    int code = -errno;
    return code == -EEXIST && same_file(dir, name, to, name) ? 0 : code;
}

int versions_move(struct versions *v, const char *path_dir, int dir, const char *from, const char *name)
{
    int to = versions_folder(v, path_dir);
    return to < 0 ? to : place_new(dir, from, to, name);
}

static int copy_to_temp(int dir, const char *name, int temp, const struct stat *st, struct data *data,
                        const struct holds *holds)
{
    const struct was was = was_stat(st);
    struct sink sink = {.fd = temp, .cancel = data->cancel};
    atomic_bool clone = true;
    struct digest digest;
    uint64_t size;
    struct given given = {0};
    struct stat after;
    int from = openat(dir, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);

    if (from < 0)
        return -errno;
    bool sparse = (uint64_t)st->st_blocks * 512 < (uint64_t)st->st_size;
    int code = data_clone(data, from, temp, (uint64_t)st->st_size, &clone, &digest, &size);
    if (code == -EOPNOTSUPP || code == -EINVAL)
        code = data_copy(data, from, &sink, 1, (uint64_t)st->st_size, sparse, &digest, &size);
    code = code ? code : sink.code;
    if (!code)
        code = metadata_copy(from, temp, st, holds, &clean, &given);
    if (!code && (fstat(from, &after) < 0 || size != was.size || !still_is(&was, &after, STILL_SAME, NULL)))
        code = -ESTALE;
    close(from);
    return code;
}

/* Link dir/name to the copy that was made under another name, if it is one still. */
static bool link_copy(struct versions *v, const struct stat *st, int dir, const char *name)
{
    const char *copy = S_ISREG(st->st_mode) && st->st_nlink > 1 ? map_get(&v->copies, map_file_key(st)) : NULL, *copy_name;
    struct stat found;

    int from = copy ? path_open_parent(v->root, copy, &copy_name) : -1;
    if (from < 0)
        return false;
    bool same = fstatat(from, copy_name, &found, AT_SYMLINK_NOFOLLOW) == 0 && S_ISREG(found.st_mode) &&
                found.st_size == st->st_size && found.st_mtim.tv_sec == st->st_mtim.tv_sec &&
                found.st_mtim.tv_nsec == st->st_mtim.tv_nsec;
    bool linked = same && linkat(from, copy_name, dir, name, 0) == 0;
    close(from);
    return linked;
}

static void remember_copy(struct versions *v, const struct stat *st, const char *path_dir, const char *name)
{
    struct buf path = {0};

    if (st->st_nlink < 2 || map_get(&v->copies, map_file_key(st)))
        return;
    buf_printf(&path, "%s%s%s/%s", v->base, *path_dir ? "/" : "", path_dir, name);
    map_set(&v->copies, map_file_key(st), buf_take(&path));
}

static int stage_special(int from_dir, const char *name, const struct stat *st, int to_dir, char *ret_temp,
                         const struct holds *holds)
{
    enum side side;
    struct given given = {0};
    int code = special_make(from_dir, name, st, to_dir, ret_temp, &side);

    return code ? code : metadata_copy_at(from_dir, name, to_dir, ret_temp, st, holds, &clean, &given);
}

static int stage_regular(int from_dir, const char *name, const struct stat *st, int to_dir, char *ret_temp,
                         struct data *data, const struct holds *holds)
{
    int temp = temp_create(to_dir, 0600, ret_temp);
    if (temp < 0)
        return temp;
    int code = copy_to_temp(from_dir, name, temp, st, data, holds);
    if (!code && fsync(temp) < 0)
        code = -errno;
    if (close(temp) < 0 && !code)
        code = -errno;
    return code;
}

int versions_stage(int from_dir, const char *name, const struct stat *st, int to_dir, char ret_temp[TEMP_NAME_SIZE],
                   struct data *data, const struct holds *holds, atomic_bool *left)
{
    ret_temp[0] = 0;
    int code = S_ISREG(st->st_mode) ? stage_regular(from_dir, name, st, to_dir, ret_temp, data, holds)
                                    : stage_special(from_dir, name, st, to_dir, ret_temp, holds);
    if (code)
        temp_remove(to_dir, ret_temp, left);
    return code;
}

static int copy_file(int to, int dir, const char *name, const struct stat *st, struct data *data,
                     const struct holds *holds, atomic_bool *left)
{
    char temp[TEMP_NAME_SIZE];
    int code = versions_stage(dir, name, st, to, temp, data, holds, left);

    if (!code && (code = place_new(to, temp, to, name)))
        temp_remove(to, temp, left);
    return code;
}

int versions_copy(struct versions *v, const char *path_dir, int dir, const char *name, const struct stat *st,
                  struct data *data, const struct holds *holds)
{
    int to = versions_folder(v, path_dir);

    if (to < 0)
        return to;
    if (link_copy(v, st, to, name))
        return 0;
    int code = copy_file(to, dir, name, st, data, holds, v->left);
    if (!code)
        remember_copy(v, st, path_dir, name);
    return code;
}
