/*
 * Versions that are none: only a further name of the file that still lies in its place. An operation that failed or died
 * had kept it and not come to replacing it. Left there, the next copy would take it for a file with several names, of which
 * only a second copy can be kept.
 */
#ifndef AUTOBACKUP_COPY_SPARE_H
#define AUTOBACKUP_COPY_SPARE_H

#include <stdatomic.h>

/*
 * Remove those of an operation, and the folders of its versions that are empty then. replica: relative to the root; cancel
 * may be NULL. Only for who holds the lock. 0 or -errno (-ECANCELED); what cannot be removed stays.
 */
int spare_drop(int root, const char *operation, const char *replica, const atomic_bool *cancel);

#endif
