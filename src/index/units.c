#include "index/units.h"

#include <stdlib.h>

#include "base/buf.h"

#define UNIT 128          /* directories */
#define SMALL_PART 4      /* going to a directory by its id costs that many read in passing */

void units_free(struct units *u)
{
    free(u->ids);
    *u = (struct units){0};
}

static void add_id(struct units *u, int64_t id)
{
    if (u->id_count == u->id_room) {
        u->id_room = u->id_room ? u->id_room * 2 : 256;
        u->ids = mem_realloc(u->ids, u->id_room * sizeof *u->ids);
    }
    u->ids[u->id_count++] = id;
}

static int read_bounds(struct catalog *cat, struct units *u, struct error *err)
{
    /* Asked for in one SELECT, every id would be read. */
    static const char bounds[] = "SELECT (SELECT min(id) FROM directory), (SELECT max(id) FROM directory)";
    sqlite3_stmt *stmt;

    int code = catalog_prepare(cat, bounds, &stmt, err);
    if (code)
        return code;
    int step = sqlite3_step(stmt);
    if (step != SQLITE_ROW) {
        code = catalog_fail(cat, step, err);
    } else if (sqlite3_column_type(stmt, 0) != SQLITE_NULL) {
        u->first = sqlite3_column_int64(stmt, 0);
        u->last = sqlite3_column_int64(stmt, 1);
        u->count = (size_t)(u->last - u->first) / UNIT + 1;
    }
    sqlite3_finalize(stmt);
    return code;
}

/* How many directories the replicas have, or enough of them to know that they are no small part. */
static int count_directories(struct catalog *cat, const int64_t *replicas, size_t count, int64_t enough,
                             int64_t *ret_sum, struct error *err)
{
    sqlite3_stmt *stmt;
    int step = SQLITE_DONE;

    int code = catalog_prepare(cat, "SELECT directories FROM replica WHERE id = ?1", &stmt, err);
    if (code)
        return code;
    *ret_sum = 0;
    for (size_t i = 0; i < count && *ret_sum < enough && (step == SQLITE_DONE || step == SQLITE_ROW); i++) {
        sqlite3_bind_int64(stmt, 1, replicas[i]);
        step = sqlite3_step(stmt);
        if (step == SQLITE_ROW)
            *ret_sum += sqlite3_column_int64(stmt, 0);
        sqlite3_reset(stmt);
    }
    if (step != SQLITE_DONE && step != SQLITE_ROW)
        code = catalog_fail(cat, step, err);
    sqlite3_finalize(stmt);
    return code;
}

/* From the index over directories alone, which is small. */
static int list_directories(struct catalog *cat, const int64_t *replicas, size_t count, struct units *u,
                            struct error *err)
{
    sqlite3_stmt *stmt;
    int step = SQLITE_DONE;

    int code = catalog_prepare(cat, "SELECT id FROM directory WHERE replica = ?1 ORDER BY path", &stmt, err);
    if (code)
        return code;
    u->ids = mem_alloc(1);    /* never NULL from here on: none wanted is not all wanted */
    for (size_t i = 0; i < count && step == SQLITE_DONE; i++) {
        sqlite3_bind_int64(stmt, 1, replicas[i]);
        while ((step = sqlite3_step(stmt)) == SQLITE_ROW)
            add_id(u, sqlite3_column_int64(stmt, 0));
        sqlite3_reset(stmt);
    }
    if (step != SQLITE_DONE)
        code = catalog_fail(cat, step, err);
    sqlite3_finalize(stmt);
    u->count = (u->id_count + UNIT - 1) / UNIT;
    return code;
}

int units_plan(struct catalog *cat, const int64_t *replicas, size_t replica_count, struct units *ret_units,
               struct error *err)
{
    int64_t enough, wanted;

    *ret_units = (struct units){0};
    int code = read_bounds(cat, ret_units, err);
    if (code || !replicas || !ret_units->count)
        return code;
    enough = (ret_units->last - ret_units->first + 1) / SMALL_PART;
    code = count_directories(cat, replicas, replica_count, enough, &wanted, err);
    if (!code && wanted < enough)
        code = list_directories(cat, replicas, replica_count, ret_units, err);
    return code;
}

/* Neighbours in the wanted order are mostly neighbours in the catalog: read those in one go. */
static size_t run_length(const int64_t *ids, size_t count)
{
    size_t n = 1;

    while (n < count && ids[n] == ids[n - 1] + 1)
        n++;
    return n;
}

static int each_run(const int64_t *ids, size_t count, units_fn *fn, void *arg, struct error *err)
{
    int code = 0;

    for (size_t run; count && !code; ids += run, count -= run) {
        run = run_length(ids, count);
        code = fn(arg, ids[0], ids[run - 1], err);
    }
    return code;
}

int units_each(const struct units *u, size_t unit, units_fn *fn, void *arg, struct error *err)
{
    if (u->ids) {
        size_t at = unit * UNIT, left = u->id_count - at;
        return each_run(u->ids + at, left < UNIT ? left : UNIT, fn, arg, err);
    }
    int64_t first = u->first + (int64_t)unit * UNIT, last = first + UNIT - 1;
    return fn(arg, first, last < u->last ? last : u->last, err);
}

struct target {
    struct search *search;
    struct found_list *out;
};

static int search_run(void *arg, int64_t first, int64_t last, struct error *err)
{
    struct target *t = arg;
    return search_range(t->search, first, last, t->out, err);
}

int units_search(const struct units *u, size_t unit, struct search *s, struct found_list *out, struct error *err)
{
    struct target target = {s, out};
    return units_each(u, unit, search_run, &target, err);
}
