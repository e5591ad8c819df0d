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

/* A pass that only reports conflicts and what cannot be copied. */
int feed_problems(struct work *w, struct plan *plan, struct error *err);

/* ---- what a rehearsal (copy/rehearse.h) shares ---- */

/* Whose problem it is, when it is one. */
struct subject feed_subject(const struct plan_name *name);

/* Does a copy remove this extra? mirror: is it one. A socket makes no difference to a replica, and a program may be listening. */
bool feed_removes(const struct plan_name *name, bool mirror);

/* Report an extra that should go and cannot be read: true when it was one. */
bool feed_tell_extra(struct work *w, const struct plan_name *name);

/* Report a conflict, or what cannot be copied; nothing for all else. */
void feed_tell_problem(struct work *w, const struct plan_name *name);

#endif
