/*
 * Folders that their own user may not write (0555), or not enter (0444): for the time in which names in them change, the user gets these rights, and
 * the manifest says what they had, so that it is put back after a kill, too.
 *
 * Their paths are relative to the replica. Of one above it, in which the replica's own folder is made or removed, it is relative
 * to the database, with a slash in front (opened_above).
 */
#ifndef AUTOBACKUP_COPY_OPENED_H
#define AUTOBACKUP_COPY_OPENED_H

#include <sys/stat.h>

#include "copy/manifest.h"

/* One that is open. */
struct opened_folder {
    struct opened_folder *next;
    char *path;
    mode_t mode;                   /* that it had */
};

/* Zero it, then set the first three. For one thread. */
struct opened {
    const int *root;               /* the database's directory */
    const int *top;                /* the replica's */
    struct manifest *manifest;
    struct opened_folder *first;
    uid_t owner;                   /* of all of them */
};

/* The path to name one above the replica by: of the first len bytes of one that is relative to the database. Caller frees. */
char *opened_above(const char *path, size_t len);

/* Would this directory be opened? */
bool opened_may(int dir);

/*
 * Before names in the directory `dir` (at this path) change: where its user, who runs this, may not write or enter it, that is
 * announced, synced, and allowed. 0 when there is nothing to do, too; or -errno.
 */
int opened_open(struct opened *o, const char *path, int dir);

/* The mode of the folder at this path, which has this one now (with type): where it is open, the one that it had before. */
mode_t opened_was(const struct opened *o, const char *path, mode_t mode);

/* When no name in it changes any more: it is as it was, unless somebody has changed its mode since. 0 or -errno. */
int opened_shut(struct opened *o, const char *path);

/* All that are left. Each one that fails goes to `failed` (may be NULL), with its -errno. */
void opened_shut_all(struct opened *o, void (*failed)(void *arg, const char *path, int code), void *arg);

/*
 * For who holds the lock: remove a file of ours in the directory `dir`, which lies at `folder` (relative to the root). Where its
 * user, who runs this, may not write it, it is opened for that, if there is an operation that did not end to tell of it: each of
 * those that can have left such a file there. Gone already is fine. 0 or -errno.
 */
int opened_unlink(int root, const char *folder, int dir, const char *name);

/*
 * Put back what a dead operation has left open in its replica, which its manifest tells. 0, or the first -errno of those that
 * stay open: -EPERM where that is for their user or root to do.
 */
int opened_recover(int root, const char *operation);

#endif
