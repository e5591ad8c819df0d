#include "verify/desk.h"

#include <errno.h>

#include "base/clock.h"

void checks_init(struct checks *list) { *list = (struct checks){.last = &list->first}; }

void checks_add(struct checks *list, struct check *c)
{
    c->next = NULL;
    *list->last = c;
    list->last = &c->next;
    list->count++;
}

void checks_move(struct checks *to, struct checks *from)
{
    if (!from->first)
        return;
    *to->last = from->first;
    to->last = from->last;
    to->count += from->count;
    checks_init(from);
}

void desk_init(struct desk *d)
{
    pthread_condattr_t monotonic;

    *d = (struct desk){0};
    checks_init(&d->todo);
    checks_init(&d->done);
    pthread_mutex_init(&d->lock, NULL);
    pthread_cond_init(&d->work, NULL);
    pthread_condattr_init(&monotonic);
    pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
    pthread_cond_init(&d->back, &monotonic);
    pthread_condattr_destroy(&monotonic);
}

void desk_free(struct desk *d)
{
    check_free(d->todo.first);
    check_free(d->done.first);
    pthread_cond_destroy(&d->work);
    pthread_cond_destroy(&d->back);
    pthread_mutex_destroy(&d->lock);
}

void desk_give(struct desk *d, struct checks *list)
{
    pthread_mutex_lock(&d->lock);
    checks_move(&d->todo, list);
    pthread_cond_broadcast(&d->work);
    pthread_mutex_unlock(&d->lock);
}

static bool is_low(const struct desk *d, bool all)
{
    return all ? !d->todo.count && !d->busy : d->todo.count < DESK_LOW;
}

bool desk_wait(struct desk *d, bool all, int64_t timeout)
{
    struct timespec until = clock_split(clock_monotonic() + timeout);
    int waited = 0;

    pthread_mutex_lock(&d->lock);
    while (!is_low(d, all) && waited != ETIMEDOUT)
        waited = pthread_cond_timedwait(&d->back, &d->lock, &until);
    bool low = is_low(d, all);
    pthread_mutex_unlock(&d->lock);
    return low;
}

void desk_collect(struct desk *d, struct checks *to)
{
    pthread_mutex_lock(&d->lock);
    checks_move(to, &d->done);
    pthread_mutex_unlock(&d->lock);
}

void desk_close(struct desk *d)
{
    pthread_mutex_lock(&d->lock);
    d->closed = true;
    pthread_cond_broadcast(&d->work);
    pthread_mutex_unlock(&d->lock);
}

struct check *desk_take(struct desk *d)
{
    pthread_mutex_lock(&d->lock);
    while (!d->todo.first && !d->closed)
        pthread_cond_wait(&d->work, &d->lock);
    struct check *c = d->todo.first;
    if (c) {
        d->todo.first = c->next;
        if (!c->next)
            d->todo.last = &d->todo.first;
        d->todo.count--;
        d->busy++;
    }
    pthread_mutex_unlock(&d->lock);
    return c;
}

void desk_return(struct desk *d, struct check *c)
{
    pthread_mutex_lock(&d->lock);
    checks_add(&d->done, c);
    d->busy--;
    if (is_low(d, false))
        pthread_cond_signal(&d->back);
    pthread_mutex_unlock(&d->lock);
}
