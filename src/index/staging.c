#include "index/staging.h"

#include <stdlib.h>
#include <string.h>

enum { ADD, TAKE, FORGET, STATEMENTS };

static const char *const sql[STATEMENTS] = {
    [ADD] = "INSERT INTO temp.staged (key, path, print, sum, listing, linked) VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
    [TAKE] = "SELECT path, print, sum, listing, linked FROM temp.staged WHERE key = ?1",
    [FORGET] = "DELETE FROM temp.staged WHERE key = ?1",
};

struct staging {
    struct catalog *cat;
    sqlite3_stmt *stmt[STATEMENTS];
};

int staging_open(struct catalog *cat, struct staging **ret_staging, struct error *err)
{
    static const char make[] = "CREATE TEMP TABLE IF NOT EXISTS staged (key INTEGER, path BLOB, print BLOB, "
                               "sum INTEGER, listing BLOB, linked INTEGER); CREATE INDEX IF NOT EXISTS temp.staged_key ON staged (key)";
    struct staging *g = mem_zalloc(sizeof *g);

    g->cat = cat;
    catalog_own(cat);
    int code = catalog_exec(cat, make, err);
    for (int i = 0; i < STATEMENTS && !code; i++)
        code = catalog_prepare(cat, sql[i], &g->stmt[i], err);
    if (code) {
        staging_close(g);
        return code;
    }
    *ret_staging = g;
    return 0;
}

void staging_close(struct staging *g)
{
    if (!g)
        return;
    for (int i = 0; i < STATEMENTS; i++)
        sqlite3_finalize(g->stmt[i]);
    free(g);
}

static int add_one(struct staging *g, int64_t key, const struct directory_update *d, struct error *err)
{
    sqlite3_stmt *stmt = g->stmt[ADD];

    sqlite3_bind_int64(stmt, 1, key);
    sqlite3_bind_blob64(stmt, 2, d->path_len ? d->path : "", d->path_len, SQLITE_STATIC);
    sqlite3_bind_blob64(stmt, 3, d->print.bytes, DIGEST_SIZE, SQLITE_STATIC);
    sqlite3_bind_int64(stmt, 4, (int64_t)d->sum);
    sqlite3_bind_blob64(stmt, 5, d->listing.data, d->listing.len, SQLITE_STATIC);
    sqlite3_bind_int64(stmt, 6, d->linked);
    int step = sqlite3_step(stmt);
    sqlite3_reset(stmt);
    return step == SQLITE_DONE ? 0 : catalog_fail(g->cat, step, err);
}

int staging_add(struct staging *g, int64_t key, const struct directory_update *list, struct error *err)
{
    int code = catalog_exec(g->cat, "BEGIN", err);    /* of the temporary file only: nothing else is touched */

    for (const struct directory_update *d = list; d && !code; d = d->next)
        code = add_one(g, key, d, err);
    if (!code)
        code = catalog_commit(g->cat, err);
    if (code)
        catalog_rollback(g->cat);
    return code;
}

static struct directory_update row(sqlite3_stmt *stmt)
{
    struct directory_update d = {
        .path = (char *)sqlite3_column_blob(stmt, 0),
        .path_len = (size_t)sqlite3_column_bytes(stmt, 0),
        .sum = (uint64_t)sqlite3_column_int64(stmt, 2),
        .listing = {.data = (char *)sqlite3_column_blob(stmt, 3), .len = (size_t)sqlite3_column_bytes(stmt, 3)},
        .linked = sqlite3_column_int64(stmt, 4),
    };

    memcpy(d.print.bytes, sqlite3_column_blob(stmt, 1), DIGEST_SIZE);
    return d;
}

int staging_take(struct staging *g, int64_t key, int (*each)(const struct directory_update *d, void *arg), void *arg,
                 struct error *err)
{
    sqlite3_stmt *stmt = g->stmt[TAKE];
    int step, code = 0;

    sqlite3_bind_int64(stmt, 1, key);
    while (!code && (step = sqlite3_step(stmt)) == SQLITE_ROW) {
        const struct directory_update d = row(stmt);
        code = each(&d, arg);
    }
    if (!code && step != SQLITE_DONE)
        code = catalog_fail(g->cat, step, err);
    sqlite3_reset(stmt);
    if (code)
        return code;
    sqlite3_bind_int64(g->stmt[FORGET], 1, key);
    step = sqlite3_step(g->stmt[FORGET]);
    sqlite3_reset(g->stmt[FORGET]);
    return step == SQLITE_DONE ? 0 : catalog_fail(g->cat, step, err);
}
