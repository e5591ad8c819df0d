/*
 * Runs of a copy that change nothing.
 */
#ifndef AUTOBACKUP_COPY_REHEARSE_H
#define AUTOBACKUP_COPY_REHEARSE_H

#include "copy/plan.h"
#include "copy/space.h"
#include "copy/work.h"

/* Emit the event `room`: the bytes and inodes that the plan takes at the destination, where `space` is free; what is larger than
 * that is left out. 0 or -errno with err. */
int rehearse_measure(struct work *w, struct plan *plan, const struct space *space, struct error *err);

/*
 * Emit an `action` for each thing that the copy would do, count it in the report's tally, and report what is in the way; that
 * there is no room is a note. space: what is free. 0, -ECANCELED, or -errno with err.
 */
int rehearse(struct work *w, struct plan *plan, const struct space *space, struct error *err);

#endif
