#include "copy/gaps.h"

#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/hash.h"
#include "base/path.h"
#include "index/replica.h"

void gaps_init(struct gaps *g, const struct work *w, struct catalog *cat) { *g = (struct gaps){.w = w, .cat = cat}; }

void gaps_free(struct gaps *g)
{
    map_free(&g->seen, NULL);
    *g = (struct gaps){0};
}

/* The folder's own entry comes first, and carries what was wrong with reading it. */
static int find_mark(const struct directory *d)
{
    struct listing l = {0};
    struct entry e;
    int code = listing_open(&l, d->listing.data, d->listing.len, NULL, 0);

    if (!code && (code = listing_next(&l, &e)) > 0)
        code = e.name_len ? 0 : e.err;
    listing_close(&l);
    return code < 0 ? -code : code;
}

static int listed(const struct gaps *g, const char *path, size_t len)
{
    struct directory d = {0};
    struct error err = {0};
    int code = replica_directory(g->cat, g->w->request->source, path, len, &d, &err);
    int why = code > 0 ? find_mark(&d) : -code;

    if (code > 0)
        directory_free(&d);
    error_clear(&err);
    return why;
}

static int read_now(const struct gaps *g, const char *path)
{
    DIR *d = NULL;
    int code = path_read_dir(g->w->source.top, path, &d);

    if (!d)
        return path_is_absent(code) ? 0 : -code;
    do
        errno = 0;
    while (readdir(d));
    code = errno;
    closedir(d);
    return code;
}

static int look(struct gaps *g, const char *path, size_t len)
{
    uint64_t key = hash64_of(path, len);
    const void *known = map_get(&g->seen, key);

    if (known)
        return (int)((intptr_t)known - 1);
    char *own = mem_strndup(path, len);
    int why = listed(g, own, len);
    if (!why)
        why = read_now(g, own);
    free(own);
    map_set(&g->seen, key, (void *)(intptr_t)(why + 1));
    return why;
}

int gaps_at(void *arg, const char *path)
{
    size_t len = strlen(path);
    int why = look(arg, path, 0);

    for (size_t i = 1; i <= len && !why; i++)
        if (i == len || path[i] == '/')
            why = look(arg, path, i);
    return why;
}
