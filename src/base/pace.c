#include "base/pace.h"

#include <time.h>

#include "base/clock.h"

#define LOOK_EVERY (50 * NSEC_PER_MSEC)    /* how long a wait may keep somebody who wants to stop */

void pace_init(struct pace *p, int64_t rate)
{
    *p = (struct pace){.rate = rate};
    pthread_mutex_init(&p->lock, NULL);
}

void pace_free(struct pace *p) { pthread_mutex_destroy(&p->lock); }

/* When these bytes may be through. A pause is not made up for: nobody wants a burst after it. */
static int64_t reserve(struct pace *p, uint64_t bytes)
{
    int64_t now = clock_monotonic();

    pthread_mutex_lock(&p->lock);
    if (p->due < now)
        p->due = now;
    p->due += (int64_t)((double)bytes * (double)NSEC_PER_SEC / (double)p->rate);
    int64_t due = p->due;
    pthread_mutex_unlock(&p->lock);
    return due;
}

void pace_take(struct pace *p, uint64_t bytes, const atomic_bool *stop)
{
    if (p->rate <= 0)
        return;
    int64_t due = reserve(p, bytes), left;
    while ((left = due - clock_monotonic()) > 0 && !(stop && atomic_load(stop))) {
        struct timespec pause = clock_split(left < LOOK_EVERY ? left : LOOK_EVERY);
        nanosleep(&pause, NULL);
    }
}
