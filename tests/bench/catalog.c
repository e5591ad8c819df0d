/*
 * catalog PATH FILES [CATEGORY]: a catalog as loads of two databases, WORK and NAS, would have left it, without a
 * disk: both hold the same projects, FILES files together, and one file of 200 differs. With the number of a
 * category (0 render...) everything lies in one project's. The listings go through the engine's store.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/clock.h"
#include "index/listing.h"
#include "index/roster.h"
#include "index/store.h"
#include "shape.h"

#define ROOM 4200
#define REPLICAS_AT_ONCE 200    /* of one transaction */

struct builder {
    struct catalog *cat;
    struct store *store;
    struct error err;
    int64_t database;
    int64_t began;
    int category;             /* of all files, in one project; -1: many projects */
    int uncommitted;
    char client[40], project[40];
    struct replica_update update;
    struct directory_update *changed;
    struct listing_change change;
    struct entry entries[ROOM];
};

static int by_name(const void *a, const void *b)
{
    const struct entry *x = a, *y = b;
    return entry_compare_names(x->name, x->name_len, y->name, y->name_len);
}

static void convert(const struct builder *b, const struct shape_entry *from, uint64_t number, struct entry *to)
{
    *to = (struct entry){
        .name = from->name,
        .name_len = (uint32_t)strlen(from->name),
        .mode = from->is_dir ? S_IFDIR | 0755 : S_IFREG | 0644,
        .size = from->size,
        .mtime = from->is_dir ? b->began : from->mtime,
        .ctime = b->began - (int64_t)(number % 1000000) * 1000,
        .ino = number,
        .uid = 1000,
        .gid = 1000,
        .nlink = 1,
    };
}

/* ---- replicas ---- */

static int commit(struct builder *b)
{
    b->uncommitted = 0;
    return catalog_commit(b->cat, &b->err);
}

static int store_last(struct builder *b)
{
    int code = 0;

    if (!b->update.directories)
        return 0;
    if (!b->uncommitted)
        code = catalog_begin(b->cat, &b->err);
    b->update.changed = b->changed;
    if (!code)
        code = store_replica(b->store, &b->update, &b->change, &b->err);
    if (code == 1)
        code = ++b->uncommitted >= REPLICAS_AT_ONCE ? commit(b) : 0;
    directory_update_free(b->changed);
    b->changed = NULL;
    b->update.directories = 0;
    return code;
}

static void start(struct builder *b, const struct shape_dir *d)
{
    snprintf(b->client, sizeof b->client, "%s", d->client);
    snprintf(b->project, sizeof b->project, "%s", d->project);
    b->update = (struct replica_update){
        .database = b->database,
        .category = d->category + 1,
        .client = b->client,
        .project = b->project,
        .loaded_at = b->began,
    };
}

static int add_dir(const struct shape_dir *d, void *arg)
{
    struct builder *b = arg;
    size_t count = 0;

    if (!*d->path) {
        int code = store_last(b);
        if (code)
            return code;
        start(b, d);
        b->entries[count++] = (struct entry){.name = "", .mode = S_IFDIR | 0755, .mtime = b->began, .nlink = 1,
                                             .ctime = b->began, .ino = d->number, .uid = 1000, .gid = 1000};
    }
    for (size_t i = 0; i < d->count; i++) {
        struct entry *e = &b->entries[count++];
        convert(b, &d->entries[i], d->number + i + 1, e);
        totals_add_entry(&b->update.totals, e);
    }
    qsort(b->entries, count, sizeof *b->entries, by_name);
    struct directory_update *u = mem_zalloc(sizeof *u);
    u->path = mem_strdup(d->path);
    u->path_len = strlen(d->path);
    u->print = listing_fingerprint(u->path, u->path_len, b->entries, count);
    u->sum = listing_encode(b->entries, count, &u->listing);
    digest_sum(&b->update.fingerprint, &u->print);
    b->update.directories++;
    u->next = b->changed;
    b->changed = u;
    return 0;
}

/* ---- databases ---- */

static int add_rows(struct builder *b)
{
    char sql[400];
    int code = 0;

    for (int i = 0; i < SHAPE_CATEGORIES && !code; i++) {
        snprintf(sql, sizeof sql, "INSERT INTO category (id, name, path) VALUES (%d, '%s', CAST('%s' AS BLOB))",
                 i + 1, shape_names[i], shape_paths[i]);
        code = catalog_exec(b->cat, sql, &b->err);
    }
    static const char *const names[] = {"WORK", "NAS"};
    for (int i = 0; i < 2 && !code; i++) {
        snprintf(sql, sizeof sql,
                 "INSERT INTO database (id, name, path, identity, added_at) VALUES (%d, '%s', "
                 "CAST('/nonexistent/%s' AS BLOB), '%08x-0000-4000-8000-000000000000', 1)",
                 i + 1, names[i], names[i], i + 1);
        code = catalog_exec(b->cat, sql, &b->err);
    }
    return code;
}

/* What a load notes at its end: the client folders, and that it was a whole one. */
static int finish_database(struct builder *b)
{
    static const struct filesystem fs = {.type = "ext4", .traits = {.granularity = 1}};
    char sql[300];

    int code = catalog_begin(b->cat, &b->err);
    snprintf(sql, sizeof sql,
             "INSERT INTO client (database, category, name) SELECT DISTINCT database, category, client "
             "FROM replica WHERE database = %" PRId64, b->database);
    if (!code)
        code = catalog_exec(b->cat, sql, &b->err);
    if (!code)
        code = roster_loaded(b->cat, b->database, b->began, &b->err);
    if (!code)
        code = roster_lies_on(b->cat, b->database, &fs, &b->err);
    return code ? code : catalog_commit(b->cat, &b->err);
}

static int fill(struct builder *b, int64_t database, uint64_t files)
{
    const struct shape shape = {.files = files, .category = b->category, .min_size = 1000, .max_size = 50000000,
                                .per_project = b->category < 0 ? 0 : files, .variant = database == 2};

    b->database = database;
    b->began = clock_now();
    int code = shape_each(&shape, add_dir, b);
    if (!code)
        code = store_last(b);
    if (!code && b->uncommitted)
        code = commit(b);
    return code ? code : finish_database(b);
}

int main(int argc, char **argv)
{
    struct builder *b = mem_zalloc(sizeof *b);

    if (argc < 3 || argc > 4) {
        fprintf(stderr, "usage: catalog PATH FILES [CATEGORY]\n");
        return 2;
    }
    b->category = argc == 4 ? atoi(argv[3]) : -1;
    uint64_t files = strtoull(argv[2], NULL, 10);
    int code = catalog_open(argv[1], &b->cat, &b->err);
    if (!code)
        code = catalog_exec(b->cat, "PRAGMA synchronous = OFF; PRAGMA cache_size = -262144", &b->err);
    if (!code)
        code = store_open(b->cat, &b->store, &b->err);
    if (!code)
        code = add_rows(b);
    for (int database = 1; database <= 2 && !code; database++)
        code = fill(b, database, files / 2);
    if (code)
        fprintf(stderr, "catalog: %s\n", b->err.message ? b->err.message : strerror(-code));
    store_close(b->store);
    catalog_close(b->cat);
    error_clear(&b->err);
    free(b);
    return code ? 1 : 0;
}
