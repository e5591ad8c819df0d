#include "index/probe.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/clock.h"
#include "index/identity.h"

/* Shared by the one who asks and the thread; whoever is last frees it. */
struct probe {
    pthread_mutex_t lock;
    pthread_cond_t changed;
    char *path, *id;          /* owned: the one who asks may be gone; id NULL: any answer will do */
    bool answered, abandoned;
    int code;
    struct error err;
};

static struct probe *probe_new(const char *path, const char *id)
{
    struct probe *p = mem_zalloc(sizeof *p);
    pthread_condattr_t attr;

    p->path = mem_strdup(path);
    p->id = id ? mem_strdup(id) : NULL;
    pthread_mutex_init(&p->lock, NULL);
    pthread_condattr_init(&attr);
    pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
    pthread_cond_init(&p->changed, &attr);
    pthread_condattr_destroy(&attr);
    return p;
}

static void probe_free(struct probe *p)
{
    error_clear(&p->err);
    pthread_cond_destroy(&p->changed);
    pthread_mutex_destroy(&p->lock);
    free(p->path);
    free(p->id);
    free(p);
}

static int question(const struct probe *p, struct error *err)
{
    struct stat st;

    if (!p->id)
        return (void)stat(p->path, &st), 0;
    int fd = identity_open(p->path, p->id, err);
    if (fd >= 0)
        close(fd);
    return fd < 0 ? fd : 0;
}

static void *ask(void *arg)
{
    struct probe *p = arg;
    struct error err = {0};
    int code = question(p, &err);

    pthread_mutex_lock(&p->lock);
    p->code = code;
    error_move(&p->err, &err);
    p->answered = true;
    bool abandoned = p->abandoned;
    pthread_cond_signal(&p->changed);
    pthread_mutex_unlock(&p->lock);
    if (abandoned)
        probe_free(p);
    return NULL;
}

static int start(struct probe *p)
{
    pthread_t thread;
    sigset_t all, old;

    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &old);
    int code = pthread_create(&thread, NULL, ask, p);
    pthread_sigmask(SIG_SETMASK, &old, NULL);
    if (!code)
        pthread_detach(thread);
    return code;
}

/* Wait for the answer. False when it did not come in time: then p belongs to the thread. */
static bool await(struct probe *p, int64_t timeout)
{
    struct timespec until = clock_split(clock_monotonic() + timeout);
    int code = 0;

    pthread_mutex_lock(&p->lock);
    while (!p->answered && code != ETIMEDOUT)
        code = pthread_cond_timedwait(&p->changed, &p->lock, &until);
    bool answered = p->answered;
    p->abandoned = !answered;
    pthread_mutex_unlock(&p->lock);
    return answered;
}

/* id: may be NULL, as above. */
static int probe(const char *path, const char *id, int64_t timeout, struct error *err)
{
    struct probe *p = probe_new(path, id);
    int code = start(p);

    if (code) {
        probe_free(p);
        return error_set(err, code, "cannot start a thread");
    }
    if (!await(p, timeout))
        return error_say(err, "EOFFLINE", ETIMEDOUT, "%s does not answer (a network mount that is gone?)", path);
    code = p->code;
    error_move(err, &p->err);
    probe_free(p);
    return code;
}

int probe_online(const char *path, const char *id, int64_t timeout, struct error *err) { return probe(path, id, timeout, err); }

int probe_answers(const char *path, int64_t timeout, struct error *err) { return probe(path, NULL, timeout, err); }
