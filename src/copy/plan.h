/*
 * The plan: walks two replicas' listings side by side and judges every name. It holds no list of what is to do,
 * so its memory does not grow with the replicas: each pass judges anew.
 */
#ifndef AUTOBACKUP_COPY_PLAN_H
#define AUTOBACKUP_COPY_PLAN_H

#include <stdatomic.h>

#include "copy/classify.h"
#include "base/map.h"
#include "copy/only.h"
#include "copy/report.h"
#include "index/grouping.h"
#include "index/merge.h"

struct plan_name;

struct plan {
    struct catalog *cat;
    int64_t source, target;             /* replica ids; target 0: it has nothing */
    const struct snapshot *snapshot;    /* the source instead of what lies there now; NULL */
    struct classify_options options;
    struct only *only;                  /* what it is about; NULL: all. plan_scout comes before the first pass then */
    int (*same_content)(void *arg, const struct plan_name *name);    /* read what looks the same (copy/settle.h); NULL */
    void *content_arg;
    int (*same_extras)(void *arg, const struct plan_name *name, bool *ret_source);    /* look at attributes that may differ (copy/extras.h); NULL */
    void *extras_arg;
    int (*gap)(void *arg, const char *path);    /* of a mirror: why a folder was not read (copy/gaps.h); NULL: all was */
    void *gap_arg;
    int (*refused)(void *arg, const struct plan_name *name);         /* what it did not take before (copy/refusals.h); NULL */
    void *refused_arg;
    bool (*original)(void *arg, const struct plan_name *name, struct entry *left);    /* what of its rights the source did not take (copy/original.h); NULL */
    void *original_arg;
    bool (*unheld)(void *arg, const struct plan_name *name, bool mirror, struct verdict *verdict);    /* copy/unheld.h; NULL */
    void *unheld_arg;
    bool (*is_one)(void *arg, bool left, const char *path, const char *dir, const char *name);    /* grouping_rules.is_one; NULL */
    uint64_t (*device)(void *arg, bool left, const char *dir);    /* grouping_rules.device, of the same arg; NULL */
    void *is_one_arg;
    int (*look)(void *arg, const struct plan_name *name);    /* of plan_count: at each name; below 0 ends it (copy/nested.h); NULL */
    void *look_arg;
    struct map respelled;               /* hash of a path -> char *: its other spelling (copy/respell.h), owned */
    bool respell_first;                 /* those are going to be one name before anything else: it is a dry run */
    const atomic_bool *cancel;          /* may be NULL */
    const atomic_bool *stop;            /* likewise: another reason to end early */
    struct map cleared;                 /* hashes of paths whose other type is gone from the destination (copy/retype.h), */
    bool is_cleared;                    /* when that was done; what is RETYPED since then stays as it is, and was reported */
    /* what plan_scout found */
    struct map needed;                  /* hashes of directories of the source that lead to what it is about */
    struct map outside;                 /* grouping_key -> struct first: a name in place already and not asked for, owned */
    /* state of a pass */
    enum only_extent extent;            /* of the directory at hand */
    struct map blocked;                 /* hashes of paths below which nothing may be touched */
    struct grouping grouping;
};

/* One name, judged. Valid during the call. */
struct plan_name {
    const struct merge_dir *dir;
    const struct merge_pair *pair;
    const char *name;                   /* "" for the replica's top itself */
    const struct verdict *verdict;
    bool socket;                        /* the source has a socket of that name, which is nothing: the pair is without it */
    bool stays;                         /* an extra that a mirror leaves: the source could not have it */
    bool retyped;                       /* it is NEW because what was there of another type is gone */
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

/*
 * With plan->only: look at both sides' names to know which directories lead to those it is about, and which of them
 * are further names of files that the destination has under a name that was not asked for. Counts names of the source
 * (with_target: of the destination too) for only_hits. 0, -ECANCELED, or -errno with err.
 */
int plan_scout(struct plan *p, bool with_target, struct error *err);

/*
 * Within a pass: is the directory at hand wholly what the plan is about, so that its own metadata is, too? One that is
 * not stays as it is, its time too; where it has to be made it is made like the source's.
 */
bool plan_is_whole(const struct plan *p);
bool plan_is_needed(const struct plan *p, const char *path, size_t len);    /* made when it is missing */

/*
 * One pass over everything it is about: names of directories that only lead there are visited where these have to be
 * made, or are in the way. 0, -ECANCELED, what the visitor returned, or -errno with err. */
int plan_pass(struct plan *p, const struct plan_visitor *visitor, struct error *err);

/* From within a pass: touch nothing below this path any more. */
void plan_block(struct plan *p, const char *dir, const char *name);

/* A pass that counts. */
int plan_count(struct plan *p, struct plan_counts *ret_counts, struct error *err);

bool plan_asked_to_end(const struct plan *p);    /* cancelled, or stopped */

void plan_free(struct plan *p);

/* merge_open of its two sides. */
int plan_merge(struct plan *p, struct merge **ret_merge, struct error *err);

/* Is this name an extra one? A socket holds no data, and stays: but for one in a folder that the source has not, which could not go else. */
bool plan_is_extra(const struct plan_name *name);

/* How names that are one file are judged. */
struct grouping_rules plan_grouping_rules(const struct plan *p);

/* "dir/name", to be freed. */
char *plan_join(const char *dir, const char *name);

#endif
