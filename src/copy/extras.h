/*
 * Attributes that no listing has: a file whose ctime moved while its content did not may have other ones (a tag, an ACL).
 */
#ifndef AUTOBACKUP_COPY_EXTRAS_H
#define AUTOBACKUP_COPY_EXTRAS_H

#include "base/map.h"
#include "copy/plan.h"
#include "copy/work.h"

struct extras {
    struct work *w;
    struct map seen;           /* hash of a path -> what looking said; each is looked at once for all passes */
};

void extras_init(struct extras *x, struct work *w);
void extras_free(struct extras *x);

/* For plan.same_extras: has the destination's file the attributes of the source's? 1 or 0; -errno when nobody can tell. */
int extras_agree(void *arg, const struct plan_name *name);

#endif
