/*
 * The beginnings of large files that an earlier copy left in a replica.
 */
#ifndef AUTOBACKUP_COPY_PARTIALS_H
#define AUTOBACKUP_COPY_PARTIALS_H

#include "copy/plan.h"
#include "copy/work.h"

#define RESUMABLE (64ull << 20)    /* bytes: from this size on a temp that was cut short is gone on with */

/*
 * Before there is a look at the room: those that this copy goes on with are room that it has (w->target.partial_bytes), the
 * others are not, and when the plan is about the whole replica they are removed. 0, -ECANCELED, or -errno with err.
 */
int partials_settle(struct work *w, struct plan *plan, struct error *err);

/* The same for a run that changes nothing: w->target.partial_bytes is the room that there will be. */
int partials_foresee(struct work *w, struct plan *plan, struct error *err);

#endif
