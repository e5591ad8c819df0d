#include "shape.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define CLIENTS 20              /* at most; a client has several projects */
#define ROOM 4096               /* entries of one directory */
#define START 1700000000        /* seconds since 1970: the oldest mtime */
#define SPREAD 60000000         /* seconds from there on */
#define NSEC 1000000000

const char *const shape_names[SHAPE_CATEGORIES] = {"render", "cache", "footage", "project"};
const char *const shape_paths[SHAPE_CATEGORIES] = {"scratch/render", "scratch/cache", "footage", "project"};

/* What a replica of a category looks like. The names' formats get a number, the project's and the folder's. */
static const struct branch {
    uint64_t share;             /* of a project's files, in thousandths */
    const char *outer, *inner, *beside_name, *file_name;
    uint64_t beside;            /* files directly in an outer folder */
    uint64_t inners, files;     /* folders below it, and files in each */
} branches[SHAPE_CATEGORIES] = {
    {600, "shot_%03d", "pass_%d", "", "beauty.%04d.exr", 0, 3, 100},
    {200, "sim_%03d", "v%03d", "", "smoke.%04d.vdb", 0, 1, 200},
    {80, "day_%03d", "card_%d", "", "A001_C%03d.mov", 0, 2, 25},
    {120, "asset_%03d", "old_%d", "spot-%2$04d-%3$03d.%1$02d.blend", "save.%02d.blend", 8, 1, 4},
};

struct walk {
    const struct shape *shape;
    int (*visit)(const struct shape_dir *dir, void *arg);
    void *arg;
    int project_number;
    uint64_t number;
    struct shape_dir dir;
    struct shape_entry entries[ROOM];
};

/* splitmix64: the same for the same number, and as good as random. */
static uint64_t mix(uint64_t x)
{
    x += 0x9e3779b97f4a7c15u;
    x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9u;
    x = (x ^ (x >> 27)) * 0x94d049bb133111ebu;
    return x ^ (x >> 31);
}

static struct shape_entry *add(struct walk *w, const char *format, int number, int outer)
{
    struct shape_entry *e = &w->entries[w->dir.count++];

    *e = (struct shape_entry){0};
    snprintf(e->name, sizeof e->name, format, number, w->project_number, outer);
    return e;
}

static void add_files(struct walk *w, const char *format, uint64_t count, int outer)
{
    const struct shape *s = w->shape;

    for (uint64_t i = 0; i < count; i++) {
        struct shape_entry *e = add(w, format, (int)i, outer);
        uint64_t random = mix(w->number + w->dir.count);
        bool other = s->variant && random % 200 == s->variant;
        e->size = s->min_size + (random >> 8) % (s->max_size - s->min_size + 1) + other;
        e->mtime = (START + (int64_t)(random >> 20) % SPREAD + other) * NSEC + (int64_t)(random % NSEC);
    }
}

static void add_dirs(struct walk *w, const char *format, uint64_t count)
{
    for (uint64_t i = 0; i < count; i++)
        add(w, format, (int)i, 0)->is_dir = true;
}

/* Hand out what add_* collected, and start over. */
static int flush(struct walk *w, const char *path)
{
    w->dir.path = path;
    w->dir.entries = w->entries;
    w->dir.number = w->number;
    int code = w->visit(&w->dir, w->arg);
    w->number += w->dir.count + 1;
    w->dir.count = 0;
    return code;
}

static uint64_t least(uint64_t a, uint64_t b) { return a < b ? a : b; }
static uint64_t pieces(uint64_t n, uint64_t size) { return (n + size - 1) / size; }

static int outer_folder(struct walk *w, const struct branch *b, int outer, uint64_t files)
{
    char path[100], name[40];
    uint64_t left = files - least(files, b->beside);

    snprintf(name, sizeof name, b->outer, outer);
    add_files(w, b->beside_name, files - left, outer);
    add_dirs(w, b->inner, pieces(left, b->files));
    int code = flush(w, name);
    for (int i = 0; left && !code; i++) {
        uint64_t now = least(left, b->files);
        int len = snprintf(path, sizeof path, "%s/", name);
        snprintf(path + len, sizeof path - (size_t)len, b->inner, i);
        add_files(w, b->file_name, now, outer);
        code = flush(w, path);
        left -= now;
    }
    return code;
}

static int replica(struct walk *w, int category, uint64_t files)
{
    const struct branch *b = &branches[category];
    uint64_t size = b->beside + b->inners * b->files, outers = pieces(files, size);

    w->dir.category = category;
    if (outers > ROOM) {    /* a project of its own that is very large: more frames in a folder would do as well */
        fprintf(stderr, "shape: too many files for one project\n");
        return -1;
    }
    add_dirs(w, b->outer, outers);
    int code = flush(w, "");
    for (uint64_t i = 0; i < outers && !code; i++, files -= least(files, size))
        code = outer_folder(w, b, (int)i, least(files, size));
    return code;
}

static int project(struct walk *w, uint64_t files)
{
    const struct shape *s = w->shape;
    uint64_t left = files;
    int code = 0;

    if (s->category >= 0)
        return replica(w, s->category, files);
    for (int c = 0; c < SHAPE_CATEGORIES && left && !code; c++) {
        uint64_t now = c == SHAPE_CATEGORIES - 1 ? left : least(left, files * branches[c].share / 1000);
        code = replica(w, c, now);
        left -= now;
    }
    return code;
}

static uint64_t project_size(const struct shape *s)
{
    uint64_t size = s->per_project ? s->per_project : s->files / 10;

    if (!s->per_project && size > 10000)
        size = 10000;
    return size < 100 && !s->per_project ? 100 : size;
}

int shape_each(const struct shape *shape, int (*visit)(const struct shape_dir *dir, void *arg), void *arg)
{
    struct walk *w = malloc(sizeof *w);
    char client[20], name[20];
    uint64_t left = shape->files, size = project_size(shape);
    int code = w ? 0 : -1;

    if (w)
        *w = (struct walk){.shape = shape, .visit = visit, .arg = arg, .dir = {.client = client, .project = name}};
    for (int i = 0; left && !code; i++, left -= least(left, size)) {
        if (shape->parts && (unsigned)i % shape->parts != shape->part)
            continue;
        w->project_number = i;
        w->number = (uint64_t)i << 32;
        snprintf(client, sizeof client, "client-%02d", i % CLIENTS);
        snprintf(name, sizeof name, "spot-%04d", i);
        code = project(w, least(left, size));
    }
    free(w);
    return code;
}
