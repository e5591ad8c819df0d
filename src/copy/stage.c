#include "copy/stage.h"

#include <time.h>

#include "base/clock.h"

void stage_init(struct stage *s)
{
    pthread_condattr_t attr;

    *s = (struct stage){0};
    items_init(&s->items);
    pthread_mutex_init(&s->lock, NULL);
    pthread_condattr_init(&attr);
    pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
    pthread_cond_init(&s->changed, &attr);
    pthread_condattr_destroy(&attr);
}

void stage_free(struct stage *s)
{
    pthread_cond_destroy(&s->changed);
    pthread_mutex_destroy(&s->lock);
}

static bool is_full(const struct stage *s, unsigned times)
{
    return s->items.count >= times * STAGE_ITEMS || s->items.bytes >= times * STAGE_BYTES;
}

void stage_add(struct stage *s, struct items *items)
{
    if (!items->count)
        return;
    pthread_mutex_lock(&s->lock);
    while (is_full(s, 2))
        pthread_cond_wait(&s->changed, &s->lock);
    bool first = !s->items.count;
    if (first)
        s->since = clock_monotonic();
    items_move(&s->items, items);
    if (first || is_full(s, 1))
        pthread_cond_broadcast(&s->changed);
    pthread_mutex_unlock(&s->lock);
}

/* Called with the lock held: wait until a batch is due. */
static void wait_for_batch(struct stage *s)
{
    while (!s->closed && !s->flush && !is_full(s, 1)) {
        if (!s->items.count) {
            pthread_cond_wait(&s->changed, &s->lock);
            continue;
        }
        struct timespec due = clock_split(s->since + STAGE_AGE);
        if (clock_monotonic() >= s->since + STAGE_AGE)
            return;
        pthread_cond_timedwait(&s->changed, &s->lock, &due);
    }
}

bool stage_take(struct stage *s, struct items *ret_items)
{
    items_init(ret_items);
    pthread_mutex_lock(&s->lock);
    do {
        wait_for_batch(s);
        if (!s->items.count) {
            s->flush = false;
            pthread_cond_broadcast(&s->changed);
        }
    } while (!s->items.count && !s->closed);
    items_move(ret_items, &s->items);
    s->busy = ret_items->count > 0;
    pthread_cond_broadcast(&s->changed);
    pthread_mutex_unlock(&s->lock);
    return ret_items->count > 0;
}

void stage_taken(struct stage *s)
{
    pthread_mutex_lock(&s->lock);
    s->busy = false;
    pthread_cond_broadcast(&s->changed);
    pthread_mutex_unlock(&s->lock);
}

void stage_flush(struct stage *s)
{
    pthread_mutex_lock(&s->lock);
    while (s->items.count || s->busy) {
        s->flush = true;
        pthread_cond_broadcast(&s->changed);
        pthread_cond_wait(&s->changed, &s->lock);
    }
    s->flush = false;
    pthread_mutex_unlock(&s->lock);
}

void stage_close(struct stage *s)
{
    pthread_mutex_lock(&s->lock);
    s->closed = true;
    pthread_cond_broadcast(&s->changed);
    pthread_mutex_unlock(&s->lock);
}
