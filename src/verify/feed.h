/*
 * From the catalog to the readers: every file of a replica that is to be read.
 */
#ifndef AUTOBACKUP_VERIFY_FEED_H
#define AUTOBACKUP_VERIFY_FEED_H

#include <stdatomic.h>

#include "verify/accept.h"
#include "verify/choice.h"
#include "index/traits.h"
#include "verify/findings.h"

struct feed {
    struct choice *choice;
    struct only *only;       /* NULL: all */
    enum only_extent extent; /* of the directory at hand */
    struct findings *findings;
    struct desk *desk;
    atomic_bool *stop;       /* the readers': set when the job is cancelled */
    struct traits_pair traits;   /* of a request that is set against another replica */
    bool by_inode;           /* in the order of a spinning disk; else the largest first, so that none is left for the end */
    struct checks window;    /* files of one sorting; the feed's own */
};

/* Hand all of them over, recording what was found meanwhile, and wait until all are read. 0 or -errno. */
int feed_run(struct feed *f, struct error *err);

#endif
