/*
 * What the parts of asof_read share.
 */
#ifndef AUTOBACKUP_UNDO_THEN_H
#define AUTOBACKUP_UNDO_THEN_H

#include "copy/only.h"
#include "index/catalog.h"
#include "index/traits.h"
#include "undo/asof.h"
#include "undo/past.h"

/* What one operation did to a path. */
struct deed_then {
    struct deed_then *next;       /* a later one */
    size_t operation;             /* place in the request's list */
    enum manifest_verb verb;
    struct manifest_file fresh, old;
    bool trusted;                 /* its manifest */
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

/* --- rights.c --- */

/* An operation of this place, in order, corrected a file. trusted: its manifest is. */
void then_note_touch(struct reading *g, const struct deed *d, size_t operation, bool trusted);

/* The same for a directory that it corrected or removed, or in which names changed. */
void then_note_folder(struct reading *g, const struct folder *f, size_t operation, bool trusted);

/* Is this (ns) the time that the last correction gave it: is it still what was corrected, as far as anything tells? */
bool then_is_corrected(const struct reading *g, const struct layer_rights *r, int64_t mtime);

/* Did the operation whose beginning is the moment find it so? r may be NULL. */
bool then_is_known(const struct reading *g, const struct layer_rights *r);

/* The time (ns) of what a story's first operation found, which may have been corrected since the moment. */
int64_t then_time(struct reading *g, const struct story *s);

/*
 * A story's file was found, in the versions of this operation (SIZE_MAX: in its place): it gets the rights of then. What came
 * back to its place, or went on to another's versions, may have been corrected there.
 */
void then_give(struct reading *g, struct story *s, size_t found_in);

/* --- then.c --- */

/* The snapshot: what lies there now and was there, with what the stories, sorted by path, say. 0 or -errno with err. */
int then_put(struct reading *g, struct error *err);

/* --- before.c --- */

/* When the stories are known: lack what earlier operations wrote and nobody has. 0 or -errno with err. */
int then_missed(struct reading *g, struct error *err);

#endif
