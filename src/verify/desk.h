/*
 * Between the job's thread, which knows what to read and records what was found, and the readers.
 */
#ifndef AUTOBACKUP_VERIFY_DESK_H
#define AUTOBACKUP_VERIFY_DESK_H

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "verify/check.h"

#define DESK_LOW 1024    /* files waiting, below which it is time for more */

/* A first-in first-out list. */
struct checks {
    struct check *first, **last;
    size_t count;
};
void checks_init(struct checks *list);
void checks_add(struct checks *list, struct check *c);
void checks_move(struct checks *to, struct checks *from);    /* all, behind what to has */

struct desk {
    pthread_mutex_t lock;
    pthread_cond_t work, back;
    struct checks todo, done;
    int busy;                 /* readers at a file */
    bool closed;
};

void desk_init(struct desk *d);
void desk_free(struct desk *d);

/* ---- the job's thread ---- */

void desk_give(struct desk *d, struct checks *list);    /* moved */

/* Wait until little is left to do (or nothing, with `all`), for so many ns at most. True when it is so. */
bool desk_wait(struct desk *d, bool all, int64_t timeout);

void desk_collect(struct desk *d, struct checks *to);   /* what was found since */
void desk_close(struct desk *d);                        /* nothing more comes */

/* ---- readers ---- */

/* The next file, NULL when the desk is closed and empty. Give each back with desk_return. */
struct check *desk_take(struct desk *d);
void desk_return(struct desk *d, struct check *c);

#endif
