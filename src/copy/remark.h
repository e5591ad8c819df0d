/*
 * Notes on a plan: what is no part of it, and no secret.
 */
#ifndef AUTOBACKUP_COPY_REMARK_H
#define AUTOBACKUP_COPY_REMARK_H

#include "copy/respell.h"
#include "copy/space.h"
#include "copy/work.h"

/* The event "plan": what was counted, and the room there is. */
void remark_counts(struct work *w, const struct space *space);

/* What the plan leaves out or cannot promise, a note each. */
void remark_plan(struct work *w);

/* Of a dry run: names that are going to be spelled like the source's first. Counts them, and tells of them where there are any. */
void remark_respelled(struct work *w, const struct respellings *found);

#endif
