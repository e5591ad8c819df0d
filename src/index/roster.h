/*
 * The roster: the rows of a database that a load starts from and ends with - the database itself, the categories,
 * its replicas, its client folders and loose entries.
 */
#ifndef AUTOBACKUP_INDEX_ROSTER_H
#define AUTOBACKUP_INDEX_ROSTER_H

#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "index/catalog.h"
#include "index/filesystem.h"

struct roster_category {
    int64_t id;
    const char *path;
};

struct roster_replica {
    int64_t id, category, loaded_at, directories;
    const char *client, *project;
};

struct roster {
    struct arena strings;
    const char *name, *path, *identity;    /* identity NULL: never seen */
    struct roster_category *categories;
    struct roster_replica *replicas;       /* sorted by category, client, project (bytes) */
    size_t category_count, replica_count;
};

/* One replica to look for: what a load can be restricted to. */
struct roster_only {
    int64_t category;         /* catalog id */
    char *client, *project;   /* folder names */
};

/*
 * Read it: all replicas of the database, or (count above 0) only those of `only` that are known.
 * -ENOENT (code ENONAME) when there is no such database.
 */
int roster_read(struct catalog *cat, int64_t database, const struct roster_only *only, size_t count,
                struct roster *ret_roster, struct error *err);
void roster_free(struct roster *r);

/* The replica of that category, client and project, or NULL. */
const struct roster_replica *roster_find(const struct roster *r, int64_t category, const char *client,
                                         const char *project);

/*
 * Inside a transaction: is the database still the disk that the roster is of, and does each of its categories lie where
 * it did? 0; -ESTALE (code ECHANGED) when something was removed or replaced meanwhile; or -errno.
 */
int roster_check(struct catalog *cat, int64_t database, const struct roster *r, struct error *err);

/* Inside the caller's transaction: note a whole load. */
int roster_loaded(struct catalog *cat, int64_t database, int64_t at, struct error *err);

/* The same: note what its filesystem is, as filesystem_of has it. */
int roster_lies_on(struct catalog *cat, int64_t database, const struct filesystem *fs, struct error *err);

/* What a database holds, added up from its rows. errors: what could not be read, categories, clients and projects too. */
struct roster_sums {
    int64_t clients, projects, replicas, files, bytes, errors, loose;
};
int roster_sums(struct catalog *cat, int64_t database, struct roster_sums *ret_sums, struct error *err);

#endif
