/*
 * What the parts of asof_read share.
 */
#ifndef AUTOBACKUP_UNDO_THEN_H
#define AUTOBACKUP_UNDO_THEN_H

#include "copy/only.h"
#include "index/catalog.h"
#include "index/traits.h"
#include "undo/asof.h"

/* What one operation did to a path. */
struct deed_then {
    struct deed_then *next;       /* a later one */
    size_t operation;             /* place in the request's list */
    enum manifest_verb verb;
    struct manifest_file fresh, old;
};

/* A path that operations changed since, and what it was at the moment. */
struct story {
    char *path;
    struct deed_then *first, *last;
    bool there;                   /* at the moment; else it did not exist */
    struct snapshot_entry was;    /* with its name and target owned, when it was there and is to be had */
};

/* A directory that an operation made or removed since; the first one counts. */
struct folder_then {
    char *path;
    bool there;
    struct manifest_file was;
};

struct reading {
    const struct asof_request *r;
    struct asof *out;
    struct only *only;            /* NULL: all */
    struct catalog *cat;
    int root, top;
    struct traits traits;         /* of the database's times */
    struct map index, folder_index;    /* hash of the path -> struct story *, struct folder_then * */
    struct story **stories;       /* sorted by their paths, once all are known */
    size_t count, room;
    struct folder_then **folders;
    size_t folder_count;
    struct map given;             /* hashes of directories that the snapshot has to have */
};

/* Of a path: its bytes before the last slash, and what stands behind it. */
size_t then_dir_len(const char *path);
const char *then_name(const char *path);

/* A file cannot be had as it was: the fields of struct asof_lack, of which copies are made. */
void then_lack(struct reading *g, enum asof_why why, const char *path, const char *operation, int64_t changed_at);

/* Was this directory, or one above it, made by an operation since? */
bool then_came_later(const struct reading *g, const char *path, size_t len);

/* --- then.c --- */

/* The snapshot: what lies there now and was there, with what the stories, sorted by path, say. 0 or -errno with err. */
int then_put(struct reading *g, struct error *err);

/* --- before.c --- */

/* When the stories are known: lack what earlier operations wrote and nobody has. 0 or -errno with err. */
int then_missed(struct reading *g, struct error *err);

#endif
