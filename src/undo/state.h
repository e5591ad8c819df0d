/*
 * What the parts of one running undo share.
 */
#ifndef AUTOBACKUP_UNDO_STATE_H
#define AUTOBACKUP_UNDO_STATE_H

#include <stdatomic.h>

#include "copy/beat.h"
#include "copy/data.h"
#include "copy/opened.h"
#include "copy/report.h"
#include "copy/temp.h"
#include "copy/versions.h"
#include "index/catalog.h"
#include "index/filesystem.h"
#include "undo/past.h"
#include "undo/undo.h"

#define UNDO_BATCH 4096    /* names that are announced, moved and synced together */

enum act {
    ACT_NONE,         /* it is as it was before, or is left alone */
    ACT_TAKE,         /* created: to the versions */
    ACT_SWAP,         /* replaced: the old version takes the place of the new file, which goes to the versions */
    ACT_PUT,          /* removed: the old version comes back */
    ACT_CORRECT,      /* metadata */
};

/* One name at work. */
struct step {
    struct deed deed;
    enum act act;
    const char *name;                 /* the last component of its path */
    size_t dir_len;                   /* bytes of the path before it, without the slash */
    struct stat now;                  /* the file that lies there */
    struct stat kept;                 /* the old version */
    bool kept_elsewhere;              /* it waits in the versions of the operation that this one undid */
    char kept_name[TEMP_NAME_SIZE];   /* of the old version, where a crash left it under another name; else "" */
    char temp[TEMP_NAME_SIZE];        /* a copy of it beside the name, where it cannot be moved */
    bool copied;                      /* the file that lies there is a version already */
};

struct undo_counts {
    int64_t restored, returned, removed, bytes, metadata, made, unmade, unchanged, looked_at;
};

/* The directory that steps are in, on both sides; opened when first needed. */
struct spot {
    char *path;                       /* relative to the replica; NULL: none */
    int live;                         /* descriptor, or -errno */
    int kept[2];                      /* of its old versions, and of those in the operation before; or -errno */
    bool apart;                       /* .autobackup is on another filesystem, or this is a subvolume of its own */
};

/* A name that is back, and was one of several of a file. */
struct linked {
    char *path;                       /* relative to the replica */
    dev_t dev;                        /* of its directory: inodes are numbered in one device */
    uint64_t inode;
    int64_t names;
};

struct linked_list {
    struct linked *list;
    size_t count, room;
};

struct undo {
    struct undo_request request;
    struct job *job;
    const atomic_bool *cancel;
    struct beat *beat;                /* of the lock: a reference, or NULL */
    int root, top, lock, sync;        /* top: the replica's directory, or -errno; sync: on its filesystem */
    struct filesystem fs;
    struct holds holds;
    bool elsewhere;                   /* .autobackup lies on another filesystem than the replica */
    struct catalog_files catalog;     /* which are never touched */
    struct past past;
    struct manifest manifest;
    struct opened opened;             /* folders of the replica */
    struct versions versions;
    struct report report;
    struct undo_counts counts;
    struct data data;
    struct spot spot;
    struct map conflicts;             /* hashes of the directories with conflicts: their times stay */
    struct map taken;                 /* of a plan: hashes of the paths below the root that it takes away */
    struct map going;                 /* inode -> how many of its names leave their places in this batch */
    struct map announced;             /* hashes of the directories that the manifest has as they were */
    struct linked_list linked;
    atomic_bool left;                 /* see temp_remove */
    bool dirty;                       /* names changed since the last sync */
};

/* --- spot.c --- */

/* Enter the directory of a step. What cannot be opened is -errno in u->spot. */
void spot_enter(struct undo *u, const struct step *s);

/* Leave it, syncing what needs each directory synced. 0 or -errno. */
int spot_leave(struct undo *u);

/* --- judge.c --- */

/*
 * Look at the disk and decide: sets act, now, kept. What is left alone is reported. 0, or -errno when nothing can go
 * on (-ECANCELED).
 */
int judge(struct undo *u, struct step *s);

/* --- move.c --- */

/* What is about to move, before any of it is prepared: names that all go take their file with them. */
void move_expect(struct undo *u, const struct step *steps, size_t count);

/* Before the sync: keep by a copy what cannot be moved, stage what comes back; announce. 0 or -errno as above. */
int move_prepare(struct undo *u, struct step *s);

/* After it. Counts, or reports and voids. 0 or -errno as above. */
int move_apply(struct undo *u, struct step *s);

/* Make it durable. 0 or -errno. */
int move_sync(struct undo *u);

/* Remove what a step has staged and not used. */
void move_drop(struct undo *u, struct step *s);

/* Announce, once, what a directory of the replica is before names in it change. path: of path_len bytes. */
void announce_folder(struct undo *u, const char *path, size_t path_len, int dir);

/* A file as the manifest describes it; digest: of it, or NULL. */
struct manifest_file described(const struct stat *st, const struct manifest_file *digest);

/* --- renames.c --- */

/* Give back the spellings that the operation changed, or say so in a dry run. 0 or -ECANCELED. */
int renames_undo(struct undo *u);

/* --- links.c --- */

/* The old file is back under this name: should it have had other names, it waits for links_restore. */
void links_remember(struct undo *u, const struct step *s);
void links_forget(struct undo *u);

/*
 * Names that were of one file become names of one file again: of that very file, where it still has another name in
 * the replica and is what it was, else of the first that came back. Those that cannot stay as they are, files of their
 * own with the right content, and a note says so. 0 or -errno (-ECANCELED).
 */
int links_restore(struct undo *u);

/* --- tell.c --- */

void tell_conflict(struct undo *u, const struct step *s, const char *code, const char *why);
void tell_problem(struct undo *u, const struct step *s, const char *code, const char *why);

/* A system error about one name. 0, or code when it ends the undo: a full or broken disk. */
int tell_errno(struct undo *u, const char *path, int code);
void tell_action(struct undo *u, const char *kind, const char *path, mode_t mode, uint64_t size);
void tell_progress(struct undo *u, const char *path);
void tell_counts(struct undo *u, struct event *ev);

/* In a dry run: a step that would be done, counted as if it were. */
void tell_step(struct undo *u, const struct step *s);

/* The manifest cannot be opened or followed, for this -errno, which is returned with err. */
int tell_no_past(const struct undo *u, int code, struct error *err);

/* One that is read: what does not hold of it. 0, or -errno with err when it is about another replica. */
int tell_past(struct undo *u, struct error *err);

#endif
