#include "copy/tree.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/path.h"
#include "base/sum.h"
#include "copy/plan.h"
#include "index/mount.h"

#define FRESH 'f'       /* a directory whose names were not read yet */
#define READ 'r'        /* one whose directories come before it on the stack's way down */

struct tree {
    int top;
    dev_t dev;
    int mount;
    const struct tree_visitor *visitor;
    bool leave;              /* come back to each directory when all below it is done, to remove it */
    bool forgive;            /* what cannot be removed stays */
    struct buf stack;        /* directories still to do: a NUL, FRESH or READ, the path below the top */
};

static void push(struct tree *t, char kind, const char *dir, const char *name)
{
    char *path = plan_join(dir, name);

    buf_add_byte(&t->stack, 0);
    buf_add_byte(&t->stack, (unsigned char)kind);
    buf_add_str(&t->stack, path);
    free(path);
}

/* The last one pushed, to be freed; NULL when there is none. */
static char *pop(struct tree *t, char *ret_kind)
{
    if (!t->stack.len)
        return NULL;
    const char *bytes = buf_str(&t->stack);
    const char *start = memrchr(bytes, 0, t->stack.len);
    char *path = mem_strdup(start + 2);
    *ret_kind = start[1];
    buf_truncate(&t->stack, (size_t)(start - bytes));
    return path;
}

static bool is_directory(int dir, const struct dirent *d)
{
    struct stat st;

    if (d->d_type != DT_UNKNOWN)
        return d->d_type == DT_DIR;
    return fstatat(dir, d->d_name, &st, AT_SYMLINK_NOFOLLOW) == 0 && S_ISDIR(st.st_mode);
}

static bool is_cancelled(const struct tree *t)
{
    return t->visitor->cancel && atomic_load(t->visitor->cancel);
}

static int see(struct tree *t, int dir, const char *path, const struct dirent *d)
{
    if (is_cancelled(t))
        return -ECANCELED;
    if (strcmp(d->d_name, ".") == 0 || strcmp(d->d_name, "..") == 0)
        return 0;
    if (!is_directory(dir, d))
        return t->visitor->name(t->visitor->arg, dir, path, d->d_name);
    push(t, FRESH, path, d->d_name);
    return 0;
}

static int refused(const struct tree *t, const char *path, int code)
{
    if (code == -ENOENT)
        return 0;
    if (t->visitor->refused)
        return t->visitor->refused(t->visitor->arg, path, code);
    return code == -EACCES && !t->leave ? 0 : code;
}

/* A subvolume of btrfs is of another device, and no other filesystem. */
static bool is_elsewhere(const struct tree *t, int dir, const struct stat *st)
{
    return st->st_dev != t->dev && mount_number(dir) != t->mount;
}

static int read_names(struct tree *t, DIR *dir, const char *path)
{
    const struct tree_visitor *v = t->visitor;
    struct stat before;
    int code = 0;

    if (fstat(dirfd(dir), &before) < 0 || is_elsewhere(t, dirfd(dir), &before))
        return 0;
    while (!code) {
        errno = 0;
        struct dirent *d = readdir(dir);
        if (!d) {
            code = errno ? refused(t, path, -errno) : 0;
            break;
        }
        code = see(t, dirfd(dir), path, d);
    }
    if (v->left)
        v->left(v->arg, dirfd(dir), &before);
    return code;
}

static int visit(struct tree *t, const char *path)
{
    int fd = path_open_dir(t->top, path);

    if (fd < 0)
        return refused(t, path, fd);
    DIR *dir = fdopendir(fd);
    if (!dir) {
        int code = -errno;
        close(fd);
        return code;
    }
    int code = read_names(t, dir, path);
    closedir(dir);
    return code;
}

static int remove_directory(struct tree *t, const char *path)
{
    const char *name;
    int dir = *path ? path_open_parent(t->top, path, &name) : -ENOENT;

    if (dir < 0)
        return dir == -ENOENT ? 0 : dir;
    int code = unlinkat(dir, name, AT_REMOVEDIR) < 0 && errno != ENOENT ? -errno : 0;
    close(dir);
    return t->forgive ? 0 : code;
}

static int step(struct tree *t, char kind, const char *path)
{
    if (kind == READ)
        return remove_directory(t, path);
    if (t->leave)
        push(t, READ, path, "");
    return visit(t, path);
}

/* All below the open top. */
static int run(struct tree *t)
{
    struct stat st;
    char *path, kind;
    int code = fstat(t->top, &st) < 0 ? -errno : 0;

    t->dev = st.st_dev;
    t->mount = mount_number(t->top);
    push(t, FRESH, "", "");
    while (!code && (path = pop(t, &kind))) {
        code = step(t, kind, path);
        free(path);
        if (!code && is_cancelled(t))
            code = -ECANCELED;
    }
    buf_free(&t->stack);
    return code;
}

static int run_below(struct tree *t, int root, const char *top)
{
    t->top = path_open_dir(root, top);
    if (t->top == -ENOENT)
        return 0;
    if (t->top < 0)
        return t->visitor->refused ? t->visitor->refused(t->visitor->arg, "", t->top) : t->top;
    int code = run(t);
    close(t->top);
    return code;
}

int tree_walk(int root, const char *top, const struct tree_visitor *visitor)
{
    struct tree t = {.visitor = visitor};
    return run_below(&t, root, top);
}

void tree_restore_time(void *arg, int dir, const struct stat *before)
{
    const struct timespec times[2] = {{.tv_nsec = UTIME_OMIT}, before->st_mtim};
    struct stat now;

    (void)arg;
    if (fstat(dir, &now) == 0 && memcmp(&now.st_mtim, &before->st_mtim, sizeof now.st_mtim) != 0)
        (void)futimens(dir, times);
}

static int add_up(void *arg, int dir, const char *path, const char *name)
{
    struct tree_sum *sum = arg;
    struct stat st;

    (void)path;
    if (fstatat(dir, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
        return errno == ENOENT ? 0 : -errno;
    sum->files++;
    if (S_ISREG(st.st_mode) && st.st_nlink == 1)
        sum->bytes = sum_add(sum->bytes, (int64_t)st.st_size);
    return 0;
}

int tree_measure(int root, const char *top, const atomic_bool *cancel, struct tree_sum *sum)
{
    struct tree_visitor visitor = {.name = add_up, .arg = sum, .cancel = cancel};
    return tree_walk(root, top, &visitor);
}

static int remove_name(void *arg, int dir, const char *path, const char *name)
{
    struct tree_sum one = {0}, *sum = arg;
    int code = add_up(&one, dir, path, name);

    if (!code && unlinkat(dir, name, 0) < 0)
        return errno == ENOENT ? 0 : -errno;
    sum->files += one.files;
    sum->bytes = sum_add(sum->bytes, one.bytes);
    return code;
}

static int remove_top(int root, const char *top)
{
    const char *name;
    int dir = path_open_parent(root, top, &name);

    if (dir < 0)
        return dir == -ENOENT ? 0 : dir;
    int code = unlinkat(dir, name, AT_REMOVEDIR) < 0 && errno != ENOENT ? -errno : 0;
    close(dir);
    return code;
}

int tree_remove(int root, const char *top, const atomic_bool *cancel, struct tree_sum *sum)
{
    struct tree_visitor visitor = {.name = remove_name, .arg = sum, .cancel = cancel};
    struct tree t = {.visitor = &visitor, .leave = true};
    int code = run_below(&t, root, top);

    return code ? code : remove_top(root, top);
}

static int pass_by(void *arg, int dir, const char *path, const char *name)
{
    (void)arg, (void)dir, (void)path, (void)name;
    return 0;
}

void tree_remove_folders(int root, const char *top)
{
    struct tree_visitor visitor = {.name = pass_by};
    struct tree t = {.visitor = &visitor, .leave = true, .forgive = true};

    if (run_below(&t, root, top) == 0)
        (void)remove_top(root, top);
}
