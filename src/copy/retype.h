/*
 * A mirror where a folder stands against something else: what the destination has goes to the versions first (a folder with all
 * that is in it), then the plan's passes find its name free. Cut short in between, the next run finds it free, or goes on.
 */
#ifndef AUTOBACKUP_COPY_RETYPE_H
#define AUTOBACKUP_COPY_RETYPE_H

#include "copy/plan.h"
#include "copy/work.h"

/*
 * Before the passes that make anything, while the committer runs: clear the names that the plan judges VERDICT_RETYPED, and
 * tell the plan which are free. Those that are not were reported. 0, -ECANCELED, or -errno with err.
 */
int retype_clear(struct work *w, struct plan *plan, struct error *err);

#endif
