#include "base/map.h"

#include <stdlib.h>

#include "base/buf.h"
#include "base/hash.h"

static struct map_slot *find(const struct map *m, uint64_t key)
{
    uint64_t spread = key * 0x9e3779b97f4a7c15u;
    size_t at = (size_t)(spread >> 32) & (m->room - 1);

    while (m->slots[at].value && m->slots[at].key != key)
        at = (at + 1) & (m->room - 1);
    return &m->slots[at];
}

void *map_get(const struct map *m, uint64_t key) { return m->room ? find(m, key)->value : NULL; }

static void grow(struct map *m)
{
    struct map old = *m;

    m->room = old.room ? old.room * 2 : 64;
    m->slots = mem_zalloc(m->room * sizeof *m->slots);
    for (size_t i = 0; i < old.room; i++)
        if (old.slots[i].value)
            *find(m, old.slots[i].key) = old.slots[i];
    free(old.slots);
}

void map_set(struct map *m, uint64_t key, void *value)
{
    if (m->count * 4 >= m->room * 3)
        grow(m);
    struct map_slot *slot = find(m, key);
    m->count += !slot->value;
    *slot = (struct map_slot){.key = key, .value = value};
}

void map_free(struct map *m, void (*free_value)(void *))
{
    for (size_t i = 0; free_value && i < m->room; i++)
        if (m->slots[i].value)
            free_value(m->slots[i].value);
    free(m->slots);
    *m = (struct map){0};
}

uint64_t map_file_key(const struct stat *st)
{
    const uint64_t parts[] = {st->st_dev, st->st_ino};

    return hash64_of(parts, sizeof parts);
}
