/*
 * Extended attributes, access control lists among them (system.posix_acl_*).
 */
#ifndef AUTOBACKUP_COPY_XATTR_H
#define AUTOBACKUP_COPY_XATTR_H

#include <stdbool.h>

#include "base/buf.h"

/* A file whose attributes are meant: an open descriptor, or a path that is not followed when it is a symlink. */
struct xattr_file {
    int fd;              /* used when path is NULL */
    const char *path;
};

/* What could not be kept. */
#define XATTR_LOST_PLAIN 1u
#define XATTR_LOST_ACL 2u
#define XATTR_NO_ROOM 8u    /* one of these was refused for want of room, */
#define XATTR_QUOTA 16u     /* or of a quota's, */
#define XATTR_AGAIN 32u     /* or for another reason than its size and kind */
#define XATTR_UNREAD 4u     /* the error that came is one of reading the source */

/*
 * Make the attributes of `to` those of `from`: user.*, POSIX ACLs, and as root security.* and trusted.*.
 * User attributes and ACLs that `from` lacks are removed when `clean` (a temp inherits ACLs from a directory's
 * default). What the destination refuses is no error but a bit in *lost. How many `from` has, or -errno (a full
 * disk, a read error).
 */
int xattr_copy(struct xattr_file from, struct xattr_file to, bool root, bool clean, unsigned *lost);

/* Would xattr_copy, cleaning, leave `to` as it is? 1 or 0, or -errno. */
int xattr_agree(struct xattr_file from, struct xattr_file to, bool root);

/*
 * Append the attributes that xattr_copy would copy, as text: NAME=VALUE, both in hex, a comma between two; nothing
 * when there are none. 0 or -errno.
 */
int xattr_pack(struct xattr_file from, bool root, struct buf *out);

/*
 * Make the attributes of `to`, as far as xattr_copy is concerned with them, those of such a text. What the destination
 * refuses is a bit in *lost. 0, -EBADMSG when the text is malformed (nothing is changed), or -errno.
 */
int xattr_put(struct xattr_file to, const char *list, bool root, unsigned *lost);

/* Has this directory a default ACL, which new files in it inherit? */
bool xattr_has_default_acl(int dir);

#endif
