/*
 * What dead operations left on a destination. Only for who holds the database's lock.
 */
#ifndef AUTOBACKUP_COPY_SWEEP_H
#define AUTOBACKUP_COPY_SWEEP_H

#include <stdatomic.h>
#include <stdint.h>

#include "copy/report.h"

/* A dead operation of which something could not be swept. Its texts are owned. */
struct unswept {
    char *operation;
    char *path;                /* the first place that stays, relative to the root, */
    int code;                  /* and why: -errno */
    long more;                 /* further ones */
};

/* What was found: for messages and tests. Zero it, or let sweep_dead do so. */
struct swept {
    long operations, temps, rescued;
    long partials;             /* large files of the replica asked about that were cut short, */
    int64_t partial_bytes;     /* and what they take up */
    struct unswept *unswept;
    size_t unswept_count;
};
void swept_free(struct swept *swept);

/*
 * For each manifest that was never ended (its operation is dead, since we hold the lock): remove the temps in its
 * replica and its versions, move replaced files that a crash left under an exchange name, in the folders that the manifest
 * names, to its versions, remove versions of what it had not come to replacing, and end the manifest as "failed". A manifest
 * that names no replica has none of that.
 *
 * What cannot be swept stays and is told, and all else goes on: its operation is ended when nothing lies at the place any
 * more, and else left for the next to try again. So is an operation that left the beginnings of large files: its replica's next
 * copy goes on with them. replica: whose such files are counted, a path relative to the root; may be NULL, as cancel
 * may. 0 or -errno (-ECANCELED, or of the folder of manifests itself); swept_free is needed in any case.
 */
int sweep_dead(int root, const char *replica, const atomic_bool *cancel, struct swept *ret_swept);

/* Remove the beginnings of large files in a replica. 0, -ECANCELED, or the first -errno of those that stay. */
int sweep_partials(int root, const char *replica, const atomic_bool *cancel);

/* Tell, in a note, that it returned this error; nothing for 0 and -ECANCELED. */
void sweep_tell_partials(int code, struct report *report);

/* Tell, in notes, what was swept and what was not. */
void swept_tell(const struct swept *swept, struct report *report);

#endif
