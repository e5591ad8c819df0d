#include "index/evidence.h"

#include <stdbool.h>
#include <string.h>

#include "base/buf.h"

static void add(struct digest *sum, const char *path, size_t path_len, const void *slots, size_t len)
{
    struct buf text = {0};

    if (!len)
        return;
    buf_add(&text, path, path_len);
    buf_add_byte(&text, 0);
    buf_add(&text, slots, len);
    struct digest hash = digest_of(text.data, text.len);
    digest_sum(sum, &hash);
    buf_free(&text);
}

void evidence_replace(struct evidence *e, const char *path, size_t path_len, const void *old, size_t old_len,
                      const void *now, size_t now_len)
{
    if (old_len == now_len && (!now_len || memcmp(old, now, now_len) == 0))
        return;
    add(&e->less, path, path_len, old, old_len);
    add(&e->more, path, path_len, now, now_len);
}

struct written {
    struct digest sum;
    bool is_there;
};

static void take_sum(sqlite3_stmt *stmt, void *arg)
{
    struct written *w = arg;

    w->is_there = sqlite3_column_bytes(stmt, 0) == DIGEST_SIZE;
    if (w->is_there)
        memcpy(w->sum.bytes, sqlite3_column_blob(stmt, 0), DIGEST_SIZE);
}

/* 1: *ret_sum is what is written; 0: nothing is. */
static int read_sum(struct catalog *cat, int64_t replica, struct digest *ret_sum, struct error *err)
{
    static const char sql[] = "SELECT evidence FROM replica WHERE id = ?1";
    struct written w = {.is_there = false};

    int code = catalog_ask(cat, sql, replica, take_sum, &w, err);
    if (code < 0)
        return code;
    *ret_sum = w.sum;
    return w.is_there;
}

static int add_up(struct catalog *cat, int64_t replica, struct digest *ret_sum, struct error *err)
{
    static const char sql[] = "SELECT path, digests FROM directory WHERE replica = ?1 AND digests IS NOT NULL";
    sqlite3_stmt *stmt;
    int step;

    *ret_sum = (struct digest){0};
    int code = catalog_borrow(cat, sql, &stmt, err);
    if (code)
        return code;
    sqlite3_bind_int64(stmt, 1, replica);
    while ((step = sqlite3_step(stmt)) == SQLITE_ROW)
        add(ret_sum, sqlite3_column_blob(stmt, 0), (size_t)sqlite3_column_bytes(stmt, 0), sqlite3_column_blob(stmt, 1),
            (size_t)sqlite3_column_bytes(stmt, 1));
    if (step != SQLITE_DONE)
        code = catalog_fail(cat, step, err);
    catalog_give_back(stmt);
    return code;
}

static int write_sum(struct catalog *cat, int64_t replica, const struct digest *sum, struct error *err)
{
    static const char sql[] = "UPDATE replica SET evidence = ?2 WHERE id = ?1";
    sqlite3_stmt *stmt;

    int code = catalog_borrow(cat, sql, &stmt, err);
    if (code)
        return code;
    sqlite3_bind_int64(stmt, 1, replica);
    sqlite3_bind_blob64(stmt, 2, sum->bytes, DIGEST_SIZE, SQLITE_STATIC);
    int step = sqlite3_step(stmt);
    code = step == SQLITE_DONE ? 0 : catalog_fail(cat, step, err);
    catalog_give_back(stmt);
    return code;
}

int evidence_write(struct catalog *cat, int64_t replica, const struct evidence *e, struct error *err)
{
    struct digest sum = {0};

    int code = read_sum(cat, replica, &sum, err);
    if (code < 0)
        return code;
    if (code == 1 && memcmp(&e->more, &e->less, sizeof e->more) == 0)
        return 0;
    if (code == 1) {
        digest_sum(&sum, &e->more);
        digest_take(&sum, &e->less);
    } else if ((code = add_up(cat, replica, &sum, err)) < 0) {
        return code;
    }
    return write_sum(cat, replica, &sum, err);
}
