/*
 * What a disk does not have because it cannot hold it, or because it did not come to be copied there. At a destination that is known
 * not to hold such a kind or such a name it is a problem from the plan on, and nobody tries. On the way back from there it is
 * nothing that a user removed: a mirror leaves it where it is.
 *
 * Known is what the filesystem was measured not to hold, what its kind never holds (FAT, exFAT), and what the catalog remembers: of
 * each name that a copy failed to make, why (copy/refusals.h).
 */
#ifndef AUTOBACKUP_COPY_UNHELD_H
#define AUTOBACKUP_COPY_UNHELD_H

#include "copy/plan.h"
#include "copy/work.h"

/* What both sides are, looked at once: w->source.plain, w->target.plain. */
void unheld_open(struct work *w);

/*
 * For plan.unheld, arg: the struct work. What comes to a destination that cannot hold it becomes a PROBLEM, what would go for a source that cannot hold it,
 * or never got it, stays: SAME, and true. What lies in a folder that the source has no more goes with it.
 */
bool unheld_judge(void *arg, const struct plan_name *name, bool mirror, struct verdict *verdict);

#endif
