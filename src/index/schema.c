#include "index/schema.h"

#include <errno.h>
#include <stdio.h>

#include "index/catalog.h"

/* The SQL stands in a file of its own, where editors and people can read it as SQL. */
#define SQL(version)                                          \
    __asm__(".section .rodata\n"                              \
            "schema_" #version ":\n"                          \
            ".incbin \"index/schema_" #version ".sql\"\n"     \
            ".byte 0\n"                                       \
            ".previous\n");                                   \
    extern const char schema_##version[]
SQL(1);
SQL(2);
SQL(3);
SQL(4);
SQL(5);
SQL(6);
SQL(7);
SQL(8);
SQL(9);

/* What brings a catalog of version i to i + 1. */
static const char *const steps[SCHEMA_VERSION] = {schema_1, schema_2, schema_3, schema_4, schema_5, schema_6, schema_7,
                                                  schema_8, schema_9};

static int pragma(struct catalog *cat, const char *sql, int *ret_value, struct error *err)
{
    sqlite3_stmt *stmt;

    int code = catalog_prepare(cat, sql, &stmt, err);
    if (code)
        return code;
    int step = sqlite3_step(stmt);
    if (step == SQLITE_ROW)
        *ret_value = sqlite3_column_int(stmt, 0);
    else
        code = catalog_fail(cat, step, err);
    sqlite3_finalize(stmt);
    return code;
}

/*
 * A file with tables but without our mark belongs to another program: leave it alone. Both are read in one transaction:
 * another process may be making the catalog.
 */
static int check_owner(struct catalog *cat, int *ret_version, struct error *err)
{
    int application = 0, tables = 0;

    int code = catalog_exec(cat, "BEGIN", err);
    if (!code)
        code = pragma(cat, "SELECT count(*) FROM sqlite_master", &tables, err);
    if (!code)
        code = pragma(cat, "PRAGMA application_id", &application, err);
    if (!code)
        code = pragma(cat, "PRAGMA user_version", ret_version, err);
    catalog_rollback(cat);
    if (code || application == SCHEMA_APPLICATION || (application == 0 && tables == 0))
        return code;
    return error_say(err, "ECATALOG", EINVAL, "%s is a database of another program; choose another file with --catalog",
                     catalog_path(cat));
}

static int apply(struct catalog *cat, int version, struct error *err)
{
    char mark[64];

    snprintf(mark, sizeof mark, "PRAGMA application_id = %d", SCHEMA_APPLICATION);
    int code = catalog_exec(cat, steps[version], err);
    return code ? code : catalog_exec(cat, mark, err);
}

int schema_migrate(struct catalog *cat, struct error *err)
{
    int version = 0;

    int code = check_owner(cat, &version, err);
    if (code || version == SCHEMA_VERSION)
        return code;
    if (version < 0)
        return error_say(err, "ECORRUPT", EBADMSG, "the catalog %s is damaged (schema %d); move it away, add the databases "
                         "and categories again and load them: nothing on the disks depends on it", catalog_path(cat),
                         version);
    if (version > SCHEMA_VERSION)
        return error_say(err, "EVERSION", EINVAL,
                         "%s was made by a newer version of autobackup (schema %d, this one knows %d); "
                         "update autobackup, or choose another file with --catalog",
                         catalog_path(cat), version, SCHEMA_VERSION);
    if (catalog_is_readonly(cat))
        return error_say(err, "EVERSION", EROFS, "%s was made by an older version of autobackup and cannot be written: "
                         "open it once as somebody who may, or choose another file with --catalog", catalog_path(cat));
    code = catalog_exec(cat, "PRAGMA foreign_keys = OFF", err);    /* a table that is made anew loses no row of another */
    if (!code)
        code = catalog_begin(cat, err);
    /* Another program may have migrated while we waited for the lock. */
    if (!code)
        code = pragma(cat, "PRAGMA user_version", &version, err);
    while (!code && version < SCHEMA_VERSION)
        code = apply(cat, version++, err);
    if (!code)
        code = catalog_commit(cat, err);
    if (code)
        catalog_rollback(cat);
    return code ? code : catalog_exec(cat, "PRAGMA foreign_keys = ON", err);
}
