#include "index/places.h"

#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/buf.h"

#define BATCH 8192    /* rows written in one transaction: some 30 ms */

/* Rows are read in the order of the primary keys, which is that of by_key. */
static const char *const reads[PLACES_TABLES] = {
    [PLACES_CLIENT] = "SELECT category, name, '', 0, 0, 0 FROM client WHERE database = ?1 ORDER BY category, name",
    [PLACES_LOOSE] = "SELECT category, path, kind, 0, size, 0 FROM loose WHERE database = ?1 ORDER BY category, path",
    [PLACES_OUTSIDE] = "SELECT 0, path, kind, coalesce(files, -1), coalesce(bytes, -1), whole FROM outside "
                       "WHERE database = ?1 ORDER BY path",
};

/* ?1 database, ?2 category, ?3 path, ?4 kind, ?5 files, ?6 bytes, ?7 whole */
static const char *const adds[PLACES_TABLES] = {
    [PLACES_CLIENT] = "INSERT OR IGNORE INTO client (database, category, name) VALUES (?1, ?2, ?3)",
    [PLACES_LOOSE] = "INSERT OR REPLACE INTO loose (database, category, path, kind, size) VALUES (?1, ?2, ?3, ?4, ?6)",
    [PLACES_OUTSIDE] = "INSERT OR REPLACE INTO outside (database, path, kind, files, bytes, whole) "
                       "VALUES (?1, ?3, ?4, nullif(?5, -1), nullif(?6, -1), ?7)",
};

static const char *const drops[PLACES_TABLES] = {
    [PLACES_CLIENT] = "DELETE FROM client WHERE database = ?1 AND category = ?2 AND name = ?3",
    [PLACES_LOOSE] = "DELETE FROM loose WHERE database = ?1 AND category = ?2 AND path = ?3",
    [PLACES_OUTSIDE] = "DELETE FROM outside WHERE database = ?1 AND path = ?3",
};

struct change {
    struct place place;
    bool drop;
};

struct changes {
    struct change *list;
    size_t count, room;
    struct arena strings;     /* paths of what is dropped */
};

static int by_key(const struct place *a, const struct place *b)
{
    if (a->category != b->category)
        return a->category < b->category ? -1 : 1;
    return strcmp(a->path, b->path);
}

static int by_key_(const void *a, const void *b) { return by_key(a, b); }

static bool is_same(const struct place *a, const struct place *b)
{
    return strcmp(a->kind ? a->kind : "", b->kind ? b->kind : "") == 0 && a->files == b->files && a->bytes == b->bytes &&
           a->whole == b->whole;
}

/* Measured as far as there was time, and no further than before: what is known says more. */
static bool says_less(const struct places *p, const struct place *found, const struct place *known)
{
    return p->table == PLACES_OUTSIDE && !found->whole && strcmp(found->kind, known->kind) == 0 &&
           found->files <= known->files && found->bytes <= known->bytes;
}

static void add_change(struct changes *c, const struct place *place, bool drop)
{
    if (c->count == c->room) {
        c->room = c->room ? c->room * 2 : 64;
        c->list = mem_realloc(c->list, c->room * sizeof *c->list);
    }
    c->list[c->count++] = (struct change){*place, drop};
}

static void drop_known(struct changes *c, const struct places *p, struct place known)
{
    if (p->stays && p->stays(&known, p->arg))
        return;
    known.path = arena_strndup(&c->strings, known.path, strlen(known.path));
    known.kind = NULL;
    add_change(c, &known, true);
}

/* The row that the statement stands at; its strings live until the next step. */
static struct place known_row(sqlite3_stmt *stmt, struct buf *path)
{
    buf_clear(path);
    buf_add(path, sqlite3_column_blob(stmt, 1), (size_t)sqlite3_column_bytes(stmt, 1));
    return (struct place){
        .category = sqlite3_column_int64(stmt, 0),
        .path = buf_str(path),
        .kind = (const char *)sqlite3_column_text(stmt, 2),
        .files = sqlite3_column_int64(stmt, 3),
        .bytes = sqlite3_column_int64(stmt, 4),
        .whole = sqlite3_column_int(stmt, 5) != 0,
    };
}

/* Both sides are sorted: go through them side by side. */
static int find_changes(struct catalog *cat, const struct places *p, struct changes *c, struct error *err)
{
    sqlite3_stmt *stmt;
    struct buf path = {0};
    size_t at = 0;
    int step;

    int code = catalog_prepare(cat, reads[p->table], &stmt, err);
    if (code)
        return code;
    sqlite3_bind_int64(stmt, 1, p->database);
    while ((step = sqlite3_step(stmt)) == SQLITE_ROW) {
        struct place known = known_row(stmt, &path);
        while (at < p->count && by_key(&p->found[at], &known) < 0)
            add_change(c, &p->found[at++], false);
        if (at == p->count || by_key(&p->found[at], &known) > 0)
            drop_known(c, p, known);
        else if (!is_same(&p->found[at], &known) && !says_less(p, &p->found[at], &known))
            add_change(c, &p->found[at++], false);
        else
            at++;
    }
    while (at < p->count)
        add_change(c, &p->found[at++], false);
    code = step == SQLITE_DONE ? 0 : catalog_fail(cat, step, err);
    sqlite3_finalize(stmt);
    buf_free(&path);
    return code;
}

static int write_change(struct catalog *cat, const struct places *p, const struct change *c, struct error *err)
{
    sqlite3_stmt *stmt;

    int code = catalog_borrow(cat, c->drop ? drops[p->table] : adds[p->table], &stmt, err);
    if (code)
        return code;
    sqlite3_bind_int64(stmt, 1, p->database);
    sqlite3_bind_int64(stmt, 2, c->place.category);
    sqlite3_bind_blob64(stmt, 3, c->place.path, strlen(c->place.path), SQLITE_STATIC);
    if (!c->drop) {
        sqlite3_bind_text(stmt, 4, c->place.kind, -1, SQLITE_STATIC);
        sqlite3_bind_int64(stmt, 5, c->place.files);
        sqlite3_bind_int64(stmt, 6, c->place.bytes);
        sqlite3_bind_int(stmt, 7, c->place.whole);
    }
    int step = sqlite3_step(stmt);
    code = step == SQLITE_DONE ? 0 : catalog_fail(cat, step, err);
    catalog_give_back(stmt);
    return code;
}

static int write_batch(struct catalog *cat, const struct places *p, const struct change *list, size_t count,
                       struct error *err)
{
    int code = catalog_begin(cat, err);

    for (size_t i = 0; i < count && !code; i++)
        code = write_change(cat, p, &list[i], err);
    if (!code)
        code = catalog_commit(cat, err);
    if (code)
        catalog_rollback(cat);
    return code;
}

int places_write(struct catalog *cat, struct places *p, struct error *err)
{
    struct changes c = {0};

    if (p->count)
        qsort(p->found, p->count, sizeof *p->found, by_key_);
    int code = find_changes(cat, p, &c, err);
    for (size_t i = 0; i < c.count && !code; i += BATCH)
        code = write_batch(cat, p, c.list + i, c.count - i < BATCH ? c.count - i : BATCH, err);
    free(c.list);
    arena_free(&c.strings);
    return code;
}

/* ---- single rows, inside the caller's transaction ---- */

static int run(struct catalog *cat, sqlite3_stmt *stmt, struct error *err)
{
    int step = sqlite3_step(stmt);
    int code = step == SQLITE_DONE ? 0 : catalog_fail(cat, step, err);
    catalog_give_back(stmt);
    return code;
}

static int run_numbers(struct catalog *cat, const char *sql, const int64_t *values, int count, struct error *err)
{
    sqlite3_stmt *stmt;

    int code = catalog_borrow(cat, sql, &stmt, err);
    if (code)
        return code;
    for (int i = 0; i < count; i++)
        sqlite3_bind_int64(stmt, i + 1, values[i]);
    return run(cat, stmt, err);
}

int places_read(struct catalog *cat, int64_t database, int64_t category, int64_t at, struct error *err)
{
    static const char sql[] = "INSERT INTO reading (database, category, read_at) VALUES (?1, ?2, ?3) "
                              "ON CONFLICT DO UPDATE SET read_at = ?3";
    return run_numbers(cat, sql, (int64_t[]){database, category, at}, 3, err);
}

int places_forget_unread(struct catalog *cat, int64_t database, struct error *err)
{
    static const char sql[] = "DELETE FROM unread WHERE database = ?1";
    return run_numbers(cat, sql, &database, 1, err);
}

int places_unread(struct catalog *cat, int64_t database, int64_t category, const char *client, const char *project,
                  struct error *err)
{
    static const char sql[] = "INSERT OR IGNORE INTO unread (database, category, client, project) VALUES (?1, ?2, ?3, ?4)";
    sqlite3_stmt *stmt;

    int code = catalog_borrow(cat, sql, &stmt, err);
    if (code)
        return code;
    client = client ? client : "";
    project = project ? project : "";
    sqlite3_bind_int64(stmt, 1, database);
    sqlite3_bind_int64(stmt, 2, category);
    sqlite3_bind_blob64(stmt, 3, client, strlen(client), SQLITE_STATIC);
    sqlite3_bind_blob64(stmt, 4, project, strlen(project), SQLITE_STATIC);
    return run(cat, stmt, err);
}

int places_space(struct catalog *cat, int64_t database, int64_t total, int64_t free, int64_t at, struct error *err)
{
    static const char sql[] = "UPDATE database SET space_total = ?2, space_free = ?3, space_at = ?4 WHERE id = ?1";
    return run_numbers(cat, sql, (int64_t[]){database, total, free, at}, 4, err);
}
