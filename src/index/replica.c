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

#define DISTRUST_WAIT_MS 100

static void set_no_sum(struct catalog *cat, int64_t replica, const char *path, size_t path_len)
{
    sqlite3_stmt *stmt;

    if (catalog_prepare(cat, "UPDATE directory SET sum = 0 WHERE replica = ?1 AND path = ?2", &stmt, NULL) < 0)
        return;
    sqlite3_bind_int64(stmt, 1, replica);
    sqlite3_bind_blob64(stmt, 2, path_len ? path : "", path_len, SQLITE_STATIC);
    sqlite3_step(stmt);
    sqlite3_finalize(stmt);
}

/* Two texts, a NUL between them. */
static void take_texts(sqlite3_stmt *stmt, void *arg)
{
    size_t len = (size_t)sqlite3_column_bytes(stmt, 0);
    char *texts = mem_alloc(len + 1);

    memcpy(texts, sqlite3_column_blob(stmt, 0), len);
    texts[len] = 0;
    *(char **)arg = texts;
}

/*
 * A load writes a directory again whose checksum is another: so forget it, however often it is met. On a connection of its
 * own: who met it may be in a transaction that is rolled back. Best effort, the message matters more.
 */
static void distrust(struct catalog *cat, int64_t replica, const char *path, size_t path_len)
{
    struct catalog *own;

    if (catalog_is_readonly(cat) || catalog_open(catalog_path(cat), &own, NULL) < 0)
        return;
    catalog_own(own);
    sqlite3_busy_timeout(catalog_handle(own), DISTRUST_WAIT_MS);
    set_no_sum(own, replica, path, path_len);
    catalog_close(own);
}

int replica_damaged(struct catalog *cat, int64_t replica, const char *path, size_t path_len, struct error *err)
{
    char *whose = NULL;
    static const char sql[] =
        "SELECT CAST(r.client || '/' || r.project AS TEXT) || ' ' || c.name || ' on ' || d.name || char(0) || d.name "
        "FROM replica r JOIN category c ON c.id = r.category JOIN database d ON d.id = r.database WHERE r.id = ?1";

    distrust(cat, replica, path, path_len);
    (void)catalog_ask(cat, sql, replica, take_texts, &whose, NULL);
    int code = error_say(err, "ECORRUPT", EBADMSG,
                         "the catalog's listing of a folder of %s is damaged (%.*s): 'load %s' reads it anew",
                         whose ? whose : "a replica", path_len ? (int)path_len : 10, path_len ? path : "its top",
                         whose ? whose + strlen(whose) + 1 : "");
    free(whose);
    return code;
}

static void check_row(sqlite3_stmt *stmt, struct buf *damaged)
{
    struct listing l;
    int64_t id = sqlite3_column_int64(stmt, 0);

    if (listing_open(&l, sqlite3_column_blob(stmt, 1), (size_t)sqlite3_column_bytes(stmt, 1), NULL, 0) < 0)
        buf_add(damaged, &id, sizeof id);
    else
        listing_close(&l);
}

static int distrust_rows(struct catalog *cat, const struct buf *damaged, struct error *err)
{
    static const char sql[] = "UPDATE directory SET sum = 0 WHERE id = ?1";
    int code = 0;

    for (size_t at = 0; !code && at < damaged->len; at += sizeof(int64_t)) {
        int64_t id;
        memcpy(&id, damaged->data + at, sizeof id);
        code = catalog_ask(cat, sql, id, NULL, NULL, err);
    }
    return code;
}

int replica_check_all(struct catalog *cat, int64_t *ret_damaged, struct error *err)
{
    struct buf damaged = {0};
    sqlite3_stmt *stmt;
    int step, code = catalog_prepare(cat, "SELECT id, listing FROM directory", &stmt, err);

    if (code)
        return code;
    while ((step = sqlite3_step(stmt)) == SQLITE_ROW)
        check_row(stmt, &damaged);
    if (step != SQLITE_DONE)
        code = catalog_fail(cat, step, err);
    sqlite3_finalize(stmt);
    if (!code)
        code = distrust_rows(cat, &damaged, err);
    *ret_damaged = (int64_t)(damaged.len / sizeof(int64_t));
    buf_free(&damaged);
    return code;
}
