/*
 * A replica as it was at a moment: of each path the version that the first operation after it replaced or removed,
 * else what lies there now, if it did not come later. For a transfer to take as its source.
 */
#ifndef AUTOBACKUP_UNDO_ASOF_H
#define AUTOBACKUP_UNDO_ASOF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "copy/layers.h"

/* Strings are borrowed. */
struct asof_request {
    const char *catalog;          /* path of it */
    const char *root, *identity;  /* of the database that has the replica and the versions */
    const char *path;             /* of the replica, relative to the root */
    int64_t replica;              /* its id, just read afresh; 0: it is gone */
    int64_t moment;               /* ns since 1970 */
    bool at_operation;            /* the moment is the beginning of the first operation: what that found was there */
    char *const *operations;      /* those of the replica that began at or after the moment, the oldest first */
    size_t operation_count;
    char *const *earlier;         /* those that began before it, the oldest first */
    size_t earlier_count;
    char *const *only;            /* patterns of copy/only.h; */
    size_t only_count;            /* 0: all */
};

enum asof_why {
    LACK_VERSION,                 /* the operation's version of it is not kept any more */
    LACK_UNKNOWN,                 /* it came or changed since by no operation */
    LACK_REMOVED,                 /* the operation wrote it before the moment, and it was removed by no operation */
};

/* A file that cannot be had as it was then. */
struct asof_lack {
    enum asof_why why;
    char *path;                   /* in the replica */
    char *operation;              /* NULL with LACK_UNKNOWN */
    int64_t changed_at;           /* ns: when the file of now, or the one that was kept, was last changed */
};

#define ASOF_LACKS 1000           /* that are listed */

struct asof {
    struct layers *layers;        /* the caller may take them, and set this to NULL */
    struct asof_lack *lacks;
    size_t lack_count;
    int64_t lacking;              /* files, listed or not */
    int64_t *hits;                /* of each pattern: names there were then */
    int64_t names;                /* there were then, but for the replica itself */
};

/*
 * Put it together. asof_free in any case. Memory grows with what the patterns cover. 0 or -errno with err, which names
 * the path: what cannot be looked at is not taken for a version that is gone.
 */
int asof_read(const struct asof_request *request, struct asof *ret_asof, struct error *err);
void asof_free(struct asof *a);

#endif
