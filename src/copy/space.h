/*
 * Does it fit? Asked before the first byte is written; a disk that fills up later is handled where it happens.
 */
#ifndef AUTOBACKUP_COPY_SPACE_H
#define AUTOBACKUP_COPY_SPACE_H

#include "copy/plan.h"
#include "copy/work.h"

struct space {
    int64_t bytes_free, inodes_free;    /* for this user; -1 where the filesystem does not count them */
};

/* What is free on the destination's filesystem. 0 or -errno. */
int space_free(const struct work *w, struct space *ret_space);

/*
 * What the plan's files take, less what is there of them from a copy that was cut short, and without those that are larger than
 * what is free; where the request says how much room there is for it, of those that space_check would choose. 0 or -errno with err.
 */
int space_measure(struct work *w, struct plan *plan, const struct space *space, int64_t *ret_bytes, struct error *err);

/*
 * Compare with the plan. Where the sizes do not fit, sparse files are measured by their blocks. Where these do not fit either, the smallest
 * files are chosen as far as they fit, and the others are left out (w->target.is_short): space_fits tells them.
 * 0, -ENOSPC with err when there are too few inodes, or -errno.
 */
int space_check(struct work *w, struct plan *plan, const struct space *space, struct error *err);

/* After it: is there room for what the source has under this name? */
bool space_fits(struct work *w, const struct plan_name *name);

/* The same; where there is none it is reported. */
bool space_admits(struct work *w, const struct plan_name *name, struct subject subject);

#endif
