/*
 * Attributes that no listing has: a file or folder whose ctime moved while its content did not may have other ones (a tag, an ACL).
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

/* Has this folder of the destination, at path in the replica and open like the source's, other attributes than that? False when nobody can tell. */
bool extras_differ(const struct work *w, const char *path, int from, int to);

/* For plan.same_extras: has the destination's file or folder the attributes of the source's? 1 or 0; -errno when nobody can tell. */
int extras_agree(void *arg, const struct plan_name *name);

#endif
