/*
 * A catalog with databases in it, for suites that need one: built by load from real folders.
 */
#ifndef AUTOBACKUP_TESTS_LIBRARY_H
#define AUTOBACKUP_TESTS_LIBRARY_H

#include <stdint.h>

#include "index/catalog.h"

struct library {
    char folder[256];         /* holds the catalog and the databases' roots */
    char path[300];           /* of the catalog */
    struct catalog *cat;
};

/* A library with the databases `A` and `B` (ids 1, 2; empty folders A and B) and the categories `one` and
 * `two` = deep/two (ids 1, 2). */
void library_open(struct library *lib);
void library_close(struct library *lib);

/* What a load ended with. */
struct library_load {
    char code[16];            /* "" for done, else the code of failed */
    int64_t files, bytes, added, changed, removed, errors, loose, replicas;
    int problems, cancelled;
};

/* Load a database (1 or 2), with that many threads, to the end. */
struct library_load library_load(struct library *lib, int64_t database, int jobs);
struct library_load library_load_confirmed(struct library *lib, int64_t database);

/* The id of a replica, or 0. category: catalog id. */
int64_t library_replica(struct library *lib, int64_t database, int64_t category, const char *client,
                        const char *project);

/* One integer from SQL text. */
int64_t library_number(struct library *lib, const char *sql);

#endif
