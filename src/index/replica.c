#include "index/replica.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

void directory_free(struct directory *dir)
{
    free(dir->path);
    buf_free(&dir->listing);
    slots_free(&dir->slots);
    *dir = (struct directory){0};
}

static void take_row(sqlite3_stmt *stmt, const char *path, size_t path_len, struct directory *ret)
{
    *ret = (struct directory){.path = mem_strndup(path, path_len), .path_len = path_len};
    if (sqlite3_column_bytes(stmt, 0) == DIGEST_SIZE)
        memcpy(ret->print.bytes, sqlite3_column_blob(stmt, 0), DIGEST_SIZE);
    buf_add(&ret->listing, sqlite3_column_blob(stmt, 1), (size_t)sqlite3_column_bytes(stmt, 1));
    buf_add(&ret->slots.digests, sqlite3_column_blob(stmt, 2), (size_t)sqlite3_column_bytes(stmt, 2));
    buf_add(&ret->slots.times, sqlite3_column_blob(stmt, 3), (size_t)sqlite3_column_bytes(stmt, 3));
}

static void take_complete(sqlite3_stmt *stmt, void *arg) { *(bool *)arg = sqlite3_column_int64(stmt, 0) == 0; }

int replica_is_complete(struct catalog *cat, int64_t replica, bool *ret_complete, struct error *err)
{
    static const char sql[] = "SELECT errors FROM replica WHERE id = ?1";

    *ret_complete = false;
    int code = catalog_ask(cat, sql, replica, take_complete, ret_complete, err);
    return code < 0 ? code : 0;
}

int replica_directory(struct catalog *cat, int64_t replica, const char *path, size_t path_len,
                      struct directory *ret_dir, struct error *err)
{
    static const char sql[] = "SELECT print, listing, digests, verified FROM directory WHERE replica = ?1 AND path = ?2";
    sqlite3_stmt *stmt;

    int code = catalog_borrow(cat, sql, &stmt, err);
    if (code)
        return code;
    sqlite3_bind_int64(stmt, 1, replica);
    sqlite3_bind_blob64(stmt, 2, path_len ? path : "", path_len, SQLITE_STATIC);
    int step = sqlite3_step(stmt);
    if (step == SQLITE_ROW)
        take_row(stmt, path, path_len, ret_dir);
    code = step == SQLITE_ROW ? 1 : step == SQLITE_DONE ? 0 : catalog_fail(cat, step, err);
    catalog_give_back(stmt);
    return code;
}

int directory_open(const struct directory *dir, struct listing *l)
{
    const struct slots *s = &dir->slots;
    int code = listing_open(l, dir->listing.data, dir->listing.len, s->digests.data, s->digests.len);

    if (!code)
        listing_set_times(l, s->times.data, s->times.len);
    return code;
}

/* A load writes a directory again whose checksum is another: so forget it. Best effort, the message matters more. */
static void distrust(struct catalog *cat, int64_t replica, const char *path, size_t path_len)
{
    sqlite3_stmt *stmt;

    if (catalog_prepare(cat, "UPDATE directory SET sum = ~sum WHERE replica = ?1 AND path = ?2", &stmt, NULL) < 0)
        return;
    sqlite3_bind_int64(stmt, 1, replica);
    sqlite3_bind_blob64(stmt, 2, path_len ? path : "", path_len, SQLITE_STATIC);
    sqlite3_step(stmt);
    sqlite3_finalize(stmt);
}

int replica_damaged(struct catalog *cat, int64_t replica, const char *path, size_t path_len, struct error *err)
{
    distrust(cat, replica, path, path_len);
    return error_say(err, "ECORRUPT", EBADMSG,
                     "the catalog %s is damaged: its listing of %.*s; load again, which reads that folder anew",
                     catalog_path(cat), path_len ? (int)path_len : 18, path_len ? path : "a project's folder");
}
