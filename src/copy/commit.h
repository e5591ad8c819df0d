/*
 * A batch of staged items becomes durable and visible, in this order: what is replaced is kept as a version, the
 * manifest announces, everything is synced, names are given, the directories are synced.
 */
#ifndef AUTOBACKUP_COPY_COMMIT_H
#define AUTOBACKUP_COPY_COMMIT_H

#include "copy/work.h"

/* The committer's state over all batches. The threads that help it with new names use `w` and `broken` alone. */
struct commit {
    struct work *w;
    struct data data;          /* for versions that must be copied */
    uint64_t batch;            /* number of the one at work */
    atomic_bool broken;        /* a sync failed: nothing may be given a name any more */
    bool moved;                /* the batch moved files to the versions after its sync */
};

void commit_init(struct commit *c, struct work *w);
void commit_free(struct commit *c);

/*
 * Commit a batch and free its items. Problems of single files are reported; what spoils the destination is told
 * with work_fail, and the temps of what could not be committed are removed. Counts what is durable.
 */
void commit_batch(struct commit *c, struct items *batch);

#endif
