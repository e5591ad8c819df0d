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

/* What becomes of attributes that the source has not, or has otherwise. Zeroed: what the destination has besides stays. */
struct xattr_rules {
    bool clean;          /* user attributes and ACLs that the source lacks are removed (a temp inherits ACLs from a directory's default), */
    /* but for those that stay as the destination has them, for that the source could not hold them. has: its value there; NULL: none.
     * May be NULL: none stay. */
    bool (*stays)(void *arg, struct xattr_file from, const char *name, const struct buf *has, const struct buf *value);
    void *arg;
    bool fresh;          /* the destination's was made just now: of its own nothing stays, */
    const struct xattr_file *old;    /* but it gets what would stay of the file that it replaces; or NULL */
    const char *list;    /* of metadata_*: these (xattr_pack) are given instead of the source's, and nothing else stays; or NULL */
};

/*
 * Make the attributes of `to` those of `from`: user.*, POSIX ACLs, and as root security.* and trusted.*, by these rules. What
 * the destination refuses is no error but a bit in *lost. How many it was given, or -errno (a full disk, a read error).
 */
int xattr_copy(struct xattr_file from, struct xattr_file to, bool root, const struct xattr_rules *rules, unsigned *lost);

/* Would xattr_copy with these rules, cleaning, leave `to` as it is? 1 or 0, or -errno; ret_from: then, whether `from` could not be read. */
int xattr_agree(struct xattr_file from, struct xattr_file to, bool root, const struct xattr_rules *rules, bool *ret_from);

/*
 * Call `tell` for each attribute that xattr_copy would copy and that `to` has not (has is NULL), or with another value. 0 or
 * -errno.
 */
int xattr_differences(struct xattr_file from, struct xattr_file to, bool root,
                      void (*tell)(void *arg, const char *name, const struct buf *value, const struct buf *has), void *arg);

/*
 * Could this file have an attribute of that name and size (bytes) beside its own, as far as its filesystem tells? False in
 * doubt: some are of a kind that is not kept there, and those of more than a block of 4 kB have no room on most.
 */
bool xattr_has_room(struct xattr_file f, const char *name, size_t size);

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
