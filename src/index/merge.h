/*
 * Two replicas side by side, from the catalog: directory by directory, entry by entry, in name order.
 */
#ifndef AUTOBACKUP_INDEX_MERGE_H
#define AUTOBACKUP_INDEX_MERGE_H

#include "index/replica.h"
#include "index/snapshot.h"

struct merge;

/* One directory that at least one side has. Strings are valid until the next merge_next_dir. */
struct merge_dir {
    const char *path;         /* relative to the replica; "" is the top and always comes first */
    size_t path_len;
    bool in_left, in_right;
    bool same;                /* both have it and its fingerprints are equal */
};

/* One name that at least one side has; NULL is the side that lacks it. Valid until the next merge_next. */
struct merge_pair {
    const struct entry *left, *right;
    struct digest left_digest, right_digest;    /* meaningful when the state is not DIGEST_NONE */
    enum digest_state left_state, right_state;
    bool left_damaged, right_damaged;           /* the content is not that of the digest: verify found it so */
    bool left_accepted, right_accepted;         /* somebody said that this content is the right one */
    bool left_renewed, right_renewed;           /* it is another than the one that was known before at this size and time */
    bool left_written, right_written;           /* since it was written there (DIGEST_WRITTEN) */
    bool left_touched, right_touched;           /* its attributes may have changed (DIGEST_TOUCHED) */
    bool left_moved, right_moved;               /* its inode or ctime moved since: size and time say nothing of it */
    int64_t left_verified, right_verified;      /* when it was last verified: seconds since 1970; 0: never */
};

/*
 * Start. left, right: replica ids in cat; 0 is a replica that has nothing. Directories come in order of their
 * path's bytes, so a parent always comes before what it contains.
 * The merge holds no read transaction between calls. cat must outlive it.
 */
int merge_open(struct catalog *cat, int64_t left, int64_t right, struct merge **ret_merge, struct error *err);

/* Before the first directory: the left side is this snapshot, which must outlive the merge, whatever replica it was. */
void merge_set_left(struct merge *m, const struct snapshot *snapshot);

/* The next directory: 1, 0 at the end, -errno. */
int merge_next_dir(struct merge *m, struct merge_dir *ret_dir, struct error *err);

/*
 * The next pair of the current directory: 1, 0 at its end, -errno (-EBADMSG: damaged listing, code ECORRUPT; -ESTALE: as the
 * first answer, what was known of the directory went meanwhile, by another program's commit; the merge can go on with the next).
 */
int merge_next(struct merge *m, struct merge_pair *ret_pair, struct error *err);

/* For who only counts what is known: merge_next's code, where a directory that went meanwhile is an end, and err is cleared. */
int merge_gone(int code, struct error *err);

void merge_close(struct merge *m);    /* NULL is fine */

#endif
