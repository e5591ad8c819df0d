#include "copy/layers.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/hash.h"
#include "base/path.h"
#include "copy/plan.h"
#include "copy/times.h"
#include "copy/versions.h"

size_t layers_get(struct layers *l, const char *operation, const char *replica)
{
    struct buf base = {0};

    buf_printf(&base, VERSIONS "/%s/%s", operation, replica);
    for (size_t i = 0; i < l->count; i++) {
        if (strcmp(l->bases[i], buf_str(&base)) == 0) {
            buf_free(&base);
            return i + 1;
        }
    }
    l->bases = mem_realloc(l->bases, (l->count + 1) * sizeof *l->bases);
    l->bases[l->count++] = buf_take(&base);
    return l->count;
}

void layers_put(struct layers *l, const char *path, size_t layer)
{
    map_set(&l->of, hash64_of(path, strlen(path)), (void *)(uintptr_t)layer);
}

size_t layers_find(const struct layers *l, const char *dir, const char *name)
{
    if (!l || !l->of.count)
        return 0;
    char *path = plan_join(dir, name);
    size_t layer = (size_t)(uintptr_t)map_get(&l->of, hash64_of(path, strlen(path)));
    free(path);
    return layer;
}

struct layer_rights *layers_rights(const struct layers *l, const char *path)
{
    return l && l->rights.count ? map_get(&l->rights, hash64_of(path, strlen(path))) : NULL;
}

void layer_rights_entry(const struct layer_rights *r, struct entry *e)
{
    const uint32_t another = S_ISUID | S_ISGID;

    if (!r || e->err || ((r->was.mode ^ e->mode) & S_IFMT))
        return;
    if (r->timed)
        e->mtime = r->was.mtime;
    if (S_ISLNK(e->mode) && !r->trusted)
        return;
    if (r->trusted) {
        e->mode = r->was.mode;
        e->uid = r->was.uid;
        e->gid = r->was.gid;
    } else {
        e->mode = (r->was.mode & ~another) | (r->was.mode & e->mode & another);
    }
}

void layers_give(const struct layers *l, const char *path, struct stat *st)
{
    const struct layer_rights *r = layers_rights(l, path);
    struct entry e = {.mode = st->st_mode, .mtime = mtime_of(st), .uid = st->st_uid, .gid = st->st_gid};

    if (!r)
        return;
    layer_rights_entry(r, &e);
    st->st_mode = e.mode;
    st->st_uid = e.uid;
    st->st_gid = e.gid;
    if (e.mtime != mtime_of(st))
        st->st_mtim = clock_split(e.mtime);
}

const char *layers_attributes(const struct layers *l, const char *path)
{
    const struct layer_rights *r = layers_rights(l, path);
    return r && r->trusted ? r->attributes : NULL;
}

static void free_rights(void *value)
{
    struct layer_rights *r = value;

    free(r->attributes);
    free(r);
}

void layers_free(struct layers *l)
{
    if (!l)
        return;
    for (size_t i = 0; i < l->count; i++)
        free(l->bases[i]);
    free(l->bases);
    map_free(&l->of, NULL);
    map_free(&l->folders, free);
    map_free(&l->rights, free_rights);
    snapshot_free(&l->snapshot);
    free(l);
}
