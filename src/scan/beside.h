/*
 * The end of a whole load: what it found besides replicas goes to the catalog - client folders, loose entries, what lies
 * beside the categories, which categories were read, how much room there is and what versions hold.
 */
#ifndef AUTOBACKUP_SCAN_BESIDE_H
#define AUTOBACKUP_SCAN_BESIDE_H

#include <stdatomic.h>

#include "index/roster.h"
#include "scan/levels.h"

struct beside {
    struct catalog *cat;
    int64_t database;
    int root;                          /* of the database, open */
    int64_t at;                        /* when the load began, ns */
    const struct roster *roster;
    const struct levels *levels;
    const atomic_bool *cancel;
};

/* Find, measure and write what needs no transaction around all of it. 0 or -errno. */
int beside_write(const struct beside *b, struct error *err);

/* Inside the caller's transaction: note the categories as read, and what could not be. 0 or -errno. */
int beside_note_reading(const struct beside *b, struct error *err);

#endif
