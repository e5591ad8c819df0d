/*
 * Digests taken of files, and what was found on the way, recorded beside the listings.
 */
#ifndef AUTOBACKUP_INDEX_TAKEN_H
#define AUTOBACKUP_INDEX_TAKEN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/hash.h"
#include "index/catalog.h"

/* A digest taken of a file, with what the file was when it was taken. */
struct taken {
    char *path;               /* relative to the replica */
    struct digest digest;
    uint64_t size;
    int64_t mtime, ctime;     /* ns */
    bool young;               /* within the filesystem's timestamp granularity: keep as unconfirmed */
    int64_t verified_at;      /* ns since 1970: when it was read from its disk; 0: leaves what is known of that */
    bool damaged;             /* the digest is not the file's: the file should have it, as the catalog says */
    bool moved;               /* the listing had another ctime, listed_ctime, and gets the one given here; of an unknown one:
                                 it has come, and the listing gets what it has */
    int64_t listed_ctime;
    uint64_t ino;             /* likewise: what the listing gets; 0: leaves what it has */
    bool accepted;            /* a person says that this content is the right one */
    bool superseded;          /* another replica's was accepted: only takes that mark away here, path says of which file */
    bool renewed;             /* at this size and time another content was known, here or where it was copied from */
    bool unknown;             /* a file that looks like it (whatever its ctime) comes in its place: what is known of the
                                 content goes, unless has_digest says that it is the same, or damaged that it should be */
    bool kept;                /* only its owner, mode or attributes were corrected: what moved says nothing of its content */
    bool has_digest;          /* of an unknown one: its content should have the digest */
};

/*
 * Record digests of files of a replica, and bring its evidence up to date. One whose size, mtime or ctime is not what the
 * listing says is left out. A digest that takes the place of another one marks the file as renewed. In one transaction.
 * taken may be in any order.
 */
int replica_record_digests(struct catalog *cat, int64_t replica, const struct taken *taken, size_t count,
                           struct error *err);

#endif
