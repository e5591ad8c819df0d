/*
 * What dead operations left on a destination. Only for who holds the database's lock.
 */
#ifndef AUTOBACKUP_COPY_SWEEP_H
#define AUTOBACKUP_COPY_SWEEP_H

#include <stdatomic.h>
#include <stdint.h>

/* What was found: for messages and tests. */
struct swept {
    long operations, temps, rescued;
    long partials;             /* large files of the replica asked about that were cut short, */
    int64_t partial_bytes;     /* and what they take up */
};

/*
 * For each manifest that was never ended (its operation is dead, since we hold the lock): remove the temps in its
 * replica and its versions, move replaced files that a crash left under an exchange name to its versions, and end
 * the manifest as "failed". An operation that left the beginnings of large files stays as it is: its replica's next
 * copy goes on with them. replica: whose such files are counted, a path relative to the root; may be NULL, as cancel
 * may. 0 or -errno (-ECANCELED).
 */
int sweep_dead(int root, const char *replica, const atomic_bool *cancel, struct swept *ret_swept);

/* Remove the beginnings of large files in a replica. 0 or -errno. */
int sweep_partials(int root, const char *replica, const atomic_bool *cancel);

/* What was swept, for a note (report_note), to be freed; NULL when that is nothing. */
char *swept_text(const struct swept *swept);

#endif
