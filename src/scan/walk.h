/*
 * The parallel walker: reads directory trees and hands each directory, sorted, to a visitor.
 *
 * Relative to descriptors, follows no symlink, opens nothing that is no directory, stays on its mount, any depth.
 * Work is one shared LIFO: memory is bounded by what hangs between the tops and where the threads are, not by
 * the trees. Directories' descriptors stay open for their children while there are enough of them; past that,
 * a child is opened by its path from the nearest ancestor that is still open.
 */
#ifndef AUTOBACKUP_SCAN_WALK_H
#define AUTOBACKUP_SCAN_WALK_H

#include <stdatomic.h>
#include <stddef.h>

#include "index/listing.h"

/* One directory, read. Everything is valid during the visit only. */
struct walk_dir {
    void *tree;                     /* the `user` of the tree it belongs to */
    const char *path;               /* relative to the tree's top, "" for the top; ends in a NUL */
    size_t path_len;
    const struct entry *entries;    /* sorted by name; the top's begin with its own entry, named "" */
    size_t count;
    const struct entry *temps;      /* names of our temps' pattern, which are no entries */
    size_t temp_count;
    int err;                        /* positive errno that ended the reading early, or prevented it */
};

struct walk_tree {
    const char *path;               /* relative to the walk's root; the caller's, until walk_run returns */
    void *user;
};

struct walk_options {
    int jobs;                       /* threads; 0: walk_default_jobs */
    const atomic_bool *cancel;      /* may be NULL */
    /* Called on the walker's threads, many at once. A value below 0 stops the walk and is its result. */
    int (*visit)(const struct walk_dir *dir, void *arg);
    /* Called once per tree after its last visit has returned, on any of the threads. Not after a stop. */
    int (*finish)(void *tree, void *arg);
    void *arg;
};

/* Threads worth having for the filesystem of this descriptor: more than cores, since a cold disk makes them wait. */
int walk_default_jobs(int root);

/*
 * Walk the trees, each once, below the directory `root` (left open). Blocks until done.
 * 0, a visitor's negative value, -ECANCELED, or -errno when no thread could be started.
 */
int walk_run(int root, const struct walk_tree *trees, size_t count, const struct walk_options *options);

#endif
