/*
 * What lies beside the categories of a database: folders and files that no load reads and no copy takes. They are
 * found and measured, so that nobody believes them backed up.
 */
#ifndef AUTOBACKUP_SCAN_OUTSIDE_H
#define AUTOBACKUP_SCAN_OUTSIDE_H

#include <stdatomic.h>

#include "base/arena.h"
#include "index/places.h"
#include "index/roster.h"

struct outside {
    struct arena strings;
    struct place *places;    /* paths are relative to the database; in no order */
    size_t count, room;
    const char **unread;     /* folders that could not be read as a whole; "" is the root itself */
    size_t unread_count;
};

/*
 * Find them: at the database's root and in the folders above its categories. What systems keep there (lost+found,
 * trash cans, .DS_Store...) and what is ours is left out. Sizes of folders are not known yet. What lies in a folder that
 * could not be read is not found, nor is it absent. Zero *ret_outside first.
 */
void outside_find(int root, const struct roster *roster, struct outside *ret_outside);

/* Measure the folders, in at most `budget` ns shared fairly among them; what did not fit is "at least". */
void outside_measure(int root, struct outside *o, int64_t budget, const atomic_bool *cancel);

void outside_free(struct outside *o);

#endif
