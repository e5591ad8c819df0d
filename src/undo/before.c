/*
 * What operations before the moment wrote, that none took away since and that is not there now: somebody removed it by
 * hand, and nobody kept a version.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/path.h"
#include "undo/past.h"
#include "undo/then.h"

struct written {
    char *path;
    size_t operation;         /* place in the request's list of earlier ones */
    int64_t mtime;
    bool gone;                /* an operation removed it, still before the moment */
};

struct before {
    struct reading *g;
    struct map index;         /* hash of the path -> struct written * */
    struct written **list;
    size_t count, room;
};

static struct written *written_of(struct before *b, const char *path)
{
    uint64_t key = hash64_of(path, strlen(path));
    struct written *w = map_get(&b->index, key);

    if (w)
        return w;
    w = mem_zalloc(sizeof *w);
    w->path = mem_strdup(path);
    map_set(&b->index, key, w);
    if (b->count == b->room) {
        b->room = 2 * b->room + 16;
        b->list = mem_realloc(b->list, b->room * sizeof *b->list);
    }
    b->list[b->count++] = w;
    return w;
}

static void take(struct before *b, const struct deed *d, size_t operation)
{
    if (d->verb == MANIFEST_TOUCH || only_path(b->g->only, d->path) != ONLY_COVERED)
        return;
    struct written *w = written_of(b, d->path);
    w->gone = d->verb == MANIFEST_REMOVE;
    w->operation = operation;
    w->mtime = d->verb == MANIFEST_REMOVE ? d->old.mtime : d->fresh.mtime;
}

static int read_one(struct before *b, size_t operation, struct error *err)
{
    const struct asof_request *r = b->g->r;
    struct past past;
    struct deed d;
    int code = past_open(b->g->root, r->earlier[operation], r->identity, &past);

    while (!code && (code = past_next(&past, &d)) == 1) {
        take(b, &d, operation);
        deed_free(&d);
        code = 0;
    }
    past_close(&past);
    return code < 0 ? error_set(err, -code, "manifest of %s", r->earlier[operation]) : 0;
}

static bool is_there(const struct reading *g, const char *path)
{
    struct stat st;
    int code = g->top < 0 ? g->top : path_lstat(g->top, path, &st);

    return !path_is_absent(code);    /* what cannot be looked at is told elsewhere */
}

static void free_written(void *value)
{
    struct written *w = value;

    free(w->path);
    free(w);
}

int then_missed(struct reading *g, struct error *err)
{
    struct before b = {.g = g};
    int code = 0;

    for (size_t i = 0; !code && i < g->r->earlier_count; i++)
        code = read_one(&b, i, err);
    for (size_t i = 0; !code && i < b.count; i++) {
        const struct written *w = b.list[i];
        bool told = map_get(&g->index, hash64_of(w->path, strlen(w->path))) != NULL;
        if (!w->gone && !told && !is_there(g, w->path))
            then_lack(g, LACK_REMOVED, w->path, g->r->earlier[w->operation], w->mtime);
    }
    free(b.list);
    map_free(&b.index, free_written);
    return code;
}
