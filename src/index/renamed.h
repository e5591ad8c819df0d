/*
 * Files that got another name within their directory between two readings: a number further, or other letters.
 */
#ifndef AUTOBACKUP_INDEX_RENAMED_H
#define AUTOBACKUP_INDEX_RENAMED_H

#include <stdbool.h>
#include <stddef.h>

#include "index/listing.h"

/* A listing and what lies beside it, as for listing_open; digests may be NULL. */
struct packed {
    const void *data, *digests;
    size_t len, digests_len;
};

/*
 * After listing_diff, for a filesystem that keeps inode numbers: the files of `now` whose name `old` has not, or had of another
 * inode, and whose inode, size and mtime are those of a file of `old`. Frames of one size and time that are renumbered look
 * like those that had their names before, here or where they were copied to, and are not. So a new name is DIGEST_MOVED, to be
 * read before anything is said of it, and DIGEST_RENEWED and DIGEST_WRITTEN: what came under it takes the place of what was
 * there. A name that is the old one in other letters or another form (fold_same) is that name still, and keeps the digest,
 * unconfirmed. Damage goes with the file under any name.
 * Sets slots in *out. 0 or -EBADMSG.
 */
int renamed_mark(const struct packed *old, const struct packed *now, struct slots *out);

/*
 * The same where there are no inode numbers, of a directory that lost a name: any file of a size and time that several of `old`
 * had may be another one of them now. A new name is DIGEST_MOVED and DIGEST_RENEWED. A name that stays is DIGEST_MOVED, unless ctimes are kept
 * (which a rename moves). Names that were merely exchanged, so that none is lost, show in nothing but the contents.
 */
int renamed_guess(const struct packed *old, const struct packed *now, bool keeps_ctime, struct slots *out);

#endif
