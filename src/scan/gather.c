#include "scan/gather.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "index/grouping.h"

#define MAX_HELD (8u << 20)     /* bytes of listings that may wait for the writer */
#define MAX_PART (2u << 20)     /* bytes of one replica's that are kept before they are put aside on disk */

struct gather {
    struct job *job;
    struct known *known;
    struct litter *litter;        /* with the lock */
    pthread_mutex_t lock;
    pthread_cond_t changed;
    struct gather_item *first, **last;
    size_t held;
    bool closed;
    _Atomic int64_t directories, files, bytes;
};

struct gather *gather_new(struct job *job, struct known *known, struct litter *litter)
{
    struct gather *g = mem_zalloc(sizeof *g);
    pthread_condattr_t attr;

    g->job = job;
    g->known = known;
    g->litter = litter;
    g->last = &g->first;
    pthread_mutex_init(&g->lock, NULL);
    pthread_condattr_init(&attr);
    pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
    pthread_cond_init(&g->changed, &attr);
    pthread_condattr_destroy(&attr);
    return g;
}

void gather_free(struct gather *g)
{
    if (!g)
        return;
    while (g->first) {
        struct gather_item *item = g->first;
        g->first = item->next;
        directory_update_free(item->part);
        free(item);
    }
    pthread_cond_destroy(&g->changed);
    pthread_mutex_destroy(&g->lock);
    free(g);
}

void gathered_init(struct gathered *w, struct gather *g, const char *path)
{
    *w = (struct gathered){.gather = g, .path = path};
    w->update.known = g->known;
    pthread_mutex_init(&w->lock, NULL);
}

void gathered_clear(struct gathered *w)
{
    directory_update_free(w->changed);
    unread_free(w->unread);
    w->changed = NULL;
    w->unread = NULL;
    pthread_mutex_destroy(&w->lock);
}

/* ---- problems ---- */

static void report(const struct gathered *w, const struct walk_dir *dir, const char *name, int errnum)
{
    struct error err = {0};
    struct buf path = {0};

    buf_add_str(&path, w->path);
    if (dir->path_len)
        buf_printf(&path, "/%s", dir->path);
    if (*name)
        buf_printf(&path, "/%s", name);
    if (errnum == EXDEV)
        error_say(&err, "EMOUNT", errnum, "%s is a mount point and was not entered", buf_str(&path));
    else
        error_set(&err, errnum, "%s", buf_str(&path));
    struct event *ev = event_new("problem");
    event_str(ev, "path", path.data, path.len);
    event_error(ev, &err);
    job_emit(w->gather->job, ev);
    error_clear(&err);
    buf_free(&path);
}

/* ---- what is handed to the writer ---- */

static void hand_over(struct gather *g, struct gathered *of, struct directory_update *part, size_t held)
{
    struct gather_item *item = mem_alloc(sizeof *item);

    *item = (struct gather_item){.of = of, .part = part, .held = held};
    pthread_mutex_lock(&g->lock);
    while (g->held > MAX_HELD && !job_cancelled(g->job))
        pthread_cond_wait(&g->changed, &g->lock);
    *g->last = item;
    g->last = &item->next;
    g->held += held;
    pthread_cond_broadcast(&g->changed);
    pthread_mutex_unlock(&g->lock);
}

int gather_finish(void *tree, void *arg)
{
    struct gathered *w = tree;

    w->update.changed = w->changed;
    w->update.unread = w->unread;
    hand_over(arg, w, NULL, w->held);
    return 0;
}

/* ---- one directory ---- */

static struct totals add_up(const struct gathered *w, const struct walk_dir *dir)
{
    struct totals t = {0};

    for (size_t i = 0; i < dir->count; i++) {
        totals_add_entry(&t, &dir->entries[i]);
        if (dir->entries[i].err)
            report(w, dir, dir->entries[i].name, dir->entries[i].err);
        else if (dir->entries[i].mount)
            report(w, dir, dir->entries[i].name, EXDEV);
    }
    return t;
}

static struct directory_update *make_update(const struct walk_dir *dir, const struct digest *print, struct buf *listing,
                                            uint64_t sum)
{
    struct directory_update *d = mem_alloc(sizeof *d);

    listing->data = mem_realloc(listing->data, listing->len);    /* it waits: give back the room to grow */
    listing->room = listing->len;
    *d = (struct directory_update){
        .path = mem_strndup(dir->path, dir->path_len),
        .path_len = dir->path_len,
        .print = *print,
        .sum = sum,
        .listing = *listing,
    };
    for (size_t i = 0; i < dir->count; i++)
        d->linked += grouping_has_names(&dir->entries[i]);
    *listing = (struct buf){0};
    return d;
}

/* Called with the replica's lock held: what it holds, when that has become much. */
static struct directory_update *take_part(struct gathered *w, size_t *ret_held)
{
    struct directory_update *part = w->changed;

    if (w->held < MAX_PART)
        return NULL;
    *ret_held = w->held;
    w->changed = NULL;
    w->held = 0;
    return part;
}

static void add_directory(struct gathered *w, const struct walk_dir *dir)
{
    struct totals totals = add_up(w, dir);
    struct digest print = listing_fingerprint(dir->path, dir->path_len, dir->entries, dir->count);
    struct buf listing = {0};
    uint64_t sum = listing_encode(dir->entries, dir->count, &listing);
    enum known_answer answer = known_see(w->gather->known, w->update.replica, dir->path, dir->path_len, sum);
    struct directory_update *d = answer == KNOWN_SAME ? NULL : make_update(dir, &print, &listing, sum), *part;
    size_t held = 0;

    buf_free(&listing);
    pthread_mutex_lock(&w->lock);
    w->update.directories++;
    w->update.seen += answer != KNOWN_NOT;
    totals_add(&w->update.totals, &totals);
    digest_sum(&w->update.fingerprint, &print);
    if (d) {
        d->next = w->changed;
        w->changed = d;
        w->held += d->listing.len + d->path_len + sizeof *d;
    }
    part = take_part(w, &held);
    pthread_mutex_unlock(&w->lock);
    if (part)
        hand_over(w->gather, w, part, held);
    atomic_fetch_add(&w->gather->files, totals.files);
    atomic_fetch_add(&w->gather->bytes, totals.bytes);
}

/* A directory that could not be read, of which something is known: that is kept. */
static void keep_known(struct gathered *w, const struct walk_dir *dir)
{
    struct unread *u = mem_alloc(sizeof *u);

    *u = (struct unread){.path = mem_strndup(dir->path, dir->path_len), .path_len = dir->path_len};
    pthread_mutex_lock(&w->lock);
    u->next = w->unread;
    w->unread = u;
    w->update.totals.errors++;
    pthread_mutex_unlock(&w->lock);
}

/* One of which nothing is known: its listing says that it could not be read, so nobody takes it for an empty one. */
static void add_unreadable(struct gathered *w, const struct walk_dir *dir)
{
    bool has_self = dir->count && !dir->entries[0].name_len;
    size_t count = dir->count + !has_self;
    struct entry *entries = mem_alloc(count * sizeof *entries);
    struct walk_dir marked = *dir;

    if (!has_self)
        entries[0] = (struct entry){.name = "", .nlink = 1};
    if (dir->count)
        memcpy(entries + !has_self, dir->entries, dir->count * sizeof *entries);
    entries[0].err = dir->err;
    marked.entries = entries;
    marked.count = count;
    add_directory(w, &marked);
    free(entries);
}

static void add_litter(struct gather *g, const struct gathered *w, const struct walk_dir *dir)
{
    struct buf folder = {0};

    buf_printf(&folder, "%s/%s%s%s", w->update.client, w->update.project, dir->path_len ? "/" : "", dir->path);
    pthread_mutex_lock(&g->lock);
    for (size_t i = 0; i < dir->temp_count; i++)
        litter_add(g->litter, w->update.category, buf_str(&folder), &dir->temps[i]);
    pthread_mutex_unlock(&g->lock);
    buf_free(&folder);
}

int gather_visit(const struct walk_dir *dir, void *arg)
{
    struct gather *g = arg;
    struct gathered *w = dir->tree;

    atomic_fetch_add(&g->directories, 1);
    if (dir->temp_count)
        add_litter(g, w, dir);
    if (!dir->err) {
        add_directory(w, dir);
        return 0;
    }
    if (known_has(g->known, w->update.replica, dir->path, dir->path_len)) {
        report(w, dir, "", dir->err);
        keep_known(w, dir);
    } else {
        add_unreadable(w, dir);    /* its own entry carries the error and is reported with it */
    }
    return 0;
}

void gather_close(struct gather *g)
{
    pthread_mutex_lock(&g->lock);
    g->closed = true;
    pthread_cond_broadcast(&g->changed);
    pthread_mutex_unlock(&g->lock);
}

struct gather_item *gather_wait(struct gather *g, int64_t timeout, bool *ret_closed)
{
    struct timespec until = clock_split(clock_monotonic() + timeout);
    int code = 0;

    pthread_mutex_lock(&g->lock);
    while (!g->first && !g->closed && code != ETIMEDOUT)
        code = pthread_cond_timedwait(&g->changed, &g->lock, &until);
    struct gather_item *list = g->first;
    g->first = NULL;
    g->last = &g->first;
    g->held = 0;
    *ret_closed = g->closed;
    pthread_cond_broadcast(&g->changed);
    pthread_mutex_unlock(&g->lock);
    return list;
}

struct gather_counts gather_counts(struct gather *g)
{
    return (struct gather_counts){
        .directories = atomic_load(&g->directories), .files = atomic_load(&g->files), .bytes = atomic_load(&g->bytes)};
}
