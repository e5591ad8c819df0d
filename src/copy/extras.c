#include "copy/extras.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/hash.h"
#include "base/path.h"
#include "copy/original.h"

static char same, other;

void extras_init(struct extras *x, struct work *w) { *x = (struct extras){.w = w}; }

void extras_free(struct extras *x)
{
    map_free(&x->seen, NULL);
    *x = (struct extras){0};
}

static bool keeps(const struct work *w) { return w->source.holds.xattr && w->target.holds.xattr; }

/* 1 or 0, or -errno. */
static int agree(const struct work *w, const char *path, int from, int to)
{
    struct original original;

    original_of(w, path, true, &original);
    return xattr_agree((struct xattr_file){.fd = from}, (struct xattr_file){.fd = to}, w->target.holds.root, &original.rules);
}

bool extras_differ(const struct work *w, const char *path, int from, int to)
{
    return keeps(w) && !w->request->layers && agree(w, path, from, to) == 0;
}

static int open_either(const struct work *w, int top, const char *path, bool folder)
{
    return folder ? path_open_dir(top, path) : work_open_file(w, top, path);
}

static int look(const struct work *w, const char *path, bool folder)
{
    int from = open_either(w, w->source.top, path, folder), to = from < 0 ? from : open_either(w, w->target.top, path, folder);
    int code = to < 0 ? to : agree(w, path, from, to);

    if (from >= 0)
        close(from);
    if (to >= 0)
        close(to);
    return code;
}

int extras_agree(void *arg, const struct plan_name *name)
{
    struct extras *x = arg;

    if (!keeps(x->w))
        return 1;
    char *path = plan_join(name->dir->path, name->name);
    uint64_t key = hash64_of(path, strlen(path));
    const char *known = map_get(&x->seen, key);
    int code = known ? known == &same : look(x->w, path, S_ISDIR(name->pair->left->mode));
    if (!known && code >= 0)
        map_set(&x->seen, key, code ? &same : &other);
    free(path);
    return code;
}
