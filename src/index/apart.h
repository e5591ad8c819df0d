/*
 * Categories that lie apart: on a mount of their own below a database's root, or below one. Each is known by its filesystem
 * and by its folder in that, as the root is by its identity.
 */
#ifndef AUTOBACKUP_INDEX_APART_H
#define AUTOBACKUP_INDEX_APART_H

#include <stdbool.h>
#include <stdint.h>

#include "index/catalog.h"
#include "index/identity.h"

/* What the catalog says of a category in a database, and what is there now. Zero: a path in no category. */
struct apart {
    int64_t database, category;         /* catalog ids */
    char *database_name, *name, *path;  /* owned: of the database, of the category; the category's path below the root */
    bool holds;                         /* the catalog knows replicas of it there, */
    bool holds_half;                    /* and half of them are there now; false where that says nothing of which disk it is */
    bool recorded;                      /* it lay apart */
    bool any;                           /* and was said to have moved: whatever is there now is right */
    char volume[VOLUME_NAME];           /* where it lay, if that was recorded: what volume_say said of it ("": not known), */
    char place[IDENTITY_PLACE];         /* and the folder in it */
    int failed;                         /* the -errno of looking */
    bool own;                           /* it lies apart now */
    int64_t granularity, was_granularity;    /* of its times now, and as recorded (filesystem_granularity) */
    char volume_now[VOLUME_NAME], place_now[IDENTITY_PLACE];
};
void apart_clear(struct apart *a);

/*
 * Look at the category that path (below the root, of a category or in one) belongs to. root: of the database of this
 * identity, open. 0 with *ret_apart, which the caller clears, or -errno with err when the catalog fails.
 */
int apart_look(struct catalog *cat, const char *identity, int root, const char *path, struct apart *ret_apart,
               struct error *err);

/* What was looked at. */
enum apart_state {
    APART_RIGHT,      /* as the catalog knows it, or nothing is known that could be wrong */
    APART_UNSURE,     /* it was never seen apart, and what is there now holds half of its replicas: a load of all may take it */
    APART_WRONG,      /* not mounted, or another disk or folder is, or nothing tells whether it is the one */
};

/*
 * One judgement for all that read or write a replica. What was seen on a filesystem without a name (in memory, a FUSE program's)
 * is right on one of the same type that holds half of its replicas.
 * err, for other than APART_RIGHT: code EOFFLINE (or that of looking), why and what to do. root_path: of the database,
 * for the message.
 */
enum apart_state apart_judge(const struct apart *a, const char *root_path, struct error *err);

/*
 * Does /etc/fstab say that the category has a mount of its own, which is not there? Asked of one that was never seen there, as
 * its folder would be made on the root's disk. True with err (code EOFFLINE).
 */
bool apart_is_missing(const struct apart *a, const char *root_path, struct error *err);

/* Is what is there now other than what is recorded? */
bool apart_is_news(const struct apart *a);

/* Record what is there now: in the caller's transaction, or in one of its own. 0 or -errno. */
int apart_note(struct catalog *cat, const struct apart *a, struct error *err);

/* What to do about a mount point that is not entered. */
#define APART_MOUNT_HINT "what lies there is no part of the category; add it as a database, or mount it at a category's folder"

/*
 * Does the client's or the project's folder lie on another mount than the category around it? A load enters no such folder
 * (a disk that is known nowhere: once it is gone, nothing tells its empty mount point from a project that was emptied), so
 * none is to be written or read by others. Told by the mounts, not by device numbers: a subvolume is none.
 * category: its path below the root; path: of the project or something in it. The length of the part of path that is a
 * mount; 0: none is, or nothing is there yet, or it cannot be opened (which who opens it tells).
 */
size_t apart_find_mount(int root, const char *category, const char *path);

/*
 * Look, judge, and record a category that lies apart where the catalog knows nothing (not where the catalog can only be
 * read). 0, or -errno with err: EOFFLINE for what is not as the catalog knows it, EMOUNT for a client's or a project's
 * folder that is a mount of its own. All that opens a replica asks here first.
 */
int apart_check(struct catalog *cat, const char *identity, int root, const char *root_path, const char *path,
                struct error *err);

/* The same for who has the catalog's path alone. */
int apart_check_at(const char *catalog, const char *identity, int root, const char *root_path, const char *path,
                   struct error *err);

/*
 * Open the folder at path below the root, or the nearest of those around it that is there: a mount may lie between the root
 * and what is still to be made. flags: O_PATH or O_RDONLY. *ret_len, if asked for: of its path. A descriptor or -errno.
 */
int apart_open_nearest(int root, const char *path, int flags, size_t *ret_len);

#endif
