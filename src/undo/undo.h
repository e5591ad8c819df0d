/*
 * undo: what an operation replaced or removed comes back, what it created goes away, metadata that it corrected is
 * put back; where nothing changed since. By the operation's manifest on the disk, so any workstation can do it.
 */
#ifndef AUTOBACKUP_UNDO_UNDO_H
#define AUTOBACKUP_UNDO_UNDO_H

#include <stdbool.h>
#include <stdint.h>

#include "base/job.h"

/* What to undo, where. Strings are owned by the request. */
struct undo_request {
    char *catalog;              /* path of the catalog */
    char *operation;            /* id of the undo itself */
    char *run;                  /* id that the undos of one command share; "" when there is only one; or NULL */
    char *undone;               /* id of the operation to be undone */
    int64_t replica;            /* its catalog id; 0: not known there */
    char *path;                 /* of the replica, relative to the root; must be what the manifest says */
    char *root, *identity;      /* of the database */
    char *database;             /* its name, for messages and the journal */
    char *project, *category;   /* for the journal */
    char *lock_text;            /* what another program reads in the lock */
    int64_t lock_wait;          /* ns to wait for it */
    bool dry_run;               /* only say what would be done; takes no lock */
};

/*
 * Start. Takes the request's contents. Events:
 *   plan      files_total (names to look at)
 *   action    kind ("remove": a created one; "restore": a replaced one; "return": a removed one; "correct"), path
 *             (relative to the database), file_type, size (what lies there afterwards); only with dry_run
 *   progress  files, files_total, path
 *   problem   path (relative to the database), code, message, conflict (bool)
 *   note      code, message
 *   done      files_restored (old versions back in the place of new ones), files_returned (removed ones that are
 *             back), files_removed (created ones taken away), bytes_restored, metadata_only, directories_made,
 *             directories_removed, unchanged (is as it was before the operation already), conflicts, failed,
 *             cancelled, seconds
 *   failed    code, message and the counts; instead of done
 * files_* count everything that is no directory. What is taken away goes to the versions of the undo, which is an
 * operation as any: with a manifest, a row in the catalog, and an undo of its own.
 *
 * Order, for each batch: the manifest announces and is synced; names move, by renames that leave no name without a
 * file; then the filesystem or the directories are synced. Killed at any time, a second undo of the same operation
 * does what is left.
 *
 * Codes of problems besides errno names: ECHANGED (changed since: a conflict), EGONE (the old version is not kept any
 * more), EVERSION (what is kept is not the old version), EINUSE (a file of the catalog), EUNSAFE (a path of the
 * manifest that leads elsewhere). Of failures: EUNSAFE (the manifest is not this replica's), ENOENT (no manifest).
 */
int undo_start(struct undo_request *request, struct job **ret_job, struct error *err);

#endif
