/*
 * Entries of any number of replicas by name, kind, size and time, from the catalog alone: several threads look
 * through the listings (search.h), and what they find is pulled from here.
 *
 * All functions are for one thread, the owner's.
 */
#ifndef AUTOBACKUP_INDEX_FIND_H
#define AUTOBACKUP_INDEX_FIND_H

#include "index/search.h"

struct find;

struct find_request {
    struct search_filter filter;    /* its strings and ids are copied; the ids need not be sorted */
    bool sorted;                    /* by replica (id) and path: all is found before the first one is handed out */
    int64_t limit;                  /* stop after that many; 0: none */
    int threads;                    /* 0: chosen */
};

/*
 * Start. catalog: its path. Without `sorted` entries come directory by directory, in the order in which the
 * catalog keeps them, or by replica and path where the filter asks for a small part of it. No read transaction
 * outlasts a few directories: what a load writes meanwhile may be among what is found. 0 or -errno.
 */
int find_start(const char *catalog, const struct find_request *request, struct find **ret_find, struct error *err);

/*
 * The next entry: 1, valid until find_close when sorted, else until the next call; 0 at the end; -EAGAIN when none
 * came within `timeout` (nanoseconds, negative: for ever); any other -errno ends it.
 */
int find_next(struct find *f, int64_t timeout, const struct found **ret_found, struct error *err);

void find_close(struct find *f);    /* stops it; NULL is fine */

#endif
