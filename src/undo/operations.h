/*
 * The operations that a database's disk knows of, by their manifests, and the files of one of them.
 */
#ifndef AUTOBACKUP_UNDO_OPERATIONS_H
#define AUTOBACKUP_UNDO_OPERATIONS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/job.h"
#include "copy/manifest.h"

/* One operation. Strings are owned; those of the head are NULL where the manifest has none. */
struct operation {
    char *operation;
    char *kind, *replica, *target, *source, *host;
    char *run, *user, *boot;         /* of the record "run"; NULL where an older manifest has none, run as well where it
                                        was the only operation of its command */
    char *state;                     /* of the end, "failed" where that is torn; NULL: it never ended */
    int64_t pid, began, started_at, finished_at, files, bytes;
    struct manifest_counts counts;
    bool has_versions;               /* versions of it are on the disk */
    bool has_manifest;
    int unread;                      /* errno of why it has a manifest that could not be read: nothing is known of it; else 0 */
};

struct operations {
    struct operation *list;
    size_t count;
};

/*
 * All operations below a database's root that have a manifest or versions, in no order. The ends of manifests are
 * looked at, not what lies between, but for those that never ended. 0 or -errno with err; operations_free in any case.
 */
int operations_read(const char *root, const char *identity, struct operations *ret_operations, struct error *err);
void operations_free(struct operations *h);

/* What the files of an operation are wanted for. Strings are owned by the request. */
struct operation_request {
    char *root, *identity, *operation;
    char **only;                     /* patterns of copy/only.h, of paths in the replica; */
    size_t only_count;               /* 0: all files */
};

/*
 * Start to list an operation's files. Takes the request's contents. Events:
 *   file    verb ("create", "replace", "remove", "touch"), path (relative to the database), file_type, size (after it,
 *           of a remove before it), mtime (of the same file, ns), old_size and old_mtime (replace), version (path of the old one relative to the database; replace
 *           and remove of what is no directory) and kept (bool: it is there)
 *   done    torn (bool: the manifest breaks off)
 *   failed  code, message
 * Names that were announced and then not touched are left out.
 */
int operation_files_start(struct operation_request *request, struct job **ret_job, struct error *err);

#endif
