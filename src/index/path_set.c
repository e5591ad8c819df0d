#include "index/path_set.h"

#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/hash.h"

static size_t place_of(const struct path_set *s, uint64_t hash)
{
    size_t low = 0, high = s->count;

    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (s->list[middle] < hash)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static void make_room(struct path_set *s)
{
    if (s->count < s->room)
        return;
    s->room = s->room ? s->room * 2 : 16;
    s->list = mem_realloc(s->list, s->room * sizeof *s->list);
}

void path_set_add(struct path_set *s, const char *path, size_t len)
{
    uint64_t hash = hash64_of(path, len);
    size_t at = place_of(s, hash);

    make_room(s);
    memmove(s->list + at + 1, s->list + at, (s->count - at) * sizeof *s->list);
    s->list[at] = hash;
    s->count++;
}

void path_set_append(struct path_set *s, const char *path, size_t len)
{
    make_room(s);
    s->list[s->count++] = hash64_of(path, len);
}

static int compare_hashes(const void *a, const void *b)
{
    uint64_t left = *(const uint64_t *)a, right = *(const uint64_t *)b;
    return (left > right) - (left < right);
}

void path_set_sort(struct path_set *s)
{
    if (s->count)
        qsort(s->list, s->count, sizeof *s->list, compare_hashes);
}

bool path_set_has(const struct path_set *s, const char *path, size_t len)
{
    uint64_t hash = hash64_of(path, len);
    size_t at = place_of(s, hash);

    return at < s->count && s->list[at] == hash;
}

void path_set_free(struct path_set *s)
{
    free(s->list);
    *s = (struct path_set){0};
}
