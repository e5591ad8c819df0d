/*
 * copy: bring one replica at a destination up to date with its source. Compare from the catalog (which the
 * caller has just loaded), then transfer with workers, durable in batches, versions kept, everything journaled.
 */
#ifndef AUTOBACKUP_COPY_TRANSFER_H
#define AUTOBACKUP_COPY_TRANSFER_H

#include <stdbool.h>
#include <stdint.h>

#include "base/job.h"

struct fan;
struct layers;

/* What to copy and how. Strings are owned by the request. */
struct transfer_request {
    char *catalog;            /* path of the catalog */
    char *operation;          /* id of the operation: 20311123T020000Z-7f3a */
    char *run;                /* id that the operations of one command share; "" when there is only one; or NULL */
    char *path;               /* of the replica, relative to both roots: category path/client/project */
    char *source_root, *source_identity;
    char *target_root, *target_identity;
    char *lock_text;          /* what another program reads in the lock: "copy, pid 4711, since 02:00" */
    char **only;              /* patterns of copy/only.h: nothing but what these cover is copied or removed */
    size_t only_count;        /* 0: all */
    int64_t source, target;   /* replica ids; target 0 when it has none yet; source 0: it is gone, and only in layers */
    char *project, *category; /* their names, where source is 0; else NULL */
    int64_t room;             /* bytes that its files may take at the destination, 0: all that is free */
    int64_t window;           /* times this near to each other agree, ns (--modify-window) */
    int64_t lock_wait;        /* ns to wait for the destination's lock */
    bool locked;              /* the caller holds it (copy/lock.h), for one transfer at a time */
    bool overwrite_newer;     /* --newer=overwrite */
    bool mirror;              /* --mirror: extra files go to the versions */
    bool repair;              /* only replace files that are damaged at the destination by the source's, where that has the
                                 content they should have; they keep their owner, mode, times and attributes */
    bool restore;             /* it is a restore: so the journal and the manifest call it */
    bool dry_run;             /* only compare and report */
    bool measure;             /* with dry_run: no actions, only the room that it takes */
    bool attributes;          /* compare those of all that both sides have, whatever is known of them */
    bool readback;            /* read what was written from the disk before it gets its name */
    int jobs;                 /* workers; 0 chooses */
    struct layers *layers;    /* the source as it was (copy/layers.h), the request's; NULL: as it is. Then the source may
                                 be the destination itself */
    struct fan *fan;          /* read the source together with its other transfers (copy/fan.h); NULL: alone */
};

/*
 * Start. Takes the request's contents, but for the fan, of which it takes a stream and a reference of its own. Events:
 *   plan      files_new, files_changed, files_unchanged, files_extra, metadata_only, conflicts, bytes (to copy),
 *             inodes (to make), bytes_free, inodes_free (-1: the filesystem does not count them; the room is not
 *             checked then), same_filesystem, source_incomplete (what was not read keeps a mirror from removing what lies there),
 *             others_new, others_changed (symlinks, FIFOs, devices), directories_new
 *   action    kind ("new", "changed", "extra", "metadata", "conflict", "type": a conflict of types), content (a conflict
 *             of contents at equal sizes and times), removes (what is there goes to the versions), path
 *             (relative to the database), file_type ("file", "directory", "symlink", "fifo", "device", "socket"), size; only
 *             with dry_run
 *   room      bytes (that the files to be written take on the disk: holes, and what is kept of them from a copy that
 *             was cut short, take none, nor do clones), inodes (to make); only with measure
 *   progress  files, files_total, bytes, bytes_total, path (the one at work; absent at the end of a batch)
 *   problem   path (relative to the database), code, message, conflict (bool), at_target (the path is the destination's: the trouble is there)
 *   note      code, message: what the destination cannot hold, once each; with dry_run that it has no room
 *   done      files_copied, bytes_copied, files_unchanged, files_replaced, files_removed, metadata_only,
 *             conflicts, failed, recorded (digests that wait for transfer_record), others_copied, bytes_kept (of
 *             bytes_copied: found at the destination, from a copy that was cut short), damaged (of failed: EREADBACK),
 *             sockets (of the source), refused (names that lack what the destination did not take: refusals.h), directories_made, directories_removed, cancelled, seconds, files_conflicting,
 *             files_failed, files_left
 *   failed    code, message; instead of done (EBUSY: locked; ELOST: another workstation has taken the lock over; EOFFLINE;
 *             ENESTED: one of the two lies in the other; ENOSPC: does not fit or filled up...).
 *             Also carries the counts of done, for what was already made durable.
 * With `only`, all counts are of what it covers. files_* count regular files (further names of a hard-linked file among them),
 * but files_extra and files_removed everything that is no directory. With dry_run problems and the counts of done say what would
 * be done, as far as can be seen (copy/foresee.h).
 * conflicts and failed count the problem events with and without `conflict`; files_conflicting and files_failed
 * those of them that are about regular files of the source. files_left: regular files that were not tried, or not
 * made durable: the destination ended early, it was cancelled, or a directory above was a problem itself. So
 * files_copied + files_unchanged + files_conflicting + files_failed + files_left are all files of the source.
 *
 * Codes of problems besides errno names: ENEWER, ETYPE, EDIGEST, EDOUBT, ECHANGED, EEXIST, ESPELLING (conflicts); ECHANGED (the
 * source changed while it was read, or the destination's folder has another name: moved.h), EDAMAGED (the source rots), EHIDDEN (a file that says to be empty has content), EREADBACK (the
 * destination gave back other bytes than were written), EINUSE (a file of the catalog), EXDEV (mount point). Of notes: ESOCKET
 * (left out: they hold no data), EOWNED (rights that only another user can set), EOWNER, EMODE, EXATTR, EACL, ETIMES, ELINKS,
 * EQUOTA (what a quota has no room for: tried again),
 * ESAMEFS (no second copy), EKERNEL (syncs file by file), EHOLDER (of the lock: who had it, or that nobody elsewhere sees it),
 * EINCOMPLETE (a mirror left what may be there), ENOSPC, ESPELLING (of a dry run: names that are going to be spelled like the source's
 * first), ESWEPT (leftovers of a dead operation were removed), EUNSWEPT, EPARTIAL (some stay).
 *
 * The row of the operation in the catalog is written here: running, then done, partial (problems), failed or
 * cancelled. A run with nothing to do leaves no manifest.
 */
int transfer_start(struct transfer_request *request, struct job **ret_job, struct error *err);

/* What to look for in the listings of two replicas. Strings are borrowed. */
struct matches_request {
    const char *catalog;
    char *const *only;        /* patterns of copy/only.h */
    size_t only_count;
    int64_t source, target;   /* replica ids; target 0: only the source counts */
};

/*
 * How many names of the source (of the target too) each pattern covers: ret_counts has only_count of them. For before
 * a transfer: a pattern that covers nothing is a mistake. 0 or -errno with err.
 */
int transfer_matches(const struct matches_request *request, int64_t *ret_counts, struct error *err);

/* Which digests to record, where. Strings are borrowed. */
struct record_request {
    const char *catalog, *operation;
    const char *target_root, *target_identity;    /* where the operation's manifest lies */
    int64_t source, target;                       /* the replicas they are of; 0: none to be recorded there */
    bool readback;                                /* the copies were read back: both count as verified */
};

/*
 * After a transfer and a fresh load of the replica: record in the catalog the digests that the operation took, as
 * its manifest on the destination says. A file that changed since is left out. *ret_count: digests offered; 0 when
 * the operation has no manifest because there was nothing to do. Bounded memory. 0 or -errno with err.
 */
int transfer_record(const struct record_request *request, int64_t *ret_count, struct error *err);

#endif
