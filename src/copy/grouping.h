/*
 * Which names are one file (hard links): on the source, and at the destination, in the order of a pass of the plan.
 */
#ifndef AUTOBACKUP_COPY_GROUPING_H
#define AUTOBACKUP_COPY_GROUPING_H

#include <stdbool.h>
#include <stdint.h>

#include "copy/classify.h"
#include "copy/map.h"
#include "index/merge.h"

/* Zero it to start a pass. */
struct grouping {
    struct map firsts;     /* key of a file of the source -> struct first, owned */
    struct map held;       /* key of a file at the destination -> the key of the source's that is there under its first name */
};

/* A file's first name. */
struct first {
    char *path;            /* relative to the replica, owned */
    uint64_t place;        /* key of the file at the destination that stays under that name; 0: another one comes there */
};

struct grouping_rules {
    bool joins;            /* names that are one file at the source become one at the destination */
    bool parts;            /* and those that are several, several: not where the source could not have links */
    const struct map *outside;    /* like firsts: names that come before all others; may be NULL */
};

/*
 * What all names of one file share: a key for maps of a replica's files. Inodes alone are unique only in one device, and a
 * replica may lie on several (btrfs: each subvolume is one); size and times tell those apart, but for a snapshot's (whoever makes
 * links looks at the files themselves: hardlink.h). Never 0.
 */
uint64_t grouping_key(const struct entry *e);

/* Has it other names, as far as one name tells? NULL: no. */
bool grouping_has_names(const struct entry *e);

/* To be freed with first_free. */
struct first *first_new(const char *dir, const char *name, uint64_t place);
void first_free(void *first);

/* The first name of the file `e`, seen before; NULL when this one, dir/e->name, is the first. Borrowed. */
const char *grouping_leader(struct grouping *g, const char *dir, const struct entry *e);

/*
 * Judge a name that the source has, after all else of it was judged: what is the same, and yet not one file with what it is one
 * with at the source (or one with what it is not), becomes CHANGED, with verdict->regroups. Returns the leader as above.
 */
const char *grouping_judge(struct grouping *g, const struct grouping_rules *rules, const char *dir,
                           const struct merge_pair *pair, struct verdict *verdict);

void grouping_free(struct grouping *g);

#endif
