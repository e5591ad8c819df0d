#include "base/job.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/clock.h"

#define MAX_UNREAD 4096
#define PROGRESS_EVERY (100 * NSEC_PER_MSEC)

struct job {
    pthread_mutex_t lock;
    pthread_cond_t changed;
    pthread_t thread;
    struct event *first, **last;
    size_t unread;
    struct event *progress;
    _Atomic int64_t progress_at;
    bool ended;
    atomic_bool cancelled;
    job_main *run;
    void *arg;
    void (*free_arg)(void *);
};

/* Rung when a job that had nothing to hand out has something: who waits for several of them hears it. */
static struct {
    pthread_once_t once;
    pthread_mutex_t lock;
    pthread_cond_t rung;
    uint64_t count;
    atomic_int waiters;
} bell = {.once = PTHREAD_ONCE_INIT, .lock = PTHREAD_MUTEX_INITIALIZER};

static void init_condition(pthread_cond_t *condition)
{
    pthread_condattr_t attr;

    pthread_condattr_init(&attr);
    pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
    pthread_cond_init(condition, &attr);
    pthread_condattr_destroy(&attr);
}

static void init_bell(void) { init_condition(&bell.rung); }

/* Not under a job's lock. A waiter says so before it looks at the jobs, so none that slept before is missed. */
static void ring(void)
{
    if (!atomic_load(&bell.waiters))
        return;
    pthread_mutex_lock(&bell.lock);
    bell.count++;
    pthread_cond_broadcast(&bell.rung);
    pthread_mutex_unlock(&bell.lock);
}

struct event *event_new(const char *type)
{
    struct event *ev = mem_zalloc(sizeof *ev);
    ev->type = type;
    return ev;
}

static struct event_field *add_field(struct event *ev, const char *key, enum field_kind kind)
{
    ev->fields = mem_realloc(ev->fields, (ev->count + 1) * sizeof *ev->fields);
    struct event_field *f = &ev->fields[ev->count++];
    *f = (struct event_field){.key = key, .kind = kind};
    return f;
}

void event_int(struct event *ev, const char *key, int64_t value) { add_field(ev, key, FIELD_INT)->integer = value; }
void event_num(struct event *ev, const char *key, double value) { add_field(ev, key, FIELD_NUM)->number = value; }
void event_bool(struct event *ev, const char *key, bool value) { add_field(ev, key, FIELD_BOOL)->integer = value; }

void event_str(struct event *ev, const char *key, const char *text, size_t len)
{
    struct event_field *f = add_field(ev, key, FIELD_STR);
    f->text = mem_strndup(text, len);
    f->len = len;
}

void event_error(struct event *ev, const struct error *err)
{
    const char *message = err->message ? err->message : err->code;

    event_str(ev, "code", err->code, strlen(err->code));
    event_str(ev, "message", message, strlen(message));
}

void event_free(struct event *ev)
{
    if (!ev)
        return;
    for (size_t i = 0; i < ev->count; i++)
        free(ev->fields[i].text);
    free(ev->fields);
    free(ev);
}

/* Signals belong to the main thread: an engine thread that took one would leave the prompt waiting. */
static void block_signals(sigset_t *old)
{
    sigset_t all;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, old);
}

static void *job_thread(void *arg)
{
    struct job *job = arg;

    job->run(job, job->arg);
    pthread_mutex_lock(&job->lock);
    job->ended = true;
    pthread_cond_broadcast(&job->changed);
    pthread_mutex_unlock(&job->lock);
    ring();
    return NULL;
}

static void job_free(struct job *job)
{
    while (job->first) {
        struct event *ev = job->first;
        job->first = ev->next;
        event_free(ev);
    }
    event_free(job->progress);
    if (job->free_arg)
        job->free_arg(job->arg);
    pthread_cond_destroy(&job->changed);
    pthread_mutex_destroy(&job->lock);
    free(job);
}

int job_start(job_main *run, void *arg, void (*free_arg)(void *), struct job **ret_job, struct error *err)
{
    struct job *job = mem_zalloc(sizeof *job);
    sigset_t old;

    job->run = run;
    job->arg = arg;
    job->free_arg = free_arg;
    job->last = &job->first;
    pthread_mutex_init(&job->lock, NULL);
    init_condition(&job->changed);
    pthread_once(&bell.once, init_bell);
    block_signals(&old);
    int code = pthread_create(&job->thread, NULL, job_thread, job);
    pthread_sigmask(SIG_SETMASK, &old, NULL);
    if (code) {
        job_free(job);
        return error_set(err, code, "cannot start a thread");
    }
    *ret_job = job;
    return 0;
}

void job_emit(struct job *job, struct event *ev)
{
    pthread_mutex_lock(&job->lock);
    while (job->unread >= MAX_UNREAD && !atomic_load(&job->cancelled))
        pthread_cond_wait(&job->changed, &job->lock);
    *job->last = ev;
    job->last = &ev->next;
    bool is_first = job->unread++ == 0;
    pthread_cond_broadcast(&job->changed);
    pthread_mutex_unlock(&job->lock);
    if (is_first)
        ring();
}

void job_progress(struct job *job, struct event *ev)
{
    atomic_store(&job->progress_at, clock_monotonic());
    pthread_mutex_lock(&job->lock);
    struct event *old = job->progress;
    job->progress = ev;
    pthread_cond_broadcast(&job->changed);
    pthread_mutex_unlock(&job->lock);
    if (!old)
        ring();
    event_free(old);
}

bool job_progress_early(struct job *job)
{
    return clock_monotonic() - atomic_load(&job->progress_at) < PROGRESS_EVERY;
}

const atomic_bool *job_cancel_flag(struct job *job) { return &job->cancelled; }

bool job_cancelled(struct job *job) { return atomic_load(&job->cancelled); }

/* Both kinds of event in the order they matter: what happened first, the newest state behind it. */
static struct event *pop(struct job *job)
{
    struct event *ev = job->first;

    if (ev) {
        job->first = ev->next;
        if (!job->first)
            job->last = &job->first;
        job->unread--;
        ev->next = NULL;
        pthread_cond_broadcast(&job->changed);
        return ev;
    }
    ev = job->progress;
    job->progress = NULL;
    return ev;
}

int job_next(struct job *job, int64_t timeout, struct event **ret_event)
{
    struct timespec until = clock_split(clock_monotonic() + (timeout > 0 ? timeout : 0));
    struct event *ev;
    int code = 0;

    pthread_mutex_lock(&job->lock);
    while (!(ev = pop(job)) && !job->ended && code != ETIMEDOUT) {
        if (timeout < 0)
            pthread_cond_wait(&job->changed, &job->lock);
        else
            code = pthread_cond_timedwait(&job->changed, &job->lock, &until);
    }
    bool ended = job->ended;
    pthread_mutex_unlock(&job->lock);
    if (ev) {
        *ret_event = ev;
        return 1;
    }
    return ended ? -EPIPE : 0;
}

static bool is_ready(struct job *job)
{
    pthread_mutex_lock(&job->lock);
    bool ready = job->first || job->progress || job->ended;
    pthread_mutex_unlock(&job->lock);
    return ready;
}

static bool any_ready(struct job *const *jobs, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (is_ready(jobs[i]))
            return true;
    return false;
}

static uint64_t rung_so_far(void)
{
    pthread_mutex_lock(&bell.lock);
    uint64_t count = bell.count;
    pthread_mutex_unlock(&bell.lock);
    return count;
}

/* Until it is rung once more. False on timeout. */
static bool hear(uint64_t heard, const struct timespec *until)
{
    int code = 0;

    pthread_mutex_lock(&bell.lock);
    while (bell.count == heard && code != ETIMEDOUT)
        code = until ? pthread_cond_timedwait(&bell.rung, &bell.lock, until)
                     : pthread_cond_wait(&bell.rung, &bell.lock);
    pthread_mutex_unlock(&bell.lock);
    return code != ETIMEDOUT;
}

bool job_wait_any(struct job *const *jobs, size_t count, int64_t timeout)
{
    struct timespec until = clock_split(clock_monotonic() + (timeout > 0 ? timeout : 0));
    bool ready, heard = true;

    atomic_fetch_add(&bell.waiters, 1);
    do {
        uint64_t so_far = rung_so_far();
        ready = any_ready(jobs, count);
        heard = ready || hear(so_far, timeout < 0 ? NULL : &until);
    } while (!ready && heard);
    atomic_fetch_sub(&bell.waiters, 1);
    return ready || any_ready(jobs, count);
}

void job_cancel(struct job *job)
{
    pthread_mutex_lock(&job->lock);
    atomic_store(&job->cancelled, true);
    pthread_cond_broadcast(&job->changed);
    pthread_mutex_unlock(&job->lock);
}

void job_close(struct job *job)
{
    if (!job)
        return;
    job_cancel(job);
    pthread_join(job->thread, NULL);
    job_free(job);
}
