/*
 * All entries of a replica, one after the other, from the catalog.
 */
#ifndef AUTOBACKUP_INDEX_ENTRIES_H
#define AUTOBACKUP_INDEX_ENTRIES_H

#include "index/catalog.h"
#include "index/listing.h"

struct entries;

/* Start. cat must outlive it. Directories come in order of their path's bytes, entries in order of their names. */
struct entries *entries_open(struct catalog *cat, int64_t replica);

/*
 * The next entry: 1, 0 at the end, -errno. *ret_path: relative to the replica. A directory's own entry (the one
 * with the empty name) is left out. Valid until the next call.
 */
int entries_next(struct entries *it, const char **ret_path, const struct entry **ret_entry, struct error *err);

void entries_close(struct entries *it);    /* NULL is fine */

#endif
