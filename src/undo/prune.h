/*
 * prune: old versions are removed, and what operations that are long dead left behind.
 */
#ifndef AUTOBACKUP_UNDO_PRUNE_H
#define AUTOBACKUP_UNDO_PRUNE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/job.h"

/* What to remove, where. Strings and lists are owned by the request. */
struct prune_request {
    char *catalog;              /* path of the catalog */
    char *operation;            /* id of the prune itself */
    char *run;                  /* id that the prunes of one command share; "" when there is only one; or NULL */
    char *root, *identity;      /* of the database */
    char *database;             /* its name */
    char *lock_text;            /* what another program reads in the lock */
    int64_t lock_wait;          /* ns to wait for it */
    char **expired;             /* operations whose versions go */
    size_t expired_count;
    char **tops;                /* paths relative to the root below which leftovers are looked for */
    size_t top_count;
    int64_t leftovers_before;   /* those last changed before (ns since 1970) go */
    bool dry_run;               /* only add up; takes no lock */
};
void prune_request_clear(struct prune_request *request);

/*
 * Start. Takes the request's contents. Events:
 *   progress   files, bytes
 *   operation  operation, files, bytes: its versions are removed (or would be)
 *   problem    path (relative to the database), code, message
 *   note       code, message
 *   done       operations, files, bytes (of versions), leftovers, leftover_bytes, cancelled, seconds
 *   failed     code, message; instead of done
 * bytes are those of regular files that have no other name.
 *
 * An operation's versions leave their place as one, by a rename, before the first of them is removed; a prune that
 * was killed is finished by the next one. It is an operation with a manifest and a row in the catalog; on a disk that
 * is full it goes on without the manifest.
 */
int prune_start(struct prune_request *request, struct job **ret_job, struct error *err);

#endif
