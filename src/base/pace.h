/*
 * A bound on the bytes per second that several threads move together.
 */
#ifndef AUTOBACKUP_BASE_PACE_H
#define AUTOBACKUP_BASE_PACE_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdint.h>

struct pace {
    int64_t rate;             /* bytes per second; 0: as fast as it goes. Fixed once threads use it */
    pthread_mutex_t lock;
    int64_t due;              /* monotonic ns: when all that was taken so far is through */
};

void pace_init(struct pace *p, int64_t rate);
void pace_free(struct pace *p);

/* Take `bytes`: waits as long as the rate asks for, or until *stop is set (may be NULL). */
void pace_take(struct pace *p, uint64_t bytes, const atomic_bool *stop);

#endif
