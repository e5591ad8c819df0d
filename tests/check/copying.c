#include "copying.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/path.h"
#include "index/measured.h"
#include "index/taken.h"
#include "sandbox.h"

struct library lib;
struct outcome out;
struct transfer_request copying;
int64_t copying_granularity;
int operations;

void copying_open(void)
{
    library_open(&lib);
    copying = (struct transfer_request){0};
    copying_granularity = 0;
    operations = 0;
}

void copying_close(void) { library_close(&lib); }

static int64_t number(const struct event *ev, const char *key)
{
    for (size_t i = 0; i < ev->count; i++)
        if (strcmp(ev->fields[i].key, key) == 0)
            return ev->fields[i].integer;
    return 0;
}

static void text(const struct event *ev, const char *key, char *to, size_t size)
{
    for (size_t i = 0; i < ev->count; i++)
        if (strcmp(ev->fields[i].key, key) == 0)
            snprintf(to, size, "%s", ev->fields[i].text);
}

static void take_end(const struct event *ev)
{
    snprintf(out.type, sizeof out.type, "%s", ev->type);
    text(ev, "code", out.code, sizeof out.code);
    text(ev, "message", out.message, sizeof out.message);
    out.copied = number(ev, "files_copied");
    out.bytes = number(ev, "bytes_copied");
    out.unchanged = number(ev, "files_unchanged");
    out.replaced = number(ev, "files_replaced");
    out.removed = number(ev, "files_removed");
    out.metadata = number(ev, "metadata_only");
    out.others = number(ev, "others_copied");
    out.made = number(ev, "directories_made");
    out.conflicts = number(ev, "conflicts");
    out.failed = number(ev, "failed");
    out.recorded = number(ev, "recorded");
    out.cancelled = number(ev, "cancelled");
    out.conflicting_files = number(ev, "files_conflicting");
    out.failed_files = number(ev, "files_failed");
    out.left = number(ev, "files_left");
}

static void take(const struct event *ev)
{
    if (strcmp(ev->type, "done") == 0 || strcmp(ev->type, "failed") == 0)
        take_end(ev);
    if (strcmp(ev->type, "note") == 0 && strcmp(ev->fields[0].text, "ESAMEFS") != 0) {
        out.notes++;
        text(ev, "message", out.note, sizeof out.note);
    }
    if (strcmp(ev->type, "action") == 0) {
        out.actions++;
        text(ev, "kind", out.action, sizeof out.action);
    }
    if (strcmp(ev->type, "problem") == 0) {
        out.problems++;
        text(ev, "code", out.problem_code, sizeof out.problem_code);
        if (out.problems == 1)
            text(ev, "message", out.problem, sizeof out.problem);
    }
    if (strcmp(ev->type, "progress") == 0 && number(ev, "bytes") > out.progress_bytes)
        out.progress_bytes = number(ev, "bytes");
    if (strcmp(ev->type, "plan") == 0) {
        out.planned_new = number(ev, "files_new");
        out.planned_changed = number(ev, "files_changed");
        out.planned_bytes = number(ev, "bytes");
    }
}

char *copying_identity(const char *name)
{
    char sql[100];
    sqlite3_stmt *stmt;

    snprintf(sql, sizeof sql, "SELECT identity FROM database WHERE name = '%s'", name);
    ck_assert_int_eq(catalog_prepare(lib.cat, sql, &stmt, NULL), 0);
    ck_assert_int_eq(sqlite3_step(stmt), SQLITE_ROW);
    char *id = mem_strdup((const char *)sqlite3_column_text(stmt, 0));
    sqlite3_finalize(stmt);
    return id;
}

char *copying_root(const char *name)
{
    char *path = NULL;
    ck_assert_int_ge(asprintf(&path, "%s/%s", lib.folder, name), 0);
    return path;
}

/* As if the source's filesystem, whatever it is taken for, had been measured. */
static void measure_source(const char *root)
{
    struct measured measured = {0};
    char name[FILESYSTEM_NAME];
    int top = path_open_root(root), fd = top < 0 ? top : path_open_dir(top, P);

    ck_assert_int_ge(fd, 0);
    ck_assert_int_eq(filesystem_name(fd, name), 0);
    measured.traits.granularity = copying_granularity;
    ck_assert_int_eq(measured_keep(lib.cat, 1, 0, name, &measured, NULL), 0);
    close(fd);
    close(top);
}

struct job *copying_start(void)
{
    struct transfer_request r = copying;
    struct job *job;

    out = (struct outcome){0};
    snprintf(out.operation, sizeof out.operation, "20311123T02%04dZ-7f3a", operations++);
    r.catalog = mem_strdup(lib.path);
    r.operation = mem_strdup(out.operation);
    r.path = mem_strdup(P);
    r.source_root = copying_root("A");
    r.target_root = copying_root("B");
    r.source_identity = copying_identity("A");
    r.target_identity = copying_identity("B");
    if (copying_granularity)
        measure_source(r.source_root);
    r.lock_text = mem_strdup("copy, pid 1, since 00:00");
    r.source = library_replica(&lib, 1, 1, "acme", "spot");
    r.target = library_replica(&lib, 2, 1, "acme", "spot");
    ck_assert_int_eq(transfer_start(&r, &job, NULL), 0);
    return job;
}

void copying_finish(struct job *job)
{
    struct event *ev;

    while (job_next(job, -1, &ev) == 1) {
        take(ev);
        event_free(ev);
    }
    job_close(job);
    char *left = sandbox_run(
        "find '%s'/A '%s'/B -path '*/.autobackup/versions/*/.autobackup-x-*' -o -name '.autobackup-*' -print 2>/dev/null; true",
        lib.folder, lib.folder);
    ck_assert_str_eq(left, "");
    free(left);
}

void copying_read(const char *path)
{
    char *full = NULL, *content = NULL;
    struct stat st;

    ck_assert_str_eq(library_load(&lib, 1, 0).code, "");
    ck_assert_int_ge(asprintf(&full, "%s/A/" P "/%s", lib.folder, path), 0);
    ck_assert_int_eq(stat(full, &st), 0);
    content = sandbox_run("cat '%s'", full);
    struct taken t = {.path = (char *)path, .digest = digest_of(content, (size_t)st.st_size), .size = (uint64_t)st.st_size,
                      .mtime = st.st_mtim.tv_sec * 1000000000LL + st.st_mtim.tv_nsec,
                      .ctime = st.st_ctim.tv_sec * 1000000000LL + st.st_ctim.tv_nsec};
    ck_assert_int_eq(replica_record_digests(lib.cat, library_replica(&lib, 1, 1, "acme", "spot"), &t, 1, NULL), 0);
    free(full);
    free(content);
}

void copying_load(void)
{
    ck_assert_str_eq(library_load(&lib, 1, 0).code, "");
    ck_assert_str_eq(library_load(&lib, 2, 0).code, "");
}

void copying_run(void)
{
    copying_load();
    copying_finish(copying_start());
}

void copying_is_done(void)
{
    ck_assert_msg(!strcmp(out.type, "done"), "%s %s: %s", out.type, out.code, out.message);
}

/* All the two folders are, but for what is ours: names, types, modes, owners, sizes, mtimes, targets, contents. */
void copying_is_same(void)
{
    free(sandbox_run(
        "cd '%s' && list() { (cd $1 && find . -printf '%%P %%y %%m %%U %%G %%T@ %%l %%n\\n' | sort); } && "
        "list A/" P " | grep -av ' d ' >a.list; list B/" P " | grep -av ' d ' >b.list; cmp a.list b.list && "
        "(cd A/" P " && find . -type d -printf '%%P %%m %%U %%G %%T@\\n' | sort) >a.list && "
        "(cd B/" P " && find . -type d -printf '%%P %%m %%U %%G %%T@\\n' | sort) >b.list && cmp a.list b.list && "
        "(cd A/" P " && find . -type f -exec sha256sum {} + | sort) >a.list && "
        "(cd B/" P " && find . -type f -exec sha256sum {} + | sort) >b.list && cmp a.list b.list",
        lib.folder));
}

void copying_plant(void)
{
    char name[100], bytes[9000];

    for (int i = 0; i < 200; i++) {
        snprintf(name, sizeof name, "A/" P "/d%d/e%d/f%d", i % 7, i % 3, i);
        memset(bytes, i, sizeof bytes);
        sandbox_write(lib.folder, name, bytes, (size_t)(i * 44));
    }
    free(sandbox_run("cd '%s'/A/" P " && ln -s d1 link && ln d1/e1/f1 hard && mkfifo fifo && mkdir empty && "
                     "printf x >\"$(printf 'n\\nl')\" && printf y >\"$(printf 'bad\\377')\" && "
                     "chmod 640 d1/e1/f1 && chmod 555 empty && touch -d 2001-02-03T04:05:06.789 d2 d1/e1/f1 && "
                     "touch -d 1999-01-01 .",
                     lib.folder));
}

void copying_adds_up(void)
{
    char *count = sandbox_run("find '%s'/A/" P " -type f -printf . | wc -c", lib.folder);

    ck_assert_int_eq(out.copied + out.unchanged + out.conflicting_files + out.failed_files + out.left, atoi(count));
    free(count);
}
