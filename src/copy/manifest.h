/*
 * The manifest: what an operation did, kept on the destination as .autobackup/operations/OPERATION, so that any
 * workstation can show and undo it. While the operation runs it is called OPERATION.open; one that is
 * found so while nobody holds the database's lock belongs to a dead operation.
 *
 * Records follow each other. A record is a fixed number of fields (by its first field, the verb), each ended by a
 * NUL:
 *
 *   autobackup-manifest 1 OPERATION KIND REPLICA TARGET SOURCE HOST PID STARTED      first, once
 *   create  PATH NEW            announced: a name that was not there
 *   replace PATH NEW OLD        announced: OLD goes to the versions
 *   remove  PATH OLD            announced: OLD goes to the versions (a directory is only removed)
 *   touch   PATH NEW OLD        announced: owner, mode, times, attributes corrected
 *   void    PATH                announced, then not done
 *   taken   PATH DIGEST SIZE TARGET-MTIME TARGET-CTIME TARGET-YOUNG SOURCE-MTIME SOURCE-CTIME SOURCE-YOUNG
 *                               done: a file that is durable, its digest, and what both files were then
 *   end     STATE FILES BYTES FINISHED                                                last, once
 *
 * PATH is relative to the replica, REPLICA and the versions' folder are relative to the database:
 * .autobackup/versions/OPERATION/REPLICA/PATH. NEW and OLD are each TYPE SIZE MTIME MODE UID GID DIGEST; MODE is
 * octal, DIGEST 32 hex digits or "-", times are ns since 1970, YOUNG is 0 or 1. TARGET and SOURCE are identities.
 * A last field follows each record: 16 hex digits, the XXH3-64 of the record's bytes before it. A record cut short
 * or damaged ends the manifest. Announced records are synced before the names they announce change; "taken"
 * and "void" follow and may be missing after a crash, so undo looks at the disk, not at them.
 */
#ifndef AUTOBACKUP_COPY_MANIFEST_H
#define AUTOBACKUP_COPY_MANIFEST_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/error.h"
#include "base/hash.h"
#include "index/replica.h"

#define OPERATIONS OUR_FOLDER "/operations"
#define MANIFEST_OPEN ".open"    /* behind the name while the operation runs */

/* One side of a record. */
struct manifest_file {
    uint32_t mode;             /* with type */
    uint64_t size;
    int64_t mtime;
    uint32_t uid, gid;
    bool has_digest;
    struct digest digest;
};

/* Who does what where. Strings are borrowed. */
struct manifest_head {
    const char *operation, *kind, *replica, *target, *source, *host;
    int64_t pid, started_at;
};

struct manifest {
    int fd, dir;               /* the file, and .autobackup/operations */
    char *operation;
    struct buf pending;        /* records not written yet */
    bool failed;               /* a write failed: the file's end is not known any more */
};

/*
 * Start a manifest below the database's root and sync it, its directory and that directory's parents.
 * -EEXIST when there is one of this operation. 0 or -errno.
 */
int manifest_create(int root, const struct manifest_head *head, struct manifest *ret_manifest);

/* Add records. They are written by manifest_write. old_file, new_file: see above. */
void manifest_add_create(struct manifest *m, const char *path, const struct manifest_file *new_file);
void manifest_add_replace(struct manifest *m, const char *path, const struct manifest_file *new_file,
                          const struct manifest_file *old_file);
void manifest_add_remove(struct manifest *m, const char *path, const struct manifest_file *old_file);
void manifest_add_touch(struct manifest *m, const char *path, const struct manifest_file *new_file,
                        const struct manifest_file *old_file);
void manifest_add_void(struct manifest *m, const char *path);
void manifest_add_taken(struct manifest *m, const struct taken *target, const struct taken *source);

/* Write what was added. Not synced. 0 or -errno; after a failure nothing is written any more. */
int manifest_write(struct manifest *m);
int manifest_sync(struct manifest *m);    /* fsync; 0 or -errno */

/* Write what was added and the end record, sync, give it its final name. 0 or -errno. */
int manifest_end(struct manifest *m, const char *state, int64_t files, int64_t bytes);
void manifest_close(struct manifest *m);    /* without an end; fine after manifest_end, and on a zeroed one */

/* --- reading --- */

enum manifest_verb {
    MANIFEST_HEAD, MANIFEST_CREATE, MANIFEST_REPLACE, MANIFEST_REMOVE,
    MANIFEST_TOUCH, MANIFEST_VOID, MANIFEST_TAKEN, MANIFEST_END,
};

#define MANIFEST_FIELDS 17     /* of the longest record, its check included */

/* One record; its strings are valid until the next is read. fields[0] is the verb, then as documented above. */
struct manifest_record {
    enum manifest_verb verb;
    const char *fields[MANIFEST_FIELDS];
    int count;
};

struct manifest_reader {
    int fd;
    struct buf bytes;          /* read and not yet handed out from `at` on */
    size_t at;
    bool ended;                /* nothing more to read from fd */
    bool torn;                 /* the last record was cut short or damaged */
};

/* Open operations/OPERATION below root, or OPERATION.open when that is all there is. 0 or -errno. */
int manifest_open(int root, const char *operation, struct manifest_reader *ret_reader);

/* The next record: 1, 0 at the end (see torn), -errno. */
int manifest_next(struct manifest_reader *r, struct manifest_record *ret_record);
void manifest_reader_close(struct manifest_reader *r);

/* Read a "taken" record's target or source side. path is borrowed from the record. False when it is malformed. */
bool manifest_taken(const struct manifest_record *record, bool source, struct taken *ret_taken);

/* Read a NEW or OLD that begins at fields[at]. False when it is malformed. */
bool manifest_file(const struct manifest_record *record, int at, struct manifest_file *ret_file);

#endif
