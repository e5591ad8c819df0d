/*
 * The operation's row in the catalog: what ran, where, and how it went.
 */
#ifndef AUTOBACKUP_COPY_JOURNAL_H
#define AUTOBACKUP_COPY_JOURNAL_H

#include <stdint.h>

#include "copy/manifest.h"
#include "index/catalog.h"

struct journal {
    struct catalog *cat;       /* a connection of its own; borrowed */
    const char *operation;
    const char *run;           /* see transfer_request; may be NULL */
};

/* Write the row as "running". source: replica id; target: the database's name. 0 or -errno. */
int journal_start(struct journal *j, const char *kind, int64_t source, const char *target, struct error *err);

/* What stands in a row. Strings are borrowed. */
struct journal_entry {
    const char *kind, *project, *category, *source, *target;
};

/* The same from names: for operations that have no replica as their source. 0 or -errno. */
int journal_enter(struct journal *j, const struct journal_entry *entry, struct error *err);

/* Durable so far. A catalog that is busy is asked again with the next batch. */
void journal_progress(struct journal *j, int64_t files, int64_t bytes);

/*
 * The outcome. state: "done", "partial", "failed", "cancelled"; message may be NULL. manifest: the operation's, whose
 * counts stand in the row for when its disk is not there; left out where they are not of the whole operation, or with NULL
 * for one that has none. 0 or -errno.
 */
int journal_end(struct journal *j, const char *state, int64_t files, int64_t bytes, const struct manifest *manifest,
                const char *message, struct error *err);

/* For who holds the lock of the database `target`: other operations that are "running" there are dead. */
void journal_bury(struct journal *j, const char *target);

/*
 * The name of the database with this identity (at this root, should there be two), to be freed; NULL when unknown.
 */
char *journal_database_name(struct catalog *cat, const char *identity, const char *root);

#endif
