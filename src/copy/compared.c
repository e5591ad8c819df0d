#include "copy/compared.h"

#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/hash.h"

/* The parameters 1 to 3. */
#define OURS "target = (SELECT id FROM database WHERE identity = ?1) AND source = (SELECT id FROM database WHERE identity = ?2) " \
             "AND replica = ?3"

struct compared_folder {
    uint64_t path;         /* hash */
    struct buf known;      /* keys, in their order */
    struct buf asked;      /* keys that were asked for on this visit and are equal, in any order */
    bool fresh;            /* some of those are new, */
    bool changed;          /* or some of an earlier visit were */
};

static void free_folder(void *value)
{
    struct compared_folder *f = value;

    buf_free(&f->known);
    buf_free(&f->asked);
    free(f);
}

void compared_free(struct compared *c)
{
    map_free(&c->folders, free_folder);
    *c = (struct compared){0};
}

static int by_key(const void *a, const void *b)
{
    uint64_t x, y;

    memcpy(&x, a, sizeof x);
    memcpy(&y, b, sizeof y);
    return (x > y) - (x < y);
}

static size_t count_of(const struct buf *keys) { return keys->len / sizeof(uint64_t); }

static void bind_place(const struct compared *c, sqlite3_stmt *stmt)
{
    sqlite3_bind_text(stmt, 1, c->place.target, -1, SQLITE_STATIC);
    sqlite3_bind_text(stmt, 2, c->place.source, -1, SQLITE_STATIC);
    sqlite3_bind_blob(stmt, 3, c->place.replica, (int)strlen(c->place.replica), SQLITE_STATIC);
}

static void read_known(const struct compared *c, struct compared_folder *f)
{
    static const char sql[] = "SELECT names FROM compared WHERE " OURS " AND folder = ?4";
    struct error err = {0};
    sqlite3_stmt *stmt;

    if (catalog_borrow(c->cat, sql, &stmt, &err) < 0) {
        error_clear(&err);
        return;
    }
    bind_place(c, stmt);
    sqlite3_bind_int64(stmt, 4, (int64_t)f->path);
    if (sqlite3_step(stmt) == SQLITE_ROW && sqlite3_column_bytes(stmt, 0) % (int)sizeof(uint64_t) == 0)
        buf_add(&f->known, sqlite3_column_blob(stmt, 0), (size_t)sqlite3_column_bytes(stmt, 0));
    catalog_give_back(stmt);
}

/* Sorted, each once. */
static void settle(struct buf *keys)
{
    size_t kept = 0, size = sizeof(uint64_t);

    qsort(keys->data, count_of(keys), size, by_key);
    for (size_t at = 0; at < keys->len; at += size)
        if (!kept || by_key(keys->data + kept - size, keys->data + at) != 0) {
            memmove(keys->data + kept, keys->data + at, size);
            kept += size;
        }
    buf_truncate(keys, kept);
}

/* What nobody asked for any more goes, when something new comes. */
static void leave(struct compared *c)
{
    struct compared_folder *f = c->at;

    if (f && f->fresh) {
        if (!c->part)
            buf_clear(&f->known);
        buf_add(&f->known, f->asked.data, f->asked.len);
        settle(&f->known);
        f->changed = true;
        f->fresh = false;
    }
    if (f)
        buf_free(&f->asked);
    c->at = NULL;
}

static struct compared_folder *enter(struct compared *c, const char *path)
{
    uint64_t hash = hash64_of(path, strlen(path));

    if (c->at && c->at->path == hash)
        return c->at;
    leave(c);
    c->at = map_get(&c->folders, hash);
    if (c->at)
        return c->at;
    c->at = mem_zalloc(sizeof *c->at);
    c->at->path = hash;
    map_set(&c->folders, hash, c->at);
    if (!c->anew)
        read_known(c, c->at);
    return c->at;
}

bool compared_has(struct compared *c, const char *folder, uint64_t key)
{
    struct compared_folder *f = enter(c, folder);
    bool has = f->known.len && bsearch(&key, f->known.data, count_of(&f->known), sizeof key, by_key);

    if (has)
        buf_add(&f->asked, &key, sizeof key);
    return has;
}

void compared_add(struct compared *c, const char *folder, uint64_t key)
{
    struct compared_folder *f = enter(c, folder);

    buf_add(&f->asked, &key, sizeof key);
    f->fresh = true;
}

/* ---- the catalog ---- */

static int finish(struct compared *c, sqlite3_stmt *stmt, struct error *err)
{
    int step = sqlite3_step(stmt), code = step == SQLITE_DONE ? 0 : catalog_fail(c->cat, step, err);

    catalog_give_back(stmt);
    return code;
}

static int write_folder(struct compared *c, const struct compared_folder *f, struct error *err)
{
    static const char sql[] = "INSERT OR REPLACE INTO compared (target, source, replica, folder, names) "
                              "SELECT t.id, s.id, ?3, ?4, ?5 FROM database t, database s WHERE t.identity = ?1 AND s.identity = ?2";
    sqlite3_stmt *stmt;
    int code = catalog_borrow(c->cat, sql, &stmt, err);

    if (code)
        return code;
    bind_place(c, stmt);
    sqlite3_bind_int64(stmt, 4, (int64_t)f->path);
    sqlite3_bind_blob64(stmt, 5, f->known.data, f->known.len, SQLITE_STATIC);
    return finish(c, stmt, err);
}

static int forget(struct compared *c, int64_t path, struct error *err)
{
    static const char sql[] = "DELETE FROM compared WHERE " OURS " AND folder = ?4";
    sqlite3_stmt *stmt;
    int code = catalog_borrow(c->cat, sql, &stmt, err);

    if (code)
        return code;
    bind_place(c, stmt);
    sqlite3_bind_int64(stmt, 4, path);
    return finish(c, stmt, err);
}

/* Folders that are gone, or need no look any more. */
static int forget_others(struct compared *c, struct error *err)
{
    static const char sql[] = "SELECT folder FROM compared WHERE " OURS;
    struct buf gone = {0};
    sqlite3_stmt *stmt;
    int step, code = catalog_borrow(c->cat, sql, &stmt, err);

    if (code)
        return code;
    bind_place(c, stmt);
    while ((step = sqlite3_step(stmt)) == SQLITE_ROW) {
        int64_t path = sqlite3_column_int64(stmt, 0);
        if (!map_get(&c->folders, (uint64_t)path))
            buf_add(&gone, &path, sizeof path);
    }
    if (step != SQLITE_DONE)
        code = catalog_fail(c->cat, step, err);
    catalog_give_back(stmt);
    for (size_t i = 0; !code && i < count_of(&gone); i++) {
        int64_t path;
        memcpy(&path, gone.data + i * sizeof path, sizeof path);
        code = forget(c, path, err);
    }
    buf_free(&gone);
    return code;
}

static bool is_changed(const struct compared *c)
{
    for (size_t i = 0; i < c->folders.room; i++) {
        const struct compared_folder *f = c->folders.slots[i].value;
        if (f && f->changed)
            return true;
    }
    return false;
}

static int write_all(struct compared *c, bool whole, struct error *err)
{
    int code = whole ? forget_others(c, err) : 0;

    for (size_t i = 0; i < c->folders.room && !code; i++) {
        const struct compared_folder *f = c->folders.slots[i].value;
        if (f && f->changed)
            code = write_folder(c, f, err);
    }
    return code;
}

int compared_write(struct compared *c, bool whole, struct error *err)
{
    leave(c);
    if (!is_changed(c))
        return 0;
    int code = catalog_begin(c->cat, err);
    if (!code)
        code = write_all(c, whole, err);
    if (!code)
        code = catalog_commit(c->cat, err);
    if (code)
        catalog_rollback(c->cat);
    return code;
}
