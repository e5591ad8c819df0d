/*
 * Replicas in the catalog: reading a replica's directories, replacing them after a walk, and their digests.
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
    struct buf digests;       /* slots, or empty */
};
void directory_free(struct directory *dir);

/* Fetch one directory of a replica by path. 1 found, 0 not there, -errno. Free *ret_dir when found. */
int replica_directory(struct catalog *cat, int64_t replica, const char *path, size_t path_len,
                      struct directory *ret_dir, struct error *err);

/*
 * A directory's listing turned out to be damaged: see that the next load reads the directory anew, and say so in err.
 * Returns -EBADMSG (code ECORRUPT).
 */
int replica_damaged(struct catalog *cat, int64_t replica, const char *path, size_t path_len, struct error *err);

/* A digest taken of a file, with what the file was when it was taken. */
struct taken {
    char *path;               /* relative to the replica */
    struct digest digest;
    uint64_t size;
    int64_t mtime, ctime;     /* ns */
    bool young;               /* within the filesystem's timestamp granularity: keep as unconfirmed */
};

/*
 * Record digests of files of a replica. One whose size, mtime or ctime is not what the listing says is left
 * out. In one transaction. taken may be in any order and is sorted here.
 */
int replica_record_digests(struct catalog *cat, int64_t replica, struct taken *taken, size_t count,
                           struct error *err);

#endif
