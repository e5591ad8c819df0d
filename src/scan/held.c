#include "scan/held.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/path.h"
#include "scan/folder.h"
#include "scan/measure.h"
#include "scan/undone.h"

#define VERSIONS OUR_FOLDER "/versions"

struct held {
    struct catalog *cat;
    int64_t database;
    int root;
    int64_t deadline;
    const atomic_bool *cancel;
    struct undone undone;
    bool writing;             /* a transaction is open */
};

/* What is known of an operation's folder. */
struct known {
    bool found, whole;
    int64_t changed, files, bytes;
};

static int find_known(struct held *h, const struct entry *e, struct known *ret_known, struct error *err)
{
    static const char sql[] = "SELECT changed, files, bytes, whole FROM held WHERE database = ?1 AND operation = ?2";
    sqlite3_stmt *stmt;

    *ret_known = (struct known){0};
    int code = catalog_borrow(h->cat, sql, &stmt, err);
    if (code)
        return code;
    sqlite3_bind_int64(stmt, 1, h->database);
    sqlite3_bind_blob64(stmt, 2, e->name, e->name_len, SQLITE_STATIC);
    int step = sqlite3_step(stmt);
    if (step == SQLITE_ROW)
        *ret_known = (struct known){true, sqlite3_column_int(stmt, 3) != 0, sqlite3_column_int64(stmt, 0),
                                    sqlite3_column_int64(stmt, 1), sqlite3_column_int64(stmt, 2)};
    else if (step != SQLITE_DONE)
        code = catalog_fail(h->cat, step, err);
    catalog_give_back(stmt);
    return code;
}

static int begin(struct held *h, struct error *err)
{
    if (h->writing)
        return 0;
    int code = catalog_begin(h->cat, err);
    h->writing = !code;
    return code;
}

static int store(struct held *h, const struct entry *e, const struct measured *m, struct error *err)
{
    static const char sql[] = "INSERT OR REPLACE INTO held (database, operation, changed, files, bytes, whole) "
                              "VALUES (?1, ?2, ?3, ?4, ?5, ?6)";
    sqlite3_stmt *stmt;

    int code = begin(h, err);
    if (!code)
        code = catalog_borrow(h->cat, sql, &stmt, err);
    if (code)
        return code;
    sqlite3_bind_int64(stmt, 1, h->database);
    sqlite3_bind_blob64(stmt, 2, e->name, e->name_len, SQLITE_STATIC);
    sqlite3_bind_int64(stmt, 3, e->ctime);
    sqlite3_bind_int64(stmt, 4, m->files);
    sqlite3_bind_int64(stmt, 5, m->bytes);
    sqlite3_bind_int(stmt, 6, m->whole);
    int step = sqlite3_step(stmt);
    code = step == SQLITE_DONE ? 0 : catalog_fail(h->cat, step, err);
    catalog_give_back(stmt);
    return code;
}

/* Measure what is new or has changed; ret: what to remember, false when that is known already. */
static int judge(struct held *h, const struct entry *e, struct measured *ret, bool *ret_is_news, struct error *err)
{
    struct known known;
    struct buf path = {0};

    *ret_is_news = false;
    int code = find_known(h, e, &known, err);
    bool counts = known.found && known.changed == e->ctime && !undone_has(&h->undone, e->name);
    if (code || (counts && known.whole))
        return code;
    buf_printf(&path, VERSIONS "/%s", e->name);
    *ret = measure_tree(h->root, buf_str(&path), h->deadline, h->cancel);
    buf_free(&path);
    ret->whole = ret->whole && !undone_is_running(&h->undone, e->name);
    bool says_less = !ret->whole && ret->files <= known.files && ret->bytes <= known.bytes;    /* time was up earlier */
    *ret_is_news = !counts || !says_less;
    return 0;
}

static bool is_there(const struct folder *f, const void *name, size_t len)
{
    for (size_t low = 0, high = f->count; low < high;) {
        size_t mid = low + (high - low) / 2;
        const struct entry *e = &f->entries[mid];
        int order = entry_compare_names(e->name, e->name_len, name, len);
        if (order == 0)
            return true;
        if (order < 0)
            low = mid + 1;
        else
            high = mid;
    }
    return false;
}

static int drop(struct held *h, const void *name, size_t len, struct error *err)
{
    sqlite3_stmt *stmt;

    int code = begin(h, err);
    if (!code)
        code = catalog_borrow(h->cat, "DELETE FROM held WHERE database = ?1 AND operation = ?2", &stmt, err);
    if (code)
        return code;
    sqlite3_bind_int64(stmt, 1, h->database);
    sqlite3_bind_blob64(stmt, 2, name, len, SQLITE_STATIC);
    int step = sqlite3_step(stmt);
    code = step == SQLITE_DONE ? 0 : catalog_fail(h->cat, step, err);
    catalog_give_back(stmt);
    return code;
}

/* Operations whose versions are gone: their names, put aside first, as the table is not to be changed while read. */
static int drop_gone(struct held *h, const struct folder *f, struct error *err)
{
    sqlite3_stmt *stmt;
    struct buf gone = {0};
    int step;

    int code = catalog_borrow(h->cat, "SELECT operation FROM held WHERE database = ?1", &stmt, err);
    if (code)
        return code;
    sqlite3_bind_int64(stmt, 1, h->database);
    while ((step = sqlite3_step(stmt)) == SQLITE_ROW) {
        size_t len = (size_t)sqlite3_column_bytes(stmt, 0);
        if (!is_there(f, sqlite3_column_blob(stmt, 0), len)) {
            buf_add(&gone, sqlite3_column_blob(stmt, 0), len);
            buf_add(&gone, "", 1);
        }
    }
    code = step == SQLITE_DONE ? 0 : catalog_fail(h->cat, step, err);
    catalog_give_back(stmt);
    for (const char *at = gone.data; !code && at && at < gone.data + gone.len; at += strlen(at) + 1)
        code = drop(h, at, strlen(at), err);
    buf_free(&gone);
    return code;
}

/* The folders of operations. A database without any has none. 0 or -errno. */
static int read_versions(const struct held *h, struct folder *f)
{
    struct entry self;
    uint64_t mount;

    int fd = path_open_dir(h->root, VERSIONS);
    if (fd == -ENOENT)
        return 0;
    int code = fd < 0 ? fd : folder_self(fd, &self, &mount);
    if (!code)
        code = folder_read(f, fd, mount);
    if (fd >= 0)
        close(fd);
    return code;
}

static int read_seen(struct held *h, int64_t *ret_seen, struct error *err)
{
    sqlite3_stmt *stmt;

    *ret_seen = 0;
    int code = catalog_borrow(h->cat, "SELECT newest FROM held_seen WHERE database = ?1", &stmt, err);
    if (code)
        return code;
    sqlite3_bind_int64(stmt, 1, h->database);
    int step = sqlite3_step(stmt);
    if (step == SQLITE_ROW)
        *ret_seen = sqlite3_column_int64(stmt, 0);
    else if (step != SQLITE_DONE)
        code = catalog_fail(h->cat, step, err);
    catalog_give_back(stmt);
    return code;
}

static int write_seen(struct held *h, struct error *err)
{
    sqlite3_stmt *stmt;

    int code = begin(h, err);
    if (!code)
        code = catalog_borrow(h->cat, "INSERT OR REPLACE INTO held_seen (database, newest) VALUES (?1, ?2)", &stmt, err);
    if (code)
        return code;
    sqlite3_bind_int64(stmt, 1, h->database);
    sqlite3_bind_int64(stmt, 2, h->undone.newest);
    int step = sqlite3_step(stmt);
    code = step == SQLITE_DONE ? 0 : catalog_fail(h->cat, step, err);
    catalog_give_back(stmt);
    return code;
}

struct news {
    const struct entry *entry;
    struct measured measured;
};

/* First all the measuring, then all the writing: the write lock is not held while a disk is read. */
static int count_all(struct held *h, const struct folder *f, struct error *err)
{
    struct news *news = mem_zalloc((f->count + 1) * sizeof *news);
    size_t count = 0;
    bool is_news;
    int code = 0;

    for (size_t i = 0; i < f->count && !code; i++) {
        const struct entry *e = &f->entries[i];
        if (!S_ISDIR(e->mode) || e->err || e->mount || *e->name == '.')    /* '.': a prune is at it */
            continue;
        news[count].entry = e;
        code = judge(h, e, &news[count].measured, &is_news, err);
        count += !code && is_news;
    }
    for (size_t i = 0; i < count && !code; i++)
        code = store(h, news[i].entry, &news[i].measured, err);
    free(news);
    return code ? code : drop_gone(h, f, err);
}

int held_count(struct catalog *cat, int64_t database, int root, int64_t budget, const atomic_bool *cancel,
               struct error *err)
{
    struct held h = {
        .cat = cat, .database = database, .root = root, .deadline = clock_monotonic() + budget, .cancel = cancel};
    struct folder f = {0};
    int64_t seen;

    if (read_versions(&h, &f)) {
        folder_free(&f);
        return 0;
    }
    int code = read_seen(&h, &seen, err);
    /* After the folders were listed, before any is measured: what is finished by now has all its versions. */
    if (!code)
        undone_read(root, seen, &h.undone);
    if (!code)
        code = count_all(&h, &f, err);
    if (!code && h.undone.newest != seen)
        code = write_seen(&h, err);
    if (h.writing && !code)
        code = catalog_commit(cat, err);
    if (h.writing && code)
        catalog_rollback(cat);
    undone_free(&h.undone);
    folder_free(&f);
    return code;
}
