/*
 * What will keep a planned name from being copied or removed, as far as can be seen without doing it: nothing is
 * opened for its content and nothing is written.
 */
#ifndef AUTOBACKUP_COPY_FORESEE_H
#define AUTOBACKUP_COPY_FORESEE_H

#include "copy/plan.h"
#include "copy/work.h"

/* Of one pass: the directory it is in, on both sides. Zero it and set w; foresee_enter(f, NULL) ends it. */
struct foresight {
    struct work *w;
    int source, target;    /* descriptors, or -errno; target -ENOENT: it is going to be made */
    dev_t source_dev;
    bool open;
};

/* The pass comes to this directory. */
void foresee_enter(struct foresight *f, const struct merge_dir *dir);

/*
 * Look at a NEW or CHANGED name, or an EXTRA one that is to be removed. True: nothing is in the way as far as it
 * shows. False: reported as the copy would.
 */
bool foresee_name(struct foresight *f, const struct plan_name *name, struct subject subject);

/* The same for a METADATA one. */
bool foresee_change(struct foresight *f, const struct plan_name *name, struct subject subject);

#endif
