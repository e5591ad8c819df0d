#include "index/content.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/buf.h"
#include "base/glob.h"
#include "base/sum.h"
#include "index/listing.h"
#include "index/replica.h"

/* ---- reading ---- */

/* The folder's own entry, with its empty name, is none of what it holds. */
static void add_entry(struct content *c, const struct entry *e, struct buf *names)
{
    bool is_file = S_ISREG(e->mode);

    buf_add(names, e->name, e->name_len + 1);
    c->entries[c->count++] = (struct content_entry){
        .name_len = e->name_len, .mode = e->mode, .err = e->err, .mount = e->mount,
        .bytes = is_file ? (int64_t)e->size : 0, .files = is_file, .newest = is_file ? e->mtime : INT64_MIN,
    };
}

static int read_listing(struct content *c, const void *data, size_t len)
{
    struct listing l;
    struct entry e;
    struct buf names = {0};
    int code;

    if (listing_open(&l, data, len, NULL, 0) < 0)
        return -1;
    c->entries = mem_alloc((l.left + 1) * sizeof *c->entries);
    while ((code = listing_next(&l, &e)) == 1)
        if (e.name_len)
            add_entry(c, &e, &names);
    listing_close(&l);
    buf_add_byte(&names, 0);    /* there are bytes to take even when there is no name */
    c->names = buf_take(&names);
    const char *name = c->names;
    for (size_t i = 0; i < c->count; name += c->entries[i++].name_len + 1)
        c->entries[i].name = name;
    return code;
}

static void count(struct content *c)
{
    c->bytes = c->files = c->largest = 0;
    for (size_t i = 0; i < c->count; i++) {
        const struct content_entry *e = &c->entries[i];
        c->bytes = sum_add(c->bytes, e->bytes);
        c->files += e->files;
        if (e->bytes > c->largest)
            c->largest = e->bytes;
    }
}

/* Read where it lies in SQLite's memory: that of a million entries is worth no copy. -EBADMSG: it is damaged. */
static int read_row(sqlite3_stmt *stmt, struct content **ret_content)
{
    const void *listing = sqlite3_column_blob(stmt, 0);
    struct content *c = mem_zalloc(sizeof *c);

    if (read_listing(c, listing, (size_t)sqlite3_column_bytes(stmt, 0)) != 0) {
        content_free(c);
        return -EBADMSG;
    }
    *ret_content = c;
    return 1;
}

static int read_directory(struct catalog *cat, int64_t replica, const char *path, size_t len,
                          struct content **ret_content, struct error *err)
{
    sqlite3_stmt *stmt;

    int code = catalog_prepare(cat, "SELECT listing FROM directory WHERE replica = ?1 AND path = ?2", &stmt, err);
    if (code)
        return code;
    sqlite3_bind_int64(stmt, 1, replica);
    sqlite3_bind_blob64(stmt, 2, len ? path : "", len, SQLITE_STATIC);
    int step = sqlite3_step(stmt);
    if (step == SQLITE_ROW)
        code = read_row(stmt, ret_content);
    else if (step != SQLITE_DONE)
        code = catalog_fail(cat, step, err);
    sqlite3_finalize(stmt);
    return code == -EBADMSG && step == SQLITE_ROW ? replica_damaged(cat, replica, path, len, err) : code;
}

int content_read(struct catalog *cat, int64_t replica, const char *path, size_t len, struct content **ret_content,
                 struct error *err)
{
    int code = read_directory(cat, replica, path, len, ret_content, err);

    if (code != 1)
        return code;
    struct content *c = *ret_content;
    c->shown = mem_alloc((c->count + 1) * sizeof *c->shown);
    count(c);
    content_arrange(c, CONTENT_BY_NAME, NULL, 0);
    return 1;
}

void content_free(struct content *c)
{
    if (!c)
        return;
    free(c->entries);
    free(c->shown);
    free(c->names);
    free(c);
}

/* ---- sums ---- */

void content_add_sums(struct content *c, const char *path, size_t len, const struct sums *sums)
{
    struct buf child = {0};

    buf_add(&child, path, len);
    if (len)
        buf_add_byte(&child, '/');
    size_t start = child.len;
    for (size_t i = 0; i < c->count; i++) {
        struct content_entry *e = &c->entries[i];
        if (!S_ISDIR(e->mode))
            continue;
        buf_truncate(&child, start);
        buf_add(&child, e->name, e->name_len);
        const struct totals *t = sums_of(sums, child.data, child.len);
        if (!t)
            continue;
        e->bytes = t->bytes;
        e->files = t->files;
        e->newest = t->files ? t->newest : INT64_MIN;
        e->errors = t->errors;
    }
    buf_free(&child);
    c->summed = true;
    count(c);
}

/* ---- order ---- */

/* What is sorted by, ascending and unsigned: the largest has the smallest key. */
static uint64_t key_of(const struct content_entry *e, enum content_order order)
{
    int64_t value = order == CONTENT_BY_SIZE ? e->bytes : e->newest;
    return ~((uint64_t)value ^ (uint64_t)INT64_MIN);
}

struct keyed {
    uint64_t key;
    uint32_t place;
};

/* One pass of a radix sort by the byte at `shift`. False when all have the same one there: nothing was moved. */
static bool pass(const struct keyed *from, struct keyed *to, size_t count_, unsigned shift)
{
    size_t starts[257] = {0};

    for (size_t i = 0; i < count_; i++)
        starts[(from[i].key >> shift & 0xff) + 1]++;
    if (starts[(from[0].key >> shift & 0xff) + 1] == count_)
        return false;
    for (unsigned b = 1; b < 257; b++)
        starts[b] += starts[b - 1];
    for (size_t i = 0; i < count_; i++)
        to[starts[from[i].key >> shift & 0xff]++] = from[i];
    return true;
}

/* Equal ones stay in the order of their names. */
static void sort(struct content *c, enum content_order order)
{
    struct keyed *all = mem_alloc((c->shown_count + 1) * 2 * sizeof *all), *from = all, *to = all + c->shown_count;

    for (size_t i = 0; i < c->shown_count; i++)
        from[i] = (struct keyed){key_of(&c->entries[c->shown[i]], order), c->shown[i]};
    for (unsigned shift = 0; shift < 64 && c->shown_count; shift += 8)
        if (pass(from, to, c->shown_count, shift)) {
            struct keyed *sorted = to;
            to = from;
            from = sorted;
        }
    for (size_t i = 0; i < c->shown_count; i++)
        c->shown[i] = from[i].place;
    free(all);
}

void content_arrange(struct content *c, enum content_order order, const char *filter, size_t filter_len)
{
    struct glob *glob = filter && filter_len ? glob_new(filter, filter_len, GLOB_WORD | GLOB_FOLD | GLOB_FORMS) : NULL;

    c->shown_count = 0;
    for (size_t i = 0; i < c->count; i++)
        if (!glob || glob_match(glob, c->entries[i].name, c->entries[i].name_len))
            c->shown[c->shown_count++] = (uint32_t)i;
    glob_free(glob);
    if (order != CONTENT_BY_NAME)
        sort(c, order);
}

/* ---- finding ---- */

/* The entries are sorted by name. */
static size_t entry_of(const struct content *c, const char *name, size_t len)
{
    size_t low = 0, high = c->count;

    while (low < high) {
        size_t middle = low + (high - low) / 2;
        const struct content_entry *e = &c->entries[middle];
        int order = entry_compare_names(e->name, e->name_len, name, len);
        if (order == 0)
            return middle;
        if (order < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return c->count;
}

size_t content_place(const struct content *c, const char *name, size_t len)
{
    size_t entry = entry_of(c, name, len), at = 0;

    while (at < c->shown_count && c->shown[at] != entry)
        at++;
    return at;
}
