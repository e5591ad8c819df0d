/*
 * Where finished temps wait for their batch: the workers add, the committer takes all that is there at once, so
 * batches grow while a sync takes long.
 */
#ifndef AUTOBACKUP_COPY_STAGE_H
#define AUTOBACKUP_COPY_STAGE_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "copy/item.h"

#define STAGE_ITEMS 8192                    /* a batch begins at so many items, */
#define STAGE_BYTES (1ull << 30)            /* or so many bytes, */
#define STAGE_AGE (5 * 1000000000LL)        /* or so many ns after its first item */

struct stage {
    pthread_mutex_t lock;
    pthread_cond_t changed;
    struct items items;
    int64_t since;                          /* when the first of them came; monotonic ns */
    bool busy, flush, closed;
};

void stage_init(struct stage *s);
void stage_free(struct stage *s);

/* Hand items over (moved). Waits while two batches are there already. */
void stage_add(struct stage *s, struct items *items);

/* For the committer: wait for a batch and take it. False when the stage is closed and empty. */
bool stage_take(struct stage *s, struct items *ret_items);
void stage_taken(struct stage *s);          /* the batch is committed */

/* Wait until all that was added is committed. */
void stage_flush(struct stage *s);

/* No more will come. */
void stage_close(struct stage *s);

#endif
