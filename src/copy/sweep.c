#include "copy/sweep.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/path.h"
#include "copy/manifest.h"
#include "copy/plan.h"
#include "copy/temp.h"
#include "copy/versions.h"

struct sweep {
    int root;
    dev_t dev;
    const atomic_bool *cancel;
    struct swept *swept;
    struct versions *versions;     /* of the dead operation; NULL while these are walked themselves */
    const char *replica;           /* whose partial files are counted */
    bool counts;                   /* the walk is in it */
    bool drops_partials;
    long partials;                 /* of the operation at hand */
};

/* Directories still to read, relative to the walk's top: a stack of NUL-ended paths. */
struct todo {
    struct buf bytes;
};

static void push(struct todo *todo, const char *dir, const char *name)
{
    char *path = plan_join(dir, name);

    buf_add_byte(&todo->bytes, 0);
    buf_add_str(&todo->bytes, path);
    free(path);
}

/* The last one pushed, to be freed; NULL when there is none. */
static char *pop(struct todo *todo)
{
    if (!todo->bytes.len)
        return NULL;
    const char *bytes = buf_str(&todo->bytes);
    const char *start = memrchr(bytes, 0, todo->bytes.len);
    char *path = mem_strdup(start + 1);
    buf_truncate(&todo->bytes, (size_t)(start - bytes));
    return path;
}

static bool is_directory(int dir, const struct dirent *d)
{
    struct stat st;

    if (d->d_type != DT_UNKNOWN)
        return d->d_type == DT_DIR;
    return fstatat(dir, d->d_name, &st, AT_SYMLINK_NOFOLLOW) == 0 && S_ISDIR(st.st_mode);
}

static int handle_partial(struct sweep *s, int dir, const char *name)
{
    struct stat st;

    if (s->drops_partials)
        return unlinkat(dir, name, 0) < 0 && errno != ENOENT ? -errno : 0;
    if (fstatat(dir, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
        return errno == ENOENT ? 0 : -errno;
    s->partials++;
    if (s->counts) {
        s->swept->partials++;
        s->swept->partial_bytes += (int64_t)st.st_blocks * 512;
    }
    return 0;
}

static int handle(struct sweep *s, int dir, const char *path, const struct dirent *d, struct todo *todo)
{
    const char *name = d->d_name;

    if (strcmp(name, ".") == 0 || strcmp(name, "..") == 0)
        return 0;
    if (is_directory(dir, d)) {
        push(todo, path, name);
    } else if (temp_is(name)) {
        if (unlinkat(dir, name, 0) < 0)
            return errno == ENOENT ? 0 : -errno;
        s->swept->temps++;
    } else if (temp_is_partial(name)) {
        return handle_partial(s, dir, name);
    } else if (s->versions && temp_is_exchange(name)) {
        int code = versions_move(s->versions, path, dir, name, name);
        s->swept->rescued += !code;
        return code;
    }
    return 0;
}

/* What was swept out of a directory was never part of it: its time goes back to what the listing says. */
static void restore_time(int fd, const struct stat *before)
{
    const struct timespec times[2] = {{.tv_nsec = UTIME_OMIT}, before->st_mtim};
    struct stat now;

    if (fstat(fd, &now) == 0 && memcmp(&now.st_mtim, &before->st_mtim, sizeof now.st_mtim) != 0)
        (void)futimens(fd, times);
}

static int sweep_dir(struct sweep *s, int top, const char *path, struct todo *todo)
{
    struct stat st;
    int code = 0, fd = path_open_dir(top, path);

    if (fd < 0)
        return fd == -ENOENT || fd == -EACCES ? 0 : fd;
    DIR *dir = fdopendir(fd);
    if (!dir) {
        code = -errno;
        close(fd);
        return code;
    }
    if (fstat(fd, &st) == 0 && st.st_dev == s->dev) {
        for (errno = 0; !code; errno = 0) {
            struct dirent *d = readdir(dir);
            if (!d) {
                code = -errno;
                break;
            }
            code = handle(s, fd, path, d, todo);
        }
        restore_time(fd, &st);
    }
    closedir(dir);
    return code;
}

/* All below root/top, other filesystems left out. */
static int sweep_tree(struct sweep *s, const char *top)
{
    struct todo todo = {0};
    struct stat st;
    char *path;
    int code = 0, fd = path_open_dir(s->root, top);

    if (fd < 0)
        return fd == -ENOENT ? 0 : fd;
    if (fstat(fd, &st) == 0)
        s->dev = st.st_dev;
    push(&todo, "", "");
    while (!code && (path = pop(&todo))) {
        code = sweep_dir(s, fd, path, &todo);
        free(path);
        if (!code && s->cancel && atomic_load(s->cancel))
            code = -ECANCELED;
    }
    buf_free(&todo.bytes);
    close(fd);
    return code;
}

static int sweep_replica(struct sweep *s, const char *operation, const char *replica)
{
    struct versions versions;

    versions_init(&versions, s->root, operation, replica, true);
    s->versions = &versions;
    /* One replica may have several dead operations. */
    s->counts = s->replica && strcmp(s->replica, replica) == 0 && !s->swept->partials;
    int code = sweep_tree(s, replica);
    if (!code)
        code = versions_sync(&versions);
    s->versions = NULL;
    s->counts = false;
    versions_close(&versions);
    return code;
}

/* A manifest without a head is older than its operation's first temp. */
static int sweep_operation(struct sweep *s, const char *operation)
{
    struct manifest_reader reader;
    struct manifest_record head;
    int code = manifest_open(s->root, operation, &reader);

    s->partials = 0;
    if (!code && manifest_next(&reader, &head) > 0 && head.verb == MANIFEST_HEAD) {
        char *kept = plan_join(VERSIONS, operation);
        code = sweep_replica(s, operation, head.fields[4]);
        if (!code)
            code = sweep_tree(s, kept);
        free(kept);
    }
    manifest_reader_close(&reader);
    return code;
}

static int end_manifest(int dir, const char *name, const char *operation)
{
    struct manifest m = {.dir = dup(dir), .operation = mem_strdup(operation)};
    struct stat st;

    m.fd = openat(dir, name, O_WRONLY | O_APPEND | O_NOFOLLOW | O_CLOEXEC);
    int code = m.fd < 0 || fstat(m.fd, &st) < 0 ? -errno : 0;
    if (!code)
        code = manifest_end(&m, "failed", 0, 0);
    manifest_close(&m);
    return code;
}

/* "20311123T020000Z-7f3a.open" -> the id, to be freed; NULL for other names. */
static char *dead_operation(const char *name)
{
    size_t len = strlen(name), tail = strlen(MANIFEST_OPEN);

    if (len <= tail || *name == '.' || strcmp(name + len - tail, MANIFEST_OPEN) != 0)
        return NULL;
    return mem_strndup(name, len - tail);
}

int sweep_partials(int root, const char *replica, const atomic_bool *cancel)
{
    struct swept none = {0};
    struct sweep s = {.root = root, .cancel = cancel, .swept = &none, .drops_partials = true};

    return sweep_tree(&s, replica);
}

int sweep_dead(int root, const char *replica, const atomic_bool *cancel, struct swept *ret_swept)
{
    struct sweep s = {.root = root, .replica = replica, .cancel = cancel, .swept = ret_swept};
    struct dirent *d;
    int code = 0, fd = path_open_dir(root, OPERATIONS);

    *ret_swept = (struct swept){0};
    if (fd < 0)
        return fd == -ENOENT ? 0 : fd;
    DIR *dir = fdopendir(fd);
    while (dir && !code && (d = readdir(dir))) {
        if (temp_is(d->d_name))
            unlinkat(fd, d->d_name, 0);    /* left by holds_probe */
        char *operation = dead_operation(d->d_name);
        if (!operation)
            continue;
        code = sweep_operation(&s, operation);
        if (!code && !s.partials)
            code = end_manifest(fd, d->d_name, operation);
        ret_swept->operations += !code;
        free(operation);
    }
    if (dir)
        closedir(dir);
    else
        close(fd);
    return code;
}
