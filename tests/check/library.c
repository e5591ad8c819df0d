#include "library.h"

#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/path.h"
#include "index/identity.h"
#include "sandbox.h"
#include "scan/load.h"

static void add_database(struct library *lib, const char *name)
{
    struct identity id;
    char sql[1200];

    sandbox_folder(lib->folder, name);
    snprintf(sql, sizeof sql, "%s/%s", lib->folder, name);
    int root = path_open_root(sql);
    ck_assert_int_ge(root, 0);
    ck_assert_int_eq(identity_write(root, name, false, NULL), 0);
    ck_assert_int_eq(identity_read(root, &id, NULL), 0);
    close(root);
    snprintf(sql, sizeof sql,
             "INSERT INTO database (name, path, identity, added_at) VALUES ('%s', CAST('%s/%s' AS BLOB), '%s', 1)", name,
             lib->folder, name, id.text);
    ck_assert_int_eq(catalog_exec(lib->cat, sql, NULL), 0);
}

void library_open(struct library *lib)
{
    struct error err = {0};

    snprintf(lib->folder, sizeof lib->folder, "%s", sandbox_make());
    snprintf(lib->path, sizeof lib->path, "%s/catalog.db", lib->folder);
    ck_assert_msg(catalog_open(lib->path, &lib->cat, &err) == 0, "%s", err.message);
    add_database(lib, "A");
    add_database(lib, "B");
    ck_assert_int_eq(catalog_exec(lib->cat,
                                  "INSERT INTO category (name, path) VALUES ('one', CAST('one' AS BLOB)), "
                                  "('two', CAST('deep/two' AS BLOB))", NULL), 0);
}

void library_close(struct library *lib)
{
    catalog_close(lib->cat);
    sandbox_remove(lib->folder);
}

static int64_t number(const struct event *ev, const char *key)
{
    for (size_t i = 0; i < ev->count; i++)
        if (strcmp(ev->fields[i].key, key) == 0)
            return ev->fields[i].integer;
    ck_abort_msg("event %s has no %s", ev->type, key);
    return 0;
}

static void take(const struct event *ev, struct library_load *r)
{
    if (strcmp(ev->type, "problem") == 0)
        r->problems++;
    if (strcmp(ev->type, "failed") == 0)
        snprintf(r->code, sizeof r->code, "%s", ev->fields[0].text);
    if (strcmp(ev->type, "done") != 0)
        return;
    r->files = number(ev, "files");
    r->bytes = number(ev, "bytes");
    r->added = number(ev, "added");
    r->changed = number(ev, "changed");
    r->removed = number(ev, "removed");
    r->errors = number(ev, "errors");
    r->loose = number(ev, "loose");
    r->replicas = number(ev, "replicas");
    r->cancelled = (int)number(ev, "cancelled");
}

static struct library_load run(struct library *lib, int64_t database, int jobs, bool confirmed)
{
    struct load_request request = {
        .catalog = mem_strdup(lib->path), .database = database, .jobs = jobs, .confirmed = confirmed};
    struct library_load r = {0};
    struct event *ev;
    struct job *job;
    int code;

    ck_assert_int_eq(load_start(&request, &job, NULL), 0);
    while ((code = job_next(job, -1, &ev)) == 1) {
        take(ev, &r);
        event_free(ev);
    }
    ck_assert_int_eq(code, -EPIPE);
    job_close(job);
    return r;
}

struct library_load library_load(struct library *lib, int64_t database, int jobs)
{
    return run(lib, database, jobs, false);
}

struct library_load library_load_confirmed(struct library *lib, int64_t database)
{
    return run(lib, database, 0, true);
}

int64_t library_number(struct library *lib, const char *sql)
{
    sqlite3_stmt *stmt;

    ck_assert_int_eq(catalog_prepare(lib->cat, sql, &stmt, NULL), 0);
    int64_t value = sqlite3_step(stmt) == SQLITE_ROW ? sqlite3_column_int64(stmt, 0) : 0;
    sqlite3_finalize(stmt);
    return value;
}

int64_t library_replica(struct library *lib, int64_t database, int64_t category, const char *client,
                        const char *project)
{
    char sql[800];

    snprintf(sql, sizeof sql,
             "SELECT id FROM replica WHERE database = %lld AND category = %lld AND client = CAST('%s' AS BLOB) AND "
             "project = CAST('%s' AS BLOB)", (long long)database, (long long)category, client, project);
    return library_number(lib, sql);
}
