/*
 * The beat: while this process has a database's lock, a thread notes in its holder's file (copy/holder.h), every few
 * seconds, that it is still at work. One that stood still for so long that another workstation took the lock over (a
 * machine that slept, a share that hung) finds out here, and must not write any more.
 */
#ifndef AUTOBACKUP_COPY_BEAT_H
#define AUTOBACKUP_COPY_BEAT_H

#include <stdbool.h>

#include "base/clock.h"
#include "base/error.h"
#include "base/job.h"
#include "copy/holder.h"

#define BEAT_PERIOD (5 * NSEC_PER_SEC)
#define BEAT_SILENCE (3 * BEAT_PERIOD)              /* one that has not moved for so long is taken over */
#define BEAT_SETTLE (BEAT_PERIOD + NSEC_PER_SEC)    /* and in this time whoever was quicker has seen that it was */

struct beat;

/*
 * Begin, with the holder's file just written. lock: the lock's descriptor, by which beat_stop finds it. database: its name,
 * for messages. 0, or -errno of the thread.
 */
int beat_start(int root, int lock, const struct holder *h, const char *database);

/* End it and remove the file, if it is still ours. False when the lock was lost; true when it has no beat, too. */
bool beat_stop(int lock);

/* Our own of the database with this root: a reference, for beat_unref. NULL when it has none. */
struct beat *beat_find(int root);
void beat_unref(struct beat *b);    /* NULL is fine */

/* The job to cancel when the lock is lost; NULL ends that. It must be ended before the job. b may be NULL. */
void beat_watch(struct beat *b, struct job *job);

/*
 * Before something is written: is the lock still ours? Looks only when the last beat is not fresh. 0 (also when b is NULL), or
 * -ESTALE with an error that says who has it (ELOST), or that it cannot be told.
 */
int beat_check(struct beat *b, struct error *err);

#endif
