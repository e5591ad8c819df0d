/*
 * copy: bring one replica at a destination up to date with its source. Compare from the catalog (which the
 * caller has just loaded), then transfer with workers, durable in batches, versions kept, everything journaled.
 */
#ifndef AUTOBACKUP_COPY_TRANSFER_H
#define AUTOBACKUP_COPY_TRANSFER_H

#include <stdbool.h>
#include <stdint.h>

#include "base/job.h"

/* What to copy and how. Strings are owned by the request. */
struct transfer_request {
    char *catalog;            /* path of the catalog */
    char *operation;          /* id of the operation: 20311123T020000Z-7f3a */
    char *path;               /* of the replica, relative to both roots: category path/client/project */
    char *source_root, *source_identity;
    char *target_root, *target_identity;
    char *lock_text;          /* what another program reads in the lock: "copy, pid 4711, since 02:00" */
    int64_t source, target;   /* replica ids; target 0 when it has none yet */
    int64_t granularity;      /* the coarser of the two filesystems', ns */
    int64_t lock_wait;        /* ns to wait for the destination's lock */
    bool overwrite_newer;     /* --newer=overwrite */
    bool mirror;              /* --mirror: extra files go to the versions */
    bool dry_run;             /* only compare and report */
    int jobs;                 /* workers; 0 chooses */
};

/*
 * Start. Takes the request's contents. Events:
 *   plan      files_new, files_changed, files_unchanged, files_extra, metadata_only, conflicts, bytes (to copy),
 *             inodes (to make), bytes_free, inodes_free, same_filesystem
 *   action    kind ("new", "changed", "extra", "metadata", "conflict"), path, size; only with dry_run
 *   progress  files, files_total, bytes, bytes_total, path (the one at work)
 *   problem   path (relative to the database), code, message, conflict (bool)
 *   note      code, message: what the destination cannot hold, once each
 *   done      files_copied, bytes_copied, files_unchanged, files_replaced, files_removed, metadata_only, conflicts,
 *             failed, cancelled, seconds
 *   failed    code, message; instead of done (EBUSY: locked; EOFFLINE; ENOSPC: does not fit or filled up...).
 *             Also carries the counts of done, for what was already made durable.
 */
int transfer_start(struct transfer_request *request, struct job **ret_job, struct error *err);

#endif
