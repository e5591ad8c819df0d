/*
 * Is it still that file? The one answer for all who looked at a file, and now rename, remove, replace or record it.
 */
#ifndef AUTOBACKUP_INDEX_STILL_H
#define AUTOBACKUP_INDEX_STILL_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/stat.h>

#include "index/listing.h"
#include "index/traits.h"

/* What a file was when it was looked at. Times are ns since 1970. */
struct was {
    uint32_t mode, nlink;      /* of the mode only the type counts */
    uint64_t size;             /* of a regular file */
    int64_t mtime, ctime;
    uint64_t dev, ino;
};

/* How much must agree, from the least to the most. The type always must, and the size of a regular file. */
enum still {
    STILL_ALIKE,       /* the mtime: for what another filesystem or a manifest tells, where there is no more to compare */
    STILL_LISTED,      /* the ctime too, unless it has several names: what is done to one of them moves it for all */
    STILL_SAME,        /* device, inode, mtime: that very file, though it may have got another name, owner or mode */
    STILL_UNTOUCHED,   /* the ctime too: nothing at all was done to it */
};

struct was was_stat(const struct stat *st);
struct was was_entry(const struct entry *e);    /* no device: for STILL_ALIKE and STILL_LISTED */

/*
 * Is `now` the file that it was? traits: of the times of now's filesystem, for the first two (of was' too, for the second);
 * the others compare what one filesystem said twice, so these times are equal or they are not. NULL: so do those.
 */
bool still_is(const struct was *was, const struct stat *now, enum still strength, const struct traits *traits);

/* The same of dir/name, not followed. 0, -ESTALE when it is not (or is gone), or -errno. */
int still_at(int dir, const char *name, const struct was *was, enum still strength, const struct traits *traits);
int still_seen(int dir, const char *name, const struct stat *was, enum still strength);    /* a strength that is exact */

#endif
