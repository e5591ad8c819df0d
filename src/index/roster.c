#include "index/roster.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "index/listing.h"

static const char *column(struct roster *r, sqlite3_stmt *stmt, int at)
{
    if (sqlite3_column_type(stmt, at) == SQLITE_NULL)
        return NULL;
    size_t len = (size_t)sqlite3_column_bytes(stmt, at);
    return arena_strndup(&r->strings, len ? sqlite3_column_blob(stmt, at) : "", len);
}

/* ---- reading ---- */

static void take_database(struct roster *r, sqlite3_stmt *stmt)
{
    r->name = column(r, stmt, 0);
    r->path = column(r, stmt, 1);
    r->identity = column(r, stmt, 2);
}

static void take_category(struct roster *r, sqlite3_stmt *stmt)
{
    r->categories = mem_realloc(r->categories, (r->category_count + 1) * sizeof *r->categories);
    r->categories[r->category_count++] =
        (struct roster_category){.id = sqlite3_column_int64(stmt, 0), .path = column(r, stmt, 1)};
}

static void take_replica(struct roster *r, sqlite3_stmt *stmt)
{
    size_t n = r->replica_count;

    if ((n & (n - 1)) == 0)
        r->replicas = mem_realloc(r->replicas, (n ? n * 2 : 1) * sizeof *r->replicas);
    r->replicas[r->replica_count++] = (struct roster_replica){
        .id = sqlite3_column_int64(stmt, 0),
        .category = sqlite3_column_int64(stmt, 1),
        .client = column(r, stmt, 2),
        .project = column(r, stmt, 3),
        .loaded_at = sqlite3_column_int64(stmt, 4),
        .directories = sqlite3_column_int64(stmt, 5),
    };
}

static int each_row(struct catalog *cat, const char *sql, int64_t database, struct roster *r,
                    void (*take)(struct roster *, sqlite3_stmt *), struct error *err)
{
    sqlite3_stmt *stmt;
    int step;

    int code = catalog_prepare(cat, sql, &stmt, err);
    if (code)
        return code;
    if (sqlite3_bind_parameter_count(stmt))
        sqlite3_bind_int64(stmt, 1, database);
    while ((step = sqlite3_step(stmt)) == SQLITE_ROW)
        take(r, stmt);
    if (step != SQLITE_DONE)
        code = catalog_fail(cat, step, err);
    sqlite3_finalize(stmt);
    return code;
}

static const char replicas[] = "SELECT id, category, client, project, loaded_at, directories FROM replica "
                               "WHERE database = ?1";
static const char one_replica[] = "SELECT id, category, client, project, loaded_at, directories FROM replica "
                                  "WHERE database = ?1 AND category = ?2 AND client = ?3 AND project = ?4";

static int read_some(struct catalog *cat, int64_t database, const struct roster_only *only, size_t count,
                     struct roster *r, struct error *err)
{
    sqlite3_stmt *stmt = NULL;

    int code = catalog_prepare(cat, one_replica, &stmt, err);
    for (size_t i = 0; i < count && !code; i++) {
        sqlite3_bind_int64(stmt, 1, database);
        sqlite3_bind_int64(stmt, 2, only[i].category);
        sqlite3_bind_blob64(stmt, 3, only[i].client, strlen(only[i].client), SQLITE_STATIC);
        sqlite3_bind_blob64(stmt, 4, only[i].project, strlen(only[i].project), SQLITE_STATIC);
        int step = sqlite3_step(stmt);
        if (step == SQLITE_ROW)
            take_replica(r, stmt);
        else if (step != SQLITE_DONE)
            code = catalog_fail(cat, step, err);
        sqlite3_reset(stmt);
    }
    sqlite3_finalize(stmt);
    return code;
}

static int compare(const struct roster_replica *r, int64_t category, const char *client, const char *project)
{
    if (r->category != category)
        return r->category < category ? -1 : 1;
    int order = strcmp(r->client, client);
    return order ? order : strcmp(r->project, project);
}

static int by_name(const void *a, const void *b)
{
    const struct roster_replica *y = b;
    return compare(a, y->category, y->client, y->project);
}

int roster_read(struct catalog *cat, int64_t database, const struct roster_only *only, size_t count,
                struct roster *ret_roster, struct error *err)
{
    struct roster *r = ret_roster;

    *r = (struct roster){0};
    int code = each_row(cat, "SELECT name, path, identity FROM database WHERE id = ?1", database, r, take_database, err);
    if (!code && !r->name)
        code = error_say(err, "ENONAME", ENOENT, "the catalog has no such database any more");
    if (!code)
        code = each_row(cat, "SELECT id, path FROM category ORDER BY name", database, r, take_category, err);
    if (!code)
        code = count ? read_some(cat, database, only, count, r, err)
                     : each_row(cat, replicas, database, r, take_replica, err);
    if (code)
        roster_free(r);
    else if (r->replica_count)
        qsort(r->replicas, r->replica_count, sizeof *r->replicas, by_name);
    return code;
}

void roster_free(struct roster *r)
{
    free(r->categories);
    free(r->replicas);
    arena_free(&r->strings);
    *r = (struct roster){0};
}

const struct roster_replica *roster_find(const struct roster *r, int64_t category, const char *client,
                                         const char *project)
{
    size_t low = 0, high = r->replica_count;

    while (low < high) {
        size_t mid = low + (high - low) / 2;
        int order = compare(&r->replicas[mid], category, client, project);
        if (order == 0)
            return &r->replicas[mid];
        if (order < 0)
            low = mid + 1;
        else
            high = mid;
    }
    return NULL;
}

/* ---- is it still so ---- */

struct wanted {
    const char *text;
    bool is_it;
};

static void compare_text(sqlite3_stmt *stmt, void *arg)
{
    struct wanted *w = arg;
    size_t len = (size_t)sqlite3_column_bytes(stmt, 0);

    w->is_it = w->text && len == strlen(w->text) && (!len || memcmp(sqlite3_column_blob(stmt, 0), w->text, len) == 0);
}

/* Of the row `id` of a table: 1 when its column is that text, 0 when it is another or there is none, -errno. */
static int has_text(struct catalog *cat, const char *sql, int64_t id, const char *text, struct error *err)
{
    struct wanted w = {.text = text};
    int code = catalog_ask(cat, sql, id, compare_text, &w, err);

    return code < 0 ? code : w.is_it;
}

int roster_check(struct catalog *cat, int64_t database, const struct roster *r, struct error *err)
{
    int code = has_text(cat, "SELECT identity FROM database WHERE id = ?1", database, r->identity, err);

    if (!code)
        return error_say(err, "ECHANGED", ESTALE, "%s was removed or became another disk while it was read (in another "
                         "window?): what was read since then is left out; load it again", r->name);
    for (size_t i = 0; i < r->category_count && code > 0; i++) {
        const struct roster_category *c = &r->categories[i];
        code = has_text(cat, "SELECT path FROM category WHERE id = ?1", c->id, c->path, err);
        if (!code)
            return error_say(err, "ECHANGED", ESTALE, "the category at %s was removed or got another path while %s was read (in "
                             "another window?): what was read since then is left out; load it again", c->path, r->name);
    }
    return code < 0 ? code : 0;
}

/* ---- writing ---- */

/* A parameter: text when set (bound as a blob), else the number. */
struct value {
    const char *text;
    int64_t number;
};

static int run(struct catalog *cat, const char *sql, const struct value *values, int count, struct error *err)
{
    sqlite3_stmt *stmt;

    int code = catalog_prepare(cat, sql, &stmt, err);
    if (code)
        return code;
    for (int i = 0; i < count; i++) {
        if (values[i].text)
            sqlite3_bind_blob64(stmt, i + 1, values[i].text, strlen(values[i].text), SQLITE_STATIC);
        else
            sqlite3_bind_int64(stmt, i + 1, values[i].number);
    }
    int step = sqlite3_step(stmt);
    code = step == SQLITE_DONE ? 0 : catalog_fail(cat, step, err);
    sqlite3_finalize(stmt);
    return code;
}

int roster_loaded(struct catalog *cat, int64_t database, int64_t at, struct error *err)
{
    const struct value values[] = {{.number = database}, {.number = at}};
    return run(cat, "UPDATE database SET loaded_at = ?2 WHERE id = ?1", values, 2, err);
}

int roster_lies_on(struct catalog *cat, int64_t database, const struct filesystem *fs, struct error *err)
{
    const struct value values[] = {{.number = database}, {.text = fs->type}, {.number = filesystem_granularity(fs)}};
    return run(cat,
               "UPDATE database SET fs_type = CAST(?2 AS TEXT), granularity = ?3 "
               "WHERE id = ?1 AND (fs_type IS NOT CAST(?2 AS TEXT) OR granularity <> ?3)",
               values, 3, err);
}

int roster_sums(struct catalog *cat, int64_t database, struct roster_sums *ret_sums, struct error *err)
{
    static const char sql[] =
        "SELECT count(DISTINCT client), count(DISTINCT client || x'2f' || project), count(*), coalesce(sum(files), 0), "
        "CAST(total(bytes) AS INTEGER), coalesce(sum(errors), 0) + (SELECT count(*) FROM unread WHERE database = ?1), "
        "(SELECT count(*) FROM loose WHERE database = ?1), "
        "(SELECT count(DISTINCT name) FROM client WHERE database = ?1) FROM replica WHERE database = ?1";
    sqlite3_stmt *stmt;

    int code = catalog_prepare(cat, sql, &stmt, err);
    if (code)
        return code;
    sqlite3_bind_int64(stmt, 1, database);
    int step = sqlite3_step(stmt);
    if (step == SQLITE_ROW) {
        *ret_sums = (struct roster_sums){
            .clients = sqlite3_column_int64(stmt, 7),
            .projects = sqlite3_column_int64(stmt, 1),
            .replicas = sqlite3_column_int64(stmt, 2),
            .files = sqlite3_column_int64(stmt, 3),
            .bytes = sqlite3_column_int64(stmt, 4),
            .errors = sqlite3_column_int64(stmt, 5),
            .loose = sqlite3_column_int64(stmt, 6),
        };
        if (ret_sums->clients < sqlite3_column_int64(stmt, 0))
            ret_sums->clients = sqlite3_column_int64(stmt, 0);
    }
    code = step == SQLITE_ROW ? 0 : catalog_fail(cat, step, err);
    sqlite3_finalize(stmt);
    return code;
}
