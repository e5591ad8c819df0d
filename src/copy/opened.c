#include "copy/opened.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/path.h"
#include "copy/times.h"

#define ENTRY (S_IWUSR | S_IXUSR)    /* what it takes to change names in one */

static mode_t open_mode(mode_t mode) { return (mode & 07777) | ENTRY; }

/* A mode that one sets who is not in the folder's group loses this bit, and it could not be put back. */
static bool keeps_setgid(const struct stat *st)
{
    return !(st->st_mode & S_ISGID) || st->st_gid == getegid() || group_member(st->st_gid);
}

static bool is_read_only(int dir, const struct stat *st)
{
    return (st->st_mode & ENTRY) != ENTRY && st->st_uid == geteuid() && keeps_setgid(st) &&
           faccessat(dir, ".", W_OK | X_OK, AT_EACCESS) < 0 && errno == EACCES;
}

bool opened_may(int dir)
{
    struct stat st;
    return fstat(dir, &st) == 0 && is_read_only(dir, &st);
}

char *opened_above(const char *path, size_t len)
{
    char *above = mem_alloc(len + 2);

    above[0] = '/';
    memcpy(above + 1, path, len);
    above[len + 1] = '\0';
    return above;
}

static void remember(struct opened *o, const char *path, mode_t mode)
{
    struct opened_folder *f = mem_alloc(sizeof *f);

    *f = (struct opened_folder){.next = o->first, .path = mem_strdup(path), .mode = mode & 07777};
    o->first = f;
}

int opened_open(struct opened *o, const char *path, int dir)
{
    struct stat st;

    if (fstat(dir, &st) < 0)
        return -errno;
    if (!is_read_only(dir, &st))
        return 0;
    const struct manifest_file was = {.mode = st.st_mode, .mtime = mtime_of(&st), .uid = st.st_uid, .gid = st.st_gid};
    manifest_add_opened(o->manifest, path, &was);
    int code = manifest_write(o->manifest);
    if (!code)
        code = manifest_sync(o->manifest);
    if (!code && fchmod(dir, open_mode(st.st_mode)) < 0)
        code = -errno;
    o->owner = st.st_uid;
    if (!code)
        remember(o, path, st.st_mode);
    return code;
}

static bool is_open(const struct opened *o, const struct stat *st, mode_t mode)
{
    return (st->st_mode & 07777) == open_mode(mode) && st->st_uid == o->owner;
}

mode_t opened_was(const struct opened *o, const char *path, mode_t mode)
{
    for (const struct opened_folder *f = o->first; f; f = f->next)
        if (strcmp(f->path, path) == 0)
            return (mode & 07777) == open_mode(f->mode) ? (mode & ~(mode_t)07777) | f->mode : mode;
    return mode;
}

/* A descriptor, or -errno. */
static int open_dir(const struct opened *o, const char *path)
{
    if (*path == '/')
        return path_open_dir(*o->root, path + 1);
    return *o->top < 0 ? -ENOENT : path_open_dir(*o->top, path);
}

/* Is it still as it was opened? Then it gets its mode back, from its user or root. Gone is fine. */
static int put_back(const struct opened *o, const char *path, mode_t mode)
{
    struct stat st;
    int dir = open_dir(o, path);

    if (dir < 0)
        return path_is_absent(dir) ? 0 : dir;
    int code = fstat(dir, &st) < 0 ? -errno : 0;
    if (!code && is_open(o, &st, mode) && fchmod(dir, mode) < 0)
        code = -errno;
    close(dir);
    return code;
}

/* The one at *at leaves the list. */
static int shut(struct opened *o, struct opened_folder **at)
{
    struct opened_folder *f = *at;
    int code = put_back(o, f->path, f->mode);

    if (!code)
        manifest_add_shut(o->manifest, f->path);
    *at = f->next;
    free(f->path);
    free(f);
    return code;
}

int opened_shut(struct opened *o, const char *path)
{
    for (struct opened_folder **at = &o->first; *at; at = &(*at)->next)
        if (strcmp((*at)->path, path) == 0)
            return shut(o, at);
    return 0;
}

void opened_shut_all(struct opened *o, void (*failed)(void *arg, const char *path, int code), void *arg)
{
    while (o->first) {
        char *path = mem_strdup(o->first->path);
        int code = shut(o, &o->first);
        if (code && failed)
            failed(arg, path, code);
        free(path);
    }
    /* Whoever opens one of them from now on means it: nothing may shut it for us. When that fails, manifest_end does. */
    if (o->manifest->operation)
        (void)manifest_write(o->manifest);
}

/* ---- after a kill ---- */

static void drop(struct opened_folder **at, const char *path)
{
    for (; *at; at = &(*at)->next) {
        struct opened_folder *f = *at;
        if (strcmp(f->path, path) != 0)
            continue;
        *at = f->next;
        free(f->path);
        free(f);
        return;
    }
}

static int read_records(struct manifest_reader *reader, struct opened *o, char **ret_replica)
{
    struct manifest_record rec;
    struct manifest_file was;
    int more;

    while ((more = manifest_next(reader, &rec)) == 1) {
        if (rec.verb == MANIFEST_HEAD && !*ret_replica)
            *ret_replica = mem_strdup(rec.fields[4]);
        else if (rec.verb == MANIFEST_OPENED && manifest_file(&rec, 2, &was) && S_ISDIR(was.mode))
            remember(o, rec.fields[1], was.mode);
        else if (rec.verb == MANIFEST_SHUT)
            drop(&o->first, rec.fields[1]);
    }
    return more;
}

/* What is put back is written down, too: a manifest may stay open for long, and somebody may open the folder meanwhile. */
static int open_again(int root, const char *operation, struct manifest *ret_manifest)
{
    char *name = NULL;
    int dir = path_open_dir(root, OPERATIONS);

    *ret_manifest = (struct manifest){.fd = -1, .dir = dir};
    if (dir < 0)
        return dir;
    struct buf file = {0};
    buf_printf(&file, "%s" MANIFEST_OPEN, operation);
    name = buf_take(&file);
    ret_manifest->operation = mem_strdup(operation);
    ret_manifest->fd = openat(dir, name, O_WRONLY | O_APPEND | O_NOFOLLOW | O_CLOEXEC);
    int code = ret_manifest->fd < 0 ? -errno : 0;
    free(name);
    return code;
}

static int recover(int root, const char *operation, const char *replica, struct opened *o)
{
    struct manifest manifest;
    int top = path_open_dir(root, replica), stays = 0;

    if (top < 0 && !path_is_absent(top))
        return top;
    int code = open_again(root, operation, &manifest);
    o->root = &root;
    o->top = &top;
    o->manifest = &manifest;
    while (!code && o->first) {
        int put = shut(o, &o->first);
        stays = stays ? stays : put;
    }
    if (!code)
        code = manifest_write(&manifest);
    manifest_close(&manifest);
    if (top >= 0)
        close(top);
    return code ? code : stays;
}

int opened_recover(int root, const char *operation)
{
    struct manifest_reader reader;
    struct opened o = {0};
    char *replica = NULL;
    struct stat st = {0};
    int code = manifest_open(root, operation, &reader);

    if (!code && fstat(reader.fd, &st) < 0)
        code = -errno;
    if (!code)
        code = read_records(&reader, &o, &replica);
    o.owner = st.st_uid;
    manifest_reader_close(&reader);
    if (!code && replica && o.first)
        code = recover(root, operation, replica, &o);
    while (o.first)
        drop(&o.first, o.first->path);
    free(replica);
    return code;
}

/* ---- one name ---- */

static int remove_name(int dir, const char *name) { return unlinkat(dir, name, 0) < 0 && errno != ENOENT ? -errno : 0; }

static int remove_opened(struct opened *o, const char *path, int dir, const char *name)
{
    int code = opened_open(o, path, dir);

    if (!code)
        code = remove_name(dir, name);
    int put = opened_shut(o, path);
    int written = manifest_write(o->manifest);
    return code ? code : put ? put : written;
}

static int remove_announced(int root, const char *operation, const char *replica, const char *folder, int dir, const char *name)
{
    struct manifest manifest;
    int top = path_open_dir(root, replica);

    if (top < 0)
        return top;
    struct opened o = {.root = &root, .top = &top, .manifest = &manifest};
    int code = open_again(root, operation, &manifest);
    if (!code)
        code = remove_opened(&o, folder + strlen(replica) + (folder[strlen(replica)] == '/'), dir, name);
    manifest_close(&manifest);
    close(top);
    return code;
}

int opened_unlink(int root, const char *folder, int dir, const char *name)
{
    char *operation, *replica;
    int code = remove_name(dir, name);

    if (code != -EACCES || !opened_may(dir) || !manifest_find_open(root, folder, &operation, &replica))
        return code;
    code = remove_announced(root, operation, replica, folder, dir, name);
    free(operation);
    free(replica);
    return code;
}
