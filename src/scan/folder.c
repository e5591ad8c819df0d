#include "scan/folder.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/path.h"

#define DENTS_ROOM (64 * 1024)
#define WANTED (STATX_BASIC_STATS | STATX_MNT_ID)

static bool is_device(const struct statx *sx) { return S_ISCHR(sx->stx_mode) || S_ISBLK(sx->stx_mode); }

static void fill(struct entry *e, const struct statx *sx)
{
    e->mode = sx->stx_mode;
    e->size = S_ISREG(sx->stx_mode) ? sx->stx_size : is_device(sx) ? makedev(sx->stx_rdev_major, sx->stx_rdev_minor) : 0;
    e->mtime = clock_join(sx->stx_mtime.tv_sec, sx->stx_mtime.tv_nsec);
    e->ctime = clock_join(sx->stx_ctime.tv_sec, sx->stx_ctime.tv_nsec);
    e->ino = sx->stx_ino;
    e->uid = sx->stx_uid;
    e->gid = sx->stx_gid;
    e->nlink = S_ISDIR(sx->stx_mode) ? 1 : sx->stx_nlink;    /* a directory's count says nothing of the data */
}

/* The target, however long: its length from stat is a hint that some filesystems get wrong. */
static int read_target(struct folder *f, int fd, struct entry *e)
{
    char text[PATH_MAX];
    ssize_t len = readlinkat(fd, e->name, text, sizeof text);

    if (len < 0)
        return errno;
    e->target = arena_strndup(&f->strings, text, (size_t)len);
    e->target_len = (uint32_t)len;
    return 0;
}

static void stat_entry(struct folder *f, int fd, uint64_t mount, struct entry *e)
{
    struct statx sx;

    if (statx(fd, e->name, AT_SYMLINK_NOFOLLOW | AT_NO_AUTOMOUNT, WANTED, &sx) < 0) {
        e->err = errno;
        return;
    }
    fill(e, &sx);
    e->mount = S_ISDIR(e->mode) && sx.stx_mask & STATX_MNT_ID && sx.stx_mnt_id != mount;
    if (S_ISLNK(e->mode))
        e->err = read_target(f, fd, e);
}

static struct entry *add_to(struct entry **list, size_t *count, size_t *room, size_t first)
{
    if (*count == *room) {
        *room = *room ? *room * 2 : first;
        *list = mem_realloc(*list, *room * sizeof **list);
    }
    struct entry *e = &(*list)[(*count)++];
    *e = (struct entry){.nlink = 1};
    return e;
}

static struct entry *add_entry(struct folder *f) { return add_to(&f->entries, &f->count, &f->room, 256); }
static struct entry *add_temp(struct folder *f) { return add_to(&f->temps, &f->temp_count, &f->temp_room, 4); }

/* A database may lie in another one's: its own folder has its marker. */
static bool is_of_database(int fd, const char *name)
{
    return path_is_our_folder(name, strlen(name)) &&
           faccessat(fd, OUR_FOLDER "/" OUR_MARKER, F_OK, AT_SYMLINK_NOFOLLOW) == 0;
}

static void add_name(struct folder *f, int fd, const char *name)
{
    size_t len = strlen(name);

    if (strcmp(name, ".") == 0 || strcmp(name, "..") == 0 || is_of_database(fd, name))
        return;
    struct entry *e = path_is_ours(name, len) ? add_temp(f) : add_entry(f);
    e->name = arena_strndup(&f->strings, name, len);
    e->name_len = (uint32_t)len;
}

/* The names, in the order of the disk. getdents64 itself, since readdir hides a failure behind an end. */
static int read_names(struct folder *f, int fd)
{
    if (!f->dents)
        f->dents = mem_alloc(DENTS_ROOM);
    for (;;) {
        ssize_t got = getdents64(fd, f->dents, DENTS_ROOM);
        if (got == 0)
            return 0;
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return -errno;
        for (char *at = f->dents; at < f->dents + got;) {
            const struct dirent64 *d = (const struct dirent64 *)at;
            add_name(f, fd, d->d_name);
            at += d->d_reclen;
        }
    }
}

static int by_name(const void *a, const void *b)
{
    const struct entry *x = a, *y = b;
    return entry_compare_names(x->name, x->name_len, y->name, y->name_len);
}

int folder_read(struct folder *f, int fd, uint64_t mount)
{
    f->count = f->temp_count = 0;
    arena_reset(&f->strings);
    int code = read_names(f, fd);
    for (size_t i = 0; i < f->count; i++)
        stat_entry(f, fd, mount, &f->entries[i]);
    for (size_t i = 0; i < f->temp_count; i++)
        stat_entry(f, fd, mount, &f->temps[i]);
    if (f->count)
        qsort(f->entries, f->count, sizeof *f->entries, by_name);
    return code;
}

int folder_self(int fd, struct entry *ret_entry, uint64_t *ret_mount)
{
    struct statx sx;

    *ret_entry = (struct entry){.name = "", .nlink = 1};
    if (statx(fd, "", AT_EMPTY_PATH, WANTED, &sx) < 0)
        return -errno;
    fill(ret_entry, &sx);
    *ret_mount = sx.stx_mnt_id;
    return 0;
}

void folder_prepend(struct folder *f, const struct entry *e)
{
    struct entry copy = *e;

    add_entry(f);
    memmove(f->entries + 1, f->entries, (f->count - 1) * sizeof *f->entries);
    f->entries[0] = copy;
}

void folder_free(struct folder *f)
{
    free(f->entries);
    free(f->temps);
    free(f->dents);
    arena_free(&f->strings);
    *f = (struct folder){0};
}
