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

/* How it ends so far. */
struct ending {
    bool has_end;
    bool torn, cut;
    off_t whole;               /* bytes of the records before the tear */
};

static int read_ending(int root, const char *operation, struct ending *ret_ending)
{
    struct manifest_reader reader;
    struct manifest_record rec;
    int code = manifest_open(root, operation, &reader);

    *ret_ending = (struct ending){0};
    while (!code && (code = manifest_next(&reader, &rec)) == 1) {
        ret_ending->has_end = rec.verb == MANIFEST_END;
        code = 0;
    }
    ret_ending->torn = reader.torn;
    ret_ending->cut = reader.cut;
    ret_ending->whole = (off_t)reader.whole;
    manifest_reader_close(&reader);
    return code;
}

/*
 * Behind half a record nothing could be read, so that goes: it was never durable, and nothing was done upon it. What is
 * damaged in the middle stays for who can read more of it; the end is found from behind then, when a NUL is before it.
 */
static int make_end_readable(struct manifest *m, const struct ending *ending)
{
    if (!ending->torn)
        return 0;
    if (ending->cut)
        return ftruncate(m->fd, ending->whole) < 0 ? -errno : 0;
    buf_add_byte(&m->pending, 0);
    return 0;
}

static int open_for_end(struct manifest *m, const char *name)
{
    struct stat st;

    m->fd = openat(m->dir, name, O_WRONLY | O_APPEND | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
    if (m->fd < 0 || fstat(m->fd, &st) < 0)
        return -errno;
    return S_ISREG(st.st_mode) ? 0 : -EINVAL;
}

static int end_open(struct manifest *m, const struct ending *ending)
{
    char *name = NULL;

    if (asprintf(&name, "%s" MANIFEST_OPEN, m->operation) < 0)
        return -ENOMEM;
    int code;
    if (ending->has_end && !ending->torn) {    /* it died between that and its name: it says itself how it ended */
        code = renameat(m->dir, name, m->dir, m->operation) < 0 ? -errno : 0;
    } else {
        code = open_for_end(m, name);
        if (!code)
            code = make_end_readable(m, ending);
        if (!code)
            code = manifest_end(m, "failed", 0, 0);
    }
    free(name);
    return code;
}

int manifest_bury(int root, const char *operation)
{
    struct manifest m = {.fd = -1, .dir = path_open_dir(root, OPERATIONS), .operation = mem_strdup(operation)};
    struct ending ending;
    int code = m.dir < 0 ? m.dir : read_ending(root, operation, &ending);

    if (!code)
        code = end_open(&m, &ending);
    manifest_close(&m);
    return code;
}

/* The operation's replica, to be freed, when this path lies in it; else NULL. */
static char *replica_around(int root, const char *operation, const char *path)
{
    struct manifest_reader reader;
    struct manifest_record head;
    char *replica = NULL;

    if (manifest_open(root, operation, &reader) == 0 && manifest_next(&reader, &head) == 1 && head.verb == MANIFEST_HEAD) {
        size_t len = strlen(head.fields[4]);
        if (len && strncmp(path, head.fields[4], len) == 0 && (!path[len] || path[len] == '/'))
            replica = mem_strdup(head.fields[4]);
    }
    manifest_reader_close(&reader);
    return replica;
}

bool manifest_find_open(int root, const char *path, char **ret_operation, char **ret_replica)
{
    DIR *dir;

    *ret_operation = *ret_replica = NULL;
    (void)path_read_dir(root, OPERATIONS, &dir);
    for (struct dirent *d; dir && !*ret_replica && (d = readdir(dir));) {
        size_t len = strlen(d->d_name), tail = strlen(MANIFEST_OPEN);
        if (len <= tail || strcmp(d->d_name + len - tail, MANIFEST_OPEN) != 0)
            continue;
        char *operation = mem_strndup(d->d_name, len - tail);
        if ((*ret_replica = replica_around(root, operation, path)))
            *ret_operation = operation;
        else
            free(operation);
    }
    if (dir)
        closedir(dir);
    return *ret_replica;
}
