/*
 * Which names are one file (hard links), here and there: one side's are the source's for a copy, and the left ones for who only
 * compares. Names come in the order of a merge.
 */
#ifndef AUTOBACKUP_INDEX_GROUPING_H
#define AUTOBACKUP_INDEX_GROUPING_H

#include <stdbool.h>
#include <stdint.h>

#include "base/map.h"
#include "index/merge.h"

/* Zero it to start. */
struct grouping {
    struct map firsts;     /* key of a left file -> struct first, owned */
    struct map held;       /* key of a right file -> struct first: its name, and the key of the left one that is there, owned */
    char *dir;             /* the folder that was asked about last, owned; NULL: none */
    uint64_t devices[2];   /* of it, right and left; 0: not asked yet */
};

/* A file's first name. */
struct first {
    char *path;            /* relative to the replica, owned */
    uint64_t place;        /* key of the other side's file under that name; 0: another one comes there */
    struct first *next;    /* where nobody can look at the files: what else the other side has under names with this key */
    uint32_t seen, nlink;  /* likewise: names at that place so far, and how many the file has */
};

struct grouping_rules {
    bool joins;            /* names that are one file on the left are to be one on the right */
    bool parts;            /* and those that are several, several */
    const struct map *outside;    /* like firsts: names that come before all others; may be NULL */
    /* Asked before a name regroups: are these two, as one key says, one file on the left (or on the right)? NULL: they are. */
    bool (*is_one)(void *arg, bool left, const char *path, const char *dir, const char *name);
    uint64_t (*device)(void *arg, bool left, const char *dir);    /* what tells the device of this folder's files, never 0; NULL: all is one */
    void *arg;
};

/*
 * What all names of one file share: a key for maps of a replica's files. Inodes alone are unique only in one device, and a
 * replica may lie on several (btrfs: each subvolume is one); size and times tell those apart, but for a snapshot's, where it takes
 * rules->device (whoever makes links looks at the files themselves: hardlink.h). dir: the entry's folder. Never 0.
 */
uint64_t grouping_key(struct grouping *g, const struct grouping_rules *rules, bool left, const char *dir, const struct entry *e);

/* Has its file other names? Directories have none, and those of sockets are nothing to copy. NULL: no. */
bool grouping_has_names(const struct entry *e);

/* To be freed with first_free. */
struct first *first_new(const char *dir, const char *name, uint64_t place);
void first_free(void *first);

/* The first name of the right file `e`, seen before; NULL when this one, dir/e->name, is the first. Borrowed. */
const char *grouping_leader(struct grouping *g, const struct grouping_rules *rules, const char *dir, const struct entry *e);

/*
 * Judge a name that the left side has, and that is no directory. stays: the right side has the same, or what is as good.
 * *ret_regroups: so it stays, and yet is not one file with what it is one with on the left (or one with what it is not). Returns
 * the leader as above.
 */
const char *grouping_judge(struct grouping *g, const struct grouping_rules *rules, const char *dir,
                           const struct merge_pair *pair, bool stays, bool *ret_regroups);

/*
 * At the end, of whoever cannot look at the files (no is_one): so many names were judged to regroup, and do not. More names of one
 * key than a file has are those of several files (a snapshot's); where the other side has each of these whole, nothing is wrong.
 */
int64_t grouping_excess(const struct grouping *g);

void grouping_free(struct grouping *g);

#endif
