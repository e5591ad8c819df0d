#include "copy/manifest.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/io.h"
#include "base/ours.h"
#include "base/path.h"
#include "copy/beat.h"
#include "copy/classify.h"
#include "index/identity.h"

static void add_text(struct buf *b, const char *text) { buf_add(b, text, strlen(text) + 1); }

static void add_number(struct buf *b, int64_t value)
{
    buf_add_number(b, value);
    buf_add_byte(b, 0);
}

static void add_digest(struct buf *b, const struct digest *d)
{
    char hex[2 * DIGEST_SIZE + 1] = "-";

    if (d)
        digest_hex(d, hex);
    add_text(b, hex);
}

static void add_octal(struct buf *b, unsigned value)
{
    char digits[12], *at = digits + sizeof digits - 1;

    *at = 0;
    do
        *--at = (char)('0' + (value & 7));
    while (value >>= 3);
    add_text(b, at);
}

static void add_file(struct buf *b, const struct manifest_file *f)
{
    add_text(b, type_name(f->mode));
    add_number(b, (int64_t)f->size);
    add_number(b, f->mtime);
    add_octal(b, f->mode & 07777);
    add_number(b, f->uid);
    add_number(b, f->gid);
    add_digest(b, f->has_digest ? &f->digest : NULL);
}

/* Every record ends here: the check is over all bytes since `start`. */
static void add_check(struct buf *b, size_t start)
{
    char check[17];

    hash64_hex(hash64_of(b->data + start, b->len - start), check);
    add_text(b, check);
}

static void count(struct manifest_counts *n, enum manifest_verb verb, uint32_t mode, int by)
{
    if (verb == MANIFEST_TOUCH || verb == MANIFEST_RENAME)
        n->touched += by;
    else if (S_ISDIR(mode))
        n->directories += by;
    else if (verb == MANIFEST_CREATE)
        n->created += by;
    else if (verb == MANIFEST_REPLACE)
        n->replaced += by;
    else
        n->removed += by;
}

static void add_record(struct manifest *m, const char *verb, const char *path, const struct manifest_file *a,
                       const struct manifest_file *b)
{
    size_t start = m->pending.len;

    add_text(&m->pending, verb);
    add_text(&m->pending, path);
    if (a)
        add_file(&m->pending, a);
    if (b)
        add_file(&m->pending, b);
    add_check(&m->pending, start);
}

static void add_locked(struct manifest *m, const char *verb, const char *path, const struct manifest_file *a,
                       const struct manifest_file *b)
{
    pthread_mutex_lock(&m->lock);
    add_record(m, verb, path, a, b);
    pthread_mutex_unlock(&m->lock);
}

static void announce(struct manifest *m, enum manifest_verb verb, const char *name, const char *path,
                     const struct manifest_file *a, const struct manifest_file *b)
{
    pthread_mutex_lock(&m->lock);
    add_record(m, name, path, a, b);
    count(&m->counts, verb, a->mode, 1);
    pthread_mutex_unlock(&m->lock);
}

void manifest_add_create(struct manifest *m, const char *path, const struct manifest_file *new_file)
{
    announce(m, MANIFEST_CREATE, "create", path, new_file, NULL);
}

void manifest_add_replace(struct manifest *m, const char *path, const struct manifest_file *new_file,
                          const struct manifest_file *old_file)
{
    announce(m, MANIFEST_REPLACE, "replace", path, new_file, old_file);
}

void manifest_add_remove(struct manifest *m, const char *path, const struct manifest_file *old_file)
{
    announce(m, MANIFEST_REMOVE, "remove", path, old_file, NULL);
}

void manifest_add_touch(struct manifest *m, const char *path, const struct manifest_file *new_file,
                        const struct manifest_file *old_file)
{
    announce(m, MANIFEST_TOUCH, "touch", path, new_file, old_file);
}

void manifest_add_folder(struct manifest *m, const char *path, const struct manifest_file *old_file)
{
    add_locked(m, "folder", path, old_file, NULL);
}

void manifest_add_opened(struct manifest *m, const char *path, const struct manifest_file *old_file)
{
    add_locked(m, "opened", path, old_file, NULL);
}

void manifest_add_shut(struct manifest *m, const char *path) { add_locked(m, "shut", path, NULL, NULL); }

void manifest_add_above(struct manifest *m, const char *path, const struct manifest_file *new_file)
{
    announce(m, MANIFEST_CREATE, "above", path, new_file, NULL);
}

void manifest_add_gone(struct manifest *m, const char *path, const struct manifest_file *old_file)
{
    announce(m, MANIFEST_REMOVE, "gone", path, old_file, NULL);
}

void manifest_add_void(struct manifest *m, enum manifest_verb announced, uint32_t mode, const char *path)
{
    pthread_mutex_lock(&m->lock);
    add_record(m, "void", path, NULL, NULL);
    count(&m->counts, announced, mode, -1);
    pthread_mutex_unlock(&m->lock);
}

void manifest_add_attributes(struct manifest *m, const char *path, const char *list)
{
    pthread_mutex_lock(&m->lock);
    size_t start = m->pending.len;
    add_text(&m->pending, "attributes");
    add_text(&m->pending, path);
    add_text(&m->pending, list);
    add_check(&m->pending, start);
    pthread_mutex_unlock(&m->lock);
}

void manifest_add_links(struct manifest *m, const char *path, const struct stat *old)
{
    pthread_mutex_lock(&m->lock);
    size_t start = m->pending.len;
    add_text(&m->pending, "links");
    add_text(&m->pending, path);
    add_number(&m->pending, (int64_t)old->st_ino);
    add_number(&m->pending, (int64_t)old->st_nlink);
    add_check(&m->pending, start);
    pthread_mutex_unlock(&m->lock);
}

void manifest_add_rename(struct manifest *m, const char *path, const char *name)
{
    pthread_mutex_lock(&m->lock);
    size_t start = m->pending.len;
    add_text(&m->pending, "rename");
    add_text(&m->pending, path);
    add_text(&m->pending, name);
    add_check(&m->pending, start);
    count(&m->counts, MANIFEST_RENAME, 0, 1);
    pthread_mutex_unlock(&m->lock);
}

void manifest_add_expire(struct manifest *m, const char *operation, int64_t files, int64_t bytes)
{
    pthread_mutex_lock(&m->lock);
    size_t start = m->pending.len;
    add_text(&m->pending, "expire");
    add_text(&m->pending, operation);
    add_number(&m->pending, files);
    add_number(&m->pending, bytes);
    add_check(&m->pending, start);
    pthread_mutex_unlock(&m->lock);
}

void manifest_add_taken(struct manifest *m, const struct taken *target, const struct taken *source)
{
    pthread_mutex_lock(&m->lock);
    struct buf *b = &m->pending;
    if (target->renewed)
        add_record(m, "renewed", target->path, NULL, NULL);
    size_t start = b->len;

    add_text(b, "taken");
    add_text(b, target->path);
    add_digest(b, &target->digest);
    add_number(b, (int64_t)target->size);
    const struct taken *sides[] = {target, source};
    for (int i = 0; i < 2; i++) {
        add_number(b, sides[i]->mtime);
        add_number(b, sides[i]->ctime);
        add_number(b, sides[i]->young);
    }
    add_check(b, start);
    pthread_mutex_unlock(&m->lock);
}

void manifest_add_kept(struct manifest *m, const char *path, const struct was *was)
{
    pthread_mutex_lock(&m->lock);
    struct buf *b = &m->pending;
    size_t start = b->len;

    add_text(b, "kept");
    add_text(b, path);
    add_number(b, (int64_t)was->size);
    add_number(b, was->mtime);
    add_number(b, was->ctime);
    add_check(b, start);
    pthread_mutex_unlock(&m->lock);
}

/* The disk may lie on another filesystem when this is read: its marker's id lasts. */
static void add_id(struct buf *b, const char *identity)
{
    char *id = mem_strndup(identity, identity_id_len(identity));

    add_text(b, id);
    free(id);
}

static void add_head(struct buf *b, const struct manifest_head *head)
{
    add_text(b, "autobackup-manifest");
    add_text(b, "1");
    const char *texts[] = {head->operation, head->kind, head->replica};
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        add_text(b, texts[i]);
    add_id(b, head->target);
    add_id(b, head->source);
    add_text(b, head->who->host);
    add_number(b, head->who->pid);
    add_number(b, head->started_at);
    add_check(b, 0);
}

static void add_run(struct buf *b, const struct manifest_head *head)
{
    size_t start = b->len;

    add_text(b, "run");
    add_text(b, head->run ? head->run : "");
    add_text(b, head->who->user);
    add_text(b, head->who->boot);
    add_number(b, head->who->began);
    add_check(b, start);
}

static int open_new(int dir, const char *operation)
{
    char *name = NULL;

    if (faccessat(dir, operation, F_OK, AT_SYMLINK_NOFOLLOW) == 0)
        return -EEXIST;
    if (asprintf(&name, "%s" MANIFEST_OPEN, operation) < 0)
        return -ENOMEM;
    int fd = openat(dir, name, O_WRONLY | O_CREAT | O_EXCL | O_APPEND | O_NOFOLLOW | O_CLOEXEC, 0644);
    if (fd < 0)
        fd = -errno;
    free(name);
    return fd;
}

static int start(struct manifest *m, int root, const struct manifest_head *head)
{
    m->beat = beat_find(root);
    m->dir = ours_make_dirs(root, OPERATIONS, NULL);
    if (m->dir < 0)
        return m->dir;
    m->fd = open_new(m->dir, head->operation);
    if (m->fd < 0)
        return m->fd;
    if (geteuid() != 0)    /* root trusts what it wrote itself, and nobody else did */
        ours_share(root, m->fd);
    add_head(&m->pending, head);
    add_run(&m->pending, head);
    int code = manifest_write(m);
    if (!code)
        code = manifest_sync(m);
    if (!code)
        code = path_sync_dir(m->dir);
    if (!code)
        code = path_sync(root, OUR_FOLDER);
    return code ? code : path_sync(root, "");
}

struct was manifest_was(const struct manifest_file *f)
{
    return (struct was){.mode = f->mode, .size = f->size, .mtime = f->mtime};
}

int manifest_create(int root, const struct manifest_head *head, struct manifest *ret_manifest)
{
    *ret_manifest = (struct manifest){.fd = -1, .dir = -1, .operation = mem_strdup(head->operation),
                                     .counted = true};
    int code = start(ret_manifest, root, head);
    if (code)
        manifest_close(ret_manifest);
    return code;
}

int manifest_write(struct manifest *m)
{
    pthread_mutex_lock(&m->lock);
    int code = m->failed ? -EIO : beat_check(m->beat, NULL);
    if (!code)
        code = io_write(m->fd, m->pending.data, m->pending.len);
    buf_clear(&m->pending);
    m->failed = code < 0;
    pthread_mutex_unlock(&m->lock);
    return code;
}

/* An error is told to one fsync only: those of several threads take turns, and what one of them heard holds for all. */
int manifest_sync(struct manifest *m)
{
    pthread_mutex_lock(&m->syncing);
    pthread_mutex_lock(&m->lock);
    int code = m->failed ? -EIO : 0;
    pthread_mutex_unlock(&m->lock);
    if (!code && fsync(m->fd) < 0) {
        code = -errno;
        pthread_mutex_lock(&m->lock);
        m->failed = true;
        pthread_mutex_unlock(&m->lock);
    }
    pthread_mutex_unlock(&m->syncing);
    return code;
}

static void add_counts(struct manifest *m)
{
    const struct manifest_counts *n = &m->counts;
    const int64_t numbers[] = {n->created, n->replaced, n->removed, n->touched, n->directories};
    size_t from = m->pending.len;

    add_text(&m->pending, "counts");
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++)
        add_number(&m->pending, numbers[i]);
    add_check(&m->pending, from);
}

int manifest_end(struct manifest *m, const char *state, int64_t files, int64_t bytes)
{
    struct buf name = {0};

    if (m->counted)
        add_counts(m);
    size_t from = m->pending.len;
    add_text(&m->pending, "end");
    add_text(&m->pending, state);
    add_number(&m->pending, files);
    add_number(&m->pending, bytes);
    add_number(&m->pending, clock_now());
    add_check(&m->pending, from);
    int code = manifest_write(m);
    if (!code)
        code = manifest_sync(m);
    buf_printf(&name, "%s" MANIFEST_OPEN, m->operation);
    if (!code && renameat(m->dir, buf_str(&name), m->dir, m->operation) < 0)
        code = -errno;
    if (!code)
        code = path_sync_dir(m->dir);
    buf_free(&name);
    return code;
}

void manifest_close(struct manifest *m)
{
    if (!m->operation)
        return;
    if (m->fd >= 0)
        close(m->fd);
    if (m->dir >= 0)
        close(m->dir);
    beat_unref(m->beat);
    buf_free(&m->pending);
    free(m->operation);
    *m = (struct manifest){.fd = -1, .dir = -1};
}
