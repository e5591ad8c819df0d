/*
 * A source that is not what lies there now: its replica as it was at a moment, put together from what lies there and
 * from versions that operations kept on the same database.
 */
#ifndef AUTOBACKUP_COPY_LAYERS_H
#define AUTOBACKUP_COPY_LAYERS_H

#include "copy/manifest.h"
#include "base/map.h"
#include "index/snapshot.h"

/* Zero it to make an empty one. */
struct layers {
    struct snapshot snapshot;    /* what there was */
    char **bases;                /* of each layer, the replica in an operation's versions: relative to the root */
    size_t count;
    struct map of;               /* hash of a path -> number of its layer, from 1 on; what has none lies where it lay */
    struct map folders;          /* hash of a path -> struct manifest_file *: a directory that is gone; owned */
};

/* The layer of an operation's versions of a replica: an existing one, or a new one. From 1 on. */
size_t layers_get(struct layers *l, const char *operation, const char *replica);

/* A path of the replica lies in a layer. */
void layers_put(struct layers *l, const char *path, size_t layer);

/* The layer of dir/name; 0: it lies where it lay. l may be NULL. */
size_t layers_find(const struct layers *l, const char *dir, const char *name);

void layers_free(struct layers *l);    /* itself too; NULL is fine */

#endif
