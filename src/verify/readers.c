#include "verify/readers.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/file.h"
#include "base/disk.h"
#include "base/path.h"
#include "verify/reread.h"

#define MOST_READERS 16
#define ATTEMPTS 2                  /* at a file that changes while it is read */
#define FRESH (60 * NSEC_PER_SEC)   /* what was written so short ago may not be on the disk yet */
#define LONGEST_TICK (3 * NSEC_PER_SEC)    /* of the filesystems there are; FAT has two seconds */

struct one {
    pthread_t thread;
    struct reading *shared;
    struct reread reread;
    const struct check *at;         /* the file at work, for progress */
};

struct readers {
    struct reading *shared;
    int count;
    struct one list[MOST_READERS];
};

static void show(struct one *one)
{
    struct reading *s = one->shared;
    struct buf path = {0};

    if (!s->job || job_progress_early(s->job))
        return;
    struct event *ev = event_new("progress");
    buf_printf(&path, "%s/%s", s->replica, one->at->path);
    event_int(ev, "files", atomic_load(&s->files));
    event_int(ev, "files_total", s->files_total);
    event_int(ev, "bytes", atomic_load(&s->bytes));
    event_int(ev, "bytes_total", s->bytes_total);
    event_str(ev, "path", path.data, path.len);
    job_progress(s->job, ev);
    buf_free(&path);
}

static void progress(void *arg, uint64_t bytes)
{
    struct one *one = arg;

    atomic_fetch_add(&one->shared->bytes, (long long)bytes);
    show(one);
}

/* Reading leaves no trace in the file's time of access, where one may ask for that. */
static int open_quietly(int top, const char *path)
{
    const int flags = O_RDONLY | O_NONBLOCK | O_NOCTTY;
    int fd = path_open(top, path, flags | O_NOATIME, 0);

    return fd == -EPERM ? path_open(top, path, flags, 0) : fd;
}

/* Is it one of the catalog's own files? Looked at without opening it: a close would drop SQLite's locks. */
static bool is_catalog(const struct reading *s, const char *path)
{
    struct stat st;

    if (s->dev != s->catalog.dev)
        return false;
    int fd = path_open(s->top, path, O_PATH, 0);
    if (fd < 0)
        return false;
    bool is = fstat(fd, &st) == 0 && catalog_owns(&s->catalog, st.st_dev, st.st_ino);
    close(fd);
    return is;
}

static int64_t ctime_of(const struct stat *st) { return clock_join(st->st_ctim.tv_sec, (uint32_t)st->st_ctim.tv_nsec); }

/* Nothing was seen of the file but this error: what is known of it stays what was listed. */
static void see_nothing(struct check *c)
{
    c->found_ctime = c->ctime;
    c->found_ino = c->ino;
    c->read_at = clock_now();
}

static void fail(struct check *c, int errnum)
{
    c->finding = check_judge_error(c, errnum);
    c->errnum = errnum;
}

/*
 * What is read while a change could still get the file's present time proves nothing: wait until it could not. A time ahead,
 * which somebody set, is not waited for.
 */
static void let_tick_pass(const struct reading *s, int64_t time)
{
    const struct timespec pause = {.tv_nsec = 5 * NSEC_PER_MSEC};
    int64_t until = time + filesystem_tick(&s->fs), left;

    while (!atomic_load(&s->stop) && (left = until - clock_now()) > 0 && left <= LONGEST_TICK)
        nanosleep(&pause, NULL);
}

static void read_content(struct one *one, struct check *c, int fd, const struct stat *before)
{
    const struct filesystem *fs = &one->shared->fs;
    int64_t ctime = ctime_of(before);
    let_tick_pass(one->shared, ctime);
    let_tick_pass(one->shared, c->mtime);
    int64_t opened_at = clock_now();
    bool fresh = opened_at - ctime < FRESH;
    struct stat after;
    int code = before->st_size == 0 && file_hides(fd) ? -FILE_HIDES
                                                      : reread_digest(&one->reread, fd, c->size, fresh, &c->found);

    check_look(c, before, fs->signs);
    c->found_ctime = ctime;
    c->found_ino = before->st_ino;
    c->read_at = clock_now();
    c->young = filesystem_is_young(fs, opened_at, ctime) || filesystem_is_young(fs, opened_at, c->mtime);
    if (code == -ECANCELED)
        c->finding = FOUND_NOTHING;
    else if (code < 0)
        fail(c, -code);
    else if (fstat(fd, &after) < 0)
        fail(c, errno);
    else
        c->finding = check_judge(c, before, &after, &c->found);
}

/* True when it is worth another attempt. */
static bool attempt(struct one *one, struct check *c)
{
    struct stat before;
    bool listed = false;
    int fd = open_quietly(one->shared->top, c->path);

    c->errnum = 0;
    see_nothing(c);
    if (fd < 0) {
        fail(c, -fd);
        return false;
    }
    if (fstat(fd, &before) < 0) {
        fail(c, errno);
    } else if (!(listed = check_is_listed(c, &before))) {
        c->finding = FOUND_CHANGED;
    } else {
        read_content(one, c, fd, &before);
    }
    close(fd);
    return listed && c->finding == FOUND_CHANGED;
}

static void read_file(struct one *one, struct check *c)
{
    struct reading *s = one->shared;

    one->at = c;
    if (atomic_load(&s->stop))
        return;
    if (is_catalog(s, c->path)) {
        c->finding = FOUND_UNREAD;
        c->errnum = EBUSY;
        return;
    }
    for (int i = 0; i < ATTEMPTS && attempt(one, c); i++)
        ;
    atomic_fetch_add(&s->files, c->finding != FOUND_NOTHING);
    show(one);
}

static void *reader_main(void *arg)
{
    struct one *one = arg;
    struct check *c;

    while ((c = desk_take(one->shared->desk))) {
        read_file(one, c);
        desk_return(one->shared->desk, c);
    }
    return NULL;
}

static int start_one(struct readers *r)
{
    struct one *one = &r->list[r->count];

    one->shared = r->shared;
    reread_init(&one->reread, r->shared->cached, &r->shared->stop, progress, one);
    int code = pthread_create(&one->thread, NULL, reader_main, one);
    if (code) {
        reread_free(&one->reread);
        return -code;
    }
    r->count++;
    return 0;
}

int readers_worth(const struct reading *shared, int wanted)
{
    if (wanted > 0)
        return wanted < MOST_READERS ? wanted : MOST_READERS;
    if (!shared->cached && disk_spins(shared->dev))
        return 1;
    long cores = sysconf(_SC_NPROCESSORS_ONLN);
    return cores > 4 ? 8 : shared->cached && cores > 0 ? (int)cores : 4;
}

int readers_start(struct reading *shared, int count, struct readers **ret_readers, struct error *err)
{
    struct readers *r = mem_zalloc(sizeof *r);
    int code = 0;

    r->shared = shared;
    while (r->count < count && r->count < MOST_READERS && !code)
        code = start_one(r);
    if (!r->count) {
        readers_join(r);
        return error_set(err, -code, "cannot start a thread");
    }
    *ret_readers = r;
    return 0;
}

void readers_join(struct readers *r)
{
    if (!r)
        return;
    desk_close(r->shared->desk);
    for (int i = 0; i < r->count; i++) {
        pthread_join(r->list[i].thread, NULL);
        reread_free(&r->list[i].reread);
    }
    free(r);
}
