/*
 * From the plan to the work: makes directories, hands files to the workers, corrections and extras to the
 * committer.
 */
#ifndef AUTOBACKUP_COPY_FEED_H
#define AUTOBACKUP_COPY_FEED_H

#include "copy/plan.h"
#include "copy/work.h"

/* The pass that does the work, all but further names of hard-linked files. 0, -ECANCELED, or -errno with err. */
int feed_work(struct work *w, struct plan *plan, struct error *err);

/* The pass for those, when all other names are in place. */
int feed_links(struct work *w, struct plan *plan, struct error *err);

/*
 * A pass that only tells what would be done, as `action` events, and what cannot be as problems; counts both as if it
 * were done.
 */
int feed_actions(struct work *w, struct plan *plan, struct error *err);

/* A pass that only reports conflicts and what cannot be copied. */
int feed_problems(struct work *w, struct plan *plan, struct error *err);

#endif
