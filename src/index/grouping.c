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
    *first = (struct first){.path = buf_take(&path), .place = place, .seen = 1};
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

static void add_first(struct grouping *g, uint64_t key, struct first *others, struct first *first)
{
    first->next = others;
    map_set(&g->firsts, key, first);
}

/*
 * The file of this key that the right one at `place` stands for. Where no device is known, a file that has all its names by now
 * has no further one: then this is another file.
 */
static struct first *find_home(struct first *first, const struct grouping_rules *rules, uint64_t place, uint32_t nlink)
{
    bool full = !rules->is_one && !rules->outside;

    for (struct first *f = first; f; f = f->next) {
        if (f->place == place)
            return f;
        full &= f->seen >= nlink;
    }
    return full ? NULL : first;
}

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
    struct first *home = place && first ? find_home(first, rules, place, l->nlink) : first;

    if (place && home)
        *ret_regroups = rules->joins && home->place != place && is_one(rules, true, home, dir, l->name);
    else if (place && !first && rules->parts && grouping_has_names(r))
        *ret_regroups = is_held_by_another(g, rules, place, source, dir, r->name);
    if (home)
        home->seen++;
    else if (has_names)
        add_first(g, source, first, first_new(dir, l->name, *ret_regroups ? 0 : place));
    return home ? home->path : NULL;
}
