/*
 * The plan: walks two replicas' listings side by side and judges every name. It holds no list of what is to do,
 * so its memory does not grow with the replicas: each pass judges anew.
 */
#ifndef AUTOBACKUP_COPY_PLAN_H
#define AUTOBACKUP_COPY_PLAN_H

#include <stdatomic.h>

#include "copy/classify.h"
#include "copy/map.h"
#include "copy/report.h"
#include "index/merge.h"

struct plan {
    struct catalog *cat;
    int64_t source, target;             /* replica ids; target 0: it has nothing */
    struct classify_options options;
    const atomic_bool *cancel;          /* may be NULL */
    const atomic_bool *stop;            /* likewise: another reason to end early */
    /* state of a pass */
    struct map blocked;                 /* hashes of paths below which nothing may be touched */
    struct map leaders;                 /* inode -> char *: path of its first name, owned */
};

/* One name, judged. Valid during the call. */
struct plan_name {
    const struct merge_dir *dir;
    const struct merge_pair *pair;
    const char *name;                   /* "" for the replica's top itself */
    const struct verdict *verdict;
    const char *leader;                 /* path of another name of the same source file, seen before; or NULL */
};

struct plan_visitor {
    /* Called before the names of each directory that is not blocked; may be NULL. Below 0 ends the pass. */
    int (*dir)(void *arg, const struct merge_dir *dir);
    int (*name)(void *arg, const struct plan_name *name);
    /* Called for the names of directories that are blocked; may be NULL. */
    void (*blocked)(void *arg, const struct merge_pair *pair);
    void *arg;
};

/* One pass over everything. 0, -ECANCELED, what the visitor returned, or -errno with err. */
int plan_pass(struct plan *p, const struct plan_visitor *visitor, struct error *err);

/* From within a pass: touch nothing below this path any more. */
void plan_block(struct plan *p, const char *dir, const char *name);

/* A pass that counts. */
int plan_count(struct plan *p, struct plan_counts *ret_counts, struct error *err);

void plan_free(struct plan *p);

/* "dir/name", to be freed. */
char *plan_join(const char *dir, const char *name);

#endif
