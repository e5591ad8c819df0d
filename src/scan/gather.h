/*
 * Gathering: turns what the walker visits into replica updates, on its threads, and hands each finished replica to
 * the one thread that writes the catalog. What waits to be written is bounded.
 */
#ifndef AUTOBACKUP_SCAN_GATHER_H
#define AUTOBACKUP_SCAN_GATHER_H

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/job.h"
#include "index/store.h"
#include "scan/litter.h"
#include "scan/walk.h"

struct gather;

/* One replica being walked: the `user` of its walk_tree. */
struct gathered {
    struct gathered *next;            /* in a list of the writer's */
    struct gather *gather;
    const char *path;                 /* relative to the database, for messages; the caller's */
    struct replica_update update;     /* filled in as directories are visited; strings are the caller's */
    struct directory_update *changed;
    struct unread *unread;
    pthread_mutex_t lock;
    size_t held;                      /* bytes of listings in `changed` */
};

/*
 * job: gets problem events, and is asked whether to stop. known, litter: outlive the gathering; the latter gets the names of our
 * own pattern.
 */
struct gather *gather_new(struct job *job, struct known *known, struct litter *litter);
void gather_free(struct gather *g);

void gathered_init(struct gathered *w, struct gather *g, const char *path);
void gathered_clear(struct gathered *w);     /* free what it holds; not w itself */

/* For struct walk_options, with the gather as arg. */
int gather_visit(const struct walk_dir *dir, void *arg);
int gather_finish(void *tree, void *arg);

/* The walk is over: gather_wait returns at once from now on. */
void gather_close(struct gather *g);

/* What the writer gets: a replica that is finished, or a part of a large one that is not. */
struct gather_item {
    struct gather_item *next;
    struct gathered *of;
    struct directory_update *part;    /* owned; NULL: `of` is finished */
    size_t held;                      /* bytes */
};

/*
 * For the writer: wait until there is something, the walk is over, or `timeout` ns have passed.
 * Returns a list, oldest first (free each; NULL when there is nothing); *ret_closed: nothing comes any more.
 */
struct gather_item *gather_wait(struct gather *g, int64_t timeout, bool *ret_closed);

/* What was read so far. */
struct gather_counts {
    int64_t directories, files, bytes;
};
struct gather_counts gather_counts(struct gather *g);

#endif
