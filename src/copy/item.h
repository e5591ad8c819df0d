/*
 * One name at work: made by the plan, staged by a worker, given its final name by the commit.
 */
#ifndef AUTOBACKUP_COPY_ITEM_H
#define AUTOBACKUP_COPY_ITEM_H

#include <sys/stat.h>

#include "copy/classify.h"
#include "copy/twin.h"
#include "copy/manifest.h"
#include "copy/report.h"
#include "copy/temp.h"
#include "index/still.h"

/* How the replaced file is kept. */
enum kept { KEPT_NONE, KEPT_IN_VERSIONS, KEPT_BY_EXCHANGE };

/* What the digest of `fresh` says of the file that got the name. */
enum trust { TRUST_NOTHING, TRUST_DOUBTFUL, TRUST_DIGEST };

struct work;

struct item {
    struct item *next;
    struct work *work;                /* of its destination */
    struct twin *twin;            /* a reference */
    enum verdict_kind kind;           /* NEW, CHANGED, METADATA or EXTRA */
    struct entry left, right;         /* mode 0: not there; their strings are the item's */
    struct digest left_digest, right_digest;
    enum digest_state left_state;     /* of what the catalog says */
    enum digest_state right_state;    /* NONE of a damaged one as well: its content is not that of its digest */
    bool left_renewed;                /* size and time say nothing of its content (DIGEST_OPEN) */
    bool right_moved;                 /* DIGEST_MOVED */
    const char *name;

    bool staged;
    bool clears;                      /* an EXTRA that is in the way of another type, not absent at the source */
    bool retyped;                     /* a NEW whose name was cleared: the path has a record of that, too */
    bool is_link;                     /* its temp is a further name of a file that the destination has */

    /* set when it is staged */
    char temp[TEMP_NAME_SIZE];        /* in the target directory, or "" */
    struct manifest_file fresh;       /* what the temp is */
    int64_t source_mtime, source_ctime;
    bool source_young;
    struct was made;                  /* of one with a digest: the temp; then the file that has the name */

    /* set by the commit */
    enum trust trust;
    unsigned lost;                    /* what the destination did not take of its metadata: bits of enum lost */
    bool in_vain;                     /* of one that was to be corrected: it is as it was, the destination cannot hold it */
    bool is_kept;                     /* of one that was corrected, without a digest: its content is what was listed */
    struct stat old;                  /* the file that is replaced */
    enum kept kept;
    bool failed;
};

/* The same name for several destinations: read once. */
struct group {
    struct item *items[16];           /* FAN_STREAMS */
    int count;
};

/* Copy a judged pair. twin gets a reference more. */
struct item *item_new(struct work *work, struct twin *twin, enum verdict_kind kind, const struct merge_pair *pair);

/* Whose problem it is, when it is one. */
struct subject item_subject(const struct item *item);

/* Free it; a temp must have been renamed or removed. */
void item_free(struct item *item);

/* A first-in first-out list. */
struct items {
    struct item *first, **last;
    size_t count;
    uint64_t bytes;                   /* of staged content */
};

void items_init(struct items *list);
void items_add(struct items *list, struct item *item);

/* Move all of *from behind *to. */
void items_move(struct items *to, struct items *from);

/* Remove the temp that an item has at the destination, if it has one. */
void item_drop_temp(struct item *item);

/* Remove the temps and free the items. */
void items_discard(struct items *list);

#endif
