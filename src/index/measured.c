#include "index/measured.h"

#include <errno.h>
#include <stdio.h>

#include "base/buf.h"
#include "base/clock.h"

static const char *const names[TRAIT_COUNT] = {
    [TRAIT_CTIME] = "ctime",           [TRAIT_INODE] = "inode",         [TRAIT_MODE] = "mode",
    [TRAIT_OWNER] = "owner",           [TRAIT_LINKS] = "links",         [TRAIT_SYMLINKS] = "symlinks",
    [TRAIT_HOLES] = "holes",           [TRAIT_XATTRS] = "xattrs",       [TRAIT_EXCHANGE] = "exchange",
    [TRAIT_FOLDS_CASE] = "folds_case", [TRAIT_FOLDS_FORMS] = "folds_forms",
};

#define TIMES 6    /* columns of a struct traits */
#define FIRST_KEPT 12    /* the number of the first parameter behind those */

#define TIME_COLUMNS "granularity, oldest, newest, keeps_times, link_times, early"

const char *trait_name(enum trait trait) { return names[trait]; }

static int64_t integer(sqlite3_stmt *stmt, int at, int64_t otherwise)
{
    return sqlite3_column_type(stmt, at) == SQLITE_NULL ? otherwise : sqlite3_column_int64(stmt, at);
}

static void take_times(sqlite3_stmt *stmt, void *arg)
{
    struct traits *t = arg;

    *t = (struct traits){
        .granularity = integer(stmt, 0, 0),
        .has_oldest = sqlite3_column_type(stmt, 1) != SQLITE_NULL, .oldest = integer(stmt, 1, 0),
        .has_newest = sqlite3_column_type(stmt, 2) != SQLITE_NULL, .newest = integer(stmt, 2, 0),
        .drops_times = !integer(stmt, 3, 1),
        .drops_link_times = !integer(stmt, 4, 1), .early = integer(stmt, 5, 0),
    };
}

static void take(sqlite3_stmt *stmt, struct measured *m)
{
    take_times(stmt, &m->traits);
    for (int i = 0; i < TRAIT_COUNT; i++)
        m->kept[i] = (signed char)integer(stmt, TIMES + i, -1);
    m->trial = (int)integer(stmt, TIMES + TRAIT_COUNT, 0);
}

int measured_find(struct catalog *cat, int64_t database, int64_t category, const char *filesystem,
                  struct measured *ret_measured, struct error *err)
{
    struct buf sql = {0};
    sqlite3_stmt *stmt;

    buf_printf(&sql, "SELECT " TIME_COLUMNS);
    for (int i = 0; i < TRAIT_COUNT; i++)
        buf_printf(&sql, ", %s", names[i]);
    buf_printf(&sql, ", trial FROM traits WHERE database = ?1 AND filesystem = ?2 AND (?3 < 0 OR category = ?3)");
    int code = catalog_prepare(cat, buf_str(&sql), &stmt, err);
    buf_free(&sql);
    if (code)
        return code;
    sqlite3_bind_int64(stmt, 1, database);
    sqlite3_bind_text(stmt, 2, filesystem, -1, SQLITE_STATIC);
    sqlite3_bind_int64(stmt, 3, category);
    int step = sqlite3_step(stmt);
    if (step == SQLITE_ROW)
        take(stmt, ret_measured);
    code = step == SQLITE_ROW ? 1 : step == SQLITE_DONE ? 0 : catalog_fail(cat, step, err);
    sqlite3_finalize(stmt);
    return code;
}

static void bind_if(sqlite3_stmt *stmt, int at, bool known, int64_t value)
{
    if (known)
        sqlite3_bind_int64(stmt, at, value);
    else
        sqlite3_bind_null(stmt, at);
}

static void bind(sqlite3_stmt *stmt, int64_t database, int64_t category, const char *filesystem, const struct measured *m)
{
    const struct traits *t = &m->traits;

    sqlite3_bind_int64(stmt, 1, database);
    sqlite3_bind_text(stmt, 2, filesystem, -1, SQLITE_STATIC);
    sqlite3_bind_int64(stmt, 3, clock_now());
    sqlite3_bind_int64(stmt, 4, t->granularity);
    bind_if(stmt, 5, t->has_oldest, t->oldest);
    bind_if(stmt, 6, t->has_newest, t->newest);
    sqlite3_bind_int64(stmt, 7, !t->drops_times);
    sqlite3_bind_int64(stmt, 8, !t->drops_link_times);
    sqlite3_bind_int64(stmt, 9, t->early);
    sqlite3_bind_int64(stmt, 10, category);
    sqlite3_bind_int(stmt, 11, TRIAL_VERSION);
    for (int i = 0; i < TRAIT_COUNT; i++)
        bind_if(stmt, FIRST_KEPT + i, m->kept[i] >= 0, m->kept[i]);
}

static int run(struct catalog *cat, sqlite3_stmt *stmt, struct error *err)
{
    int step = sqlite3_step(stmt);
    int code = step == SQLITE_DONE ? 0 : catalog_fail(cat, step, err);

    sqlite3_finalize(stmt);
    return code;
}

/* The database may have been forgotten meanwhile: then there is nothing to remember. */
int measured_keep(struct catalog *cat, int64_t database, int64_t category, const char *filesystem,
                  const struct measured *measured, struct error *err)
{
    struct buf sql = {0};
    sqlite3_stmt *stmt;

    buf_printf(&sql, "INSERT OR REPLACE INTO traits (database, filesystem, measured_at, " TIME_COLUMNS ", category, trial");
    for (int i = 0; i < TRAIT_COUNT; i++)
        buf_printf(&sql, ", %s", names[i]);
    buf_printf(&sql, ") SELECT ?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11");
    for (int i = 0; i < TRAIT_COUNT; i++)
        buf_printf(&sql, ", ?%d", FIRST_KEPT + i);
    buf_printf(&sql, " WHERE EXISTS (SELECT 1 FROM database WHERE id = ?1)");
    int code = catalog_prepare(cat, buf_str(&sql), &stmt, err);
    buf_free(&sql);
    if (code)
        return code;
    bind(stmt, database, category, filesystem, measured);
    return run(cat, stmt, err);
}

int measured_drop(struct catalog *cat, int64_t database, int64_t category, const char *filesystem, struct error *err)
{
    sqlite3_stmt *stmt;
    int code = catalog_prepare(cat, "DELETE FROM traits WHERE database = ?1 AND category = ?3 AND filesystem <> ?2", &stmt, err);

    if (code)
        return code;
    sqlite3_bind_int64(stmt, 1, database);
    sqlite3_bind_text(stmt, 2, filesystem, -1, SQLITE_STATIC);
    sqlite3_bind_int64(stmt, 3, category);
    return run(cat, stmt, err);
}

/* As take_times, and how the granularity is known. */
static void take_kept(sqlite3_stmt *stmt, void *arg)
{
    struct traits *t = arg;

    take_times(stmt, t);
    if (!sqlite3_column_int(stmt, TIMES))
        t->source = t->granularity ? TRAITS_BY_TYPE : TRAITS_UNKNOWN;
}

int measured_times(struct catalog *cat, int64_t replica, struct traits *ret_traits, struct error *err)
{
    static const char sql[] = "SELECT " TIME_COLUMNS ", measured FROM kept_times WHERE (database, category) = "
                              "(SELECT database, category FROM replica WHERE id = ?1)";

    *ret_traits = (struct traits){.granularity = 1};
    int code = catalog_ask(cat, sql, replica, take_kept, ret_traits, err);
    return code < 0 ? code : 0;
}

static int database_of(struct catalog *cat, const char *identity, int64_t *ret_database, struct error *err)
{
    sqlite3_stmt *stmt;
    int code = catalog_prepare(cat, "SELECT id FROM database WHERE identity = ?1", &stmt, err);

    *ret_database = 0;
    if (code)
        return code;
    sqlite3_bind_text(stmt, 1, identity, -1, SQLITE_STATIC);
    int step = sqlite3_step(stmt);
    if (step == SQLITE_ROW)
        *ret_database = sqlite3_column_int64(stmt, 0);
    else if (step != SQLITE_DONE)
        code = catalog_fail(cat, step, err);
    sqlite3_finalize(stmt);
    return code;
}

/* A sign that is not kept tells nothing. One that seems to be may still change with the next mount: that the type tells. */
static void recall(const struct measured *m, struct filesystem *fs)
{
    fs->traits = m->traits;
    fs->holes = m->kept[TRAIT_HOLES] < 0 ? fs->holes : m->kept[TRAIT_HOLES];
    fs->no_symlinks = m->kept[TRAIT_SYMLINKS] == 0;
    if (m->kept[TRAIT_CTIME] == 0)
        fs->signs &= ~SIGN_CTIME;
    if (m->kept[TRAIT_INODE] == 0)
        fs->signs &= ~SIGN_INODE;
}

/* What was measured of the filesystem of fd: 1, 0 for nothing, -errno. */
static int find_at(struct catalog *cat, const char *identity, int fd, struct measured *ret_measured, struct error *err)
{
    char name[FILESYSTEM_NAME];
    int64_t database;

    int code = database_of(cat, identity, &database, err);
    if (code || !database || filesystem_name(fd, name) < 0)
        return code;
    return measured_find(cat, database, -1, name, ret_measured, err);
}

int measured_recall(struct catalog *cat, const char *identity, int fd, struct filesystem *fs, struct error *err)
{
    struct measured m;
    int code = find_at(cat, identity, fd, &m, err);

    if (code > 0)
        recall(&m, fs);
    return code < 0 ? code : 0;
}

int measured_folds(struct catalog *cat, const char *identity, int fd, bool *ret_folds, struct error *err)
{
    struct measured m;
    int code = find_at(cat, identity, fd, &m, err);

    *ret_folds = code != 1 || m.kept[TRAIT_FOLDS_CASE] != 0 || m.kept[TRAIT_FOLDS_FORMS] != 0;
    return code < 0 ? code : 0;
}

int measured_look_up(const char *catalog, const char *identity, int fd, struct filesystem *fs, struct error *err)
{
    struct catalog *cat = NULL;
    int code = catalog_open(catalog, &cat, err);

    if (!code)
        code = measured_recall(cat, identity, fd, fs, err);
    catalog_close(cat);
    return code;
}
