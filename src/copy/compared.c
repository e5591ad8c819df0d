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
    bool changed;          /* or some of an earlier visit were, and are not written yet */
    bool visited;          /* it was asked about */
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

static struct compared_folder *folder_of(struct compared *c, uint64_t path)
{
    struct compared_folder *f = map_get(&c->folders, path);

    if (!f) {
        f = mem_zalloc(sizeof *f);
        f->path = path;
        map_set(&c->folders, path, f);
    }
    return f;
}

/* The columns: a folder and its names. */
static void take_row(struct compared *c, sqlite3_stmt *stmt)
{
    struct compared_folder *f = folder_of(c, (uint64_t)sqlite3_column_int64(stmt, 0));
    int size = sqlite3_column_bytes(stmt, 1);

    if (size % (int)sizeof(uint64_t) == 0 && !f->known.len)
        buf_add(&f->known, sqlite3_column_blob(stmt, 1), (size_t)size);
}

/* One folder's row, or at the first question all of the replica's: a question for each folder costs more than the answers. */
static void read_known(struct compared *c, uint64_t path)
{
    static const char one[] = "SELECT folder, names FROM compared WHERE " OURS " AND folder = ?4";
    static const char all[] = "SELECT folder, names FROM compared WHERE " OURS;
    struct error err = {0};
    sqlite3_stmt *stmt;

    if (catalog_borrow(c->cat, c->part ? one : all, &stmt, &err) < 0) {
        error_clear(&err);
        return;
    }
    bind_place(c, stmt);
    if (c->part)
        sqlite3_bind_int64(stmt, 4, (int64_t)path);
    while (sqlite3_step(stmt) == SQLITE_ROW)
        take_row(c, stmt);
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

/* Copies only add: most of it may be of what was replaced since. */
static bool is_mostly_old(const struct compared *c, const struct compared_folder *f)
{
    return !c->part && count_of(&f->known) / 2 > count_of(&f->asked);
}

/* What nobody asked for any more goes, when something new comes, or when it is most. */
static void leave(struct compared *c)
{
    struct compared_folder *f = c->at;

    if (f && (f->fresh || is_mostly_old(c, f))) {
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

static struct compared_folder *know(struct compared *c, uint64_t path)
{
    struct compared_folder *f = map_get(&c->folders, path);

    if (!c->anew && (c->part ? !f : !c->is_read))
        read_known(c, path);
    c->is_read = true;
    return f ? f : folder_of(c, path);
}

static struct compared_folder *enter(struct compared *c, const char *path)
{
    uint64_t hash = hash64_of(path, strlen(path));

    if (c->at && c->at->path == hash)
        return c->at;
    leave(c);
    c->at = know(c, hash);
    c->at->visited = true;
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

static int by_folder(const void *a, const void *b)
{
    const struct compared_note *x = a, *y = b;
    return (x->folder > y->folder) - (x->folder < y->folder);
}

void compared_take(struct compared *c, struct compared_note *notes, size_t count)
{
    leave(c);
    qsort(notes, count, sizeof *notes, by_folder);
    for (size_t i = 0; i < count;) {
        struct compared_folder *f = know(c, notes[i].folder);

        f->visited = f->changed = true;
        for (uint64_t folder = f->path; i < count && notes[i].folder == folder; i++)
            buf_add(&f->known, &notes[i].key, sizeof notes[i].key);
        settle(&f->known);
    }
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
        const struct compared_folder *f = map_get(&c->folders, (uint64_t)path);
        if (!f || !f->visited)
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

int compared_save(struct compared *c, bool whole, struct error *err)
{
    int code = whole ? forget_others(c, err) : 0;

    for (size_t i = 0; i < c->folders.room && !code; i++) {
        struct compared_folder *f = c->folders.slots[i].value;
        if (f && f->changed && !(code = write_folder(c, f, err)))
            f->changed = false;
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
        code = compared_save(c, whole, err);
    if (!code)
        code = catalog_commit(c->cat, err);
    if (code)
        catalog_rollback(c->cat);
    return code;
}
