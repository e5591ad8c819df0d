/*
 * What the parts of one running copy share: the source, the destination, and how it goes.
 */
#ifndef AUTOBACKUP_COPY_WORK_H
#define AUTOBACKUP_COPY_WORK_H

#include <pthread.h>
#include <stdatomic.h>

#include "copy/manifest.h"
#include "copy/metadata.h"
#include "copy/kin.h"
#include "copy/opened.h"
#include "copy/report.h"
#include "copy/stage.h"
#include "copy/transfer.h"
#include "copy/twin.h"
#include "copy/versions.h"
#include "index/catalog.h"
#include "index/filesystem.h"

struct source {
    int root, top;                 /* the database's root and the replica's directory; below 0 while closed, or gone */
    struct filesystem fs;
    bool plain;                    /* it is FAT or exFAT, however it is mounted (copy/unheld.h) */
    dev_t dev;                     /* of top */
    struct holds holds;            /* what it has for each file of its own: mode, owner, xattr, links (copy/source.h) */
    bool made_up;                  /* its modes are the mount's; a new file's are limited by the umask */
    mode_t umask;
};

struct beat;

struct target {
    int root, top, lock;
    struct beat *beat;             /* a reference; NULL where there is none */
    int sync;                      /* opened on the replica's filesystem before anything was written to it */
    char *name;                    /* the database's */
    struct filesystem fs;          /* of top, or of root while there is no top */
    bool plain;                    /* as of the source */
    dev_t end_dev;                 /* of the nearest folder that was there, whose traits were recalled */
    bool elsewhere;                /* .autobackup lies on another filesystem than the replica */
    dev_t dev;                     /* of .autobackup: a folder in the replica may be of another (a subvolume) */
    struct holds holds;
    struct versions versions;
    struct manifest manifest;
    struct opened opened;          /* folders of the replica */
    long partials;                 /* large files of the replica that were cut short, */
    int64_t partial_bytes;         /* and the room they take */
    bool is_short;                 /* there is no room for all: */
    int64_t room;                  /* that is how much (bytes), */
    struct map left_out;           /* and hashes of the paths of files that it is not for */
};

/* A directory that a repair works in, as it was. */
struct remembered {
    struct remembered *next;
    char *path;                    /* relative to the replica */
    struct stat before;
};

struct stream;
struct refusals;
struct originals;
struct extras;

struct work {
    const struct transfer_request *request;
    const atomic_bool *cancel;     /* may be NULL */
    struct source source;
    struct target target;
    bool same_filesystem;
    atomic_bool clone;             /* FICLONE is worth a try */
    struct catalog_files catalog;  /* these are never opened */
    atomic_bool left;              /* a temp could not be removed, or a foreign file waits under a name of ours */
    atomic_bool partial;           /* a large file's temp was kept, to go on with */
    struct report report;
    struct refusals *refusals;     /* NULL: of a repair, or of what is put together from versions */
    struct originals *originals;   /* NULL: likewise */
    struct extras *extras;         /* NULL: likewise */
    struct twins twins;
    struct twins *layers;          /* of each of the request's layers */
    size_t layer_count;
    struct remembered *remembered;
    struct stream *stream;         /* of the fan that reads the source */
    struct stage stage;
    struct kin kin;
    struct buf rotten;             /* of struct taken: sources that are not what they should be (copy/rot.h) */
    pthread_mutex_t lock;          /* of failure and rotten */
    struct error failure;          /* the first that ended the work */
    atomic_bool stop;              /* there is one */
    atomic_int grave;              /* names that failed in a row with what may be the whole destination's trouble */
};

/* End the work: an error of the whole destination. Takes err's contents; only the first counts. */
void work_fail(struct work *w, struct error *err);

/* The same for an errno (positive); thing: what failed ("sync", "manifest"). Returns -errnum. */
int work_fail_errno(struct work *w, int errnum, const char *thing);

/*
 * A name failed at the destination with this (positive) errno: is it the whole destination's trouble? Where it may be
 * (fault_is_grave), the disk itself is asked, and says so by not taking a small file of ours either; or it has failed at many
 * names in a row. Then the work is ended as by work_fail_errno and the answer is true. Else the trouble is that name's alone.
 */
bool work_ask(struct work *w, int errnum, const char *thing);

/* A name arrived. */
void work_goes_on(struct work *w);

/* The same for who only has a database's root: may this (positive) errno be the whole disk's trouble, and is it? */
bool work_is_disk_gone(int root, int errnum);

/* What both filesystems make of times, the source's left, and what the request passes over. */
struct traits_pair work_traits(const struct work *w);

bool work_ending(const struct work *w);    /* failed or cancelled */

/* Is this file, which is about to be opened or replaced, one of the catalog's own? Never touch those. */
bool work_is_catalog(const struct work *w, dev_t dev, int dir, const char *name);

/*
 * Open a file below `top` (path: relative to it, not followed) to read it. A descriptor, -EBUSY for one of the catalog's,
 * or -errno.
 */
int work_open_file(const struct work *w, int top, const char *path);

#endif
