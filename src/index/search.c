#include "index/search.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/glob.h"
#include "index/listing.h"
#include "index/names.h"

/* A directory's row. The blobs belong to the statement until its next step. */
struct row {
    int64_t replica;
    const char *path;
    size_t path_len;
    const void *listing;
    size_t listing_len;
};

struct search {
    const struct search_filter *filter;
    struct catalog *cat;
    sqlite3_stmt *stmt;
    struct glob *glob;        /* NULL: every name matches */
    struct glob *spelled;     /* the name that is spelled like the pattern; NULL where that matches it anyway */
    struct needle needle;     /* what the pattern comes down to; text NULL: to nothing simpler */
    struct names names;
};

/* ---- lists ---- */

static struct found *list_add(struct found_list *list)
{
    if (list->count == list->room) {
        list->room = list->room ? list->room * 2 : 16;
        list->items = mem_realloc(list->items, list->room * sizeof *list->items);
    }
    return &list->items[list->count++];
}

void found_list_seal(struct found_list *list)
{
    const char *path = list->paths.data;

    for (size_t i = 0; i < list->count; path += list->items[i++].path_len + 1)
        list->items[i].path = path;
}

void found_list_free(struct found_list *list)
{
    free(list->items);
    buf_free(&list->paths);
    *list = (struct found_list){0};
}

/* ---- opening ---- */

int search_open(const char *catalog, const struct search_filter *filter, struct search **ret_search,
                struct error *err)
{
    static const char directories[] = "SELECT replica, path, listing FROM directory WHERE id BETWEEN ?1 AND ?2";
    struct search *s = mem_zalloc(sizeof *s);

    s->filter = filter;
    if (filter->pattern) {
        s->glob = glob_new(filter->pattern, filter->pattern_len, filter->pattern_flags);
        if (glob_needle(s->glob, &s->needle) && !s->needle.len) {
            glob_free(s->glob);
            s->glob = NULL;
        }
        if (memchr(filter->pattern, '[', filter->pattern_len))
            s->spelled = glob_new(filter->pattern, filter->pattern_len, filter->pattern_flags | GLOB_PLAIN);
    }
    int code = catalog_open(catalog, &s->cat, err);
    /* Every page is read once: few that stay in the processor's cache are better than many. */
    if (!code) {
        catalog_own(s->cat);
        code = catalog_exec(s->cat, "PRAGMA cache_size = -256", err);
    }
    if (!code)
        code = catalog_prepare(s->cat, directories, &s->stmt, err);
    if (code) {
        search_close(s);
        return code;
    }
    *ret_search = s;
    return 0;
}

void search_close(struct search *s)
{
    if (!s)
        return;
    sqlite3_finalize(s->stmt);
    catalog_close(s->cat);
    glob_free(s->glob);
    glob_free(s->spelled);
    names_close(&s->names);
    free(s);
}

struct catalog *search_catalog(struct search *s) { return s->cat; }

/* ---- one entry ---- */

static bool kind_fits(const struct search_filter *f, uint32_t mode)
{
    return !f->kind || (mode & S_IFMT) == f->kind;
}

static bool time_fits(const struct search_filter *f, const struct entry *e)
{
    bool any_newer = f->newer == INT64_MIN, any_older = f->older == INT64_MAX;

    if (!e->mode)    /* it could not be read: nothing is known of its time */
        return any_newer && any_older;
    return (any_newer || e->mtime > f->newer) && (any_older || e->mtime < f->older);
}

static bool values_fit(const struct search_filter *f, const struct entry *e)
{
    return (f->larger < 0 || entry_bytes(e) > (uint64_t)f->larger) && time_fits(f, e);
}

static void add(struct found_list *out, const struct row *row, const struct entry *e)
{
    size_t from = out->paths.len;

    if (row->path_len) {
        buf_add(&out->paths, row->path, row->path_len);
        buf_add_byte(&out->paths, '/');
    }
    buf_add(&out->paths, e->name, e->name_len + 1);
    *list_add(out) = (struct found){
        .replica = row->replica, .path_len = (uint32_t)(out->paths.len - from - 1), .mode = e->mode, .err = e->err,
        .size = entry_bytes(e), .mtime = e->mtime,
    };
}

/* What cannot be looked through is told in its place, and the rest goes on. */
static void add_damaged(struct found_list *out, const struct row *row)
{
    buf_add(&out->paths, row->path_len ? row->path : "", row->path_len);
    buf_add_byte(&out->paths, 0);
    *list_add(out) = (struct found){.replica = row->replica, .path_len = (uint32_t)row->path_len, .damaged = true};
}

/* ---- one directory ---- */

/* Every entry whole: where all names match. */
static int read_all(struct search *s, const struct row *row, struct found_list *out)
{
    struct listing l;
    struct entry e;
    int code;

    if (listing_open(&l, row->listing, row->listing_len, NULL, 0) < 0)
        return -EBADMSG;
    while ((code = listing_next(&l, &e)) == 1)
        if (e.name_len && kind_fits(s->filter, e.mode) && values_fit(s->filter, &e))
            add(out, row, &e);
    listing_close(&l);
    return code;
}

/*
 * Whether the text stands in the name at hand. *end: behind where it stood in the name before, 0 when it did not:
 * what two names share is searched once.
 */
static bool has_needle(const struct search *s, size_t *end)
{
    const struct names *n = &s->names;
    size_t start = s->filter->whole_path ? 0 : n->offset, known = n->index > 1 ? n->offset + n->shared - start : 0;
    const char *text = n->name.data + start;

    if (*end && *end <= known)
        return true;
    const char *at = needle_find(&s->needle, text, n->name.len - start, known);
    *end = at ? (size_t)(at - text) + s->needle.len : 0;
    return at;
}

static bool name_fits(struct search *s)
{
    size_t from = s->filter->whole_path ? 0 : s->names.offset;
    const char *name = s->names.name.data + from;
    size_t len = s->names.name.len - from;

    return glob_match(s->glob, name, len) || (s->spelled && glob_match(s->spelled, name, len));
}

/* The place of the next name that matches, 0 at the end, or -EBADMSG. */
static int64_t next_match(struct search *s, size_t *needle_end)
{
    int code;

    while ((code = names_next(&s->names)) == 1) {
        bool fits = s->needle.text ? has_needle(s, needle_end) : name_fits(s);
        if (fits && s->names.name.len > s->names.offset && kind_fits(s->filter, s->names.mode))
            return (int64_t)s->names.index;
    }
    return code;
}

/* Whole entries of matching names: times are kept as differences, so everything before them is read too. */
static int read_matches(struct search *s, const struct row *row, int64_t at, size_t *needle_end,
                        struct found_list *out)
{
    struct listing l;
    struct entry e;
    int code = 1;

    if (listing_open(&l, row->listing, row->listing_len, NULL, 0) < 0)
        return -EBADMSG;
    for (; at > 0 && code == 1; at = next_match(s, needle_end)) {
        while (l.at < (uint64_t)at && code == 1)
            code = listing_next(&l, &e);
        if (code == 1 && values_fit(s->filter, &e))
            add(out, row, &e);
    }
    listing_close(&l);
    return code != 1 ? -EBADMSG : at < 0 ? (int)at : 0;
}

static void set_folder(struct names *n, const struct row *row, bool whole_path)
{
    buf_clear(&n->name);
    if (whole_path && row->path_len) {
        buf_add(&n->name, row->path, row->path_len);
        buf_add_byte(&n->name, '/');
    }
    n->offset = n->name.len;
}

static int search_directory(struct search *s, const struct row *row, struct found_list *out)
{
    size_t needle_end = 0;

    if (!s->glob)
        return read_all(s, row, out);
    set_folder(&s->names, row, s->filter->whole_path);
    if (names_open(&s->names, row->listing, row->listing_len) < 0)
        return -EBADMSG;
    int64_t at = next_match(s, &needle_end);
    return at > 0 ? read_matches(s, row, at, &needle_end, out) : (int)at;
}

/* ---- rows ---- */

int search_compare_ids(const void *a, const void *b)
{
    int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
    return (x > y) - (x < y);
}

static bool is_wanted(const struct search_filter *f, int64_t replica)
{
    return !f->replicas || bsearch(&replica, f->replicas, f->replica_count, sizeof replica, search_compare_ids);
}

static void search_row(struct search *s, struct found_list *out)
{
    struct row row = {.replica = sqlite3_column_int64(s->stmt, 0)};

    if (!is_wanted(s->filter, row.replica))
        return;
    row.path = sqlite3_column_blob(s->stmt, 1);
    row.path_len = (size_t)sqlite3_column_bytes(s->stmt, 1);
    row.listing = sqlite3_column_blob(s->stmt, 2);
    row.listing_len = (size_t)sqlite3_column_bytes(s->stmt, 2);
    if (search_directory(s, &row, out) < 0)
        add_damaged(out, &row);
}

int search_range(struct search *s, int64_t first, int64_t last, struct found_list *out, struct error *err)
{
    int step, code = 0;

    sqlite3_bind_int64(s->stmt, 1, first);
    sqlite3_bind_int64(s->stmt, 2, last);
    while ((step = sqlite3_step(s->stmt)) == SQLITE_ROW)
        search_row(s, out);
    if (step != SQLITE_DONE)
        code = catalog_fail(s->cat, step, err);
    sqlite3_reset(s->stmt);
    return code;
}
