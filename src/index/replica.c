#include "index/replica.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

void directory_free(struct directory *dir)
{
    free(dir->path);
    buf_free(&dir->listing);
    buf_free(&dir->digests);
    *dir = (struct directory){0};
}

static void take_row(sqlite3_stmt *stmt, const char *path, size_t path_len, struct directory *ret)
{
    *ret = (struct directory){.path = mem_strndup(path, path_len), .path_len = path_len};
    if (sqlite3_column_bytes(stmt, 0) == DIGEST_SIZE)
        memcpy(ret->print.bytes, sqlite3_column_blob(stmt, 0), DIGEST_SIZE);
    buf_add(&ret->listing, sqlite3_column_blob(stmt, 1), (size_t)sqlite3_column_bytes(stmt, 1));
    buf_add(&ret->digests, sqlite3_column_blob(stmt, 2), (size_t)sqlite3_column_bytes(stmt, 2));
}

int replica_directory(struct catalog *cat, int64_t replica, const char *path, size_t path_len,
                      struct directory *ret_dir, struct error *err)
{
    sqlite3_stmt *stmt;

    int code = catalog_prepare(cat, "SELECT print, listing, digests FROM directory WHERE replica = ?1 AND path = ?2",
                               &stmt, err);
    if (code)
        return code;
    sqlite3_bind_int64(stmt, 1, replica);
    sqlite3_bind_blob64(stmt, 2, path_len ? path : "", path_len, SQLITE_STATIC);
    int step = sqlite3_step(stmt);
    if (step == SQLITE_ROW)
        take_row(stmt, path, path_len, ret_dir);
    code = step == SQLITE_ROW ? 1 : step == SQLITE_DONE ? 0 : catalog_fail(cat, step, err);
    sqlite3_finalize(stmt);
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

/* ---- recording digests ---- */

struct split {
    const char *dir, *name;
    size_t dir_len;
};

static struct split split_path(const char *path)
{
    const char *slash = strrchr(path, '/');

    if (!slash)
        return (struct split){.dir = "", .name = path};
    return (struct split){.dir = path, .name = slash + 1, .dir_len = (size_t)(slash - path)};
}

/* By directory, then by name: the order of directories does not matter, that of names is the listing's. */
static int by_place(const void *a, const void *b)
{
    struct split x = split_path(((const struct taken *)a)->path), y = split_path(((const struct taken *)b)->path);
    int order = entry_compare_names(x.dir, x.dir_len, y.dir, y.dir_len);

    return order ? order : strcmp(x.name, y.name);
}

static bool still_holds(const struct entry *e, const struct taken *t)
{
    return S_ISREG(e->mode) && !e->err && e->size == t->size && e->mtime == t->mtime && e->ctime == t->ctime;
}

static void set_slot(struct buf *slots, uint64_t at, const struct taken *t)
{
    char *slot = slots->data + at * DIGEST_SLOT;

    *slot = t->young ? DIGEST_UNCONFIRMED : DIGEST_CONFIRMED;
    memcpy(slot + 1, t->digest.bytes, DIGEST_SIZE);
}

/* Put the digests of one directory's files into its slots. 1 when a slot was set. */
static int fill_slots(struct directory *dir, const struct taken *taken, size_t count)
{
    struct listing l;
    struct entry e;
    size_t at = 0, size;
    int set = 0;

    if (listing_open(&l, dir->listing.data, dir->listing.len, NULL, 0) < 0)
        return 0;
    size = l.left * DIGEST_SLOT;
    if (dir->digests.len != size) {
        buf_clear(&dir->digests);
        buf_reserve(&dir->digests, size);
        memset(dir->digests.data, 0, size);
        dir->digests.len = size;
    }
    while (at < count && listing_next(&l, &e) == 1) {
        while (at < count && strcmp(split_path(taken[at].path).name, e.name) < 0)
            at++;
        if (at < count && strcmp(split_path(taken[at].path).name, e.name) == 0 && still_holds(&e, &taken[at])) {
            set_slot(&dir->digests, l.at - 1, &taken[at]);
            set = 1;
        }
    }
    listing_close(&l);
    return set;
}

static int write_slots(struct catalog *cat, int64_t replica, const struct directory *dir, struct error *err)
{
    sqlite3_stmt *stmt;

    int code = catalog_prepare(cat, "UPDATE directory SET digests = ?3 WHERE replica = ?1 AND path = ?2", &stmt, err);
    if (code)
        return code;
    sqlite3_bind_int64(stmt, 1, replica);
    sqlite3_bind_blob64(stmt, 2, dir->path, dir->path_len, SQLITE_STATIC);
    sqlite3_bind_blob64(stmt, 3, dir->digests.data, dir->digests.len, SQLITE_STATIC);
    int step = sqlite3_step(stmt);
    code = step == SQLITE_DONE ? 0 : catalog_fail(cat, step, err);
    sqlite3_finalize(stmt);
    return code;
}

static int record_directory(struct catalog *cat, int64_t replica, const struct taken *taken, size_t count,
                            struct error *err)
{
    struct split place = split_path(taken->path);
    struct directory dir;

    int code = replica_directory(cat, replica, place.dir, place.dir_len, &dir, err);
    if (code != 1)
        return code;
    code = fill_slots(&dir, taken, count) ? write_slots(cat, replica, &dir, err) : 0;
    directory_free(&dir);
    return code;
}

static size_t same_directory(const struct taken *taken, size_t count)
{
    struct split first = split_path(taken->path);
    size_t n = 1;

    while (n < count) {
        struct split next = split_path(taken[n].path);
        if (entry_compare_names(first.dir, first.dir_len, next.dir, next.dir_len) != 0)
            break;
        n++;
    }
    return n;
}

int replica_record_digests(struct catalog *cat, int64_t replica, struct taken *taken, size_t count,
                           struct error *err)
{
    size_t run;

    qsort(taken, count, sizeof *taken, by_place);
    int code = catalog_begin(cat, err);
    for (size_t at = 0; at < count && !code; at += run) {
        run = same_directory(taken + at, count - at);
        code = record_directory(cat, replica, taken + at, run, err);
    }
    if (!code)
        code = catalog_commit(cat, err);
    if (code)
        catalog_rollback(cat);
    return code;
}
