#include "index/grouping.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/buf.h"
#include "base/hash.h"

/* Files lie on their folder's device: that is asked once. */
static uint64_t device_of(struct grouping *g, const struct grouping_rules *rules, bool left, const char *dir)
{
    if (!rules->device)
        return 0;
    if (!g->dir || strcmp(g->dir, dir) != 0) {
        free(g->dir);
        g->dir = mem_strdup(dir);
        g->devices[0] = g->devices[1] = 0;
    }
    if (!g->devices[left])
        g->devices[left] = rules->device(rules->arg, left, dir);
    return g->devices[left];
}

uint64_t grouping_key(struct grouping *g, const struct grouping_rules *rules, bool left, const char *dir, const struct entry *e)
{
    const uint64_t parts[] = {e->ino, e->size, (uint64_t)e->mtime, (uint64_t)e->ctime, device_of(g, rules, left, dir)};
    uint64_t key = hash64_of(parts, sizeof parts);

    return key ? key : 1;
}

bool grouping_has_names(const struct entry *e) { return e && !e->err && !S_ISDIR(e->mode) && !S_ISSOCK(e->mode) && e->nlink > 1; }

struct first *first_new(const char *dir, const char *name, uint64_t place)
{
    struct first *first = mem_alloc(sizeof *first);
    struct buf path = {0};

    buf_printf(&path, "%s%s%s", dir, *dir ? "/" : "", name);
    *first = (struct first){.path = buf_take(&path), .place = place};
    return first;
}

void first_free(void *first)
{
    for (struct first *f = first, *next; f; f = next) {
        next = f->next;
        free(f->path);
        free(f);
    }
}

void grouping_free(struct grouping *g)
{
    map_free(&g->firsts, first_free);
    map_free(&g->held, first_free);
    free(g->dir);
    g->dir = NULL;
}

static struct first *find_first(const struct grouping *g, const struct grouping_rules *rules, uint64_t key)
{
    struct first *first = rules->outside ? map_get(rules->outside, key) : NULL;
    return first ? first : map_get(&g->firsts, key);
}

const char *grouping_leader(struct grouping *g, const struct grouping_rules *rules, const char *dir, const struct entry *e)
{
    uint64_t key = grouping_has_names(e) ? grouping_key(g, rules, false, dir, e) : 0;
    const struct first *first = key ? map_get(&g->firsts, key) : NULL;

    if (!first && key)
        map_set(&g->firsts, key, first_new(dir, e->name, 0));
    return first ? first->path : NULL;
}

static bool is_one(const struct grouping_rules *rules, bool left, const struct first *first, const char *dir, const char *name)
{
    return !rules->is_one || rules->is_one(rules->arg, left, first->path, dir, name);
}

/* Is the right file there already for another left one? Else it is for this one from now on. */
static bool is_held_by_another(struct grouping *g, const struct grouping_rules *rules, uint64_t place, uint64_t source,
                               const char *dir, const char *name)
{
    const struct first *held = map_get(&g->held, place);

    if (!held)
        map_set(&g->held, place, first_new(dir, name, source));
    return held && held->place != source && is_one(rules, false, held, dir, name);
}

/* Names of one key by what the other side has there, where nobody can look at the files. */
static void note_place(struct first *first, const struct entry *e, uint64_t place, const char *dir)
{
    struct first *f = first;

    while (f && place && f->place != place)
        f = f->next;
    if (!f) {
        f = first_new(dir, e->name, place);
        f->next = first->next;
        first->next = f;
    }
    f->seen++;
    if (first->nlink < e->nlink)
        first->nlink = e->nlink;
}

static int64_t excess_of(const struct first *first)
{
    int64_t others = 0;

    for (const struct first *f = first; f; f = f->next) {
        if (f->seen != first->nlink)
            return 0;
        others += f == first ? 0 : f->seen;
    }
    return others;
}

static int64_t excess_in(const struct map *m)
{
    int64_t excess = 0;

    for (size_t i = 0; i < m->room; i++)
        excess += m->slots[i].value ? excess_of(m->slots[i].value) : 0;
    return excess;
}

int64_t grouping_excess(const struct grouping *g) { return excess_in(&g->firsts) + excess_in(&g->held); }

const char *grouping_judge(struct grouping *g, const struct grouping_rules *rules, const char *dir,
                           const struct merge_pair *pair, bool stays, bool *ret_regroups)
{
    const struct entry *l = pair->left, *r = pair->right;
    bool has_names = grouping_has_names(l), has_place = r && stays;

    *ret_regroups = false;
    if (!has_names && !(has_place && rules->parts && grouping_has_names(r)))
        return NULL;
    uint64_t source = grouping_key(g, rules, true, dir, l);
    uint64_t place = has_place ? grouping_key(g, rules, false, dir, r) : 0;
    struct first *first = has_names ? find_first(g, rules, source) : NULL;
    const char *leader = first ? first->path : NULL;

    if (place && first)
        *ret_regroups = rules->joins && first->place != place && is_one(rules, true, first, dir, l->name);
    else if (place && rules->parts && grouping_has_names(r))
        *ret_regroups = is_held_by_another(g, rules, place, source, dir, r->name);
    if (!first && has_names)
        map_set(&g->firsts, source, first = first_new(dir, l->name, *ret_regroups ? 0 : place));
    if (first && !rules->is_one)
        note_place(first, l, place, dir);
    struct first *held = place && !rules->is_one && grouping_has_names(r) ? map_get(&g->held, place) : NULL;
    if (held)
        note_place(held, r, source, dir);
    return leader;
}
