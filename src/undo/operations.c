#include "undo/operations.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/io.h"
#include "base/path.h"
#include "copy/versions.h"
#include "index/identity.h"

#define TAIL 4096    /* bytes of a manifest's end that hold its last two records */

static void take_head(struct operation *o, const struct manifest_record *rec)
{
    char **texts[] = {&o->kind, &o->replica, &o->target, &o->source, &o->host};

    for (int i = 0; i < 5; i++)
        *texts[i] = mem_strdup(rec->fields[3 + i]);
    (void)manifest_number(rec, 8, &o->pid);
    (void)manifest_number(rec, 9, &o->started_at);
    o->has_manifest = true;
}

static void take_run(struct operation *o, const struct manifest_record *rec)
{
    o->run = *rec->fields[1] ? mem_strdup(rec->fields[1]) : NULL;
    o->user = mem_strdup(rec->fields[2]);
    o->boot = mem_strdup(rec->fields[3]);
    (void)manifest_number(rec, 4, &o->began);
}

static void take_counts(struct operation *o, const struct manifest_record *rec)
{
    struct manifest_counts *n = &o->counts;
    int64_t *numbers[] = {&n->created, &n->replaced, &n->removed, &n->touched, &n->directories};

    for (int i = 0; i < 5; i++)
        (void)manifest_number(rec, 1 + i, numbers[i]);
}

static void take_end(struct operation *o, const struct manifest_record *rec)
{
    free(o->state);
    o->state = mem_strdup(rec->fields[1]);
    (void)manifest_number(rec, 2, &o->files);
    (void)manifest_number(rec, 3, &o->bytes);
    (void)manifest_number(rec, 4, &o->finished_at);
}

/* True when it was the end. */
static bool take_tail(struct operation *o, const struct manifest_record *rec)
{
    if (rec->verb == MANIFEST_COUNTS)
        take_counts(o, rec);
    else if (rec->verb == MANIFEST_END)
        take_end(o, rec);
    return rec->verb == MANIFEST_END;
}

static void count_record(struct manifest_counts *n, const struct manifest_record *rec)
{
    struct manifest_file file;

    n->touched += rec->verb == MANIFEST_RENAME;
    if (rec->verb != MANIFEST_CREATE && rec->verb != MANIFEST_REPLACE && rec->verb != MANIFEST_REMOVE &&
        rec->verb != MANIFEST_TOUCH)
        return;
    if (!manifest_file(rec, 2, &file))
        return;
    n->touched += rec->verb == MANIFEST_TOUCH;
    if (rec->verb == MANIFEST_TOUCH)
        return;
    bool directory = S_ISDIR(file.mode);
    n->directories += directory;
    n->created += !directory && rec->verb == MANIFEST_CREATE;
    n->replaced += !directory && rec->verb == MANIFEST_REPLACE;
    n->removed += !directory && rec->verb == MANIFEST_REMOVE;
}

/* Where the record begins whose verb this is, in the last bytes; NULL when it is not among them. */
static const char *find_verb(const struct buf *tail, const char *verb)
{
    size_t len = strlen(verb) + 2;    /* with the NUL before it and behind it */
    const char *found = NULL, *at = tail->data, *end = tail->data + tail->len;
    char pattern[32];

    snprintf(pattern + 1, sizeof pattern - 1, "%s", verb);
    pattern[0] = 0;
    while (at < end && (at = memmem(at, (size_t)(end - at), pattern, len)))
        found = ++at;
    return found;
}

/* Read the records from `at` to the tail's end. True when the last one is the end. */
static bool read_tail(struct operation *o, const struct buf *tail, const char *at)
{
    struct manifest_reader reader = {.fd = -1, .ended = true};
    struct manifest_record rec;
    bool ended = false;

    buf_add(&reader.bytes, at, (size_t)(tail->data + tail->len - at));
    while (manifest_next(&reader, &rec) == 1)
        ended = take_tail(o, &rec);
    manifest_reader_close(&reader);
    return ended;
}

static bool look_at_end(struct operation *o, int fd)
{
    struct buf tail = {0};
    struct stat st;

    if (fstat(fd, &st) < 0)
        return false;
    off_t from = st.st_size > TAIL ? st.st_size - TAIL : 0;
    buf_reserve(&tail, TAIL);
    ssize_t n = pread(fd, tail.data, TAIL, from);
    tail.len = n > 0 ? (size_t)n : 0;
    const char *counts = find_verb(&tail, "counts"), *end = find_verb(&tail, "end");
    bool found = (counts && read_tail(o, &tail, counts)) || (end && read_tail(o, &tail, end));
    buf_free(&tail);
    return found && counts;
}

static void count_all(struct operation *o, struct manifest_reader *reader)
{
    struct manifest_record rec;

    o->counts = (struct manifest_counts){0};
    while (manifest_next(reader, &rec) == 1) {
        count_record(&o->counts, &rec);
        (void)take_tail(o, &rec);
    }
}

/* Something else in a manifest's place says nothing, and is none. */
static int reason_of(int code)
{
    return code == -ENOENT || code == -ELOOP || code == -EISDIR || code == -ENOTDIR || code == -EINVAL || code == -ENXIO ? 0 : -code;
}

static void read_manifest(struct operation *o, int root)
{
    struct manifest_reader reader;
    struct manifest_record head, second;
    int code = manifest_open(root, o->operation, &reader), got = code ? code : manifest_next(&reader, &head);

    if (got < 0)
        o->unread = reason_of(got);
    if (got == 1 && head.verb == MANIFEST_HEAD && strcmp(head.fields[2], o->operation) == 0) {
        take_head(o, &head);
        if (manifest_next(&reader, &second) == 1 && second.verb == MANIFEST_RUN)
            take_run(o, &second);
        if (!look_at_end(o, reader.fd) && manifest_rewind(&reader) == 0)
            count_all(o, &reader);
    }
    manifest_reader_close(&reader);
}

static bool has_any(int root, const char *folder, const char *operation)
{
    struct buf path = {0};

    buf_printf(&path, "%s/%s", folder, operation);
    int fd = path_open_dir(root, buf_str(&path));
    buf_free(&path);
    if (fd >= 0)
        close(fd);
    return fd >= 0;
}

/* open: of its manifest's name. One that has its final name is ended, though it can no longer say how. */
static void add(struct operations *h, int root, const char *name, size_t len, bool open)
{
    char *operation = mem_strndup(name, len);

    if (!manifest_is_operation(operation)) {
        free(operation);
        return;
    }
    h->list = mem_realloc(h->list, (h->count + 1) * sizeof *h->list);
    struct operation *o = &h->list[h->count++];
    *o = (struct operation){.operation = operation, .has_versions = has_any(root, VERSIONS, operation)};
    read_manifest(o, root);
    if (o->has_manifest && !o->state && !open)
        o->state = mem_strdup("failed");
}

static bool has(int root, const char *operation)
{
    struct buf path = {0};
    bool found = false;

    for (int i = 0; i < 2 && !found; i++) {
        buf_clear(&path);
        buf_printf(&path, OPERATIONS "/%s%s", operation, i ? MANIFEST_OPEN : "");
        int fd = path_open(root, buf_str(&path), O_PATH, 0);
        found = fd >= 0;
        if (found)
            close(fd);
    }
    buf_free(&path);
    return found;
}

/* versions: only those that have no manifest, as the others are listed by it. */
static int list_folder(struct operations *h, int root, const char *folder, bool versions)
{
    int fd = path_open_dir(root, folder);
    if (fd < 0)
        return fd == -ENOENT ? 0 : fd;
    DIR *dir = fdopendir(fd);
    if (!dir) {
        int code = -errno;
        close(fd);
        return code;
    }
    for (struct dirent *d; errno = 0, d = readdir(dir);) {
        size_t len = strlen(d->d_name), open = strlen(MANIFEST_OPEN);
        bool is_open = !versions && len > open && strcmp(d->d_name + len - open, MANIFEST_OPEN) == 0;
        if (is_open)
            len -= open;
        if (!versions || (manifest_is_operation(d->d_name) && !has(root, d->d_name)))
            add(h, root, d->d_name, len, is_open);
    }
    int code = -errno;    /* of the readdir that said it was the last */
    closedir(dir);
    return code;
}

/* What is there and is not read is not taken for nothing: with what to do about it. */
static int fail(const char *root, const char *folder, int errnum, struct error *err)
{
    const char *what = strerrordesc_np(errnum), *advice = "look at the disk (its cable, dmesg)";

    if (errnum == EACCES || errnum == EPERM)
        advice = "let this user read and enter it (chmod, or run this as who may)";
    else if (errnum == ENOTDIR || errnum == ELOOP)
        advice = "something else has the place of the folder: move it away by hand";
    return error_say(err, error_name(errnum), errnum, "%s: %s: %s/%s: what was done on this disk is not known without it; %s",
                     error_name(errnum), what ? what : "error", root, folder, advice);
}

int operations_read(const char *root, const char *identity, struct operations *ret_operations, struct error *err)
{
    *ret_operations = (struct operations){0};
    int fd = identity_open(root, identity, err);
    if (fd < 0)
        return fd;
    const char *folder = OPERATIONS;
    int code = list_folder(ret_operations, fd, folder, false);
    if (!code)
        code = list_folder(ret_operations, fd, folder = VERSIONS, true);
    close(fd);
    return code ? fail(root, folder, -code, err) : 0;
}

void operations_free(struct operations *h)
{
    for (size_t i = 0; i < h->count; i++) {
        struct operation *o = &h->list[i];
        char *texts[] = {o->operation, o->kind, o->replica, o->target, o->source, o->host,
                         o->state,     o->run,  o->user,    o->boot};
        for (size_t t = 0; t < sizeof texts / sizeof *texts; t++)
            free(texts[t]);
    }
    free(h->list);
    *h = (struct operations){0};
}
