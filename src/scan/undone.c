#include "scan/undone.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/io.h"
#include "base/path.h"
#include "scan/folder.h"

#define OPERATIONS OUR_FOLDER "/operations"
#define OPEN ".open"         /* behind the name of a manifest while its operation runs */
#define MOST (1 << 16)       /* bytes of a manifest's head */
#define LONGEST_CHAIN 32     /* undos of undos */

static void add(struct undone *u, const char *name, size_t len, bool running)
{
    if (u->count == u->room) {
        u->room = u->room ? u->room * 2 : 16;
        u->list = mem_realloc(u->list, u->room * sizeof *u->list);
    }
    u->list[u->count++] = (struct undone_name){mem_strndup(name, len), running};
}

static void add_all(struct undone *u, bool running)
{
    u->all = true;
    u->all_running |= running;
}

/* ---- heads ---- */

enum { FIELD_KIND = 3, FIELD_REPLICA, FIELD_SOURCE = 6, FIELDS };

struct head {
    struct buf bytes;
    const char *fields[FIELDS];
};

static bool split(struct head *h)
{
    const char *at = h->bytes.data, *end = at + h->bytes.len;

    for (int i = 0; i < FIELDS; i++) {
        const char *stop = at < end ? memchr(at, 0, (size_t)(end - at)) : NULL;
        if (!stop)
            return false;
        h->fields[i] = at;
        at = stop + 1;
    }
    return strcmp(h->fields[0], "autobackup-manifest") == 0;
}

/* 1; 0 for an empty one: nothing was done yet; -1 for one that cannot be read. */
static int read_head(int dir, const char *name, struct head *h)
{
    int fd = openat(dir, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);

    buf_clear(&h->bytes);
    if (fd < 0)
        return -1;
    buf_reserve(&h->bytes, MOST);
    ssize_t n = io_read(fd, h->bytes.data, MOST);
    close(fd);
    h->bytes.len = n > 0 ? (size_t)n : 0;
    return n > 0 ? (split(h) ? 1 : -1) : (n < 0 ? -1 : 0);
}

/* Of an operation that may run still. */
static bool read_operation(int dir, const char *operation, struct head *h)
{
    struct buf open = {0};

    buf_printf(&open, "%s" OPEN, operation);
    bool found = !strchr(operation, '/') && (read_head(dir, operation, h) > 0 || read_head(dir, buf_str(&open), h) > 0);
    buf_free(&open);
    return found;
}

/* An undo takes what it puts back from the versions of what it undoes, and where that was an undo from those before it. */
static void follow(struct undone *u, int dir, struct head *h, bool running)
{
    for (int i = 0; i < LONGEST_CHAIN; i++) {
        char *source = mem_strdup(h->fields[FIELD_SOURCE]);
        add(u, source, strlen(source), running);
        bool more = read_operation(dir, source, h) && strcmp(h->fields[FIELD_KIND], "undo") == 0;
        free(source);
        if (!more)
            return;
    }
}

static void take(struct undone *u, int dir, const struct entry *e, bool running)
{
    struct head h = {0};

    int code = read_head(dir, e->name, &h);
    if (code < 0 || (code && strcmp(h.fields[FIELD_KIND], "prune") == 0))
        add_all(u, running);
    else if (code && strcmp(h.fields[FIELD_KIND], "undo") == 0)
        follow(u, dir, &h, running);
    buf_free(&h.bytes);
}

/* ---- all ---- */

static bool is_open(const struct entry *e)
{
    static const char ending[] = OPEN;
    size_t len = e->name_len, more = sizeof ending - 1;
    return len > more && strcmp(e->name + len - more, ending) == 0;
}

/* 0, also where there are none; or -errno. *ret_dir is open, or below 0. */
static int read_manifests(int root, struct folder *f, int *ret_dir)
{
    struct entry self;
    uint64_t mount;

    *ret_dir = path_open_dir(root, OPERATIONS);
    if (*ret_dir < 0)
        return path_is_absent(*ret_dir) ? 0 : *ret_dir;
    int code = folder_self(*ret_dir, &self, &mount);
    return code ? code : folder_read(f, *ret_dir, mount);
}

static void take_entry(struct undone *u, int dir, const struct entry *e, int64_t since)
{
    bool running = is_open(e);

    if (e->err)
        add_all(u, true);
    if (e->err || !S_ISREG(e->mode))
        return;
    if (running)
        add(u, e->name, e->name_len - strlen(OPEN), true);
    if (e->ctime > u->newest)
        u->newest = e->ctime;
    if (running || e->ctime >= since)
        take(u, dir, e, running);
}

void undone_read(int root, int64_t since, struct undone *ret_undone)
{
    struct folder f = {0};
    int dir, code = read_manifests(root, &f, &dir);

    for (size_t i = 0; !code && i < f.count; i++)
        take_entry(ret_undone, dir, &f.entries[i], since);
    if (code)
        add_all(ret_undone, true);
    if (dir >= 0)
        close(dir);
    folder_free(&f);
}

bool undone_at_work(int root, void (*see)(void *arg, const char *replica), void *arg)
{
    struct folder f = {0};
    struct head h = {0};
    int dir, code = read_manifests(root, &f, &dir);

    for (size_t i = 0; !code && i < f.count; i++) {
        if (!is_open(&f.entries[i]))
            continue;
        int found = read_head(dir, f.entries[i].name, &h);
        if (found > 0)
            see(arg, h.fields[FIELD_REPLICA]);
        code = found < 0 ? -1 : 0;
    }
    if (dir >= 0)
        close(dir);
    buf_free(&h.bytes);
    folder_free(&f);
    return !code;
}

bool undone_has(const struct undone *u, const char *operation)
{
    bool found = u->all;

    for (size_t i = 0; i < u->count && !found; i++)
        found = strcmp(u->list[i].name, operation) == 0;
    return found;
}

bool undone_is_running(const struct undone *u, const char *operation)
{
    bool found = u->all_running;

    for (size_t i = 0; i < u->count && !found; i++)
        found = u->list[i].running && strcmp(u->list[i].name, operation) == 0;
    return found;
}

void undone_free(struct undone *u)
{
    for (size_t i = 0; i < u->count; i++)
        free(u->list[i].name);
    free(u->list);
    *u = (struct undone){0};
}
