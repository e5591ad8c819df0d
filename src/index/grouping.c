#include "index/grouping.h"

#include <stdlib.h>
#include <sys/stat.h>

#include "base/buf.h"
#include "base/hash.h"

uint64_t grouping_key(const struct entry *e)
{
    const uint64_t parts[] = {e->ino, e->size, (uint64_t)e->mtime, (uint64_t)e->ctime};
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
    struct first *f = first;

    free(f->path);
    free(f);
}

void grouping_free(struct grouping *g)
{
    map_free(&g->firsts, first_free);
    map_free(&g->held, first_free);
}

static const struct first *find_first(const struct grouping *g, const struct grouping_rules *rules, uint64_t key)
{
    const struct first *first = rules->outside ? map_get(rules->outside, key) : NULL;
    return first ? first : map_get(&g->firsts, key);
}

const char *grouping_leader(struct grouping *g, const char *dir, const struct entry *e)
{
    static const struct grouping_rules none;
    uint64_t key = grouping_key(e);
    const struct first *first = grouping_has_names(e) ? find_first(g, &none, key) : NULL;

    if (!first && grouping_has_names(e))
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

const char *grouping_judge(struct grouping *g, const struct grouping_rules *rules, const char *dir,
                           const struct merge_pair *pair, bool stays, bool *ret_regroups)
{
    const struct entry *l = pair->left, *r = pair->right;
    uint64_t source = grouping_key(l), place = r && stays ? grouping_key(r) : 0;
    const struct first *first = grouping_has_names(l) ? find_first(g, rules, source) : NULL;

    *ret_regroups = false;
    if (place && first)
        *ret_regroups = rules->joins && first->place != place && is_one(rules, true, first, dir, l->name);
    else if (place && rules->parts && grouping_has_names(r))
        *ret_regroups = is_held_by_another(g, rules, place, source, dir, r->name);
    if (!first && grouping_has_names(l))
        map_set(&g->firsts, source, first_new(dir, l->name, *ret_regroups ? 0 : place));
    return first ? first->path : NULL;
}
