/*
 * A source that is not what lies there now: its replica as it was at a moment, put together from what lies there and
 * from versions that operations kept on the same database.
 */
#ifndef AUTOBACKUP_COPY_LAYERS_H
#define AUTOBACKUP_COPY_LAYERS_H

#include "copy/manifest.h"
#include "base/map.h"
#include "index/snapshot.h"

/*
 * The rights, the time and the attributes of a path at the moment, which operations corrected since, as the manifest of the first
 * of these says. What lies there, or in a layer, has later ones.
 */
struct layer_rights {
    struct manifest_file was;
    char *attributes;            /* list of copy/xattr.h; NULL: not known, and it keeps those that it has. Owned */
    bool timed;                  /* its time, too */
    bool trusted;                /* else owners, what runs as another, and attributes are not taken from it */
    size_t operation;            /* of the first one, its place in the list */
    int64_t given;               /* the time (ns) that the last one gave it */
};

/* Zero it to make an empty one. */
struct layers {
    struct snapshot snapshot;    /* what there was */
    char **bases;                /* of each layer, the replica in an operation's versions: relative to the root */
    size_t count;
    struct map of;               /* hash of a path -> number of its layer, from 1 on; what has none lies where it lay */
    struct map folders;          /* hash of a path -> struct manifest_file *: a directory that is gone; owned */
    struct map rights;           /* hash of a path -> struct layer_rights *; owned */
};

/* The layer of an operation's versions of a replica: an existing one, or a new one. From 1 on. */
size_t layers_get(struct layers *l, const char *operation, const char *replica);

/* A path of the replica lies in a layer. */
void layers_put(struct layers *l, const char *path, size_t layer);

/* The layer of dir/name; 0: it lies where it lay. l may be NULL. */
size_t layers_find(const struct layers *l, const char *dir, const char *name);

/* What was corrected since of a path; NULL: nothing that is known. l may be NULL. */
struct layer_rights *layers_rights(const struct layers *l, const char *path);

/* Give what is of its type the rights, and the time, of then. r may be NULL. */
void layer_rights_entry(const struct layer_rights *r, struct entry *e);

/* The same for a file of the source at this path. l may be NULL. */
void layers_give(const struct layers *l, const char *path, struct stat *st);

/* The attributes that it had, or NULL: those that it has. l may be NULL. */
const char *layers_attributes(const struct layers *l, const char *path);

void layers_free(struct layers *l);    /* itself too; NULL is fine */

#endif
