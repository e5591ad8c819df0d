/*
 * The past: what an operation did, read from its manifest, which anybody who can write to the disk can have made up.
 */
#ifndef AUTOBACKUP_UNDO_PAST_H
#define AUTOBACKUP_UNDO_PAST_H

#include "copy/manifest.h"
#include "base/map.h"
#include "undo/folders.h"

/* One announced record about what is no directory. Its strings are its own: deed_free. */
struct deed {
    enum manifest_verb verb;           /* CREATE, REPLACE, REMOVE or TOUCH */
    char *path;                        /* relative to the replica */
    struct manifest_file fresh, old;   /* NEW and OLD, as far as the verb has them */
    const char *attributes;            /* of OLD, or NULL: not known. The past's */
    uint64_t stamp;                    /* past_stamp of the file when it was durable; 0: not known */
    uint64_t inode;                    /* of OLD, where that had several names, and its version is a copy; else 0 */
    int64_t names;                     /* how many */
};
void deed_free(struct deed *d);

/* A name that got another spelling. */
struct past_rename {
    char *path;                        /* relative to the replica: what it was called before */
    char *name;                        /* since then; both owned */
};

struct past {
    char *replica, *kind, *source;     /* of the head */
    bool trusted;                      /* its writer may do all that we may */
    bool torn;                         /* it breaks off */
    bool ended;                        /* else its operation died, or was stopped and may be gone on with */
    int64_t total;                     /* deeds announced, voided ones too */
    int64_t retyped;                   /* of them: what is no folder was made where a folder was removed before */
    int64_t unsafe;                    /* records left out because their paths lead elsewhere */
    struct folders folders;            /* its directories */
    struct map voided, stamps, attributes, links;    /* by hash of the path */
    struct map cleared;                /* hashes of what is no folder and was removed */
    struct past_rename *renames;       /* those that were not voided */
    size_t rename_count;
    struct manifest_reader reader;
};

/*
 * Open the manifest of an operation below a database's root and go through it once. -EBADMSG without a head,
 * -EINVAL when it is another operation's or another database's. past_close is needed in any case. 0 or -errno.
 */
int past_open(int root, const char *operation, const char *identity, struct past *ret_past);
void past_close(struct past *p);

/*
 * When a deed is taken back. A mirror that made a file where a folder was had cleared that first, and the other way round, so one
 * path has both: the file goes before folders are made again, or comes back when the folder is gone.
 */
enum past_turn { PAST_BEFORE_FOLDERS, PAST_AMONG, PAST_AFTER_FOLDERS };
enum past_turn past_turn_of(const struct past *p, const struct deed *d);

/* Did it make a folder at this path, of len bytes, in the place of something else that it removed? */
bool past_made_folder_of(const struct past *p, const char *path, size_t len);

/* Read the deeds anew. 0 or -errno. */
int past_rewind(struct past *p);

/* The next deed that was not voided, in the order of the manifest: 1, 0 at the end, -errno. */
int past_next(struct past *p, struct deed *ret_deed);

/* What tells that a file is the very one that was made durable then: never 0. */
uint64_t past_stamp(int64_t mtime, int64_t ctime);

#endif
