/*
 * The directories of an operation: those that it made go when they are empty, those that it removed come back first,
 * those in which names changed get their times back last.
 */
#ifndef AUTOBACKUP_UNDO_FOLDERS_H
#define AUTOBACKUP_UNDO_FOLDERS_H

#include <stdbool.h>
#include <stddef.h>

#include "copy/manifest.h"
#include "base/map.h"

enum folder_place { FOLDER_IN_REPLICA, FOLDER_ABOVE };

struct folder {
    enum folder_place place;
    char *path;                       /* relative to the replica; one above it to the database */
    bool created, removed, touched;   /* by the operation */
    bool replaced;                    /* removed, and something else made in its place */
    bool known;                       /* was is set */
    bool voided;
    struct manifest_file was;         /* before the operation */
    struct manifest_file fresh;       /* touched: what it was given */
    const char *attributes;           /* before it; NULL: not known. Borrowed */
};

/* Zero it to make an empty one. */
struct folders {
    struct folder **list;
    size_t count, room;
    struct map index[2];              /* by place: hash of the path -> struct folder * */
};

/* The folder of this path, a new one where there is none yet. */
struct folder *folders_get(struct folders *list, enum folder_place place, const char *path);
void folders_free(struct folders *list);

/* Note what one was: the first time counts, and of the rights the last, as they are taken nearer to their change. */
void folder_was(struct folder *f, const struct manifest_file *was);

/* Sort: above first, then parents before what lies in them. */
void folders_sort(struct folders *list);

struct undo;

/* Make what the operation removed. 0 or -errno; problems of single ones are reported. */
int folders_make(struct undo *u);

/* Remove what it made and is empty by now, deepest first. 0 or -errno as above. */
int folders_unmake(struct undo *u);

/* Put metadata back, likewise. */
int folders_finish(struct undo *u);

/* Count and tell what these three would do, after the files' steps were told. Changes nothing. 0 or -errno. */
int folders_tell(struct undo *u);

#endif
