#include "copy/sweep.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/path.h"
#include "copy/manifest.h"
#include "copy/metadata.h"
#include "copy/plan.h"
#include "copy/temp.h"
#include "copy/tree.h"
#include "copy/trial.h"
#include "copy/versions.h"

struct sweep {
    int root;
    const atomic_bool *cancel;
    struct swept *swept;
    struct versions *versions;     /* of the dead operation; NULL while these are walked themselves */
    const char *replica;           /* whose partial files are counted */
    bool counts;                   /* the walk is in it */
    bool drops_partials;
    long partials;                 /* of the operation at hand */
};

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

/* The versions lie on another filesystem: the copy there is durable before the file goes. */
static int rescue_copy(struct versions *v, int dir, const char *path, const char *name)
{
    struct holds holds = {0};
    struct stat st;
    struct data data;
    int to = versions_folder(v, path);
    int code = to < 0 ? to : holds_probe(to, &holds);

    if (code)
        return code;
    if (fstatat(dir, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
        return -errno;
    data_init(&data, NULL, NULL, NULL);
    code = versions_copy(v, path, dir, name, &st, &data, &holds);
    data_free(&data);
    if (code == -EEXIST)    /* copied whole by a rescue that was cut short */
        code = 0;
    if (!code)
        code = versions_sync(v);
    return code ? code : unlinkat(dir, name, 0) < 0 ? -errno : 0;
}

static int rescue(struct sweep *s, int dir, const char *path, const char *name)
{
    int code = versions_move(s->versions, path, dir, name, name);

    if (code == -EXDEV)
        code = rescue_copy(s->versions, dir, path, name);
    s->swept->rescued += !code;
    return code;
}

static int sweep_name(void *arg, int dir, const char *path, const char *name)
{
    struct sweep *s = arg;

    if (temp_is(name)) {
        if (unlinkat(dir, name, 0) < 0)
            return errno == ENOENT ? 0 : -errno;
        s->swept->temps++;
    } else if (temp_is_partial(name)) {
        return handle_partial(s, dir, name);
    } else if (s->versions && temp_is_exchange(name)) {
        return rescue(s, dir, path, name);
    }
    return 0;
}

static int sweep_tree(struct sweep *s, const char *top)
{
    struct tree_visitor visitor = {.name = sweep_name, .left = tree_restore_time, .arg = s, .cancel = s->cancel};
    return tree_walk(s->root, top, &visitor);
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

/* Did it die between its end record and the final name? Then it says itself how it ended. */
static bool has_end(int root, const char *operation)
{
    struct manifest_reader reader;
    struct manifest_record rec;
    bool ended = false;
    int code = manifest_open(root, operation, &reader);

    while (!code && manifest_next(&reader, &rec) == 1)
        ended = rec.verb == MANIFEST_END;
    manifest_reader_close(&reader);
    return ended;
}

static int end_manifest(int root, int dir, const char *name, const char *operation)
{
    struct manifest m = {.fd = -1, .dir = dup(dir), .operation = mem_strdup(operation)};
    struct stat st;

    if (has_end(root, operation)) {
        manifest_close(&m);
        return renameat(dir, name, dir, operation) < 0 ? -errno : 0;
    }
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
    trial_sweep(root, OUR_FOLDER);
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
            code = end_manifest(root, fd, d->d_name, operation);
        ret_swept->operations += !code;
        free(operation);
    }
    if (dir)
        closedir(dir);
    else
        close(fd);
    return code;
}

static void add_count(struct buf *text, const char *verb, long count, const char *noun)
{
    if (count)
        buf_printf(text, "%s%s %ld %s%s", text->len ? " and " : "", verb, count, noun, count == 1 ? "" : "s");
}

char *swept_text(const struct swept *swept)
{
    struct buf text = {0};

    add_count(&text, "removed", swept->temps, "temporary file");
    add_count(&text, "kept", swept->rescued, "replaced file");
    if (!text.len)
        return NULL;
    if (swept->operations == 1)
        buf_printf(&text, " of an unfinished operation");
    else
        buf_printf(&text, " of %ld unfinished operations", swept->operations);
    return buf_take(&text);
}
