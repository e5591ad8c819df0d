#include "copy/layers.h"

#include <stdlib.h>
#include <string.h>

#include "base/hash.h"
#include "base/path.h"
#include "copy/plan.h"
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

void layers_free(struct layers *l)
{
    if (!l)
        return;
    for (size_t i = 0; i < l->count; i++)
        free(l->bases[i]);
    free(l->bases);
    map_free(&l->of, NULL);
    map_free(&l->folders, free);
    snapshot_free(&l->snapshot);
    free(l);
}
