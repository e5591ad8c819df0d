/*
 * Looking for entries in one directory after the other: what each thread of a find (find.h) does. Names are looked
 * at first, and the rest of an entry is read only where its name matches.
 */
#ifndef AUTOBACKUP_INDEX_SEARCH_H
#define AUTOBACKUP_INDEX_SEARCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "index/catalog.h"

/* Which entries are wanted: all that is set must hold. Strings belong to whoever made it. */
struct search_filter {
    const int64_t *replicas;  /* catalog ids, sorted; NULL: every replica */
    size_t replica_count;
    const char *pattern;      /* glob.h; NULL: any name */
    size_t pattern_len;
    unsigned pattern_flags;
    bool whole_path;          /* the pattern is for the path in the replica, not for the name */
    uint32_t kind;            /* S_IFREG...; 0: any */
    int64_t larger;           /* bytes: only what has more; -1: any */
    int64_t newer, older;     /* ns since 1970: mtime above, below; INT64_MIN and INT64_MAX: any */
};

/* One entry. */
struct found {
    int64_t replica;          /* catalog id */
    const char *path;         /* in the replica, ends in a NUL; NULL until found_list_seal */
    uint32_t path_len, mode;
    int err;                  /* positive errno when it could not be read; else 0 */
    bool damaged;             /* no entry: the catalog's listing of this directory is damaged, and was not looked through */
    uint64_t size;
    int64_t mtime;            /* ns since 1970 */
};

/* Entries as they are found, by directory and name. Zero it to start. */
struct found_list {
    struct found *items;
    size_t count, room;
    struct buf paths;         /* of all items, one behind the other */
};
void found_list_seal(struct found_list *list);    /* nothing comes to it any more: give the items their paths */
void found_list_free(struct found_list *list);

struct search;

/* Start looking with a connection of its own. filter must outlive it. 0 or -errno. */
int search_open(const char *catalog, const struct search_filter *filter, struct search **ret_search,
                struct error *err);
void search_close(struct search *s);    /* NULL is fine */

struct catalog *search_catalog(struct search *s);

/* Order of catalog ids, for qsort. */
int search_compare_ids(const void *a, const void *b);

/*
 * Add what is found in the directories of ids first to last. No read transaction stays open. 0 or -errno
 * (-EBADMSG, code ECORRUPT: a damaged listing).
 */
int search_range(struct search *s, int64_t first, int64_t last, struct found_list *out, struct error *err);

#endif
