/*
 * A version that is asked for has another content than the file at its place, however alike their sizes and times are:
 * what is the same by these is read before it counts as the same.
 */
#ifndef AUTOBACKUP_COPY_SETTLE_H
#define AUTOBACKUP_COPY_SETTLE_H

#include "copy/plan.h"
#include "copy/work.h"

struct settle {
    struct work *w;            /* of a request with layers */
    struct data data;
    struct map read;           /* hash of a path -> what reading it said; each is read once for all passes */
};

void settle_init(struct settle *s, struct work *w, struct plan *plan);    /* which asks it from now on */
void settle_free(struct settle *s);

/*
 * For plan.same_content: has the destination's file the content that lies in a layer, or which is at the source where
 * that is in none and size and time do not prove it? 1 or 0; -ENODATA when that is no question; -errno when either cannot
 * be read.
 */
int settle_content(void *arg, const struct plan_name *name);

/*
 * For plan.same_extras: has the destination's one the attributes of then, where they are known? 1 or 0, or -errno, of it: *ret_source is
 * false.
 */
int settle_attributes(void *arg, const struct plan_name *name, bool *ret_source);

#endif
