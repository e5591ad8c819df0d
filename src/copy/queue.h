/*
 * From the plan to the workers: items of one directory at a time, bounded.
 */
#ifndef AUTOBACKUP_COPY_QUEUE_H
#define AUTOBACKUP_COPY_QUEUE_H

#include <pthread.h>
#include <stdbool.h>

#include "copy/item.h"

#define QUEUE_TASK 64           /* items of one task at most */
#define QUEUE_ITEMS 4096        /* items waiting at most */

/* Items of one directory. */
struct task {
    struct task *next;
    struct items items;
};

struct queue {
    pthread_mutex_t lock;
    pthread_cond_t changed;
    struct task *first, **last;
    size_t items;               /* waiting */
    int busy;                   /* tasks taken and not done */
    bool closed;
};

void queue_init(struct queue *q);
void queue_free(struct queue *q);

/* Add the items (moved) as a task; waits while the queue is full. */
void queue_push(struct queue *q, struct items *items);

/* Take a task, waiting for one. False when the queue is closed and empty. Call queue_done after each. */
bool queue_pop(struct queue *q, struct items *ret_items);
void queue_done(struct queue *q);

/* Wait until all that was pushed is done. */
void queue_drain(struct queue *q);

/* No more will come. */
void queue_close(struct queue *q);

#endif
