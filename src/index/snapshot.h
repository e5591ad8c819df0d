/*
 * A snapshot: listings of a replica in memory, as it was at some moment; a merge takes one for a side.
 */
#ifndef AUTOBACKUP_INDEX_SNAPSHOT_H
#define AUTOBACKUP_INDEX_SNAPSHOT_H

#include "index/listing.h"

struct snapshot_dir {
    char *path;               /* relative to the replica, "" for its top */
    size_t path_len;
    struct buf listing;       /* packed; listing.h */
    struct buf digests;       /* slots, or empty */
};

/* Zero it to make an empty one. */
struct snapshot {
    struct snapshot_dir *dirs;    /* in the order of their paths' bytes; the top first */
    size_t count;
};

/* One entry to be added, with what is known of its content. */
struct snapshot_entry {
    struct entry entry;
    bool has_digest;
    struct digest digest;     /* the content should have it */
};

/* Add a directory behind all others, with its entries sorted by name. */
void snapshot_add(struct snapshot *s, const char *path, size_t path_len, const struct snapshot_entry *entries,
                  size_t count);

/* The directory of this path, or NULL. */
const struct snapshot_dir *snapshot_find(const struct snapshot *s, const char *path, size_t path_len);

void snapshot_free(struct snapshot *s);    /* what it holds */

#endif
