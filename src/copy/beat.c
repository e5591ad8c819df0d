#include "copy/beat.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/path.h"

#define TICK NSEC_PER_SEC                /* how soon after a sleep it is seen that time has passed */
#define FRESH (2 * BEAT_PERIOD)          /* nobody can have taken it over since */

struct beat {
    struct beat *next;
    atomic_int refs;
    int dir, lock;                       /* OUR_FOLDER; the lock's descriptor, a name only */
    dev_t dev;                           /* of the root, */
    ino_t ino;                           /* and its inode */
    struct holder holder;
    char *database;
    atomic_llong beaten_at;              /* of the machine's clock that goes on while it sleeps */
    atomic_bool lost;
    pthread_t thread;
    pthread_mutex_t lock_of_state;       /* of the fields below, and for one beat at a time */
    pthread_cond_t stopped;
    bool stop;
    struct job *job;
    uint64_t number;
};

static pthread_mutex_t registry = PTHREAD_MUTEX_INITIALIZER;
static struct beat *beats;

static int64_t now(void)
{
    struct timespec t;

    clock_gettime(CLOCK_BOOTTIME, &t);
    return clock_join(t.tv_sec, (uint32_t)t.tv_nsec);
}

static bool is_older(struct beat *b, int64_t age) { return now() - atomic_load(&b->beaten_at) >= age; }

/* ---- one beat; with the lock of the state ---- */

static void lose(struct beat *b)
{
    atomic_store(&b->lost, true);
    if (b->job)
        job_cancel(b->job);
}

/* 0 when it is ours; -ESTALE when it is lost; or -errno when that cannot be told. */
static int beat_once(struct beat *b)
{
    int64_t at = now();
    bool beaten = false;
    int code = holder_beat(b->dir, &b->holder, ++b->number, &beaten);

    if (code == -ENOENT && is_older(b, FRESH)) {    /* taken over, and given back */
        code = -ESTALE;
    } else if (code == -ENOENT) {                   /* somebody removed it by hand */
        code = holder_create(b->dir, &b->holder);
        beaten = !code;
        code = code == -EEXIST ? -ESTALE : code;
    }
    if (beaten)
        atomic_store(&b->beaten_at, at);
    if (code == -ESTALE)
        lose(b);
    return code;
}

static void *run(void *arg)
{
    struct beat *b = arg;

    pthread_mutex_lock(&b->lock_of_state);
    while (!b->stop && !atomic_load(&b->lost)) {
        struct timespec until = clock_split(clock_monotonic() + TICK);
        pthread_cond_timedwait(&b->stopped, &b->lock_of_state, &until);
        if (!b->stop && is_older(b, BEAT_PERIOD))
            (void)beat_once(b);
    }
    pthread_mutex_unlock(&b->lock_of_state);
    return NULL;
}

/* ---- from beginning to end ---- */

void beat_unref(struct beat *b)
{
    if (!b || atomic_fetch_sub(&b->refs, 1) > 1)
        return;
    pthread_cond_destroy(&b->stopped);
    pthread_mutex_destroy(&b->lock_of_state);
    if (b->dir >= 0)
        close(b->dir);
    free(b->database);
    free(b);
}

static struct beat *new_beat(int lock, const struct holder *h, const char *database)
{
    struct beat *b = mem_zalloc(sizeof *b);
    pthread_condattr_t attr;

    *b = (struct beat){.lock = lock, .holder = *h, .database = mem_strdup(database), .dir = -1};
    atomic_init(&b->refs, 1);
    atomic_init(&b->beaten_at, now());
    pthread_mutex_init(&b->lock_of_state, NULL);
    pthread_condattr_init(&attr);
    pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
    pthread_cond_init(&b->stopped, &attr);
    pthread_condattr_destroy(&attr);
    return b;
}

static int begin(struct beat *b, int root)
{
    struct stat st;
    sigset_t all, old;

    b->dir = path_open_dir(root, OUR_FOLDER);
    if (b->dir < 0)
        return b->dir;
    if (fstat(root, &st) < 0)
        return -errno;
    b->dev = st.st_dev;
    b->ino = st.st_ino;
    sigfillset(&all);    /* signals are the main thread's, as in base/job.c */
    pthread_sigmask(SIG_SETMASK, &all, &old);
    int code = -pthread_create(&b->thread, NULL, run, b);
    pthread_sigmask(SIG_SETMASK, &old, NULL);
    return code;
}

int beat_start(int root, int lock, const struct holder *h, const char *database)
{
    struct beat *b = new_beat(lock, h, database);
    int code = begin(b, root);

    if (code) {
        beat_unref(b);
        return code;
    }
    pthread_mutex_lock(&registry);
    b->next = beats;
    beats = b;
    pthread_mutex_unlock(&registry);
    return 0;
}

/* Take it out of the list. */
static struct beat *take(int lock)
{
    struct beat **at = &beats, *b;

    pthread_mutex_lock(&registry);
    while ((b = *at) && b->lock != lock)
        at = &b->next;
    if (b)
        *at = b->next;
    pthread_mutex_unlock(&registry);
    return b;
}

bool beat_stop(int lock)
{
    struct beat *b = take(lock);

    if (!b)
        return true;
    pthread_mutex_lock(&b->lock_of_state);
    b->stop = true;
    pthread_cond_signal(&b->stopped);
    pthread_mutex_unlock(&b->lock_of_state);
    pthread_join(b->thread, NULL);
    bool ours = !atomic_load(&b->lost);
    if (ours)
        holder_remove(b->dir, &b->holder);
    beat_unref(b);
    return ours;
}

struct beat *beat_find(int root)
{
    struct stat st;

    if (fstat(root, &st) < 0)
        return NULL;
    pthread_mutex_lock(&registry);
    struct beat *b = beats;
    while (b && (b->dev != st.st_dev || b->ino != st.st_ino))
        b = b->next;
    if (b)
        atomic_fetch_add(&b->refs, 1);
    pthread_mutex_unlock(&registry);
    return b;
}

/* ---- for those who write ---- */

void beat_watch(struct beat *b, struct job *job)
{
    if (!b)
        return;
    pthread_mutex_lock(&b->lock_of_state);
    b->job = job;
    if (job && atomic_load(&b->lost))
        job_cancel(job);
    pthread_mutex_unlock(&b->lock_of_state);
}

static int say_lost(struct beat *b, struct error *err)
{
    struct holder_look look;
    char *who = holder_look(b->dir, &look) == 0 ? holder_describe(&look) : mem_strdup("by one that has ended");

    error_say(err, "ELOST", ESTALE, "%s was taken over while nothing moved here (%s): this one writes nothing more there; run it "
              "again", b->database, who);
    free(who);
    return -ESTALE;
}

static int look_again(struct beat *b)
{
    pthread_mutex_lock(&b->lock_of_state);
    int code = atomic_load(&b->lost) ? -ESTALE : b->stop ? 0 : beat_once(b);
    pthread_mutex_unlock(&b->lock_of_state);
    return code;
}

int beat_check(struct beat *b, struct error *err)
{
    if (!b)
        return 0;
    int code = atomic_load(&b->lost) ? -ESTALE : is_older(b, FRESH) ? look_again(b) : 0;
    if (code == -ESTALE)
        return say_lost(b, err);
    if (!code)
        return 0;
    error_say(err, error_name(-code), -code, "whether %s is still locked by this one cannot be told, because " OUR_FOLDER "/" HOLDER
              " there cannot be read (%s): nothing more is written; run it again", b->database, strerror(-code));
    return -ESTALE;
}
