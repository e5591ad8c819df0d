#include "copy/fan.h"

#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/disk.h"
#include "base/pace.h"
#include "copy/file.h"
#include "copy/work.h"

#define MOST_WORKERS 16
#define STREAM_ITEMS 4096          /* waiting in one stream at most */
#define TASK_GROUPS 128            /* of one directory, taken by a worker at once, */
#define TASK_BYTES (64u << 20)     /* and their bytes: one worker should not get all the large files */
#define READY_BYTES (32u << 20)    /* staged by one worker before it hands them over */

enum state { AWAITED, OPEN, LEFT };

struct stream {
    struct fan *fan;
    int index;
    enum state state;
    struct work *work;
    struct items items;
    size_t busy;                   /* taken, and not staged yet */
    unsigned pass;
    bool passed;                   /* nothing more comes in this pass */
    char *dir;                     /* all before it was added; NULL: nothing yet */
};

struct worker {
    pthread_t thread;
    struct fan *fan;
    struct data data;
    const struct group *at_work;   /* for progress: */
    uint64_t at_bytes;             /* so much of it was counted */
    struct items ready[FAN_STREAMS];
};

struct fan {
    atomic_int refs;
    struct fan_options options;
    pthread_mutex_t lock;
    pthread_cond_t changed;
    int taken, left;               /* streams */
    struct pace pace;
    pthread_mutex_t turn;          /* of who may read, where the source's disk spins */
    int worker_count;
    struct worker workers[MOST_WORKERS];
    struct stream streams[FAN_STREAMS];
};

struct fan *fan_new(const struct fan_options *options)
{
    struct fan *f = mem_zalloc(sizeof *f);

    atomic_init(&f->refs, 1);
    f->options = *options;
    pthread_mutex_init(&f->lock, NULL);
    pthread_cond_init(&f->changed, NULL);
    pthread_mutex_init(&f->turn, NULL);
    pace_init(&f->pace, options->rate);
    for (int i = 0; i < options->streams; i++) {
        f->streams[i] = (struct stream){.fan = f, .index = i};
        items_init(&f->streams[i].items);
    }
    return f;
}

struct fan *fan_ref(struct fan *f)
{
    atomic_fetch_add(&f->refs, 1);
    return f;
}

void fan_unref(struct fan *f)
{
    if (!f || atomic_fetch_sub(&f->refs, 1) > 1)
        return;
    for (int i = 0; i < f->worker_count; i++) {
        pthread_join(f->workers[i].thread, NULL);
        data_free(&f->workers[i].data);
    }
    pace_free(&f->pace);
    pthread_mutex_destroy(&f->turn);
    pthread_cond_destroy(&f->changed);
    pthread_mutex_destroy(&f->lock);
    free(f);
}

bool fan_is_idle(const struct fan *f) { return f->options.idle; }

struct stream *fan_take(struct fan *f)
{
    pthread_mutex_lock(&f->lock);
    struct stream *s = f->taken < f->options.streams ? &f->streams[f->taken++] : NULL;
    pthread_mutex_unlock(&f->lock);
    return s;
}

void fan_seal(struct fan *f)
{
    pthread_mutex_lock(&f->lock);
    for (; f->taken < f->options.streams; f->taken++, f->left++)
        f->streams[f->taken].state = LEFT;
    pthread_cond_broadcast(&f->changed);
    pthread_mutex_unlock(&f->lock);
}

/* ---- what is next ---- */

/* Is item a before b, in the order of the plan's pass? */
static int order(const struct stream *s, const struct item *a, const struct stream *t, const struct item *b)
{
    if (s->pass != t->pass)
        return s->pass < t->pass ? -1 : 1;
    int by_dir = strcmp(a->twin->path, b->twin->path);
    return by_dir ? by_dir : strcmp(a->name, b->name);
}

/* The stream whose first item comes first. */
static const struct stream *first_stream(const struct fan *f)
{
    const struct stream *first = NULL;

    for (int i = 0; i < f->options.streams; i++) {
        const struct stream *s = &f->streams[i];
        if (s->items.first && (!first || order(s, s->items.first, first, first->items.first) < 0))
            first = s;
    }
    return first;
}

/* Can this stream still add an item that is not behind that of `first`? */
static bool may_come(const struct stream *s, const struct stream *first)
{
    if (s->state != OPEN || s->items.first)
        return s->state == AWAITED;
    if (s->pass != first->pass)
        return s->pass < first->pass;
    return !s->passed && (!s->dir || strcmp(s->dir, first->items.first->twin->path) <= 0);
}

static struct item *pop(struct stream *s)
{
    struct item *item = s->items.first;

    s->items.first = item->next;
    if (!s->items.first)
        s->items.last = &s->items.first;
    s->items.count--;
    s->busy++;
    return item;
}

/* Take the next name of all streams. False when it is not known yet. */
static bool take_group(struct fan *f, struct group *group)
{
    const struct stream *first = first_stream(f);

    if (!first)
        return false;
    for (int i = 0; i < f->options.streams; i++)
        if (may_come(&f->streams[i], first))
            return false;
    const struct item *item = first->items.first;
    const struct stream at = *first;    /* its pass, while its items are popped */
    group->count = 0;
    for (int i = 0; i < f->options.streams; i++) {
        struct stream *s = &f->streams[i];
        if (s->items.first && order(s, s->items.first, &at, item) == 0)
            group->items[group->count++] = pop(s);
    }
    return true;
}

static size_t waiting(const struct fan *f)
{
    size_t most = 0;

    for (int i = 0; i < f->options.streams; i++)
        if (f->streams[i].items.count > most)
            most = f->streams[i].items.count;
    return most;
}

static bool is_same_directory(const struct fan *f, const struct group *group)
{
    const struct stream *first = first_stream(f);
    return first && strcmp(first->items.first->twin->path, group->items[0]->twin->path) == 0;
}

/*
 * With the lock held: as many as are worth it, so that the others get some too, and of one directory, which the kernel
 * lets only one thread at a time make files in.
 */
static int take_groups(struct fan *f, struct group *groups)
{
    size_t share = waiting(f) / (2 * (size_t)f->worker_count) + 1;
    uint64_t bytes = 0;
    int count = 0;

    while (count < TASK_GROUPS && (size_t)count < share && bytes < TASK_BYTES &&
           (!count || is_same_directory(f, groups)) && take_group(f, &groups[count]))
        bytes += groups[count++].items[0]->left.size;
    return count;
}

/* 0: all streams were left. */
static int next_groups(struct fan *f, struct group *groups)
{
    int count = 0;

    pthread_mutex_lock(&f->lock);
    while (!(count = take_groups(f, groups)) && f->left < f->options.streams)
        pthread_cond_wait(&f->changed, &f->lock);
    if (count)
        pthread_cond_broadcast(&f->changed);
    pthread_mutex_unlock(&f->lock);
    return count;
}

/* ---- workers ---- */

/* What is read twice (it changed meanwhile, or may have), or grew since it was planned, counts once and as planned. */
static uint64_t uncounted(struct worker *worker, uint64_t bytes)
{
    uint64_t planned = worker->at_work->items[0]->left.size;
    uint64_t left = planned > worker->at_bytes ? planned - worker->at_bytes : 0;

    if (bytes > left)
        bytes = left;
    worker->at_bytes += bytes;
    return bytes;
}

static void progress(void *arg, uint64_t bytes)
{
    struct worker *worker = arg;

    bytes = uncounted(worker, bytes);
    for (int i = 0; i < worker->at_work->count; i++) {
        const struct item *item = worker->at_work->items[i];
        struct report *r = &item->work->report;
        atomic_fetch_add(&r->tally.bytes_at, (long long)bytes);
        report_progress(r, item->twin->path, item->name);
    }
}

static void hand_over(struct worker *worker, const struct item *item)
{
    stage_add(&item->work->stage, &worker->ready[item->work->stream->index]);
}

static void settle_item(struct worker *worker, struct item *item)
{
    struct items *ready = &worker->ready[item->work->stream->index];

    if (!item->staged) {
        item_free(item);
        return;
    }
    atomic_fetch_add(&item->work->report.tally.files_at, S_ISREG(item->left.mode));
    items_add(ready, item);
    if (ready->bytes >= READY_BYTES)
        hand_over(worker, item);
}

/* Items of a destination that is ending are dropped. */
static void drop_ending(struct group *group)
{
    int kept = 0;

    for (int i = 0; i < group->count; i++) {
        if (work_ending(group->items[i]->work))
            item_free(group->items[i]);
        else
            group->items[kept++] = group->items[i];
    }
    group->count = kept;
}

static void run_group(struct worker *worker, struct group *group)
{
    drop_ending(group);
    worker->at_work = group;
    worker->at_bytes = 0;
    if (group->count)
        file_stage(&worker->data, group);
    for (int i = 0; i < group->count; i++)
        settle_item(worker, group->items[i]);
}

static void count_items(const struct group *groups, int count, size_t *items)
{
    for (int i = 0; i < count; i++)
        for (int j = 0; j < groups[i].count; j++)
            items[groups[i].items[j]->work->stream->index]++;
}

static void run_groups(struct worker *worker, struct group *groups, int count)
{
    struct fan *f = worker->fan;
    size_t items[FAN_STREAMS] = {0};

    count_items(groups, count, items);
    for (int i = 0; i < count; i++)
        run_group(worker, &groups[i]);
    for (int i = 0; i < f->options.streams; i++)
        if (worker->ready[i].count)
            stage_add(&f->streams[i].work->stage, &worker->ready[i]);
    pthread_mutex_lock(&f->lock);
    for (int i = 0; i < f->options.streams; i++)
        f->streams[i].busy -= items[i];
    pthread_cond_broadcast(&f->changed);
    pthread_mutex_unlock(&f->lock);
}

static void *worker_main(void *arg)
{
    struct worker *worker = arg;
    struct group groups[TASK_GROUPS];
    int count;

    if (worker->fan->options.idle)
        (void)disk_be_idle();
    while ((count = next_groups(worker->fan, groups)))
        run_groups(worker, groups, count);
    return NULL;
}

/* More workers than cores hide what each waits for; where only one may read, they would wait for each other. */
static int choose(int jobs, bool takes_turns)
{
    if (jobs <= 0) {
        long cores = sysconf(_SC_NPROCESSORS_ONLN);
        jobs = cores < 2 || (takes_turns && cores < 3) ? 2 : 4;
    }
    return jobs < MOST_WORKERS ? jobs : MOST_WORKERS;
}

static int start_worker(struct fan *f, pthread_mutex_t *turn)
{
    struct worker *worker = &f->workers[f->worker_count];

    worker->fan = f;
    data_init(&worker->data, NULL, progress, worker);
    worker->data.pace = &f->pace;
    worker->data.turn = turn;
    for (int i = 0; i < f->options.streams; i++)
        items_init(&worker->ready[i]);
    int code = -pthread_create(&worker->thread, NULL, worker_main, worker);
    if (code)
        data_free(&worker->data);
    else
        f->worker_count++;
    return code;
}

/* With the lock held. Fewer than wanted are enough. */
static int start_workers(struct fan *f, dev_t source)
{
    pthread_mutex_t *turn = f->options.jobs <= 0 && disk_spins(source) ? &f->turn : NULL;
    int wanted = choose(f->options.jobs, turn != NULL), code = 0;

    while (!code && f->worker_count < wanted)
        code = start_worker(f, turn);
    return f->worker_count ? 0 : code;
}

/* ---- streams ---- */

int stream_open(struct stream *s, struct work *w, dev_t source)
{
    struct fan *f = s->fan;

    pthread_mutex_lock(&f->lock);
    int code = f->worker_count ? 0 : start_workers(f, source);
    if (!code) {
        s->work = w;
        s->state = OPEN;
        pthread_cond_broadcast(&f->changed);
    }
    pthread_mutex_unlock(&f->lock);
    return code;
}

void stream_enter(struct stream *s, const char *dir)
{
    struct fan *f = s->fan;

    if (f->options.streams == 1)
        return;
    pthread_mutex_lock(&f->lock);
    free(s->dir);
    s->dir = mem_strdup(dir);
    pthread_cond_broadcast(&f->changed);
    pthread_mutex_unlock(&f->lock);
}

void stream_add(struct stream *s, struct items *items)
{
    struct fan *f = s->fan;

    if (!items->count)
        return;
    pthread_mutex_lock(&f->lock);
    while (s->items.count >= STREAM_ITEMS)
        pthread_cond_wait(&f->changed, &f->lock);
    items_move(&s->items, items);
    pthread_cond_broadcast(&f->changed);
    pthread_mutex_unlock(&f->lock);
}

void stream_drain(struct stream *s)
{
    struct fan *f = s->fan;

    pthread_mutex_lock(&f->lock);
    s->passed = true;    /* told before the wait: the other streams go on with their names */
    pthread_cond_broadcast(&f->changed);
    while (s->items.count || s->busy)
        pthread_cond_wait(&f->changed, &f->lock);
    free(s->dir);
    s->dir = NULL;
    s->passed = false;
    s->pass++;
    pthread_cond_broadcast(&f->changed);
    pthread_mutex_unlock(&f->lock);
}

void stream_leave(struct stream *s)
{
    struct fan *f = s->fan;

    if (s->state == LEFT)
        return;
    if (s->state == OPEN)
        stream_drain(s);
    pthread_mutex_lock(&f->lock);
    s->state = LEFT;
    f->left++;
    free(s->dir);
    s->dir = NULL;
    pthread_cond_broadcast(&f->changed);
    pthread_mutex_unlock(&f->lock);
}
