/*
 * The shape of a studio's disk: which clients, projects, shots and frames there are, for a given number of files.
 * Both the trees on disk (maketree.c) and the simulated catalogs (catalog.c) are made from it, so they are alike.
 *
 * Of each project 60 % of the files are rendered frames (100 in a folder), 20 % caches (200 in a folder), 8 %
 * footage (25 in a folder) and 12 % assets (8 in a folder and 4 in one below): 28 files per directory on average.
 */
#ifndef AUTOBACKUP_TESTS_BENCH_SHAPE_H
#define AUTOBACKUP_TESTS_BENCH_SHAPE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define SHAPE_CATEGORIES 4
extern const char *const shape_names[SHAPE_CATEGORIES];    /* of the categories, as users call them */
extern const char *const shape_paths[SHAPE_CATEGORIES];    /* below a database's root */

struct shape {
    uint64_t files;             /* of all projects together */
    uint64_t per_project;       /* files of one project; 0: chosen from files */
    int category;               /* all files in this one, or -1 */
    uint64_t min_size, max_size;
    unsigned part, parts;       /* only the projects whose number modulo parts is part; parts 0: all */
    unsigned variant;           /* above 0: about one file of 200 has another size and time than in variant 0 */
};

struct shape_entry {
    char name[40];
    bool is_dir;
    uint64_t size;              /* bytes; of a file */
    int64_t mtime;              /* ns since 1970 */
};

/* One directory of a replica. Valid during the visit only; entries are not sorted. */
struct shape_dir {
    int category;
    const char *client, *project;
    const char *path;           /* below the replica, "" for its top, which comes first; parents before children */
    const struct shape_entry *entries;
    size_t count;
    uint64_t number;            /* of the first entry; numbers are unique in one shape */
};

/* Visit every directory of the shape. A visitor's value other than 0 ends it and is returned. */
int shape_each(const struct shape *shape, int (*visit)(const struct shape_dir *dir, void *arg), void *arg);

#endif
