/*
 * The threads that read files back.
 */
#ifndef AUTOBACKUP_VERIFY_READERS_H
#define AUTOBACKUP_VERIFY_READERS_H

#include <stdatomic.h>
#include <stdbool.h>

#include "base/job.h"
#include "index/catalog.h"
#include "index/filesystem.h"
#include "verify/desk.h"

/* What they share. Set up by the caller, who owns all of it. */
struct reading {
    struct job *job;               /* whose progress they show; NULL: nobody's */
    const char *replica;           /* its path in the database, for messages */
    int top;                       /* its directory */
    dev_t dev;
    struct filesystem fs;
    struct catalog_files catalog;  /* these are never opened */
    bool cached;
    atomic_bool stop;              /* end soon: leave what is not read */
    struct desk *desk;
    int64_t files_total, bytes_total;
    atomic_llong files, bytes;     /* read so far */
};

struct readers;

/* How many are worth it: wanted if above 0; else one where seeking costs, some more elsewhere. */
int readers_worth(const struct reading *shared, int wanted);

/* Start `count` of them. They end when the desk is closed and empty. 0 or -errno. */
int readers_start(struct reading *shared, int count, struct readers **ret_readers, struct error *err);
void readers_join(struct readers *r);    /* close the desk, wait for them, free; NULL is fine */

#endif
