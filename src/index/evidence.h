/*
 * A replica's evidence: what the digests beside its listings say, with their states and marks, as one number. It is the
 * sum of a hash for each directory that has digests, so it is 0 where nothing is known of any content.
 *
 * Whole replicas of equal fingerprints and equal evidence have nothing that tells them apart, but for files that are
 * marked as damaged or open: of those equal marks say nothing (lua/sameness.lua, is_plainly_same). What comparing two
 * came to counts while neither's fingerprint nor evidence has changed since (table `judged`).
 *
 * Without a number (NULL: the digests were written by an older version) it is not known what they say: it equals no other,
 * not even that of one without a number too.
 */
#ifndef AUTOBACKUP_INDEX_EVIDENCE_H
#define AUTOBACKUP_INDEX_EVIDENCE_H

#include <stddef.h>
#include <stdint.h>

#include "index/catalog.h"
#include "index/listing.h"

/* How a replica's evidence changes while its directories are written. Zero it to start. */
struct evidence {
    struct digest more, less;
};

/* A directory gets other digests than it had (old, now: their slots; 0 bytes where there are none). */
void evidence_replace(struct evidence *e, const char *path, size_t path_len, const void *old, size_t old_len,
                      const void *now, size_t now_len);

/*
 * Write what came of it, inside the caller's transaction and after the directories. Where a catalog of an older version
 * has none, it is added up from all directories. 0 or -errno.
 */
int evidence_write(struct catalog *cat, int64_t replica, const struct evidence *e, struct error *err);

#endif
