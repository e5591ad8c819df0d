#include "copy/workers.h"

#include <stdlib.h>
#include <unistd.h>

#include "base/buf.h"
#include "copy/commit.h"
#include "copy/file.h"

#define MOST_WORKERS 16
#define READY_BYTES (32u << 20)    /* staged by one worker before it hands them over */

struct worker {
    pthread_t thread;
    struct work *w;
    struct data data;
    struct item *item;             /* the one at work, for progress */
};

struct workers {
    struct work *w;
    struct journal *journal;
    pthread_t committer;
    int count;
    struct worker list[MOST_WORKERS];
};

static void progress(void *arg, uint64_t bytes)
{
    struct worker *worker = arg;
    struct report *r = &worker->w->report;

    atomic_fetch_add(&r->tally.bytes_at, (long long)bytes);
    report_progress(r, worker->item->twin->path, worker->item->name);
}

static void run_item(struct worker *worker, struct item *item, struct items *ready)
{
    struct work *w = worker->w;

    worker->item = item;
    if (work_ending(w) || !file_stage(w, &worker->data, item)) {
        item_free(item);
        return;
    }
    atomic_fetch_add(&w->report.tally.files_at, S_ISREG(item->left.mode));
    items_add(ready, item);
    if (ready->bytes >= READY_BYTES)
        stage_add(&w->stage, ready);
}

static void run_task(struct worker *worker, struct items *task)
{
    struct items ready;
    struct item *next;

    items_init(&ready);
    for (struct item *item = task->first; item; item = next) {
        next = item->next;
        run_item(worker, item, &ready);
    }
    stage_add(&worker->w->stage, &ready);
}

static void *worker_main(void *arg)
{
    struct worker *worker = arg;
    struct items task;

    while (queue_pop(&worker->w->queue, &task)) {
        run_task(worker, &task);
        queue_done(&worker->w->queue);
    }
    return NULL;
}

static void *committer_main(void *arg)
{
    struct workers *workers = arg;
    struct work *w = workers->w;
    struct commit commit;
    struct items batch;

    commit_init(&commit, w);
    while (stage_take(&w->stage, &batch)) {
        commit_batch(&commit, &batch);
        if (workers->journal)
            journal_progress(workers->journal, atomic_load(&w->report.tally.files_copied),
                             atomic_load(&w->report.tally.bytes_copied));
        stage_taken(&w->stage);
    }
    commit_free(&commit);
    return NULL;
}

/* More workers than cores hide what each waits for. */
static int choose(int count)
{
    if (count <= 0) {
        long cores = sysconf(_SC_NPROCESSORS_ONLN);
        count = cores < 2 ? 2 : 4;
    }
    return count < MOST_WORKERS ? count : MOST_WORKERS;
}

static int start_worker(struct workers *workers)
{
    struct worker *worker = &workers->list[workers->count];

    worker->w = workers->w;
    data_init(&worker->data, workers->w->cancel, progress, worker);
    int code = pthread_create(&worker->thread, NULL, worker_main, worker);
    if (code) {
        data_free(&worker->data);
        return -code;
    }
    workers->count++;
    return 0;
}

int workers_start(struct work *w, struct journal *journal, int count, struct workers **ret_workers,
                  struct error *err)
{
    struct workers *workers = mem_zalloc(sizeof *workers);

    workers->w = w;
    workers->journal = journal;
    int code = pthread_create(&workers->committer, NULL, committer_main, workers);
    if (code) {
        free(workers);
        return error_set(err, code, "cannot start a thread");
    }
    int wanted = choose(count);
    while (workers->count < wanted && !code)
        code = start_worker(workers);
    if (!workers->count) {
        workers_stop(workers);
        return error_set(err, -code, "cannot start a thread");
    }
    *ret_workers = workers;
    return 0;
}

void workers_drain(struct work *w)
{
    queue_drain(&w->queue);
    stage_flush(&w->stage);
}

void workers_stop(struct workers *workers)
{
    if (!workers)
        return;
    queue_close(&workers->w->queue);
    for (int i = 0; i < workers->count; i++) {
        pthread_join(workers->list[i].thread, NULL);
        data_free(&workers->list[i].data);
    }
    stage_close(&workers->w->stage);
    pthread_join(workers->committer, NULL);
    free(workers);
}
