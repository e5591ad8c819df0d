/*
 * The manifest: what an operation did, kept on the destination as .autobackup/operations/OPERATION, so that any
 * workstation can show and undo it. While the operation runs it is called OPERATION.open; one that is
 * found so while nobody holds the database's lock belongs to a dead operation.
 *
 * Records follow each other. A record is a fixed number of fields (by its first field, the verb), each ended by a
 * NUL:
 *
 *   autobackup-manifest 1 OPERATION KIND REPLICA TARGET SOURCE HOST PID STARTED      first, once
 *   run RUN USER BOOT BEGAN     second; older manifests have none. RUN is shared by the operations of one command,
 *                               "" when it was the only one; BOOT and BEGAN say which process it was (base/who.h)
 *   create  PATH NEW            announced: a name that was not there
 *   replace PATH NEW OLD        announced: OLD goes to the versions
 *   remove  PATH OLD            announced: OLD goes to the versions (a directory is only removed)
 *   touch   PATH NEW OLD        announced: owner, mode, times, attributes corrected
 *   folder  PATH OLD            a directory that was there, before names in it change: what it was. The first counts
 *   opened  PATH OLD            a directory whose user may not write it gets that right, while names in it change
 *   shut    PATH                and has its mode back
 *   attributes PATH LIST        behind a touch, or the remove of a directory: the extended attributes of its OLD,
 *                               NAME=VALUE,... both in hex (copy/xattr.h)
 *   links   PATH INODE NAMES    behind a replace or a remove whose OLD is kept as a copy, because the file had NAMES
 *                               names: the number of its inode
 *   above   PATH NEW            announced: a directory above the replica that was not there; PATH is relative to the
 *                               database
 *   gone    PATH OLD            announced: such a one is removed
 *   rename  PATH NAME           announced: a name that was there gets this other spelling, in the same directory
 *   void    PATH                announced, then not done
 *   taken   PATH DIGEST SIZE TARGET-MTIME TARGET-CTIME TARGET-YOUNG SOURCE-MTIME SOURCE-CTIME SOURCE-YOUNG
 *                               done: a file that is durable, its digest, and what both files were then
 *   kept    PATH SIZE MTIME CTIME    done: a file that was corrected, as it was then; its content is what it was
 *   renewed PATH                before a taken: its content is not the one that size and time were known to go with
 *   expire  OPERATION FILES BYTES    the versions of another operation were removed, so many
 *   counts  CREATED REPLACED REMOVED TOUCHED DIRECTORIES    of what was announced and not voided; before the end
 *   end     STATE FILES BYTES FINISHED                                                last, once
 *
 * PATH is relative to the replica, REPLICA and the versions' folder are relative to the database:
 * .autobackup/versions/OPERATION/REPLICA/PATH. NEW and OLD are each TYPE SIZE MTIME MODE UID GID DIGEST; MODE is
 * octal, DIGEST 32 hex digits or "-", times are ns since 1970, YOUNG is 0 or 1. TARGET and SOURCE are identities;
 * SOURCE of an undo is the operation that it undoes, and a prune has an empty REPLICA and SOURCE.
 * A last field follows each record: 16 hex digits, the XXH3-64 of the record's bytes before it. A record cut short
 * or damaged ends the manifest; one with a verb that the reader does not know is passed over. Announced records are
 * synced before the names they announce change (a directory's, which is no loss, only written); "taken" and "void"
 * follow and may be missing after a crash, so undo looks at the disk, not at them.
 */
#ifndef AUTOBACKUP_COPY_MANIFEST_H
#define AUTOBACKUP_COPY_MANIFEST_H

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/stat.h>

#include "base/buf.h"
#include "base/error.h"
#include "base/hash.h"
#include "base/who.h"
#include "index/still.h"
#include "index/taken.h"

#define OPERATIONS OUR_FOLDER "/operations"
#define MANIFEST_OPEN ".open"    /* behind the name while the operation runs */

enum manifest_verb {
    MANIFEST_HEAD, MANIFEST_RUN, MANIFEST_CREATE, MANIFEST_REPLACE, MANIFEST_REMOVE, MANIFEST_TOUCH,
    MANIFEST_FOLDER, MANIFEST_OPENED, MANIFEST_SHUT, MANIFEST_ATTRIBUTES, MANIFEST_LINKS, MANIFEST_ABOVE, MANIFEST_GONE, MANIFEST_VOID, MANIFEST_TAKEN,
    MANIFEST_KEPT, MANIFEST_RENAME, MANIFEST_RENEWED, MANIFEST_EXPIRE, MANIFEST_COUNTS, MANIFEST_END,
};

/* One side of a record. */
struct manifest_file {
    uint32_t mode;             /* with type */
    uint64_t size;
    int64_t mtime;
    uint32_t uid, gid;
    bool has_digest;
    struct digest digest;
};

/* As index/still.h takes it: for STILL_ALIKE. */
struct was manifest_was(const struct manifest_file *f);

/* Who does what where. Strings are borrowed; run may be NULL. */
struct manifest_head {
    const char *operation, *run, *kind, *replica, *target, *source;
    const struct who *who;
    int64_t started_at;
};

/* What an operation announced, and did not void. */
struct manifest_counts {
    int64_t created, replaced, removed, touched;    /* what is no directory; touched: either */
    int64_t directories;                            /* made or removed */
};

struct beat;

/* Zero it, but for fd and dir (-1), before manifest_create. Threads may add and write at the same time. */
struct manifest {
    int fd, dir;               /* the file, and .autobackup/operations */
    char *operation;
    struct beat *beat;         /* of the lock that it is written with: a reference; NULL where that has none */
    pthread_mutex_t syncing;   /* one fsync at a time; zeroed is unlocked, as the next one */
    pthread_mutex_t lock;      /* of the fields below */
    struct buf pending;        /* records not written yet */
    bool failed;               /* a write or a sync failed: what the disk has of it is not known any more */
    bool counted;              /* counts are of the whole operation: it was begun here */
    struct manifest_counts counts;
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
void manifest_add_folder(struct manifest *m, const char *path, const struct manifest_file *old_file);
void manifest_add_opened(struct manifest *m, const char *path, const struct manifest_file *old_file);
void manifest_add_shut(struct manifest *m, const char *path);
void manifest_add_attributes(struct manifest *m, const char *path, const char *list);
void manifest_add_links(struct manifest *m, const char *path, const struct stat *old);
void manifest_add_above(struct manifest *m, const char *path, const struct manifest_file *new_file);
void manifest_add_gone(struct manifest *m, const char *path, const struct manifest_file *old_file);
void manifest_add_rename(struct manifest *m, const char *path, const char *name);
void manifest_add_expire(struct manifest *m, const char *operation, int64_t files, int64_t bytes);
void manifest_add_taken(struct manifest *m, const struct taken *target,
                        const struct taken *source);    /* and renewed, when the target is */

void manifest_add_kept(struct manifest *m, const char *path, const struct was *was);

/* A record that was added is void: MANIFEST_CREATE, _REPLACE, _REMOVE, _TOUCH or _RENAME of what has this mode. */
void manifest_add_void(struct manifest *m, enum manifest_verb announced, uint32_t mode, const char *path);

/*
 * Write what was added. Not synced. 0 or -errno; after a failure nothing is written any more. -ESTALE: the lock is not ours any
 * more (beat_check says whose), and what was announced must not be done.
 */
int manifest_write(struct manifest *m);
int manifest_sync(struct manifest *m);    /* fsync; 0 or -errno, and after a failure of either nothing but -EIO from both */

/* Write what was added and the end record, sync, give it its final name. 0 or -errno. */
int manifest_end(struct manifest *m, const char *state, int64_t files, int64_t bytes);

/*
 * For who holds the lock: end the manifest of an operation that died, as "failed", unless it says itself how it ended, and give
 * it its final name. What a record that was cut short has left goes first. 0 or -errno.
 */
int manifest_bury(int root, const char *operation);

/*
 * An operation that did not end and in whose replica this path (relative to the root) lies, or the replica itself: its id and
 * its replica, to be freed. False when there is none.
 */
bool manifest_find_open(int root, const char *path, char **ret_operation, char **ret_replica);
void manifest_close(struct manifest *m);    /* without an end; fine after manifest_end, and on a zeroed one */

/* --- reading --- */

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
    bool torn;                 /* the last record was cut short or damaged: */
    bool cut;                  /* cut short */
    uint64_t whole;            /* bytes of the records before that */
};

/* Open operations/OPERATION below root, or OPERATION.open when that is all there is. 0 or -errno. */
int manifest_open(int root, const char *operation, struct manifest_reader *ret_reader);

/* The next record: 1, 0 at the end (see torn), -errno. */
int manifest_next(struct manifest_reader *r, struct manifest_record *ret_record);
int manifest_rewind(struct manifest_reader *r);    /* to its head; 0 or -errno */
void manifest_reader_close(struct manifest_reader *r);

/*
 * Read both sides of a "taken" record. Their path is borrowed from the record. False when it is malformed, or another
 * record.
 */
bool manifest_taken(const struct manifest_record *record, struct taken *ret_target, struct taken *ret_source);

/* Read a "kept" record, likewise. */
bool manifest_kept(const struct manifest_record *record, struct taken *ret_target);

/* Read the number in fields[at]. False when there is none. */
bool manifest_number(const struct manifest_record *record, int at, int64_t *ret_value);

/* Is this an operation's id, and no path or temp? */
bool manifest_is_operation(const char *name);

/* Read a NEW or OLD that begins at fields[at]. False when it is malformed. */
bool manifest_file(const struct manifest_record *record, int at, struct manifest_file *ret_file);

#endif
