#include "copy/journal.h"

#include <errno.h>
#include <string.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/who.h"

static int step_once(struct catalog *cat, sqlite3_stmt *stmt, struct error *err)
{
    int result = sqlite3_step(stmt);
    sqlite3_finalize(stmt);
    return result == SQLITE_DONE || result == SQLITE_ROW ? 0 : catalog_fail(cat, result, err);
}

static void bind_text(sqlite3_stmt *stmt, int at, const char *text)
{
    if (text)
        sqlite3_bind_text(stmt, at, text, -1, SQLITE_TRANSIENT);
}

/* Who does it, when, in which run. */
#define WHO "run, host, user, boot, pid, began, started_at"
#define WHO_VALUES "?11, ?12, ?13, ?14, ?15, ?16, ?17"

static void bind_who(sqlite3_stmt *stmt, const struct journal *j)
{
    struct who who;

    who_am_i(&who);
    const char *texts[] = {j->run && *j->run ? j->run : NULL, who.host, who.user, who.boot};
    const int64_t numbers[] = {who.pid, who.began, clock_now()};
    for (int i = 0; i < 4; i++)
        bind_text(stmt, 11 + i, texts[i]);
    for (int i = 0; i < 3; i++)
        sqlite3_bind_int64(stmt, 15 + i, numbers[i]);
}

int journal_start(struct journal *j, const char *kind, int64_t source, const char *target, struct error *err)
{
    static const char sql[] =
        "INSERT INTO operation (id, kind, state, project, category, source, target, " WHO ") "
        "SELECT ?1, ?2, 'running', CAST(r.client || '/' || r.project AS BLOB), c.name, d.name, ?3, " WHO_VALUES " "
        "FROM replica r JOIN category c ON c.id = r.category JOIN database d ON d.id = r.database WHERE r.id = ?4 "
        "ON CONFLICT (id) DO UPDATE SET state = 'running', host = excluded.host, pid = excluded.pid, "
        "user = excluded.user, boot = excluded.boot, began = excluded.began";
    sqlite3_stmt *stmt;
    int code = catalog_prepare(j->cat, sql, &stmt, err);

    if (code)
        return code;
    bind_text(stmt, 1, j->operation);
    bind_text(stmt, 2, kind);
    bind_text(stmt, 3, target);
    sqlite3_bind_int64(stmt, 4, source);
    bind_who(stmt, j);
    return step_once(j->cat, stmt, err);
}

int journal_enter(struct journal *j, const struct journal_entry *entry, struct error *err)
{
    static const char sql[] =
        "INSERT INTO operation (id, kind, state, project, category, source, target, " WHO ") "
        "VALUES (?1, ?2, 'running', CAST(?3 AS BLOB), ?4, ?5, ?6, " WHO_VALUES ")";
    const char *texts[] = {j->operation, entry->kind, entry->project, entry->category, entry->source, entry->target};
    sqlite3_stmt *stmt;
    int code = catalog_prepare(j->cat, sql, &stmt, err);

    if (code)
        return code;
    for (int i = 0; i < 6; i++)
        bind_text(stmt, i + 1, texts[i]);
    bind_who(stmt, j);
    return step_once(j->cat, stmt, err);
}

void journal_progress(struct journal *j, int64_t files, int64_t bytes)
{
    sqlite3_stmt *stmt;

    if (catalog_prepare(j->cat, "UPDATE operation SET files = ?1, bytes = ?2 WHERE id = ?3", &stmt, NULL))
        return;
    sqlite3_bind_int64(stmt, 1, files);
    sqlite3_bind_int64(stmt, 2, bytes);
    bind_text(stmt, 3, j->operation);
    (void)step_once(j->cat, stmt, NULL);
}

static void bind_counts(sqlite3_stmt *stmt, int at, const struct manifest *m)
{
    const struct manifest_counts *n = &m->counts;
    const int64_t numbers[] = {n->created, n->replaced, n->removed, n->touched, n->directories};

    for (int i = 0; m->counted && i < 5; i++)
        sqlite3_bind_int64(stmt, at + i, numbers[i]);
}

int journal_end(struct journal *j, const char *state, int64_t files, int64_t bytes, const struct manifest *manifest,
                const char *message, struct error *err)
{
    static const char sql[] = "UPDATE operation SET state = ?1, files = ?2, bytes = ?3, message = ?4, "
                              "finished_at = ?5, created = ?7, replaced = ?8, removed = ?9, touched = ?10, "
                              "directories = ?11 WHERE id = ?6";
    sqlite3_stmt *stmt;
    int code = catalog_prepare(j->cat, sql, &stmt, err);

    if (code)
        return code;
    bind_text(stmt, 1, state);
    sqlite3_bind_int64(stmt, 2, files);
    sqlite3_bind_int64(stmt, 3, bytes);
    bind_text(stmt, 4, message);
    sqlite3_bind_int64(stmt, 5, clock_now());
    bind_text(stmt, 6, j->operation);
    if (manifest)
        bind_counts(stmt, 7, manifest);
    return step_once(j->cat, stmt, err);
}

void journal_bury(struct journal *j, const char *target)
{
    static const char sql[] = "UPDATE operation SET state = 'failed', message = 'ended without a word', "
                              "finished_at = ?1 WHERE target = ?2 AND id <> ?3 AND state = 'running'";
    sqlite3_stmt *stmt;

    if (catalog_prepare(j->cat, sql, &stmt, NULL))
        return;
    sqlite3_bind_int64(stmt, 1, clock_now());
    bind_text(stmt, 2, target);
    bind_text(stmt, 3, j->operation);
    (void)step_once(j->cat, stmt, NULL);
}

char *journal_database_name(struct catalog *cat, const char *identity, const char *root)
{
    static const char sql[] = "SELECT name FROM database WHERE identity = ?1 ORDER BY path = ?2 DESC LIMIT 1";
    sqlite3_stmt *stmt;
    char *name = NULL;

    if (catalog_prepare(cat, sql, &stmt, NULL))
        return NULL;
    bind_text(stmt, 1, identity);
    sqlite3_bind_blob(stmt, 2, root, (int)strlen(root), SQLITE_TRANSIENT);
    if (sqlite3_step(stmt) == SQLITE_ROW)
        name = mem_strdup((const char *)sqlite3_column_text(stmt, 0));
    sqlite3_finalize(stmt);
    return name;
}
