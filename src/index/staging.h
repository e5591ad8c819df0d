/*
 * Staging: where the directories of a large replica wait on disk, outside the catalog, until all of it is read. So a
 * load's memory does not grow with the replica, and the catalog still becomes wholly new in one transaction.
 *
 * It is a temporary table of one connection: SQLite removes it with the connection, also when the program dies.
 */
#ifndef AUTOBACKUP_INDEX_STAGING_H
#define AUTOBACKUP_INDEX_STAGING_H

#include "index/store.h"

struct staging;

/* Make an empty one on a connection. 0 or -errno. */
int staging_open(struct catalog *cat, struct staging **ret_staging, struct error *err);
void staging_close(struct staging *g);    /* NULL is fine; before catalog_close */

/* Put a list of directories aside under a key of the caller's. Locks nothing of the catalog. 0 or -errno. */
int staging_add(struct staging *g, int64_t key, const struct directory_update *list, struct error *err);

/*
 * Call `each` with every directory put aside under key (its strings are valid during the call), then forget them.
 * Stops at the first value other than 0 and returns it.
 */
int staging_take(struct staging *g, int64_t key, int (*each)(const struct directory_update *d, void *arg), void *arg,
                 struct error *err);

#endif
