/*
 * verify: read a replica back from its disk and compare every file with its digest in the catalog.
 */
#ifndef AUTOBACKUP_VERIFY_VERIFY_H
#define AUTOBACKUP_VERIFY_VERIFY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/job.h"

/* Another replica of the same project and category, which may hold good bytes of a damaged file. */
struct verify_peer {
    char *name;               /* of its database */
    int64_t replica;
};

/* What to verify and how. Strings and the list are owned by the request. */
struct verify_request {
    char *catalog;            /* path of the catalog */
    char *root, *identity;    /* of the database */
    char *path;               /* of the replica, relative to the root: category path/client/project */
    int64_t replica;
    struct verify_peer *peers;
    size_t peer_count;
    int64_t before;           /* only files verified before that, or never: seconds since 1970; INT64_MAX: all */
    int64_t max_bytes;        /* the oldest of them, until that many bytes were begun; -1: all */
    bool cached;              /* what is in memory is read from there: fast, and no verification of the disk */
    bool known_again;         /* files known as damaged, or that moved since they were read, are read in any case */
    char *operation;          /* accept.h: what is read is accepted, in the journal under this id; "" or NULL: verify */
    char *project, *category, *database;    /* names, for the journal */
    char **only;              /* with it: patterns of copy/only.h; nothing else is read */
    size_t only_count;        /* 0: all */
    int64_t against;          /* another replica: only what has to be read to know whether its file is the same; 0: all */
    bool alike;               /* with it: all files whose sizes agree, whatever is known of them */
    int jobs;                 /* readers; 0 chooses: one on a spinning disk, several elsewhere */
};
void verify_request_clear(struct verify_request *request);
bool verify_accepts(const struct verify_request *request);    /* rather than verifies */

/*
 * Start. Takes the request's contents, also when it fails. Events:
 *   progress  files, files_total, bytes, bytes_total, path
 *   file      state, path (relative to the database), size; for what is not as it should be:
 *             "damaged"  the content is not that of its digest, size, mtime, inode and ctime are. certain: the digest is
 *                        confirmed and the filesystem keeps a ctime, so no program wrote to it. known: found earlier, not read now. code: it cannot be
 *                        read any more (EIO), absent otherwise. good_on: databases whose replica has the content it
 *                        should have, ", " between them; "" when there is none
 *             "renewed"  the content is not that of its digest, and its inode or ctime moved: somebody wrote it and put its
 *                        time back; what was read is recorded as its content. written_at: its ctime, seconds since 1970;
 *                        good_on: databases whose replica has the content that was known
 *             "changed"  its size, mtime or type is not what the catalog says, or it changed while it was read
 *             "missing"  the catalog has it, the disk has not
 *             "unread"   code, message
 *             "accepted" it has another content than was known (accept only, where there is no "damaged")
 *   done      files_accepted, files_renewed (with another content than was known; of accept part of those), files_ok, files_damaged, files_changed, files_new (no digest was known: it is taken), files_missing,
 *             files_unread, files, bytes (read to their ends), files_left, bytes_left (due, but not read: the limit, or
 *             cancelled), cancelled, seconds
 *   failed    code, message; instead of done, with the same counts. EOFFLINE: not mounted or another disk;
 *             EMISSING: the replica's folder is gone
 *
 * Digests, times and damage are recorded in the catalog about once a second, in short transactions, so what was
 * verified before an end of any kind stays so. Nothing is written to the disk. Memory is bounded.
 *
 * A file is read from its disk: with O_DIRECT, or where the filesystem has none after its pages were dropped from
 * memory, and dropped again behind the reader. A server or a drive may still answer from memory of its own.
 */
int verify_start(struct verify_request *request, struct job **ret_job, struct error *err);

#endif
