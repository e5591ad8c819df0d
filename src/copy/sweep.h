/*
 * What dead operations left on a destination. Only for who holds the database's lock.
 */
#ifndef AUTOBACKUP_COPY_SWEEP_H
#define AUTOBACKUP_COPY_SWEEP_H

#include <stdatomic.h>

/* What was found: for messages and tests. */
struct swept {
    long operations, temps, rescued;
};

/*
 * For each manifest that was never ended (its operation is dead, since we hold the lock): remove the temps in its
 * replica and its versions, move replaced files that a crash left under an exchange name to its versions, and end
 * the manifest as "failed". cancel may be NULL. 0 or -errno (-ECANCELED).
 */
int sweep_dead(int root, const atomic_bool *cancel, struct swept *ret_swept);

#endif
