#include "index/sums.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/clock.h"
#include "base/hash.h"
#include "index/names.h"
#include "index/units.h"

#define MAX_THREADS 8
#define WORTH_A_THREAD 2    /* units: a thread and its connection cost about as much */

/* A folder: first what its own listing comes to, at the end what lies below it as well. */
struct node {
    const char *path;
    size_t len;
    uint64_t hash;            /* of the path */
    unsigned depth;           /* names in the path; 0: the top */
    struct totals totals;
};

struct worker {
    struct sums *sums;
    struct catalog *cat;      /* NULL: its thread opens one */
    pthread_t thread;
    struct arena paths;
    struct node *nodes;
    size_t count, room;
};

struct sums {
    char *catalog;
    int64_t replica;
    struct units units;
    struct worker workers[MAX_THREADS];
    int worker_count;

    pthread_mutex_t lock;
    pthread_cond_t changed;
    size_t taken;             /* units that a worker has begun */
    int working;              /* workers that have not ended */
    bool stop;
    int code;                 /* of the first worker that failed, with err */
    struct error err;

    /* Made when the workers have ended. */
    bool ready;
    struct node *nodes;
    size_t count;
    uint32_t *table;          /* number of a node plus 1, by its hash; 0: free */
    size_t mask;
};

/* ---- reading ---- */

static unsigned depth_of(const char *path, size_t len)
{
    unsigned depth = len > 0;

    for (size_t i = 0; i < len; i++)
        depth += path[i] == '/';
    return depth;
}

static struct node *add_node(struct worker *w, const char *path, size_t len)
{
    if (w->count == w->room) {
        w->room = w->room ? w->room * 2 : 64;
        w->nodes = mem_realloc(w->nodes, w->room * sizeof *w->nodes);
    }
    struct node *n = &w->nodes[w->count++];
    *n = (struct node){.path = arena_strndup(&w->paths, len ? path : "", len), .len = len,
                       .hash = hash64_of(len ? path : "", len), .depth = depth_of(path, len)};
    return n;
}

static int read_directory(struct worker *w, sqlite3_stmt *stmt, struct error *err)
{
    const char *path = sqlite3_column_blob(stmt, 1);
    size_t len = (size_t)sqlite3_column_bytes(stmt, 1);
    const void *listing = sqlite3_column_blob(stmt, 2);
    struct node *n = add_node(w, path, len);

    if (names_total(listing, (size_t)sqlite3_column_bytes(stmt, 2), &n->totals) == 0)
        return 0;
    return error_say(err, "ECORRUPT", EBADMSG, "the catalog %s is damaged: its listing of %s; load again",
                     w->sums->catalog, len ? n->path : "a project's folder");
}

/* The other replicas' directories that lie between are passed over: their listings are not fetched. */
static int read_range(void *arg, int64_t first, int64_t last, struct error *err)
{
    static const char sql[] = "SELECT replica, path, listing FROM directory WHERE id BETWEEN ?1 AND ?2";
    struct worker *w = arg;
    sqlite3_stmt *stmt;
    int step = SQLITE_DONE;

    int code = catalog_prepare(w->cat, sql, &stmt, err);
    if (code)
        return code;
    sqlite3_bind_int64(stmt, 1, first);
    sqlite3_bind_int64(stmt, 2, last);
    while (!code && (step = sqlite3_step(stmt)) == SQLITE_ROW)
        if (sqlite3_column_int64(stmt, 0) == w->sums->replica)
            code = read_directory(w, stmt, err);
    if (!code && step != SQLITE_DONE)
        code = catalog_fail(w->cat, step, err);
    sqlite3_finalize(stmt);
    return code;
}

/* ---- workers ---- */

static bool take_unit(struct sums *s, size_t *ret_unit)
{
    pthread_mutex_lock(&s->lock);
    bool any = !s->stop && s->taken < s->units.count;
    if (any)
        *ret_unit = s->taken++;
    pthread_mutex_unlock(&s->lock);
    return any;
}

static void end_worker(struct sums *s, int code, struct error *err)
{
    pthread_mutex_lock(&s->lock);
    if (code && !s->code) {
        s->code = code;
        error_move(&s->err, err);
        s->stop = true;
    }
    s->working--;
    pthread_cond_broadcast(&s->changed);
    pthread_mutex_unlock(&s->lock);
    error_clear(err);
}

/* Every page is read once: few that stay in the processor's cache are better than many. */
static int open_catalog(struct worker *w, struct error *err)
{
    int code = w->cat ? 0 : catalog_open(w->sums->catalog, &w->cat, err);
    if (code)
        return code;
    catalog_own(w->cat);
    return catalog_exec(w->cat, "PRAGMA cache_size = -256", err);
}

static void *work(void *arg)
{
    struct worker *w = arg;
    struct error err = {0};
    size_t unit;

    int code = open_catalog(w, &err);
    while (!code && take_unit(w->sums, &unit))
        code = units_each(&w->sums->units, unit, read_range, w, &err);
    end_worker(w->sums, code, &err);
    return NULL;
}

static int threads_worth(const struct sums *s, int wanted)
{
    long cores = sysconf(_SC_NPROCESSORS_ONLN);
    size_t useful = s->units.count / WORTH_A_THREAD + 1;
    size_t count = wanted > 0 ? (size_t)wanted : cores > 0 ? (size_t)cores : 2;

    if (wanted <= 0 && count > useful)
        count = useful;
    return count > MAX_THREADS ? MAX_THREADS : (int)count;
}

/* Fewer threads than asked for do as well. */
static int start_workers(struct sums *s, int count, struct error *err)
{
    sigset_t all, old;
    int code = 0;

    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &old);
    pthread_mutex_lock(&s->lock);
    for (int i = 0; i < count && !code; i++) {
        s->workers[i].sums = s;
        code = pthread_create(&s->workers[i].thread, NULL, work, &s->workers[i]);
        s->worker_count += !code;
    }
    s->working = s->worker_count;
    pthread_mutex_unlock(&s->lock);
    pthread_sigmask(SIG_SETMASK, &old, NULL);
    return s->worker_count ? 0 : error_set(err, code, "cannot start a thread");
}

/* ---- adding up ---- */

static struct node *find_node(const struct sums *s, const char *path, size_t len, uint64_t hash)
{
    for (size_t at = hash & s->mask; s->table[at]; at = (at + 1) & s->mask) {
        struct node *n = &s->nodes[s->table[at] - 1];
        if (n->hash == hash && n->len == len && memcmp(n->path, path, len) == 0)
            return n;
    }
    return NULL;
}

static void fill_table(struct sums *s)
{
    size_t size = 16;

    while (size < s->count * 2)
        size *= 2;
    s->mask = size - 1;
    s->table = mem_zalloc(size * sizeof *s->table);
    for (size_t i = 0; i < s->count; i++) {
        size_t at = s->nodes[i].hash & s->mask;
        while (s->table[at])
            at = (at + 1) & s->mask;
        s->table[at] = (uint32_t)i + 1;
    }
}

static void join_workers(struct sums *s)
{
    for (int i = 0; i < s->worker_count; i++)
        s->count += s->workers[i].count;
    s->nodes = mem_alloc((s->count + 1) * sizeof *s->nodes);
    size_t at = 0;
    for (int i = 0; i < s->worker_count; i++) {
        struct worker *w = &s->workers[i];
        if (w->count)
            memcpy(s->nodes + at, w->nodes, w->count * sizeof *w->nodes);
        at += w->count;
        free(w->nodes);
        w->nodes = NULL;
    }
}

/* The folder a node lies in, or the nearest one above it whose listing is known. */
static struct node *parent_of(const struct sums *s, const struct node *n)
{
    size_t len = n->len;
    struct node *parent = NULL;

    while (len && !parent) {
        while (len && n->path[--len] != '/')
            ;
        parent = find_node(s, n->path, len, hash64_of(n->path, len));
    }
    return parent;
}

/* The nodes' numbers, the deepest first. */
static uint32_t *by_depth(const struct sums *s)
{
    uint32_t *order = mem_alloc((s->count + 1) * sizeof *order);
    unsigned deepest = 0;

    for (size_t i = 0; i < s->count; i++)
        if (s->nodes[i].depth > deepest)
            deepest = s->nodes[i].depth;
    size_t *place = mem_zalloc((deepest + 2) * sizeof *place);
    for (size_t i = 0; i < s->count; i++)
        place[deepest - s->nodes[i].depth + 1]++;
    for (unsigned d = 0; d < deepest; d++)
        place[d + 1] += place[d];
    for (size_t i = 0; i < s->count; i++)
        order[place[deepest - s->nodes[i].depth]++] = (uint32_t)i;
    free(place);
    return order;
}

static void add_up(struct sums *s)
{
    join_workers(s);
    fill_table(s);
    uint32_t *order = by_depth(s);
    for (size_t i = 0; i < s->count; i++) {
        struct node *n = &s->nodes[order[i]], *parent = parent_of(s, n);
        if (parent)
            totals_add(&parent->totals, &n->totals);
    }
    free(order);
    s->ready = true;
}

/* ---- the owner's ---- */

static void init_lock(struct sums *s)
{
    pthread_condattr_t attr;

    pthread_mutex_init(&s->lock, NULL);
    pthread_condattr_init(&attr);
    pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
    pthread_cond_init(&s->changed, &attr);
    pthread_condattr_destroy(&attr);
}

int sums_start(const char *catalog, int64_t replica, int threads, struct sums **ret_sums, struct error *err)
{
    struct sums *s = mem_zalloc(sizeof *s);

    s->catalog = mem_strdup(catalog);
    s->replica = replica;
    init_lock(s);
    int code = catalog_open(catalog, &s->workers[0].cat, err);
    if (!code)
        code = units_plan(s->workers[0].cat, &replica, 1, &s->units, err);
    if (!code)
        code = start_workers(s, threads_worth(s, threads), err);
    if (code) {
        sums_close(s);
        return code;
    }
    *ret_sums = s;
    return 0;
}

/* Whether the workers have ended, waiting for it. */
static bool wait_workers(struct sums *s, int64_t timeout)
{
    struct timespec until = clock_split(clock_monotonic() + (timeout > 0 ? timeout : 0));
    int waited = 0;

    pthread_mutex_lock(&s->lock);
    while (s->working && waited != ETIMEDOUT)
        waited = timeout < 0 ? pthread_cond_wait(&s->changed, &s->lock)
                             : pthread_cond_timedwait(&s->changed, &s->lock, &until);
    bool ended = !s->working;
    pthread_mutex_unlock(&s->lock);
    return ended;
}

int sums_wait(struct sums *s, int64_t timeout, struct error *err)
{
    if (s->ready)
        return 1;
    if (!wait_workers(s, timeout))
        return -EAGAIN;
    if (s->code) {
        error_move(err, &s->err);
        return s->code;
    }
    add_up(s);
    return 1;
}

const struct totals *sums_of(const struct sums *s, const char *path, size_t len)
{
    const struct node *n = s->ready ? find_node(s, path, len, hash64_of(path, len)) : NULL;
    return n ? &n->totals : NULL;
}

void sums_close(struct sums *s)
{
    if (!s)
        return;
    pthread_mutex_lock(&s->lock);
    s->stop = true;
    pthread_mutex_unlock(&s->lock);
    for (int i = 0; i < s->worker_count; i++)
        pthread_join(s->workers[i].thread, NULL);
    for (int i = 0; i < MAX_THREADS; i++) {
        catalog_close(s->workers[i].cat);
        arena_free(&s->workers[i].paths);
        free(s->workers[i].nodes);
    }
    error_clear(&s->err);
    units_free(&s->units);
    pthread_cond_destroy(&s->changed);
    pthread_mutex_destroy(&s->lock);
    free(s->table);
    free(s->nodes);
    free(s->catalog);
    free(s);
}
