/*
 * The catalog: the SQLite file that remembers every database. This header opens it and runs statements; the
 * schema stands in schema.c, the replicas' listings in replica.h, their comparison in merge.h.
 *
 * A struct catalog is one connection and belongs to one thread at a time. Every job opens its own.
 * Codes of its errors: ECORRUPT (damaged: move it away and load again), EBUSY (another program holds it too
 * long), EROFS (it can only be read), ECATALOG (anything else SQLite says), EVERSION (made by a newer version of this program).
 */
#ifndef AUTOBACKUP_INDEX_CATALOG_H
#define AUTOBACKUP_INDEX_CATALOG_H

#include <stdbool.h>
#include <stdint.h>
#include <sqlite3.h>

#include "base/error.h"

struct catalog;

/*
 * Open the catalog at path, making it and the folders above it (0700) when missing, and bring its schema up to
 * date. One that cannot be written is opened for reading: what writes to it fails with EROFS. 0 or -errno with err.
 * A few that were closed rest until this path is opened again, by any thread, or the process exits; not those whose file is
 * no longer the one at the path.
 */
int catalog_open(const char *path, struct catalog **ret_catalog, struct error *err);
void catalog_close(struct catalog *cat);                 /* NULL is fine */

/* End those that rest: the file holds everything then, unless another one is open. */
void catalog_release(void);

/* This connection gets settings or temporary tables of its own: at its end it is closed, for nobody else to meet them. */
void catalog_own(struct catalog *cat);

const char *catalog_path(const struct catalog *cat);     /* as given to catalog_open */
bool catalog_is_readonly(const struct catalog *cat);     /* it cannot be written */
sqlite3 *catalog_handle(struct catalog *cat);            /* for the few who bind and step on their own */

/* Turn an SQLite result code into an error about this catalog. Returns -errno. */
int catalog_fail(struct catalog *cat, int sqlite_code, struct error *err);

/* Run SQL text without parameters or results. */
int catalog_exec(struct catalog *cat, const char *sql, struct error *err);

/* Prepare a statement, which the caller finalizes. */
int catalog_prepare(struct catalog *cat, const char *sql, sqlite3_stmt **ret_stmt, struct error *err);

/*
 * The same for a statement that is needed again and again: it is prepared once and kept with the catalog. sql is known
 * by its address: give it a constant. Give it back with catalog_give_back before it is asked for again.
 */
int catalog_borrow(struct catalog *cat, const char *sql, sqlite3_stmt **ret_stmt, struct error *err);
void catalog_give_back(sqlite3_stmt *stmt);

/*
 * Ask a borrowed statement for its first row. sql: as above, with one parameter, id. row is called with it, unless there is
 * none. 1: there was one; 0: there was none; -errno.
 */
int catalog_ask(struct catalog *cat, const char *sql, int64_t id, void (*row)(sqlite3_stmt *stmt, void *arg), void *arg,
                struct error *err);

/*
 * What this connection's work rests on is looked at in each of its transactions: `check` is called in every catalog_begin,
 * which fails and leaves none open when it does. NULL: nothing is.
 */
void catalog_rest_on(struct catalog *cat, int (*check)(struct catalog *cat, void *arg, struct error *err), void *arg);

/* BEGIN IMMEDIATE, COMMIT, and a rollback that keeps errno and err as they are. */
int catalog_begin(struct catalog *cat, struct error *err);
int catalog_commit(struct catalog *cat, struct error *err);
void catalog_rollback(struct catalog *cat);

/* PRAGMA quick_check: 0, or -EBADMSG with the first thing found. */
int catalog_check(struct catalog *cat, struct error *err);

/* The catalog and its companions (-wal, -shm), while a connection that has read it is open. */
struct catalog_files {
    const char *path;         /* borrowed */
    uint64_t dev;             /* of the folder they lie in; 0: there is none */
    uint64_t inodes[3];
    bool all;                 /* these are all; else there may be a -journal, which comes and goes */
};
void catalog_find_files(const char *catalog_path, struct catalog_files *ret_files);

/* True when a file of this device and inode is the catalog or one of its companions. */
bool catalog_owns(const struct catalog_files *files, uint64_t dev, uint64_t ino);

#endif
