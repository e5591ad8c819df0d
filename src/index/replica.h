/*
 * Replicas in the catalog: reading a replica's directories.
 */
#ifndef AUTOBACKUP_INDEX_REPLICA_H
#define AUTOBACKUP_INDEX_REPLICA_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/hash.h"
#include "index/catalog.h"
#include "index/listing.h"

/* One directory of a replica as it lies in the catalog. */
struct directory {
    char *path;               /* relative to the replica, "" for its top */
    size_t path_len;
    struct digest print;      /* its part of the fingerprint */
    struct buf listing;       /* packed; listing.h */
    struct slots slots;       /* beside it */
};
void directory_free(struct directory *dir);

/* Fetch one directory of a replica by path. 1 found, 0 not there, -errno. Free *ret_dir when found. */
int replica_directory(struct catalog *cat, int64_t replica, const char *path, size_t path_len,
                      struct directory *ret_dir, struct error *err);

/*
 * *ret_complete: the last load could read all of a replica. What it could not read is as it was known before, so nothing
 * follows from what is missing there. 0 or -errno.
 */
int replica_is_complete(struct catalog *cat, int64_t replica, bool *ret_complete, struct error *err);

/*
 * A directory's listing turned out to be damaged: see that the next load reads the directory anew, and say so in err.
 * Returns -EBADMSG (code ECORRUPT).
 */
int replica_damaged(struct catalog *cat, int64_t replica, const char *path, size_t path_len, struct error *err);

/*
 * Read the listings of all replicas: those that turn out to be damaged are marked as above. *ret_damaged: how many.
 * 0 or -errno.
 */
int replica_check_all(struct catalog *cat, int64_t *ret_damaged, struct error *err);

/* Start reading a directory with what lies beside its listing; dir must outlive l. As listing_open. */
int directory_open(const struct directory *dir, struct listing *l);

#endif
