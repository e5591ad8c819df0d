/*
 * A listing: the packed entries of one directory, as the catalog keeps it.
 *
 * Layout (all integers LEB128, "signed" ones zigzag first):
 *   byte    version (1)
 *   varint  number of entries
 *   varint  number of owners, then for each: varint uid, varint gid
 *   entries, sorted by name bytes, each:
 *     varint  flags: bit 0 link count above one follows, bit 1 an error follows, bit 2 a mount point
 *     varint  bytes shared with the previous name, varint further bytes, the bytes
 *     varint  mode (type and permissions)
 *     varint  size
 *     signed  mtime minus the previous entry's mtime
 *     signed  ctime minus mtime
 *     signed  inode minus the previous entry's inode
 *     varint  owner (index into the owners)
 *     varint  link count           (bit 0)
 *     varint  errno                (bit 1)
 *     varint  bytes of the target, the bytes      (symlinks only)
 *   8 bytes XXH3-64 of everything before, big endian
 *
 * The entry with the empty name stands first where there is one: it is the directory itself. A replica's top
 * directory has it always; another one only when it could not be read, with the error and no other entries.
 *
 * Digests lie beside it, one slot per entry in the same order: 1 byte state (bits 7 to 2: marks), 16 bytes digest. So do
 * times, 4 bytes each, big endian: when the file was last read from its disk and compared with its digest, in seconds
 * since 1970, 0 for never. They are apart from the digests so that equal digests can be told by comparing bytes.
 */
#ifndef AUTOBACKUP_INDEX_LISTING_H
#define AUTOBACKUP_INDEX_LISTING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/hash.h"

/* What is known of one directory entry. Strings belong to whoever made it, and end in a NUL as well. */
struct entry {
    const char *name;         /* one component, any bytes but '/' and NUL; "" is the directory itself */
    uint32_t name_len;
    uint32_t mode;            /* st_mode: type and permissions; 0 when it could not be read */
    uint64_t size;            /* bytes of a regular file; a device's number; else 0, and 0 where that is not known */
    int64_t mtime, ctime;     /* ns since 1970 */
    uint64_t ino;
    uint32_t uid, gid, nlink;
    int err;                  /* positive errno when it, or the directory it is, could not be read; else 0 */
    bool mount;               /* a mount point that was not entered */
    const char *target;       /* of a symlink, else NULL */
    uint32_t target_len;
};

uint64_t entry_bytes(const struct entry *e);    /* of its content; 0 for what is no regular file */

/* What a replica's row adds up from its entries. Zero it to start; newest means nothing while files is 0. */
struct totals {
    int64_t files, bytes;     /* regular files and their st_size; bytes: at most INT64_MAX */
    int64_t newest;           /* newest mtime of a regular file, ns */
    int64_t errors;           /* entries that could not be read, and mount points that were not entered */
};
void totals_add_entry(struct totals *t, const struct entry *e);
void totals_add(struct totals *t, const struct totals *more);

enum digest_state {
    DIGEST_NONE = 0,
    DIGEST_CONFIRMED = 1,     /* size, mtime and ctime are those it was taken at */
    DIGEST_UNCONFIRMED = 2,   /* the ctime or inode moved (DIGEST_MOVED), or the ctime was too young to tell */
};
#define DIGEST_SLOT (1 + DIGEST_SIZE)
/* Marks beside a state. */
/*
 * The content is not that of the digest any more, though it should be. Of a file that moved since (DIGEST_MOVED beside it) nobody
 * knows whether it still is, or was written: it counts as damaged until a verify reads it, and is not taken for written then. A
 * chmod moves it, too, and what had rotted must not take the place of what is good.
 */
#define DIGEST_DAMAGED 0x80
#define DIGEST_ACCEPTED 0x40  /* a person said that this content is the right one */
/*
 * Another content than the one that was known before is there, at the same size and time: those say nothing of it, here
 * or where it was copied to. It may stand without a digest.
 */
#define DIGEST_RENEWED 0x20
/*
 * Its inode or ctime moved while its size and time did not, or its time so little that a disk of coarse times may hold them for
 * one: these say nothing of its content until that is read. It may stand without a digest.
 */
#define DIGEST_MOVED 0x10
/* Of a renewed one: it was written in place, as its inode or ctime told, or came there from another name (renamed.h). */
#define DIGEST_WRITTEN 0x08
/* Its inode or ctime moved, its content is known all the same: attributes that no listing has may be others than before. */
#define DIGEST_TOUCHED 0x04
#define DIGEST_OPEN (DIGEST_RENEWED | DIGEST_MOVED)    /* files that are not the same as others by size and time alone */
#define DIGEST_MARKS (DIGEST_DAMAGED | DIGEST_ACCEPTED | DIGEST_OPEN | DIGEST_WRITTEN | DIGEST_TOUCHED)
#define TIME_SLOT 4

/* What lies beside a listing: slots for all entries, or empty when there is nothing in them. */
struct slots {
    struct buf digests, times;
};
void slots_free(struct slots *s);
char *slots_digest(struct slots *s, uint64_t entries, uint64_t at);    /* to be set: that of the entry at `at`, of so many */
int64_t slots_marked(const struct slots *s, int mark);    /* files with that mark */

/* Order of names: bytes, the shorter first. */
int entry_compare_names(const char *a, size_t a_len, const char *b, size_t b_len);

/*
 * Append the packed form of `count` entries, sorted by name, to out. Returns its checksum, which tells two
 * listings apart without reading them.
 */
uint64_t listing_encode(const struct entry *entries, size_t count, struct buf *out);

/*
 * What the fingerprint sees of a directory: hash of `path` (relative to the replica) and, for each entry, name,
 * type, size, mtime (not of directories) and target; of sockets nothing. Sum these over all directories with digest_sum.
 */
struct digest listing_fingerprint(const char *path, size_t path_len, const struct entry *entries, size_t count);

/* Reads a listing entry by entry. Zero it, listing_open it, listing_close it. */
struct listing {
    struct reader in;
    uint64_t left, at;        /* entries still to come; position of the next one */
    uint64_t owner_count;
    uint32_t *owners;         /* pairs */
    struct buf name, target;
    int64_t mtime;
    uint64_t ino;
    const unsigned char *digests, *times;    /* slots, or NULL */
};

/*
 * Check length, version and checksum of blob and start reading. blob (and digests: slots, may be NULL, a wrong
 * length counts as none) must outlive the reader. 0 or -EBADMSG; nothing is believed of a damaged blob.
 */
int listing_open(struct listing *l, const void *blob, size_t len, const void *digests, size_t digests_len);

/* The next entry: 1, 0 at the end, -EBADMSG. Its strings are valid until the next call. */
int listing_next(struct listing *l, struct entry *ret_entry);

/* After listing_open: the times beside it, which must outlive the reader. A wrong length counts as none. */
void listing_set_times(struct listing *l, const void *times, size_t len);

/* Of the entry that listing_next returned last: state and digest; its marks; is it damaged; when was it verified (s)? */
enum digest_state listing_digest(const struct listing *l, struct digest *ret_digest);
int listing_marks(const struct listing *l);
bool listing_damaged(const struct listing *l);
int64_t listing_verified(const struct listing *l);

void listing_close(struct listing *l);

/* What became of a directory's files between two readings, and of their digests. */
struct listing_change {
    int64_t added, changed, removed;    /* regular files */
    int64_t moved;                      /* those of which a sign moved while size and time did not */
};

/*
 * Set an old reading of a directory against a new one. Adds to *change. Gives out (zeroed) the digests that are still
 * worth something, one slot per new entry, or none when none is: same name, size and mtime keep a digest and its
 * marks (DIGEST_OPEN without a digest too). Where a sign moved (signs: enum filesystem_sign, those that its filesystem
 * keeps) the digest becomes unconfirmed, the file DIGEST_MOVED, and the time of the last
 * verification is dropped. Either side may be NULL (no such directory). 0 or -EBADMSG (new is damaged; a damaged old one counts as empty from where it
 * breaks).
 */
int listing_diff(struct listing *old, struct listing *now, int signs, struct listing_change *change, struct slots *out);

#endif
