/*
 * A part of what a listing (listing.h) says, several times faster than reading whole entries: names and kinds for
 * looking through all of the catalog, sizes and times for adding it up.
 */
#ifndef AUTOBACKUP_INDEX_NAMES_H
#define AUTOBACKUP_INDEX_NAMES_H

#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "index/listing.h"

/*
 * Zero it once; names_open starts with one listing after the other and keeps the room for names. What stands in
 * `name` before `offset` is the caller's: put a folder there, and `name` is a path.
 */
struct names {
    const unsigned char *at, *end;
    uint64_t left, index;     /* entries still to come; position of the one at hand, from 1 on */
    struct buf name;          /* the caller's bytes, then the name at hand */
    size_t offset;            /* where the name begins */
    size_t shared;            /* its first bytes that are those of the name before */
    uint32_t mode;
};

/*
 * Check length, version and checksum of a listing and start reading it. blob must outlive the reading. The
 * caller's `offset` bytes are kept. 0 or -EBADMSG.
 */
int names_open(struct names *n, const void *blob, size_t len);

/* The next entry, the directory's own with its empty name too: 1, 0 at the end, -EBADMSG. */
int names_next(struct names *n);

void names_close(struct names *n);

/*
 * Add to *t what the entries of a listing come to, as totals_add_entry of each does, without reading their names.
 * 0 or -EBADMSG: then *t is worth nothing.
 */
int names_total(const void *blob, size_t len, struct totals *t);

#endif
