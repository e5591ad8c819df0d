/*
 * What of the source was not read. In a mirror nothing goes for what is missing in such a folder: it is not known to be missing.
 */
#ifndef AUTOBACKUP_COPY_GAPS_H
#define AUTOBACKUP_COPY_GAPS_H

#include "base/map.h"
#include "copy/work.h"

struct gaps {
    const struct work *w;
    struct catalog *cat;
    struct map seen;           /* hash of a path -> what looking said, plus one; each folder is looked at once */
};

void gaps_init(struct gaps *g, const struct work *w, struct catalog *cat);
void gaps_free(struct gaps *g);

/*
 * For plan.gap: the errno (positive) for which this folder of the source, or one above it, was not read wholly, by the load or by
 * whoever tries now: a load keeps what it knew of a folder that it cannot read, without a mark. 0: it was, or the source has none
 * of this path, as the folder says that it would lie in. path: relative to the replica.
 */
int gaps_at(void *arg, const char *path);

#endif
