/*
 * Attributes that no listing has (tags, ACLs, capabilities): one of the source may have other ones than the copy while all that
 * is listed is the same.
 */
#ifndef AUTOBACKUP_COPY_EXTRAS_H
#define AUTOBACKUP_COPY_EXTRAS_H

#include <pthread.h>

#include "base/buf.h"
#include "base/map.h"
#include "copy/compared.h"
#include "copy/plan.h"
#include "copy/work.h"
#include "index/taken.h"

struct extras {
    struct work *w;
    struct compared compared;  /* those that are equal */
    struct map other;          /* hashes of paths of those that are not, or that nobody can tell of: each is looked at once for all passes */
    _Atomic uint64_t where;    /* hash of what both filesystems are and how they are mounted; 0: not asked yet */
    struct buf made;           /* of struct compared_note: what the copy gave whole */
    pthread_mutex_t lock;      /* of made */
    int64_t started_at;        /* what may still change without another ctime then is not remembered: ns */
    char *folder;              /* the one at hand: its path in the replica, or NULL, */
    int from, to;              /* and its directories; or -errno */
};

/* For this work: w->extras. */
void extras_init(struct extras *x, struct work *w, struct catalog *cat);
void extras_free(struct extras *x);    /* zeroed is fine */

/* Has this folder of the destination, at path in the replica and open like the source's, other attributes than that? False when nobody can tell. */
bool extras_differ(const struct work *w, const char *path, int from, int to);

/* For plan.same_extras: has the destination's one the attributes of the source's? 1 or 0; -errno when nobody can tell; ret_source: since the
 * source's cannot be read. */
int extras_agree(void *arg, const struct plan_name *name, bool *ret_source);

/*
 * A file that a copy made, or another name of it, at `path` in the replica, was given all attributes of its source, of which both
 * are as they were then: remember it, where each change since shows. From any thread. x may be NULL: then nothing is.
 */
void extras_note(struct extras *x, const char *path, const struct taken *source, const struct taken *target);

/* After a pass over all that the plan is about: have the catalog remember what was found equal. That it cannot is no error. */
void extras_remember(struct extras *x);

/* The same of what was noted, in a transaction of the caller's with this catalog, when all threads are through. False: nothing was noted. */
bool extras_has_notes(const struct extras *x);
void extras_save(struct extras *x, struct catalog *cat);

#endif
