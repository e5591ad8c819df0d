/*
 * The directories that a find looks through, or that are added up, in pieces for its threads.
 */
#ifndef AUTOBACKUP_INDEX_UNITS_H
#define AUTOBACKUP_INDEX_UNITS_H

#include "index/search.h"

/* Runs of ids, or single ones where only some replicas' directories are wanted. */
struct units {
    int64_t first, last;      /* ids of the catalog's first and last directory */
    int64_t *ids;             /* the wanted ones by replica and path; NULL: all from first to last */
    size_t id_count, id_room;
    size_t count;             /* units; 0: nothing to look through */
};

/*
 * Cut up the directories of replicas (NULL: of all). Reading the catalog from end to end is quicker than going to
 * each directory, unless the replicas hold a small part of it. 0 or -errno; units_free in either case.
 */
int units_plan(struct catalog *cat, const int64_t *replicas, size_t replica_count, struct units *ret_units,
               struct error *err);
void units_free(struct units *u);

/* What is done with the directories of ids first to last: 0 or -errno. */
typedef int units_fn(void *arg, int64_t first, int64_t last, struct error *err);

/* Call fn for each run of ids of one unit, until one fails. 0 or what fn returned. */
int units_each(const struct units *u, size_t unit, units_fn *fn, void *arg, struct error *err);

/* Look through one unit. As search_range. */
int units_search(const struct units *u, size_t unit, struct search *s, struct found_list *out, struct error *err);

#endif
