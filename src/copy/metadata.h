/*
 * Owner, extended attributes, mode and times of one file, in that order.
 */
#ifndef AUTOBACKUP_COPY_METADATA_H
#define AUTOBACKUP_COPY_METADATA_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/stat.h>

#include "copy/data.h"
#include "copy/xattr.h"
#include "index/traits.h"

/* What a destination could not hold, as bits. */
enum lost {
    LOST_OWNER = 1,
    LOST_MODE = 2,
    LOST_XATTR = 4,
    LOST_ACL = 8,
    LOST_TIMES = 16,
    LOST_LINK = 32,
    LOST_ROOM = 64,     /* of these an attribute, for want of room, where the disk is not full: it may be too large for it, or not; */
    LOST_QUOTA = 128,   /* an attribute or owner, for want of room in a quota; */
    LOST_AGAIN = 256,   /* one for no reason that lies in the attribute and the filesystem alone */
    LOST_WHOLE = 512,   /* the name itself: a copy failed to make it (copy/unheld.h) */
};

/* How giving a file its metadata went. */
struct given {
    unsigned lost;      /* what the destination could not hold: bits of enum lost */
    enum side side;     /* of an error: whose file it is about */
};

/* What a destination can hold. */
struct holds {
    bool root;      /* we may set any owner, security.* and trusted.* */
    bool any_owner; /* we may correct the mode and times of others' files, or whose they are is not to be seen */
    bool owner;     /* owners are kept */
    bool mode;
    bool xattr;
    bool link;      /* hard links */
    bool exchange;  /* RENAME_EXCHANGE */
    struct traits traits;    /* of its times */
};

/*
 * The mode to make a file with that shall get the mode of st: that itself, where nobody may do more then than in the
 * end, whoever owns it; else 0600.
 */
mode_t metadata_first_mode(const struct stat *st);

/*
 * The mode (with type) that is left of `mode` where a file keeps another owner or group than the source's: another's file must run
 * as nobody else. A directory runs as nobody: it keeps the bit that gives its group to what is made in it.
 */
uint32_t metadata_mode_of_another(uint32_t mode);

/* Whose a file is, and its mode with the type. */
struct rights {
    uint32_t mode, uid, gid;
};

/* Does `to` lack what it should have of the rights of `from`, as far as its filesystem keeps owners and modes? */
bool metadata_lacks(const struct rights *from, const struct rights *to, bool keeps_owner, bool keeps_mode);

/*
 * A correction went through: what of the rights it asked for is not there, be it refused or passed over in silence? Bits of enum
 * lost (LOST_OWNER, LOST_MODE). lost: what was refused; as far as `holds` says that these are kept at all.
 */
unsigned metadata_missed(const struct stat *wanted, const struct stat *has, const struct holds *holds, unsigned lost);

/* May we correct the mode and times of a file of this owner? Its content may be replaced all the same. */
bool holds_may_correct(const struct holds *holds, uint32_t uid);

/*
 * Give `to` the metadata of `from`. Both are open regular files or directories, to is complete. st: of the source.
 * rules: of attributes; NULL: what `to` has besides stays. *given, zeroed before: what cannot be held, or whose error it is.
 * Set-user-id and set-group-id bits are dropped when the owner could not be set (metadata_mode_of_another). 0 or -errno.
 */
int metadata_copy(int from, int to, const struct stat *st, const struct holds *holds,
                  const struct xattr_rules *rules, struct given *given);

/* The same for who knows what `to` is now. */
int metadata_give(int from, int to, const struct stat *now, const struct stat *st, const struct holds *holds,
                  const struct xattr_rules *rules, struct given *given);

/*
 * The same for what cannot be opened without effects: symlinks, FIFOs, devices, and files without read permission.
 * Both names are single components and are not followed.
 */
int metadata_copy_at(int from_dir, const char *from_name, int to_dir, const char *to_name, const struct stat *st,
                     const struct holds *holds, const struct xattr_rules *rules, struct given *given);

/*
 * Give dir/name (a single component, not followed; "." for dir itself) the owner, mode and times in st, and the
 * attributes in a list of xattr_pack; NULL leaves those as they are. 0 or -errno.
 */
int metadata_put(int dir, const char *name, const struct stat *st, const char *attributes, const struct holds *holds,
                 struct given *given);

/* What the filesystem of `dir` (a directory of our own) can hold, found by trying on a temp; its traits stay. 0 or -errno. */
int holds_probe(int dir, struct holds *ret_holds);

/* The same in the folder at path below root, which is made when it is missing. */
int holds_probe_below(int root, const char *path, struct holds *ret_holds);

/* A guess from the type of the filesystem ("exfat"), for a run that must not write; its traits stay. */
void holds_guess(const char *fs_type, struct holds *ret_holds);

#endif
