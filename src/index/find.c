#include "index/find.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/clock.h"
#include "index/listing.h"
#include "index/units.h"

#define AHEAD 16           /* units that may wait for the owner */
#define MAX_THREADS 8
#define WORTH_A_THREAD 4   /* units: a thread and its connection cost about as much */

struct worker {
    struct find *find;
    struct search *search;    /* NULL: its thread opens one */
    pthread_t thread;
};

struct find {
    char *catalog, *pattern;
    int64_t *replicas;
    struct search_filter filter;
    struct units units;
    struct worker workers[MAX_THREADS];
    int worker_count;

    pthread_mutex_t lock;
    pthread_cond_t changed;
    size_t taken, given;      /* units that a worker has begun; that the owner has got */
    struct found_list *ready[AHEAD];    /* of unit i at i modulo AHEAD; NULL: not yet */
    bool stop;
    int code;                 /* of the first worker that failed, with err */
    struct error err;

    /* The owner's. */
    bool sorted, collected, ended;
    int64_t left;                       /* to be handed out; below 0: without end */
    struct found_list *unit;            /* the unit at hand */
    struct found_list **kept;           /* sorted: every unit, since they hold the paths */
    struct found *all;                  /* sorted: every entry */
    size_t kept_count, all_count, all_room, at;
};

static void list_free(struct found_list *list)
{
    if (list)
        found_list_free(list);
    free(list);
}

/* ---- workers ---- */

static bool take_unit(struct find *f, size_t *ret_unit)
{
    pthread_mutex_lock(&f->lock);
    while (!f->stop && f->taken < f->units.count && f->taken - f->given >= AHEAD)
        pthread_cond_wait(&f->changed, &f->lock);
    bool any = !f->stop && f->taken < f->units.count;
    if (any)
        *ret_unit = f->taken++;
    pthread_mutex_unlock(&f->lock);
    return any;
}

static void give_unit(struct find *f, size_t unit, struct found_list *list)
{
    pthread_mutex_lock(&f->lock);
    f->ready[unit % AHEAD] = list;
    pthread_cond_broadcast(&f->changed);
    pthread_mutex_unlock(&f->lock);
}

static void fail(struct find *f, int code, struct error *err)
{
    pthread_mutex_lock(&f->lock);
    if (!f->code) {
        f->code = code;
        error_move(&f->err, err);
    }
    f->stop = true;
    pthread_cond_broadcast(&f->changed);
    pthread_mutex_unlock(&f->lock);
    error_clear(err);
}

static void *work(void *arg)
{
    struct worker *w = arg;
    struct find *f = w->find;
    struct error err = {0};
    size_t unit;

    int code = w->search ? 0 : search_open(f->catalog, &f->filter, &w->search, &err);
    while (!code && take_unit(f, &unit)) {
        struct found_list *list = mem_zalloc(sizeof *list);
        code = units_search(&f->units, unit, w->search, list, &err);
        found_list_seal(list);
        if (code)
            list_free(list);
        else
            give_unit(f, unit, list);
    }
    if (code)
        fail(f, code, &err);
    return NULL;
}

static int threads_worth(const struct find *f, int wanted)
{
    long cores = sysconf(_SC_NPROCESSORS_ONLN);
    size_t useful = f->units.count / WORTH_A_THREAD + 1;
    size_t count = wanted > 0 ? (size_t)wanted : cores > 0 ? (size_t)cores : 2;

    if (wanted <= 0 && count > useful)
        count = useful;
    return count > MAX_THREADS ? MAX_THREADS : (int)count;
}

/* The first worker has the connection that planned. Fewer threads than asked for do as well. */
static int start_workers(struct find *f, struct search *first, int count, struct error *err)
{
    sigset_t all, old;
    int code = 0;

    f->workers[0].search = first;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &old);
    for (int i = 0; i < count && !code; i++) {
        f->workers[i].find = f;
        code = pthread_create(&f->workers[i].thread, NULL, work, &f->workers[i]);
        f->worker_count += !code;
    }
    pthread_sigmask(SIG_SETMASK, &old, NULL);
    if (f->worker_count)
        return 0;
    search_close(first);
    return error_set(err, code, "cannot start a thread");
}

/* ---- starting and ending ---- */

static void copy_filter(struct find *f, const struct search_filter *from)
{
    f->filter = *from;
    if (from->pattern)
        f->filter.pattern = f->pattern = mem_strndup(from->pattern, from->pattern_len);
    if (!from->replicas)
        return;
    f->filter.replicas = f->replicas = mem_alloc(from->replica_count * sizeof *f->replicas);
    if (from->replica_count)
        memcpy(f->replicas, from->replicas, from->replica_count * sizeof *f->replicas);
    qsort(f->replicas, from->replica_count, sizeof *f->replicas, search_compare_ids);
}

static void init_lock(struct find *f)
{
    pthread_condattr_t attr;

    pthread_mutex_init(&f->lock, NULL);
    pthread_condattr_init(&attr);
    pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
    pthread_cond_init(&f->changed, &attr);
    pthread_condattr_destroy(&attr);
}

int find_start(const char *catalog, const struct find_request *request, struct find **ret_find, struct error *err)
{
    struct find *f = mem_zalloc(sizeof *f);
    struct search *first;

    f->catalog = mem_strdup(catalog);
    f->sorted = request->sorted;
    f->left = request->limit > 0 ? request->limit : -1;
    copy_filter(f, &request->filter);
    init_lock(f);
    int code = search_open(catalog, &f->filter, &first, err);
    if (!code) {
        code = units_plan(search_catalog(first), f->replicas, f->filter.replica_count, &f->units, err);
        if (code)
            search_close(first);
        else
            code = start_workers(f, first, threads_worth(f, request->threads), err);
    }
    if (code) {
        find_close(f);
        return code;
    }
    *ret_find = f;
    return 0;
}

static void stop_workers(struct find *f)
{
    pthread_mutex_lock(&f->lock);
    f->stop = true;
    pthread_cond_broadcast(&f->changed);
    pthread_mutex_unlock(&f->lock);
    for (int i = 0; i < f->worker_count; i++) {
        pthread_join(f->workers[i].thread, NULL);
        search_close(f->workers[i].search);
    }
}

void find_close(struct find *f)
{
    if (!f)
        return;
    stop_workers(f);
    for (size_t i = 0; i < AHEAD; i++)
        list_free(f->ready[i]);
    for (size_t i = 0; i < f->kept_count; i++)
        list_free(f->kept[i]);
    list_free(f->unit);
    free(f->kept);
    free(f->all);
    error_clear(&f->err);
    units_free(&f->units);
    pthread_cond_destroy(&f->changed);
    pthread_mutex_destroy(&f->lock);
    free(f->replicas);
    free(f->pattern);
    free(f->catalog);
    free(f);
}

/* ---- pulling ---- */

static struct found_list **next_ready(struct find *f) { return &f->ready[f->given % AHEAD]; }

static void wait_ready(struct find *f, int64_t timeout)
{
    struct timespec until = clock_split(clock_monotonic() + (timeout > 0 ? timeout : 0));
    int waited = 0;

    while (!f->code && f->given < f->units.count && !*next_ready(f) && waited != ETIMEDOUT) {
        if (timeout < 0)
            pthread_cond_wait(&f->changed, &f->lock);
        else
            waited = pthread_cond_timedwait(&f->changed, &f->lock, &until);
    }
}

/* The next unit's list: 1, 0 when there are no more, -EAGAIN, -errno of a worker. */
static int next_unit(struct find *f, int64_t timeout, struct found_list **ret_list, struct error *err)
{
    int code = 0;

    pthread_mutex_lock(&f->lock);
    wait_ready(f, timeout);
    if (f->code) {
        code = f->code;
        error_move(err, &f->err);
    } else if (f->given < f->units.count) {
        *ret_list = *next_ready(f);
        code = *ret_list ? 1 : -EAGAIN;
    }
    if (code == 1) {
        *next_ready(f) = NULL;
        f->given++;
        pthread_cond_broadcast(&f->changed);
    }
    pthread_mutex_unlock(&f->lock);
    return code;
}

static int by_replica_and_path(const void *a, const void *b)
{
    const struct found *x = a, *y = b;

    if (x->replica != y->replica)
        return x->replica < y->replica ? -1 : 1;
    return entry_compare_names(x->path, x->path_len, y->path, y->path_len);
}

/* Its items go to those of all units, its paths stay where they are. */
static void keep(struct find *f, struct found_list *list)
{
    if (!list->count) {
        list_free(list);
        return;
    }
    f->kept = mem_realloc(f->kept, (f->kept_count + 1) * sizeof *f->kept);
    f->kept[f->kept_count++] = list;
    if (f->all_room - f->all_count < list->count) {
        f->all_room = f->all_room * 2 + list->count;
        f->all = mem_realloc(f->all, f->all_room * sizeof *f->all);
    }
    memcpy(f->all + f->all_count, list->items, list->count * sizeof *f->all);
    f->all_count += list->count;
    free(list->items);
    list->items = NULL;
}

/* Everything, in order. 0 when it is all there, -EAGAIN, -errno. */
static int collect(struct find *f, int64_t timeout, struct error *err)
{
    struct found_list *list;
    int code = 0;

    while (!f->collected && (f->left < 0 || f->all_count < (size_t)f->left)) {
        code = next_unit(f, timeout, &list, err);
        if (code <= 0)
            break;
        keep(f, list);
    }
    if (code < 0)
        return code;
    if (!f->collected) {
        if (f->left >= 0 && f->all_count > (size_t)f->left)
            f->all_count = (size_t)f->left;
        if (f->all_count)
            qsort(f->all, f->all_count, sizeof *f->all, by_replica_and_path);
    }
    f->collected = true;
    return 0;
}

static int next_sorted(struct find *f, int64_t timeout, const struct found **ret, struct error *err)
{
    int code = collect(f, timeout, err);

    if (code || f->at == f->all_count)
        return code;
    *ret = &f->all[f->at++];
    return 1;
}

static int next_streamed(struct find *f, int64_t timeout, const struct found **ret, struct error *err)
{
    int code = 1;

    while (code == 1 && (!f->unit || f->at == f->unit->count)) {
        list_free(f->unit);
        f->unit = NULL;
        f->at = 0;
        code = next_unit(f, timeout, &f->unit, err);
    }
    if (code == 1)
        *ret = &f->unit->items[f->at++];
    return code;
}

int find_next(struct find *f, int64_t timeout, const struct found **ret_found, struct error *err)
{
    if (f->ended || !f->left)
        return 0;
    int code = f->sorted ? next_sorted(f, timeout, ret_found, err) : next_streamed(f, timeout, ret_found, err);
    if (code == 1 && !f->sorted && f->left > 0)
        f->left--;
    if (code <= 0 && code != -EAGAIN)
        f->ended = true;
    return code;
}
